"""Incremental copies between Delta tables: killed at any moment and run again, the target is exactly right."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, TableObject

SOURCES = ("orders", "payments", "parcels")
COPY = """
import sys
from dao import DataAccessObject, DataStore, TableObject
bronze = DataStore("bronze", "delta", options={"root": sys.argv[1] + "/bronze"})
silver = DataStore("silver", "delta", options={"root": sys.argv[1] + "/silver"})
dao = DataAccessObject()
print("begins", flush=True)
for name in sys.argv[2:]:
    dao.copy(TableObject(name, bronze), TableObject(name, silver), incremental=True, keys=["id"])
"""


class Sources:
    """Three tables, each of which changes at random; of each what it holds is known without reading it."""

    def __init__(self, folder, names, rows, seed):
        self.random = np.random.default_rng(seed)
        self.dao = DataAccessObject()
        self.store = DataStore("bronze", "delta", options={"root": f"{folder}/bronze"})
        self.silver = DataStore("silver", "delta", options={"root": f"{folder}/silver"})
        self.held = {}
        self.next = rows
        for number, name in enumerate(names):
            ids = np.arange(rows)
            data = self._rows(ids)
            feed = {"delta.enableChangeDataFeed": "true"} if number == 0 else None
            self.dao.write(data, TableObject(name, self.store), properties=feed)
            self.held[name] = dict(zip(ids.tolist(), data["value"].to_pylist(), strict=True))

    def _rows(self, ids):
        return pa.table({"id": ids, "value": self.random.integers(0, 1_000_000, len(ids)), "text": ids.astype(str)})

    def change(self, name, share):
        """Insert, update and delete some rows, in three versions or more."""
        held, table = self.held[name], TableObject(name, self.store)
        known = np.fromiter(held, dtype="int64")
        some = max(1, int(len(known) * share))
        changed = self._rows(self.random.choice(known, some, replace=False))
        new = self._rows(np.arange(self.next, self.next + some))
        self.next += some
        self.dao.upsert(changed, table, keys=["id"])
        self.dao.write(new, table, mode="append")
        for rows in (changed, new):
            held.update(zip(rows["id"].to_pylist(), rows["value"].to_pylist(), strict=True))
        least = int(self.random.integers(0, self.next))
        self.dao.delete(table, where=f"id >= {least} AND id < {least + some}")
        for gone in [key for key in held if least <= key < least + some]:
            del held[gone]

    def copy(self):
        """The first copy, of all rows."""
        for name in self.held:
            source, target = TableObject(name, self.store), TableObject(name, self.silver)
            self.dao.copy(source, target, incremental=True, keys=["id"])

    def check(self):
        for name in self.held:
            found = self.dao.read(TableObject(name, self.silver), columns=["id", "value", "text"])
            assert dict(zip(found["id"].to_pylist(), found["value"].to_pylist(), strict=True)) == self.held[name]
            assert found.num_rows == len(self.held[name]), "a row is there twice"
            assert found["text"].to_pylist() == [str(key) for key in found["id"].to_pylist()]


def copy_killed_at_random(folder, names, chance, longest, kills):
    """Run the copies in a process that is killed at random moments, so many times at most, until one ends by itself."""
    killed = 0
    while True:
        command = [sys.executable, "-c", COPY, str(folder), *names]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()  # it has begun
        if killed < kills:
            try:
                process.wait(chance.uniform(0, longest))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                killed += 1
        status = process.wait()
        process.stdout.close()
        if status == 0:
            return killed
        assert status == -signal.SIGKILL, f"the copy failed with {status}"


def run_rounds(folder, names, rows, rounds, share, longest, kills):
    chance = random.Random(7)
    sources = Sources(folder, names, rows, seed=7)
    sources.copy()
    killed = 0
    for _ in range(rounds):
        for name in names:
            sources.change(name, share)
        killed += copy_killed_at_random(folder, names, chance, longest, kills)
        sources.check()
    return killed


def test_a_copy_that_is_killed_is_right_when_it_is_run_again(tmp_path):
    run_rounds(tmp_path, SOURCES[:1], rows=500, rounds=1, share=0.05, longest=0.6, kills=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_three_sources_of_200_000_rows_in_ten_rounds(tmp_path):
    begun = time.monotonic()
    killed = run_rounds(tmp_path, SOURCES, rows=200_000, rounds=10, share=0.02, longest=2.0, kills=4)
    print(f"killed {killed} times in {time.monotonic() - begun:.0f} s")
    assert killed
