"""What an object declares of its columns: a write stores what the object reads back, or is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from dao import DataAccessObject
from dao.errors import DataError

ROWS = pa.table({"id": pa.array([1], pa.int64()), "v": ["x"]})
AS_IS = {"id": "int64", "v": "string"}
OTHER = {"id": "int64", "v": "int64"}
FORMATS = ("parquet", "csv", "ndjson", "json", "avro", "orc", "arrow")


def make(format: str, kind: str, **properties: Any) -> DataAccessObject:
    end = "" if kind == "table" else f".{format}"
    objects = {
        "t": {"type": kind, "prefix": f"t{end}", "format": format, **properties},
        "plain": {"type": kind, "prefix": f"t{end}", "format": format},
        "source": {"type": kind, "prefix": f"source{end}", "format": format},
    }
    return DataAccessObject({"lake": {"interface": "memory", "objects": objects}})


def copy(dao: DataAccessObject, **arguments: Any) -> Any:
    del arguments["schema"]
    dao.write(ROWS, "lake.source")
    return dao.copy("lake.source", "lake.t", **arguments)


WRITES: dict[str, Callable[..., Any]] = {
    "error": lambda dao, **arguments: dao.write(ROWS, "lake.t", **arguments),
    "overwrite": lambda dao, **arguments: dao.write(ROWS, "lake.t", mode="overwrite", **arguments),
    "append": lambda dao, **arguments: dao.write(ROWS, "lake.t", mode="append", **arguments),
    "ignore": lambda dao, **arguments: dao.write(ROWS, "lake.t", mode="ignore", **arguments),
    "stream": lambda dao, **arguments: dao.write_stream(ROWS.to_reader(), "lake.t", **arguments),
    "upsert": lambda dao, **arguments: dao.upsert(ROWS, "lake.t", keys=["id"], **arguments),
    "partitions": lambda dao, **arguments: dao.write(
        ROWS, "lake.t", mode="overwrite_partitions", partition_by="id", **arguments
    ),
    "copy": copy,
}


@pytest.mark.parametrize("kind", ["table", "file"])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("write", [name for name in WRITES if name not in ("copy", "partitions")])
def test_a_schema_of_the_call_that_contradicts_the_objects_is_refused(write: str, format: str, kind: str) -> None:
    for declared, message in (
        (OTHER, "column 'v' would be string, but the object's schema declares int64"),
        ({"id": "int64"}, "the schema doesn't name the columns 'v'"),
        (pa.schema([("id", pa.int64()), pa.field("v", pa.string(), nullable=False)]), "declares string not null"),
        (pa.schema([("id", pa.int64()), ("v", pa.string()), pa.field("w", pa.int8(), nullable=False)]), "'w' .*absent"),
    ):
        dao = make(format, kind, schema=declared)
        with pytest.raises(DataError, match=message):
            WRITES[write](dao, schema=AS_IS)
        assert not dao.exists("lake.t")
    dao = make(format, kind, schema={**AS_IS, "more": "string"})
    WRITES[write](dao, schema=AS_IS)
    assert dao.read("lake.t").to_pylist() == [{"id": 1, "v": "x", "more": None}]


@pytest.mark.parametrize("kind", ["table", "file"])
@pytest.mark.parametrize("write", ["error", "overwrite", "append", "ignore", "stream", "upsert", "partitions", "copy"])
def test_types_that_the_data_contradicts_are_refused(write: str, kind: str) -> None:
    if kind == "file" and write == "partitions":
        return
    for types, message in (
        ({"v": "int64"}, "'types': column 'v' is int64 there and string in the schema: make it int64"),
        ({"w": "int64"}, "'types': no column 'w' in the file; "),
    ):
        dao = make("csv", kind, types=types)
        with pytest.raises(DataError, match=message):
            WRITES[write](dao, schema=None)
        assert not dao.exists("lake.t")
    dao = make("csv", kind, types={"v": "string"})
    WRITES[write](dao, schema=None)
    assert dao.read("lake.t").to_pylist() == ROWS.to_pylist()


def test_columns_that_reads_are_to_return_as_dictionaries_are_written() -> None:
    dao = make("parquet", "table", read_dictionary=["w"])
    with pytest.raises(DataError, match="'read_dictionary': .*'w'"):
        dao.write(ROWS, "lake.t")
    assert not dao.exists("lake.t")


def test_types_of_columns_that_are_in_no_file_are_refused() -> None:
    dao = make("csv", "table", types={"id": "int64"}, partition_by=["id"])
    with pytest.raises(DataError, match="'types': no column 'id' in the file"):
        dao.write(ROWS, "lake.t")
    assert not dao.exists("lake.t")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", ["table", "file"])
def test_a_copy_to_an_object_of_another_schema_is_cast_or_refused(kind: str, format: str) -> None:
    dao = make(format, kind, schema=OTHER)
    with pytest.raises(DataError, match="column 'v'"):
        copy(dao, schema=None)
    assert not dao.exists("lake.t")
    dao = make(format, kind, schema={"v": "string", "id": "int32"})
    copy(dao, schema=None)
    expected = pa.schema([("v", pa.string()), ("id", pa.int32())])
    assert dao.read("lake.t").equals(ROWS.select(["v", "id"]).cast(expected))


@pytest.mark.parametrize("format", FORMATS)
def test_rows_are_not_added_to_a_table_with_columns_that_the_object_does_not_name(format: str) -> None:
    wide = ROWS.append_column("z", pa.array([1], pa.int64()))
    new = pa.table({"id": pa.array([2], pa.int64()), "v": ["y"]})
    for write in (
        lambda dao: dao.write(new, "lake.t", mode="append", schema_mode="evolve"),
        lambda dao: dao.upsert(new, "lake.t", keys=["id"]),
        lambda dao: dao.upsert(new, "lake.t", keys=["id"], schema_mode="evolve"),
        lambda dao: dao.delete("lake.t", where="id = 7"),
    ):
        dao = make(format, "table", schema=AS_IS)
        dao.write(wide, "lake.plain")
        with pytest.raises(DataError, match="the schema doesn't name the columns 'z'"):
            write(dao)
        assert dao.read("lake.plain").equals(wide)


def test_rows_in_the_objects_types_are_added_to_a_table_of_others() -> None:
    dao = make("parquet", "table", schema={"id": "int32", "v": "string"})
    dao.write(ROWS, "lake.plain")
    dao.write(pa.table({"id": pa.array([2], pa.int64()), "v": ["y"]}), "lake.t", mode="append")
    assert dao.read("lake.t")["id"].to_pylist() == [1, 2]
    with pytest.raises(DataError, match="column 'id' would be int64, but the object's schema declares int32"):
        dao.write(ROWS, "lake.t", mode="append", schema=AS_IS)


def test_explain_says_it_where_the_columns_are_known() -> None:
    dao = make("csv", "table", schema=OTHER)
    with pytest.raises(DataError, match="column 'v' would be string"):
        dao.explain("write", ROWS, "lake.t", schema=AS_IS)
    dao = make("csv", "table", types={"v": "int64"})
    for data in (ROWS, ROWS.to_reader()):
        with pytest.raises(DataError, match="'types': column 'v' is int64 there"):
            dao.explain("write", data, "lake.t")
    with pytest.raises(DataError, match="'types': column 'v' is int64 there"):
        dao.explain("write", ROWS.to_pylist(), "lake.t", schema=AS_IS)
