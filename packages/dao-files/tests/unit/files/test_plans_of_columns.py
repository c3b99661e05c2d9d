"""``explain`` raises what a call would raise about names of columns, where data or a declared schema says them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from dao import DataAccessObject
from dao.errors import DaoError

ROWS = [{"id": 1, "name": "x", "tags": ["a"]}]
TABLE = pa.Table.from_pylist(ROWS)
WRITES: list[tuple[str, dict[str, Any]]] = [
    ("write", {"partition_by": ["di"]}),
    ("write", {"partition_by": "nme", "mode": "overwrite"}),
    ("write", {"partition_by": ["di"], "path": "a.parquet"}),
    ("write", {"format": "parquet", "encoding": {"nme": "PLAIN"}}),
    ("write", {"format": "parquet", "bloom_filters": ["nme"]}),
    ("write", {"format": "parquet", "statistics": ["nme"]}),
    ("write", {"format": "parquet", "dictionary": ["nme"]}),
    ("write", {"format": "parquet", "compression": {"nme": "gzip"}}),
    ("write", {"format": "orc", "bloom_filter_columns": ["nme"]}),
    ("write", {"format": "csv"}),
    ("write", {"format": "avro", "avro_schema": {"type": "record", "name": "r", "fields": []}}),
    ("upsert", {"keys": ["di"]}),
    ("upsert", {"keys": ["id"], "order_by": ["ts"]}),
    ("upsert", {"keys": ["id", "id"]}),
]
READS: list[dict[str, Any]] = [
    {"columns": ["nme"]},
    {"where": "nme = 'x'"},
    {"types": {"nme": "string"}},
    {"types": {"id": "string"}},
    {"infer_types": False},
]


@pytest.fixture
def dao() -> DataAccessObject:
    declared = {"format": "csv", "schema": {"id": "int64", "name": "string"}}
    objects = {"table": {"type": "table"}, "file": {"type": "file", "suffix": ".csv", **declared}}
    return DataAccessObject({"lake": {"interface": "memory", "objects": objects}})


def message(call: Any, *roles: Any, **given: Any) -> str:
    with pytest.raises(DaoError) as raised:
        call(*roles, **given)
    return raised.value.message


@pytest.mark.parametrize("data", [ROWS, TABLE, TABLE.to_batches()[0]], ids=["list", "table", "batch"])
@pytest.mark.parametrize(("action", "given"), WRITES)
def test_a_write(action: str, given: dict[str, Any], data: Any, dao: DataAccessObject) -> None:
    said = message(dao.explain, action, data, "lake.table", **given)
    assert said == message(getattr(dao, action), data, "lake.table", **given)
    assert not dao.exists("lake.table")


def test_a_stream_is_not_read_and_others_are_not_asked(dao: DataAccessObject) -> None:
    reader = TABLE.to_reader()
    with pytest.raises(DaoError, match="keys= asks for the column 'di', which doesn't exist"):
        dao.explain("upsert", reader, "lake.table", keys="di")
    dao.write(reader, "lake.table")
    assert dao.read("lake.table").to_pylist() == ROWS
    dao.explain("upsert", iter(TABLE.to_batches()), "lake.table", keys="di")


@pytest.mark.parametrize("given", READS)
def test_a_read_of_a_file_with_a_declared_schema(given: dict[str, Any], dao: DataAccessObject) -> None:
    said = message(dao.explain, "read", "lake.file", **given)
    dao.write(b"id,name\n1,x\n", "lake.file")
    assert said == message(dao.read, "lake.file", **given)


def test_folders_may_add_columns_to_a_declared_schema(dao: DataAccessObject) -> None:
    dao.write(b"id\n1\n", "lake.file", path="table/part=7/a.csv")
    given = {"format": "csv", "schema": {"id": "int64"}, "where": "part = 7"}
    dao.explain("read", "lake.table", **given)
    assert dao.read("lake.table", **given).to_pylist() == [{"id": 1, "part": 7}]


def test_a_copy_is_planned_without_columns(dao: DataAccessObject) -> None:
    dao.write(TABLE, "lake.table")
    dao.explain("copy", "lake.table", "lake.file", columns=["id", "name"])
