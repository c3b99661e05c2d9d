"""A writer that is killed at any moment leaves the table as it was, or with its change; and the next one works."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import define, field

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject
from dao.testing import ForkedWriters, positions

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


@define(slots=False)
class Lake:
    """A table that writers change until they are killed.

    Attributes:
        root: the folder.
        writers: their program.
        state: the rows by writer.
        next: the number of the next change.
    """

    root: Path
    writers: ForkedWriters
    state: Counter[int] = field(factory=Counter)
    next: int = 0

    def __attrs_post_init__(self) -> None:
        store = DataStore("lake", "iceberg", options={"root": str(self.root)})
        self.dao, self.table = DataAccessObject(registry=DataStoreRegistry([store])), TableObject("t", store)
        self.add("error")

    def add(self, mode: str) -> None:
        """Add a row, in this process, and look that all others are there."""
        self.dao.write([{"by": -1, "key": -1, "part": 0, "text": ""}], self.table, mode=mode, partition_by="part")
        self.state = self.state + Counter({-1: 1})
        assert self.rows() == self.state

    def rows(self) -> Counter[int]:
        return Counter(self.dao.read(self.table, columns=["by"])["by"].to_pylist())

    def kill(self, changes: int, at: int) -> bool:
        """Let a writer make changes and be killed at an operation; the rows are those before or after one of them."""
        said, was_killed = self.writers.run(f"{self.root} {self.next} {changes} {at}")
        doubtful = None
        for what, number, mode in (words for words in map(str.split, said) if words[0] in ("begin", "done")):
            self.next = int(number) + 1
            if what == "done":
                self.state, doubtful = after(self.state, int(number), mode), None
            else:
                doubtful = after(self.state, int(number), mode)
        found = self.rows()
        assert found in (self.state, doubtful)
        self.state = found
        self.add("append")
        return was_killed

    def operations(self, changes: int) -> int:
        """How many operations the next changes take."""
        said, was_killed = self.writers.run(f"{self.root} {self.next} {changes} 0")
        assert not was_killed
        self.next += changes
        self.state = self.rows()
        self.add("append")
        return int(said[-1].split()[1])

    def check_history(self) -> None:
        """Each snapshot is of the one before it, back to the first, and they can be read."""
        versions = [one.version for one in self.dao.history(self.table)]
        snapshot = self.table.data_store.interface._snapshot(self.table)
        parents = [snapshot.metadata.snapshot_by_id(version).parent_snapshot_id for version in versions]
        assert [*versions[1:], None] == parents
        for version in versions[:: 1 + len(versions) // 10]:
            assert self.dao.read(self.table, version=version, columns=["by"]).num_rows >= 0


@pytest.mark.parametrize(
    "mode", [pytest.param(mode, marks=() if mode in ("append", "upsert") else pytest.mark.slow) for mode in MODES]
)
def test_at_whichever_operation_a_writer_is_killed_the_table_is_whole(
    mode: str, tmp_path: Path, writers: ForkedWriters
) -> None:
    lake = Lake(tmp_path / "lake", writers)
    lake.next = MODES[mode]
    count = lake.operations(1)
    for at in positions(count):
        lake.next = MODES[mode]
        assert lake.kill(1, at), f"{at} of {count}"
    lake.check_history()


@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.timeout(1800)
def test_whenever_a_writer_is_killed_the_table_is_whole(kills: int, tmp_path: Path, writers: ForkedWriters) -> None:
    lake, chance = Lake(tmp_path / "lake", writers), random.Random(kills)
    changes = 2 * len(MODES)
    most = lake.operations(changes)
    killed = [lake.kill(changes, chance.randint(1, most)) for _ in range(kills)]
    assert sum(killed) > 0.9 * kills, "they were to go on until they are killed"
    lake.check_history()
