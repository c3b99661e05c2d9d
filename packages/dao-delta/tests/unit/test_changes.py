"""``read_changes``: by the feed where there is one, else by the difference of versions."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import DataError, NotFoundError, UnsupportedError
from dao_files.lake import without_common

DAO = DataAccessObject()
GONE = ("delete", "update_before")
FEED = {"delta.enableChangeDataFeed": "true"}


@pytest.fixture
def table(tmp_path: Path) -> TableObject:
    """A table that isn't there yet."""
    return TableObject("table", DataStore("lake", "delta", options={"root": str(tmp_path)}))


def delta(folder: Path) -> DeltaTable:
    """The table as deltalake changes it."""
    return DeltaTable(str(folder / "table"))


def people(*ids: int, **more: Any) -> pa.Table:
    columns = {name: [value] * len(ids) for name, value in more.items()}
    return pa.table({"id": pa.array(ids, pa.int64()), "name": [f"name {one}" for one in ids], **columns})


def told(table: TableObject, *names: str, **arguments: Any) -> list[Any]:
    found = DAO.read_changes(table, **arguments)
    return [tuple(row[name] for name in ("_version", "_change_type", *(names or ("id",)))) for row in found.to_pylist()]


def used(table: TableObject, **arguments: Any) -> bytes:
    found: bytes = DAO.read_changes(table, **arguments).schema.metadata[b"dao.changes"]
    return found


def test_rows_that_a_rewrite_copies_are_no_changes(table: TableObject, tmp_path: Path) -> None:
    DAO.write(people(1, 2, 3), table)
    DAO.write(people(4), table, mode="append")
    delta(tmp_path).delete("id = 2")
    delta(tmp_path).update(updates={"name": "'new'"}, predicate="id = 3")
    assert told(table, since=0) == [(1, "insert", 4), (2, "delete", 2), (3, "delete", 3), (3, "insert", 3)]
    assert told(table) == [*((0, "insert", one) for one in (1, 2, 3)), *told(table, since=0)]
    assert used(table) == b"difference"


def test_the_same_row_several_times(table: TableObject, tmp_path: Path) -> None:
    DAO.write(people(1, 1, 1, 2), table)
    DAO.write(people(1, 3, 1), table, mode="overwrite")
    assert sorted(told(table, since=0)) == [(1, "delete", 1), (1, "delete", 2), (1, "insert", 3)]


def test_values_that_are_equal_by_their_bits_alone(table: TableObject) -> None:
    values = [float("nan"), -0.0, 0.0, None]
    inner = [{"x": one} for one in values]
    DAO.write(pa.table({"v": values, "s": inner}), table)
    DAO.write(
        pa.table({"v": [0.0, float("nan"), 0.0, None], "s": [inner[2], inner[0], inner[2], inner[3]]}),
        table,
        mode="overwrite",
    )
    found = DAO.read_changes(table, since=0)
    assert [(row["_change_type"], str(row["v"]), str(row["s"])) for row in found.to_pylist()] == [
        ("delete", "-0.0", "{'x': -0.0}"),
        ("insert", "0.0", "{'x': 0.0}"),
    ]


def test_the_feed_tells_updates(table: TableObject, tmp_path: Path) -> None:
    DAO.write(people(1, 2), table, properties=FEED)
    delta(tmp_path).update(updates={"name": "'new'"}, predicate="id = 2")
    delta(tmp_path).delete("id = 1")
    DAO.write(people(5), table, mode="append")
    assert told(table, "id", "name", since=0) == [
        (1, "update_before", 2, "name 2"),
        (1, "update_after", 2, "new"),
        (2, "delete", 1, "name 1"),
        (3, "insert", 5, "name 5"),
    ]
    assert used(table) == used(table, since=2, until=2) == b"feed"


def test_a_feed_that_began_later_counts_from_there(table: TableObject, tmp_path: Path) -> None:
    DAO.write(people(1, 2), table)
    delta(tmp_path).alter.set_table_properties(FEED)
    delta(tmp_path).update(updates={"name": "'new'"}, predicate="id = 2")
    assert used(table) == b"difference"
    assert told(table)[2:] == [(2, "delete", 2), (2, "insert", 2)]
    for since in (0, 1):
        assert told(table, since=since) == [(2, "update_before", 2), (2, "update_after", 2)]
        assert used(table, since=since) == b"feed"


def test_what_compact_writes_again_is_no_change(table: TableObject) -> None:
    for one in range(3):
        DAO.write(people(one), table, mode="append")
    DAO.run("compact", table)
    assert told(table, since=2) == []
    assert len(told(table)) == 3


