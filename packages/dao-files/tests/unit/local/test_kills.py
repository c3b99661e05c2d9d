"""kill -9 at any I/O operation: always the old table or the new one, and the next write works."""

from __future__ import annotations

import random
from pathlib import Path

import killed_writer as writer
import pytest
from left_behind import left_behind

from dao.testing import ForkedWriters
from dao_files import LocalInterface

PROGRAM = Path(__file__).with_name("killed_writer.py")
THREE_CHANGES = 300
"""The I/O operations that a writer makes in about three changes: it is killed at one of them."""


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
    with ForkedWriters(PROGRAM, str(root), publishing_way, "work") as writers:
        version = 0
        for _ in range(kills):
            said, _ = writers.run(str(chance.randint(1, THREE_CHANGES)))
            acknowledged = [version, *map(int, said)]
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
    done, again = 0, 0
    with ForkedWriters(PROGRAM, str(root), publishing_way, "append on") as writers:
        for _ in range(kills):
            said, _ = writers.run(str(chance.randint(1, THREE_CHANGES)))
            done = [done, *map(int, said)][-1]
            for number in (done, done + 1) if done else (done + 1,):
                again += writer.append(store, number).rows_inserted == 0
            done += 1
            assert sorted(store.read(writer.TABLE)["id"].to_pylist()) == list(range(done + 1))
            assert left_behind(root) == []
    assert again >= kills - 1, "what was acknowledged was done again"
