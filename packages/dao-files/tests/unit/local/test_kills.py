"""kill -9 at random moments: always the old table or the new one, and the next write works."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import killed_writer as writer
import pytest
from left_behind import left_behind

from dao_files import LocalInterface

PROGRAM = Path(__file__).with_name("killed_writer.py")
ONE_CHANGE = 0.03  # seconds that a change takes, about: a kill falls anywhere in it


def version_of(store: LocalInterface) -> int:
    table = store.read(writer.TABLE).sort_by("id")
    versions = set(table.column("version").to_pylist())
    assert len(versions) == 1, f"rows of several versions: {versions}"
    version = versions.pop()
    assert table.select(["id", "part", "version"]).equals(writer.rows(version)), "rows are missing or there twice"
    assert store.count(writer.TABLE) == writer.ROWS
    return int(version)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_a_killed_writer_leaves_the_old_table_or_the_new(root: Path, publishing_way: str, kills: int) -> None:
    store = LocalInterface(root, lock_timeout=5)
    store.write(writer.rows(0), writer.TABLE, format="parquet")
    chance = random.Random(20251121)
    command = [sys.executable, str(PROGRAM), str(root), publishing_way, "work"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        version = 0
        for turn in range(kills):
            acknowledged = [version, *kill(program, turn % 3, chance.uniform(0, ONE_CHANGE))]
            found = version_of(store)
            assert found - acknowledged[-1] in (0, 1), "what was acknowledged is lost, or what was not is there"
            version = found + 1
            store.write(writer.rows(version), writer.TABLE, mode="overwrite")
            assert version_of(store) == version
            assert left_behind(root) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [12, pytest.param(100, marks=pytest.mark.slow)])
def test_what_a_killed_writer_did_with_a_key_is_not_done_again(root: Path, publishing_way: str, kills: int) -> None:
    store = LocalInterface(root, lock_timeout=5)
    store.write([{"id": 0}], writer.TABLE, format="parquet")
    chance = random.Random(20260301)
    command = [sys.executable, str(PROGRAM), str(root), publishing_way, "append on"]
    done, again = 0, 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        for turn in range(kills):
            done = [done, *kill(program, turn % 3, chance.uniform(0, ONE_CHANGE))][-1]
            for number in (done, done + 1) if done else (done + 1,):
                again += writer.append(store, number).rows_inserted == 0
            done += 1
            assert sorted(store.read(writer.TABLE)["id"].to_pylist()) == list(range(done + 1))
            assert left_behind(root) == []
    assert again >= kills - 1, "what was acknowledged was done again"


def kill(program: subprocess.Popen[str], after: int, delay: float) -> list[int]:
    """Let the program's next child work, and kill it; returns what it acknowledged.

    Args:
        program: the program.
        after: the number of changes that it acknowledges before.
        delay: seconds to wait then.
    """
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write("\n")
    program.stdin.flush()
    child = int(program.stdout.readline())
    acknowledged = [int(program.stdout.readline()) for _ in range(after)]
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    return [*acknowledged, *map(int, iter(program.stdout.readline, writer.ENDED))]
