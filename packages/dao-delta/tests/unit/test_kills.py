"""A writer that is killed at any moment leaves the table as it was, or with its change; and the next one works."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from dao import DataAccessObject, DataStore, DataStoreRegistry
from dao_delta import DeltaObject

WRITER = Path(__file__).with_name("killed_writer.py")
ROWS = 200


def after(state: Counter[int], number: int, mode: str) -> Counter[int]:
    """The rows by writer, once a change is made. Each change writes all partitions, so both overwrites replace all."""
    return state + Counter({number: ROWS}) if mode == "append" else Counter({number: ROWS})


@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.timeout(1800)
def test_whenever_a_writer_is_killed_the_table_is_whole(tmp_path: Path, kills: int) -> None:
    chance = random.Random(kills)
    store = DataStore("lake", "delta", options={"root": str(tmp_path / "lake")})
    dao, table = DataAccessObject(registry=DataStoreRegistry([store])), DeltaObject("t", store)
    dao.write([{"by": -1, "part": 0, "text": ""}], table, partition_by="part")
    state, number = Counter({-1: 1}), 0
    for _ in range(kills):
        command = [sys.executable, "-P", str(WRITER), str(tmp_path / "lake"), str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            told = [writer.stdout.readline()]  # it has begun
            try:
                writer.wait(chance.uniform(0, 0.15))
            except subprocess.TimeoutExpired:
                writer.kill()
            told += writer.stdout.readlines()
        assert writer.returncode == -9, "it was to go on until it is killed"
        doubtful = None
        for line in told:
            what, given, mode = line.split()
            number = int(given) + 1
            if what == "done":
                state, doubtful = after(state, int(given), mode), None
            else:
                doubtful = after(state, int(given), mode)
        found = Counter(dao.read(table, columns=["by"])["by"].to_pylist())
        assert found in (state, doubtful)
        state = found
        dao.write([{"by": -1, "part": 0, "text": ""}], table, mode="append")
        state = state + Counter({-1: 1})
        assert Counter(dao.read(table, columns=["by"])["by"].to_pylist()) == state
    versions = [version.version for version in dao.history(table)]
    assert versions == list(range(versions[0], -1, -1))
    assert not list((tmp_path / "lake" / "t" / "_delta_log").glob("*.tmp"))