def test_columns_that_came_later_are_null_in_older_rows(table: TableObject) -> None:
    DAO.write(people(1), table)
    DAO.write(people(2, colour="red"), table, mode="append", schema_mode="evolve")
    assert told(table, "id", "colour") == [(0, "insert", 1, None), (1, "insert", 2, "red")]
    assert DAO.read_changes(table, until=0).column_names[:2] == ["id", "name"]
    assert "colour" not in DAO.read_changes(table, until=0).column_names


def test_a_column_of_another_type_is_refused(table: TableObject) -> None:
    DAO.write(pa.table({"id": ["a"]}), table)
    DAO.write(pa.table({"id": [1]}), table, mode="overwrite")
    for since in (None, 0):
        with pytest.raises(UnsupportedError, match="'id' was 'string' in version 0"):
            DAO.read_changes(table, since=since)
    assert told(table, until=0) == [(0, "insert", "a")]
    assert told(table, since=1) == []


def test_partition_values_of_every_type(table: TableObject) -> None:
    moment = datetime(2024, 2, 29, 23, 59, 59, 123_456)
    columns = {
        "id": pa.array([1, 2]),
        "text": ["ä /%25=&", None],
        "day": pa.array([date(1969, 12, 31), None]),
        "local": pa.array([moment, None], pa.timestamp("us")),
        "at": pa.array([moment.replace(tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        "price": pa.array([Decimal("-12.30"), None], pa.decimal128(8, 2)),
        "flag": [False, None],
        "n": pa.array([-(2**63), None], pa.int64()),
    }
    rows = pa.table(columns)
    DAO.write(rows, table, partition_by=[name for name in columns if name != "id"])
    DAO.write(rows.slice(0, 0), table, mode="overwrite", partition_by=[name for name in columns if name != "id"])
    found = DAO.read_changes(table)
    for kind in ("insert", "delete"):
        chosen = [row for row in found.to_pylist() if row["_change_type"] == kind]
        assert (
            sorted(({name: row[name] for name in columns} for row in chosen), key=lambda row: row["id"])
            == rows.to_pylist()
        )


def test_bounds(table: TableObject) -> None:
    for one in range(3):
        DAO.write(people(one), table, mode="append")
    times = [version.timestamp for version in reversed(DAO.history(table))]
    assert told(table, since=0, until=1) == [(1, "insert", 1)]
    assert told(table, since=times[1]) == told(table, since=1)
    assert told(table, until=times[2]) == told(table)
    assert told(table, since=2) == told(table, since=2, until=1) == []
    found = DAO.read_changes(table, since=1)
    assert found["_timestamp"].to_pylist() == [times[2]]
    assert str(found.schema.field("_timestamp").type) == "timestamp[us, tz=UTC]"
    for wrong in ({"since": 3}, {"until": 3}, {"since": -1}, {"since": "1"}, {"until": times[0] - timedelta(days=1)}):
        with pytest.raises(NotFoundError):
            DAO.read_changes(table, **wrong)


def test_columns_where_and_limit(table: TableObject) -> None:
    DAO.write(people(1, 2, 3), table)
    DAO.write(people(3, 4), table, mode="overwrite")
    found = DAO.read_changes(table, columns=["name"], where="_change_type = 'insert' AND id > 2")
    assert found.column_names == ["name", "_change_type", "_version", "_timestamp"]
    assert found["name"].to_pylist() == ["name 3", "name 4"]
    assert DAO.read_changes(table, columns=["_version"]).column_names == ["_change_type", "_version", "_timestamp"]
    assert len(told(table, limit=4)) == 4
    assert told(table, limit=0) == []
    for since in (0, 1):
        with pytest.raises(DataError, match="colour"):
            DAO.read_changes(table, since=since, where="colour = 'red'")
        with pytest.raises(DataError, match="colour"):
            DAO.read_changes(table, since=since, columns=["colour"])


def test_files_and_commits_of_other_versions_are_not_read(table: TableObject, tmp_path: Path) -> None:
    DAO.write(people(1), table)
    old = list((tmp_path / "table").glob("*.parquet"))
    DAO.write(people(2), table, mode="append")
    for file in old:
        file.unlink()
    assert told(table, since=0) == [(1, "insert", 2)]
    with pytest.raises(NotFoundError, match="changes of version 0 .* vacuum"):
        DAO.read_changes(table)


def test_a_commit_that_the_log_has_no_more(table: TableObject, tmp_path: Path) -> None:
    for one in range(4):
        DAO.write(people(one), table, mode="append")
    delta(tmp_path).create_checkpoint()
    (tmp_path / "table" / "_delta_log" / f"{1:020d}.json").unlink()
    with pytest.raises(NotFoundError, match="changes of version 1 .* its commit is gone"):
        DAO.read_changes(table, since=0)
    assert told(table, since=1) == told(table) == [(2, "insert", 2), (3, "insert", 3)]


def test_a_removal_without_partition_values(table: TableObject, tmp_path: Path) -> None:
    DAO.write(people(1, 2, day="x"), table, partition_by="day")
    DAO.write(people(1, day="x"), table, mode="overwrite", partition_by="day")
    file = tmp_path / "table" / "_delta_log" / f"{1:020d}.json"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        for name in ("partitionValues", "size", "extendedFileMetadata"):
            line.get("remove", {}).pop(name, None)
    file.write_text("\n".join(map(json.dumps, lines)))
    assert told(table, "id", "day", since=0) == [(1, "delete", 2, "x")]


VALUES = st.sampled_from([None, 0.0, -0.0, float("nan"), 1.5])
ROWS = st.lists(st.tuples(VALUES, st.sampled_from(["a", "b", None]), st.booleans()), max_size=12)


@given(ROWS, ROWS)
def test_the_difference_is_that_of_multisets(gone: list[Any], came: list[Any]) -> None:
    schema = pa.schema({"f": pa.float64(), "t": pa.string(), "b": pa.bool_()})
    left, right = (
        pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
        for rows in (gone, came)
    )
    found = [Counter(map(repr, table.to_pylist())) for table in without_common(left, right)]
    old, new = (Counter(map(repr, table.to_pylist())) for table in (left, right))
    assert found == [old - new, new - old]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["append", "upsert", "delete", "overwrite", "same", "compact", "evolve"]),
        st.lists(st.integers(0, 6), max_size=4, unique=True),
    ),
    min_size=2,
    max_size=5,
)


