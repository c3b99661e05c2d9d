"""A writer that is killed at any moment leaves the table as it was, or with its change; and the next one works."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dao import DataAccessObject, DataStore, DataStoreRegistry
from dao_delta import DeltaObject

WRITER = Path(__file__).with_name("killed_writer.py")
ROWS = 200


def after(state: Counter[int], number: int, mode: str) -> Counter[int]:
    """The rows by writer, once a change is made. Each change writes all partitions, so both overwrites replace all."""
    return state + Counter({number: ROWS}) if mode == "append" else Counter({number: ROWS})


@pytest.fixture
def writers() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-P", str(WRITER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writers:
        yield writers
        assert writers.stdin is not None
        writers.stdin.close()


def killed(writers: subprocess.Popen[str], order: str, seconds: float) -> list[list[str]]:
    """What a writer said that was killed some time after it began."""
    assert writers.stdin is not None
    assert writers.stdout is not None
    writers.stdin.write(f"{order}\n")
    writers.stdin.flush()
    told: list[list[str]] = []
    while not {"writer", "begin"} <= {words[0] for words in told}:
        told.append(writers.stdout.readline().split())
    time.sleep(seconds)
    os.kill(next(int(words[1]) for words in told if words[0] == "writer"), signal.SIGKILL)
    while told[-1][0] != "ended":
        told.append(writers.stdout.readline().split())
    assert told[-1][1] == str(int(signal.SIGKILL)), "it was to go on until it is killed"
    return [words for words in told if words[0] in ("begin", "done")]


@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.timeout(1800)
def test_whenever_a_writer_is_killed_the_table_is_whole(
    tmp_path: Path, kills: int, writers: subprocess.Popen[str]
) -> None:
    chance = random.Random(kills)
    store = DataStore("lake", "delta", options={"root": str(tmp_path / "lake")})
    dao, table = DataAccessObject(registry=DataStoreRegistry([store])), DeltaObject("t", store)
    dao.write([{"by": -1, "part": 0, "text": ""}], table, partition_by="part")
    state, number = Counter({-1: 1}), 0
    for _ in range(kills):
        told = killed(writers, f"{tmp_path / 'lake'} {number}", chance.uniform(0, 0.3))
        doubtful = None
        for what, given, mode in told:
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
