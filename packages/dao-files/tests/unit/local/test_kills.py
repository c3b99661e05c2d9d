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

KILLS = 100  # for each way of publishing
PROGRAM = Path(__file__).with_name("killed_writer.py")


def version_of(store: LocalInterface) -> int:
    table = store.read(writer.TABLE).sort_by("id")
    versions = set(table.column("version").to_pylist())
    assert len(versions) == 1, f"rows of several versions: {versions}"
    version = versions.pop()
    assert table.select(["id", "part", "version"]).equals(writer.rows(version)), "rows are missing or there twice"
    assert store.count(writer.TABLE) == writer.ROWS
    return int(version)


def wait_for_end(process: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.001)
    raise AssertionError(f"process {process} does not end")


@pytest.mark.timeout(300)
def test_a_killed_writer_leaves_the_old_table_or_the_new(root: Path, tmp_path: Path, publishing_way: str) -> None:
    store = LocalInterface(root, lock_timeout=5)
    store.write(writer.rows(0), writer.TABLE, format="parquet")
    acknowledged = tmp_path / "acknowledged"
    chance = random.Random(20251121)
    command = [sys.executable, str(PROGRAM), str(root), str(acknowledged), publishing_way]
    progressed = 0
    longest = 0.15  # seconds until the kill; more where a busy machine lets the writer get nowhere in that time
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        version = 0
        for _ in range(KILLS):
            acknowledged.write_bytes(b"%12d" % version)
            program.stdin.write("\n")
            program.stdin.flush()
            child = int(program.stdout.readline())
            time.sleep(chance.uniform(0, longest))
            os.kill(child, signal.SIGKILL)
            wait_for_end(child)
            told = int(acknowledged.read_text())
            found = version_of(store)
            assert found in (told, told + 1), "what was acknowledged is lost, or what was not is there"
            progressed += found > version
            longest = max(0.15, longest * 0.8) if found > version else min(2.0, longest * 1.3)
            version = found + 1
            store.write(writer.rows(version), writer.TABLE, mode="overwrite")
            assert version_of(store) == version
            assert left_behind(root) == []
        program.stdin.close()
    assert progressed > KILLS / 4, "the writer was hardly ever given time to write"