def do(table: TableObject, step: str, ids: list[int]) -> None:
    rows = pa.table({"id": pa.array(ids, pa.int64()), "f": pa.array([[None, -0.0, 0.0, 1.5][one % 4] for one in ids])})
    rows = rows.set_column(1, "f", rows["f"].cast(pa.float64()))
    match step:
        case "upsert":
            DAO.upsert(rows, table, keys="id", schema_mode="evolve")
        case "delete":
            DAO.delete(table, where=f"id IN ({', '.join(map(str, [*ids, 99]))})")
        case "same":
            DAO.write(DAO.read(table), table, mode="overwrite")
        case "compact":
            DAO.run("compact", table)
        case "evolve":
            more = rows.append_column("more", pa.array(ids, pa.int32()))
            DAO.write(more, table, mode="append", schema_mode="evolve")
        case _:
            DAO.write(rows, table, mode=step, schema_mode="evolve")


@settings(max_examples=12, deadline=None)
@given(STEPS, st.booleans())
def test_changes_lead_from_each_version_to_every_later_one(steps: list[Any], fed: bool) -> None:
    with TemporaryDirectory() as folder:
        table = TableObject("table", DataStore("lake", "delta", options={"root": folder}))
        DAO.write(pa.table({"id": [1, 2], "f": [0.0, None]}), table, properties=FEED if fed else {})
        for step, ids in steps:
            do(table, step, ids)
        versions = [version.version for version in reversed(DAO.history(table))]
        rows = {version: DAO.read(table, version=version) for version in versions}
        for since, until in combinations(versions, 2):
            names = rows[until].column_names
            if set(rows[since].column_names) - set(names):
                continue  # overwritten by rows with fewer columns
            now, later = (
                Counter(repr([row.get(name) for name in names]) for row in rows[one].to_pylist())
                for one in (since, until)
            )
            for change in DAO.read_changes(table, since=since, until=until).to_pylist():
                now[repr([change[name] for name in names])] += -1 if change["_change_type"] in GONE else 1
            assert {row: count for row, count in now.items() if count} == later


def test_rows_from_before_a_required_column_have_null_in_it(table: TableObject) -> None:
    DAO.write(pa.table({"id": [1]}), table)
    schema = pa.schema([pa.field("id", pa.int64()), pa.field("w", pa.int64(), nullable=False)])
    DAO.write(pa.table({"id": [2], "w": [5]}, schema), table, mode="overwrite")
    assert [(row["id"], row["w"]) for row in DAO.read_changes(table, since=0).to_pylist()] == [(1, None), (2, 5)]
