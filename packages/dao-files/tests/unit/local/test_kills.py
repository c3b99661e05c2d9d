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
    command = [sys.executable, str(PROGRAM), str(root), publishing_way]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        version = 0
        for turn in range(kills):
            program.stdin.write("\n")
            program.stdin.flush()
            child = int(program.stdout.readline())
            acknowledged = [version, *(int(program.stdout.readline()) for _ in range(turn % 3))]
            time.sleep(chance.uniform(0, ONE_CHANGE))
            os.kill(child, signal.SIGKILL)
            acknowledged += map(int, iter(program.stdout.readline, writer.ENDED))
            found = version_of(store)
            assert found - acknowledged[-1] in (0, 1), "what was acknowledged is lost, or what was not is there"
            version = found + 1
            store.write(writer.rows(version), writer.TABLE, mode="overwrite")
            assert version_of(store) == version
            assert left_behind(root) == []
        program.stdin.close()
