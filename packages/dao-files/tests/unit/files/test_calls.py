"""What is wrong with a call is said before its store is touched, and what goes wrong later says which call it was."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao import DataAccessObject
from dao.errors import DaoError, DataError, PermissionDeniedError, StoreError, UnsupportedError
from dao.results import FileInfo, Listing


@pytest.fixture(params=["local", "memory"])
def dao(request: pytest.FixtureRequest, tmp_path: Path) -> DataAccessObject:
    options = {"root": str(tmp_path)} if request.param == "local" else {}
    objects = {
        "t": {"type": "table"},
        "c": {"type": "table"},
        "p": {"type": "table", "format": "parquet"},
        "declared": {"type": "table", "format": "csv", "delimiter": ";", "schema": {"a": "int8"}},
        "d": {"type": "directory"},
        "blob": {"type": "file"},
        "f": {"type": "file", "key": "f.csv"},
    }
    return DataAccessObject({"s": {"interface": request.param, "options": options, "objects": objects}})


def about(error: DaoError) -> tuple[str | None, ...]:
    return error.action, error.data_object, error.store, error.interface


def parquet(*values: int) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": list(values)}), sink)
    return sink.getvalue()


def test_an_error_of_a_later_file_of_a_stream_says_which_call_it_was(dao: DataAccessObject) -> None:
    dao.write(parquet(1), "s.d", path="p/a")
    dao.write(b"PAR1 is how this begins, and no more", "s.d", path="p/b")
    name = dao.catalog.store("s").specs[0].name
    with pytest.raises(StoreError) as caught:
        list(dao.read_stream("s.p"))
    assert about(caught.value) == ("read_stream", "s.p", "s", name)
    assert str(caught.value).startswith(f"read_stream 's.p' by {name}: p/b ")


class Pages:
    def list(self, data_object):
        def infos():
            yield FileInfo("a")
            raise PermissionError("the second page is not yours")

        return Listing(infos())


def test_an_error_of_a_later_page_of_a_listing_says_which_call_it_was() -> None:
    found = DataAccessObject({"s": {"interface": f"{__name__}:Pages", "objects": {"x": {}}}}).list("s.x")
    with pytest.raises(PermissionDeniedError) as caught:
        list(found)
    assert about(caught.value) == ("list", "s.x", "s", "Pages")


ROWS = [{"a": 1}]


@pytest.mark.parametrize(
    ("action", "arguments", "told"),
    [
        ("write", {"data": ROWS, "compression": "zst"}, "option 'compression': found 'zst'"),
        ("write", {"data": ROWS, "compression": "zst", "mode": "ignore"}, "option 'compression': found 'zst'"),
        ("write", {"data": ROWS, "delimiter": 5, "mode": "append"}, "has no option 'delimiter'"),
        ("write", {"data": ROWS, "delimiter": ";"}, "has no option 'delimiter', which is one of csv"),
        ("write", {"data": ROWS, "format": "arrow", "compression_level": 3}, "which is one of avro, parquet"),
        (
            "read",
            {"format": "csv", "read_dictionary": ["a"]},
            "has no option 'read_dictionary', which is one of parquet",
        ),
        ("upsert", {"data": ROWS, "keys": ["a"], "compression": "zipp"}, "option 'compression': found 'zipp'"),
        ("read", {"encoding": "utf8x"}, "'encoding'"),
        ("delete", {"delimiter": ";"}, "delimiter: deleting a whole object takes only path="),
        ("delete", {"format": "csv", "schema": {"a": "int8"}}, "format, schema: deleting a whole object"),
        ("write", {"data": ROWS, "format": "ndjson", "indent": 2}, "option 'indent': found 2, expected None"),
        ("write", {"data": ROWS, "format": "csv", "skip_rows": 1}, "option 'skip_rows': found 1, expected 0"),
        ("upsert", {"data": ROWS, "keys": "a", "format": "ndjson", "indent": 2}, "option 'indent'"),
        ("delete", {"where": "a = 1", "format": "ndjson", "indent": 2}, "option 'indent'"),
        (
            "write",
            {"data": ROWS, "format": "parquet", "compression": "snappy", "compression_level": 3},
            "option 'compression_level': found 3 for snappy, expected None, as it has no levels",
        ),
        (
            "write",
            {"data": ROWS, "format": "parquet", "compression": {"a": "gzip"}, "compression_level": {"a": 12}},
            "found 12 for gzip, expected one from 0 to 9",
        ),
        ("write", {"data": ROWS, "format": "avro", "compression": "bzip2", "compression_level": 3}, "for bzip2"),
        ("write", {"data": ROWS, "format": "orc", "compression_block_size": 1000}, "expected a multiple of 65,536"),
        ("write", {"data": []}, "an empty list has no columns"),
        ("write", {"data": b"x"}, "bytes go to one file"),
        ("write", {"data": ROWS, "partition_by": ["a", "a"]}, "partition_by: asks for 'a' more than once"),
        ("upsert", {"data": ROWS, "keys": ["a", "a"]}, "keys: asks for 'a' more than once"),
        ("read", {"columns": ["a", "a"]}, "columns: asks for 'a' more than once"),
        ("read", {"limit": 10**30}, "limit: found 1"),
        ("read", {"into": "bytes"}, "'s.t' is a table: path= says which of its files"),
        ("read_stream", {"into": "bytes"}, "'s.t' is a table: path= says which of its files"),
    ],
)
def test_what_no_store_could_do_is_refused_before_it_is_looked_at(
    dao: DataAccessObject, action: str, arguments: dict[str, Any], told: str
) -> None:
    dao.write([{"a": 9}], "s.t")
    roles = [arguments["data"], "s.t"] if "data" in arguments else ["s.t"]
    named = {name: value for name, value in arguments.items() if name != "data"}
    for call in (getattr(dao, action), lambda *args, **more: dao.explain(action, *args, **more)):
        with pytest.raises(DaoError) as caught:
            call(*roles, **named)
        assert told in str(caught.value)
        assert (caught.value.action, caught.value.data_object) == (action, "s.t")
    assert dao.read("s.t", into="pylist") == [{"a": 9}]


def test_metadata_of_a_file_of_no_known_format_is_refused_by_explain_too(dao: DataAccessObject) -> None:
    dao.write(b"x", "s.blob")
    for call in (dao.run, lambda *roles: dao.explain("run", *roles)):
        with pytest.raises(DataError, match="no format is known"):
            call("metadata", "s.blob")


def test_options_that_the_table_remembers_make_others_valid(dao: DataAccessObject) -> None:
    dao.write(ROWS, "s.c", format="csv", header=["a"], skip_rows=1)
    assert dao.explain("write", ROWS, "s.c", mode="append", format="csv", skip_rows=1)
    dao.write(ROWS, "s.c", mode="append", format="csv", skip_rows=1)
    assert dao.read("s.c", into="pylist") == [*ROWS, *ROWS]
    with pytest.raises(DataError, match="option 'skip_rows'"):
        dao.explain("write", ROWS, "s.c", mode="overwrite", format="csv", skip_rows=1)


def test_what_an_object_declares_for_its_other_calls_does_not_keep_it_from_being_deleted(dao: DataAccessObject) -> None:
    dao.write(ROWS, "s.declared")
    assert dao.explain("delete", "s.declared", format="csv")
    dao.delete("s.declared", format="csv")
    assert not dao.exists("s.declared")


def test_options_of_the_format_that_is_there_are_taken_where_nobody_says_it(dao: DataAccessObject) -> None:
    dao.write(b"a;b\n1;2\n", "s.d", path="t/x.csv")
    assert dao.read("s.t", delimiter=";", into="pylist") == [{"a": 1, "b": 2}]
    dao.write([{"a": 3, "b": 4}], "s.t", mode="append", delimiter=";")
    assert dao.count("s.t", delimiter=";") == 2


def test_numbers_of_numpy_are_numbers_in_options_too(dao: DataAccessObject) -> None:
    dao.write(pa.table({"a": range(4)}), "s.p", row_group_rows=np.int64(2), statistics=np.array(["a"]))
    assert dao.count("s.p") == 4
    dao.write(b"skipped\na\n1\n", "s.d", path="c.csv")
    rows = dao.read("s.d", path="c.csv", skip_rows=np.int32(1), header=np.bool_(True), into="pylist")
    assert rows == [{"a": 1}]
    with pytest.raises(DataError, match="row_group_rows"):
        dao.explain("write", ROWS, "s.p", row_group_rows=np.float64(0.5))


def test_properties_that_stand_in_for_arguments_are_checked_as_they_are(dao: DataAccessObject) -> None:
    dao.write([{"a": 1}, {"a": 2}], "s.t")
    whole = dao.catalog["s.t"]
    assert dao.read(whole.replace(limit=np.int64(1), columns="a"), into="pylist") == [{"a": 1}]
    for call in (dao.read, lambda wrong: dao.explain("read", wrong)):
        with pytest.raises(DataError, match="limit: found -1"):
            call(whole.replace(limit=-1))


def test_a_copy_that_adds_rows_goes_as_rows_and_its_plan_says_why(dao: DataAccessObject) -> None:
    plan = dao.explain("copy", "s.p", target="s.t", mode="append")
    assert plan.way == "rows"
    assert plan.passed_over == {"within": "mode='append': files are copied and moved whole, which adds no rows"}
    assert plan.note.startswith("one store holds both, but its interface declines: a stream of rows")
    assert dao.explain("copy", "s.p", target="s.t", mode="overwrite").way == "within"


def test_one_name_of_a_column_is_a_list_of_one_in_a_catalog() -> None:
    objects = {"t": {"type": "table", "partition_by": "day"}}
    dao = DataAccessObject({"s": {"interface": "memory", "properties": {"keys": "id"}, "objects": objects}})
    table = dao.catalog["s.t"]
    assert table.get("partition_by") == ["day"]
    dao.write([{"id": 1, "day": "mo"}], "s.t")
    assert dao.upsert([{"id": 1, "day": "tu"}], "s.t").rows_updated == 1
    assert dao.read("s.t", into="pylist") == [{"id": 1, "day": "tu"}]


def test_rows_of_a_file_without_types_are_deleted_by_neither_face(dao: DataAccessObject) -> None:
    dao.write(b"a,b\n007,2\n", "s.f")
    for call in (dao.delete, lambda *roles, **given: dao.explain("delete", *roles, **given)):
        with pytest.raises(UnsupportedError, match="hold no types"):
            call("s.f", where="b = 2")
        assert call("s.f", where="b = 9", schema={"a": "string", "b": "bigint"})
