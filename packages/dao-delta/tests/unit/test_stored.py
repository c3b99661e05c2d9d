"""Data files read one by one: columns that they lack or have under other names, hidden rows, other types."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao.errors import StoreError, UnsupportedError
from dao_delta._snapshots.stored import StoredFile, StoredFiles
from dao_delta._tables.columns import ColumnMapping
from dao_delta._tables.keys import plain_path
from dao_files.lake import FolderTransport


def rows(tmp_path: Any, stored: pa.Table, schema: pa.Schema, mapping: ColumnMapping, **file: Any) -> list[Any]:
    pq.write_table(stored, tmp_path / "f.parquet", row_group_size=2)
    found = StoredFile("f.parquet", "f.parquet", 0, None, file.pop("partition", {}), **file)
    reader = StoredFiles(FolderTransport(str(tmp_path)), schema, mapping)
    return pa.Table.from_batches(reader.read(found), schema).to_pylist()


def given(name: str, kind: Any, physical: str, number: int = 1) -> dict[str, Any]:
    metadata = {"delta.columnMapping.physicalName": physical, "delta.columnMapping.id": number}
    return {"name": name, "type": kind, "nullable": True, "metadata": metadata}


def test_columns_that_a_file_lacks_are_null_and_partitions_are_from_the_log(tmp_path: Any) -> None:
    schema = pa.schema({"id": pa.int64(), "new": pa.string(), "day": pa.date32()})
    found = rows(
        tmp_path, pa.table({"id": pa.array([1], pa.int32())}), schema, ColumnMapping(), partition={"day": None}
    )
    assert found == [{"id": 1, "new": None, "day": None}]


@pytest.mark.parametrize("mode", ["name", "id"])
def test_names_and_ids_of_a_column_mapping_at_every_level(tmp_path: Any, mode: str) -> None:
    inner = {"type": "struct", "fields": [given("x", "long", "col-2"), given("y", "string", "col-3")]}
    fields = [given("s", inner, "col-1"), given("l", {"type": "array", "elementType": inner}, "col-4", 4)]
    part = pa.struct({"col-2": pa.int64()})
    stored = pa.table(
        {"col-1": pa.array([{"col-2": 7}, None], part), "col-4": pa.array([[None, {"col-2": 8}], []], pa.list_(part))}
    )
    wanted = pa.struct({"x": pa.int64(), "y": pa.string()})
    schema = pa.schema({"s": wanted, "l": pa.list_(wanted)})
    assert rows(tmp_path, stored, schema, ColumnMapping(fields, mode)) == [
        {"s": {"x": 7, "y": None}, "l": [None, {"x": 8, "y": None}]},
        {"s": None, "l": []},
    ]


def test_ids_count_more_than_names(tmp_path: Any) -> None:
    stored = pa.table([pa.array([1]), pa.array([2])], schema=pa.schema([
        pa.field("col-1", pa.int64(), metadata={"PARQUET:field_id": "2"}),
        pa.field("col-2", pa.int64(), metadata={"PARQUET:field_id": "1"}),
    ]))  # fmt: skip
    mapping = ColumnMapping([given("a", "long", "col-1", 1), given("b", "long", "col-2", 2)], "id")
    assert rows(tmp_path, stored, pa.schema({"a": pa.int64(), "b": pa.int64()}), mapping) == [{"a": 2, "b": 1}]


def test_hidden_rows_are_left_out_across_batches(tmp_path: Any) -> None:
    stored, schema = pa.table({"id": range(7)}), pa.schema({"id": pa.int64()})
    kept = pa.array([False, True, True, False, True])  # it ends before the file does
    assert [row["id"] for row in rows(tmp_path, stored, schema, ColumnMapping(), kept=kept)] == [1, 2, 4, 5, 6]


@pytest.mark.parametrize(
    ("value", "kind"), [(pa.array(["1"]), pa.int64()), (pa.array([1]), pa.string()), (pa.array([300]), pa.int8())]
)
def test_other_types_are_refused(tmp_path: Any, value: pa.Array, kind: pa.DataType) -> None:
    with pytest.raises(UnsupportedError, match=r"f\.parquet.*'id'"):
        rows(tmp_path, pa.table({"id": value}), pa.schema({"id": kind}), ColumnMapping())


def test_a_file_that_is_not_there_or_damaged_is_named(tmp_path: Any) -> None:
    reader = StoredFiles(FolderTransport(str(tmp_path)), pa.schema({"id": pa.int64()}))
    file = StoredFile("a.parquet", "a.parquet", 9, None, {})
    for content in (None, b"no Parquet"):
        if content is not None:
            (tmp_path / "a.parquet").write_bytes(content)
        with pytest.raises(StoreError, match=r"a\.parquet"):
            list(reader.read(file))


@pytest.mark.parametrize("path", ["../other.parquet", "a/%2e%2e/%2e%2e/b.parquet", "/etc/x", "s3://b/k"])
def test_a_path_that_leads_out_of_the_table_is_refused(path: str) -> None:
    with pytest.raises(UnsupportedError, match="outside the table"):
        plain_path(path)
