"""``read_changes`` holds to a memory limit, beside its result: rows that aren't asked for are dropped as they come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import DataError
from dao_delta._actions import changes as _changes

DAO = DataAccessObject()
MIB = 1 << 20
PARTS = 8
PART_ROWS = 60_000


@pytest.fixture
def table(tmp_path: Path) -> TableObject:
    return TableObject("table", DataStore("lake", "delta", options={"root": str(tmp_path)}))


def rows(part: int) -> pa.Table:
    first = part * PART_ROWS
    ids = pa.array(range(first, first + PART_ROWS), pa.int64())
    texts = pc.binary_join_element_wise("a text of some length that differs in each row", ids.cast(pa.string()), " ")
    return pa.table({"part": pa.repeat(pa.scalar(part), PART_ROWS), "id": ids, "text": texts})


@contextmanager
def most_held(most: int) -> Iterator[None]:
    """Arrow memory that is allocated inside the block stays below a number of bytes."""
    usual = pa.default_memory_pool()
    counting = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(counting)
    try:
        yield
        assert counting.max_memory() < most
    finally:
        pa.set_memory_pool(usual)


def changes(table: TableObject, **arguments: Any) -> list[tuple[str, int]]:
    found = DAO.read_changes(table, columns=["id"], **arguments)
    return list(zip(found["_change_type"].to_pylist(), found["id"].to_pylist(), strict=True))


def test_rows_that_are_not_asked_for_are_not_held(table: TableObject) -> None:
    DAO.write(pa.concat_tables(map(rows, range(PARTS))), table)
    size = sum(rows(part).nbytes for part in range(PARTS))
    assert size > 32 * MIB
    with most_held(16 * MIB):
        assert changes(table, where="id = 70000 AND text LIKE 'a%'", memory_limit=16 * MIB) == [("insert", 70_000)]


def test_rewritten_partitions_are_compared_one_by_one(
    table: TableObject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    DAO.write(pa.concat_tables(map(rows, range(PARTS))), table, partition_by="part")
    changed = {part * PART_ROWS + 7 for part in range(PARTS)}
    DeltaTable(str(tmp_path / "table")).delete(f"id IN ({', '.join(map(str, changed))})")
    limit = 4 * 3 * 2 * rows(0).nbytes
    compared = []
    without_common = _changes.without_common
    monkeypatch.setattr(
        _changes,
        "without_common",
        lambda gone, came: compared.append((gone.num_rows, came.num_rows)) or without_common(gone, came),
    )
    with most_held(limit):
        assert sorted(changes(table, since=0, memory_limit=limit)) == sorted(("delete", one) for one in changed)
    assert compared == [(PART_ROWS, PART_ROWS - 1)] * PARTS


def test_a_partition_that_one_side_lacks_is_not_compared(table: TableObject, tmp_path: Path) -> None:
    both = pa.concat_tables([rows(0).slice(0, 3), rows(1).slice(0, 3)])
    DAO.write(both, table, partition_by="part")
    DAO.write(
        pa.concat_tables([rows(1).slice(0, 2), rows(2).slice(0, 1)]), table, mode="overwrite", partition_by="part"
    )
    first, second = PART_ROWS, 2 * PART_ROWS
    expected = [("delete", number) for number in (0, 1, 2, first + 2)] + [("insert", second)]
    assert sorted(changes(table, since=0)) == expected


def test_other_partition_columns_are_compared_as_rows(table: TableObject) -> None:
    some = rows(0).slice(0, 3)
    DAO.write(some, table, partition_by="part")
    DAO.write(some.slice(1), table, mode="overwrite", partition_by="id")
    assert changes(table, since=0) == [("delete", 0)]


def test_more_rows_than_a_quarter_of_the_limit_are_not_compared(table: TableObject, tmp_path: Path) -> None:
    DAO.write(rows(0), table)
    DeltaTable(str(tmp_path / "table")).delete("id = 7")
    with pytest.raises(DataError, match=r"memory_limit=4 MiB: version 1 rewrote rows that take at least [\d,]+ bytes"):
        changes(table, since=0, memory_limit=4 * MIB)
    assert changes(table, since=0) == [("delete", 7)]


def test_a_feed_is_chosen_from_as_it_is_read(table: TableObject, tmp_path: Path) -> None:
    feed = {"delta.enableChangeDataFeed": "true"}
    DAO.write(pa.concat_tables(map(rows, range(4))), table, properties=feed)
    DeltaTable(str(tmp_path / "table")).update({"text": "'new'"})
    with most_held(24 * MIB):
        found = changes(table, since=0, where="id = 7", memory_limit=24 * MIB)
    assert found == [("update_before", 7), ("update_after", 7)]
