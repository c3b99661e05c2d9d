"""A writer that is killed at any moment leaves the table as it was, or with its change; and the next one works."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject
from dao.testing import ForkedWriters, KilledTable, positions

WRITER = Path(__file__).with_name("killed_writer.py")
ROWS = 200
MODES = {"append": 0, "overwrite": 1, "overwrite_partitions": 2, "upsert": 3, "delete": 4}
"""The number of a writer's first change that has the mode."""


def after(state: Counter[int], number: int, mode: str) -> Counter[int]:
    """The rows by writer, once a change is made; -1 is this process, whose rows have a key of their own.

    Each change has rows of all partitions and keys, so both overwrites replace all, and an upsert all but those of -1.
    """
    match mode:
        case "append":
            return state + Counter({number: ROWS})
        case "delete":
            return Counter({by: count for by, count in state.items() if by != -1})
        case "upsert":
            return Counter({number: state.total() - state[-1] or ROWS, -1: state[-1]}) + Counter()
    return Counter({number: ROWS})


@pytest.fixture(scope="module")
def writers() -> Iterator[ForkedWriters]:
    with ForkedWriters(WRITER) as writers:
        yield writers


def table_in(folder: Path, writers: ForkedWriters) -> KilledTable:
    """A new table."""
    store = DataStore("lake", "iceberg", options={"root": str(folder)})
    lake = KilledTable(
        dao=DataAccessObject(registry=DataStoreRegistry([store])),
        table=TableObject("t", store),
        root=str(folder),
        writers=writers,
        after=after,
        row={"by": -1, "key": -1, "part": 0, "text": ""},
        arguments={"partition_by": "part"},
    )
    lake.add("error")
    return lake


def check_history(lake: KilledTable) -> None:
    """Each snapshot is of the one before it, back to the first, and they can be read."""
    versions = [one.version for one in lake.dao.history(lake.table)]
    snapshot = lake.table.data_store.interface._snapshot(lake.table)
    parents = [snapshot.metadata.snapshot_by_id(version).parent_snapshot_id for version in versions]
    assert [*versions[1:], None] == parents
    for version in versions[:: 1 + len(versions) // 10]:
        assert lake.dao.read(lake.table, version=version, columns=["by"]).num_rows >= 0


@pytest.mark.parametrize(
    "mode", [pytest.param(mode, marks=() if mode in ("append", "upsert") else pytest.mark.slow) for mode in MODES]
)
def test_at_whichever_operation_a_writer_is_killed_the_table_is_whole(
    mode: str, tmp_path: Path, writers: ForkedWriters
) -> None:
    lake = table_in(tmp_path / "lake", writers)
    lake.next = MODES[mode]
    count = lake.operations(1)
    for at in positions(count):
        lake.next = MODES[mode]
        assert lake.kill(1, at), f"{at} of {count}"
    check_history(lake)


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.timeout(1800)
def test_whenever_a_writer_is_killed_the_table_is_whole(kills: int, tmp_path: Path, writers: ForkedWriters) -> None:
    lake, chance = table_in(tmp_path / "lake", writers), random.Random(kills)
    changes = 2 * len(MODES)
    most = lake.operations(changes)
    killed = [lake.kill(changes, chance.randint(1, most)) for _ in range(kills)]
    assert sum(killed) > 0.7 * kills, "they were to go on until they are killed"
    check_history(lake)
