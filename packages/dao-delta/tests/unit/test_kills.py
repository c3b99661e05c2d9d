"""A writer that is killed at any moment leaves the table as it was, or with its change; and the next one works."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dao import DataAccessObject, DataStore, DataStoreRegistry
from dao.testing import ForkedWriters, KilledTable, positions
from dao_delta import DeltaObject

WRITER = Path(__file__).with_name("killed_writer.py")
ROWS = 200
MODES = {"append": 0, "overwrite": 1, "overwrite_partitions": 2}
"""The number of a writer's first change that has the mode."""


def after(state: Counter[int], number: int, mode: str) -> Counter[int]:
    """The rows by writer, once a change is made. Each change writes all partitions, so both overwrites replace all."""
    return state + Counter({number: ROWS}) if mode == "append" else Counter({number: ROWS})


@pytest.fixture(scope="module")
def writers() -> Iterator[ForkedWriters]:
    with ForkedWriters(WRITER) as writers:
        yield writers


def table_in(folder: Path, writers: ForkedWriters) -> KilledTable:
    """A new table."""
    store = DataStore("lake", "delta", options={"root": str(folder)})
    lake = KilledTable(
        dao=DataAccessObject(registry=DataStoreRegistry([store])),
        table=DeltaObject("t", store),
        root=str(folder),
        writers=writers,
        after=after,
        row={"by": -1, "part": 0, "text": ""},
        arguments={"partition_by": "part"},
    )
    lake.add("error")
    return lake


def check_history(lake: KilledTable) -> None:
    versions = [version.version for version in lake.dao.history(lake.table)]
    assert versions == list(range(versions[0], -1, -1))


@pytest.mark.parametrize("mode", MODES)
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


@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.timeout(1800)
def test_whenever_a_writer_is_killed_the_table_is_whole(kills: int, tmp_path: Path, writers: ForkedWriters) -> None:
    lake, chance = table_in(tmp_path / "lake", writers), random.Random(kills)
    changes = 2 * len(MODES)
    most = lake.operations(changes)
    killed = [lake.kill(changes, chance.randint(1, most)) for _ in range(kills)]
    assert sum(killed) > 0.9 * kills, "they were to go on until they are killed"
    check_history(lake)
