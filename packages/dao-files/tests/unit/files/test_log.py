"""The log of a table is read as what anybody may have written into its place."""

from __future__ import annotations

import json
from collections.abc import Callable

import pyarrow as pa
import pytest

from dao.data_object import DataObject, TableObject
from dao.errors import DaoError, StoreError
from dao.testing._malformed import malformed, misshapen
from dao_files import FilesInterface
from dao_files._actions.log import LOG_NAME

T = TableObject("t")
LOG = DataObject("log", key=f"t/{LOG_NAME}")
Put = Callable[[bytes, str], None]
ROWS = [{"id": 1, "day": "mo"}]


@pytest.fixture
def table(store: FilesInterface) -> FilesInterface:
    store.write(ROWS, T, format="parquet", partition_by="day")
    return store


def line_of(table: FilesInterface) -> dict[str, object]:
    line = json.loads(table.read_bytes(LOG, into="bytes"))
    assert isinstance(line, dict)
    return line


def asked(table: FilesInterface) -> list[object]:
    """What calls answer that believe the log: what they found, or the DaoError that they ended in."""
    answers: list[object] = []
    for call in (
        lambda: table.read(T).to_pylist(),
        lambda: table.count(T),
        lambda: table.schema(T).names,
        lambda: [version.version for version in table.history(T)],
        lambda: table.write([{"id": 2, "day": "tu"}], T, mode="append").rows_inserted,
    ):
        try:
            answers.append(call())
        except DaoError as error:
            answers.append(str(error))
    return answers


def test_no_content_ends_in_another_error(table: FilesInterface, put_foreign: Put) -> None:
    line = json.dumps(line_of(table)).encode()
    for content in malformed():
        for log in (content, line + b"\n" + content):
            put_foreign(log, LOG.key)
            answers = asked(table)
            if content.strip(b"\n\0"):
                assert all("damaged" in str(answer) for answer in answers), (content[:40], answers)


def test_no_record_ends_in_another_error(table: FilesInterface, put_foreign: Put) -> None:
    line = line_of(table)
    refused, appended = 0, [{"id": 2, "day": "tu"}]
    for content in misshapen(line):
        put_foreign(content, LOG.key)
        read, count, *_, inserted = asked(table)
        refused += "damaged" in str(read)
        assert isinstance(read, str) or read[: len(ROWS)] == ROWS
        assert isinstance(count, (str, int))
        if inserted == len(appended):
            table.write(ROWS, T, format="parquet", partition_by="day", mode="overwrite")
    assert refused > 100


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 0}, "version 0"),
        ({"rows": -1}, "rows -1"),
        ({"rows": "1"}, "rows: found str, expected int"),
        ({"version": True}, "version: found bool"),
        ({"timestamp": "2020-01-01T00:00:00"}, "no time zone"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "beyond the years"),
        ({"partition_by": "day"}, "partition_by: found str, expected list"),
        ({"schema": "!"}, "damaged"),
        ({"schema": "AAAA"}, "its schema can't be read"),
        ({"details": []}, "details: found list"),
        ({"operation": "\ud800"}, "surrogates"),
        ({"operation": "\0"}, "NUL"),
    ],
)
def test_what_is_wrong_is_said(table: FilesInterface, put_foreign: Put, change: dict[str, object], reason: str) -> None:
    put_foreign(json.dumps({**line_of(table), **change}).encode(), LOG.key)
    with pytest.raises(StoreError, match=reason) as caught:
        table.read(T)
    assert "once it is removed" in str(caught.value)


def test_text_that_is_not_utf_8(table: FilesInterface, put_foreign: Put) -> None:
    put_foreign(json.dumps(line_of(table)).encode() + b"\n\xff", LOG.key)
    with pytest.raises(StoreError, match="utf-8"):
        table.read(T)


def test_a_schema_of_other_columns(table: FilesInterface, put_foreign: Put) -> None:
    """It says nothing of the files: the read is refused, or is of the files' own columns."""
    from base64 import b64encode

    other = b64encode(pa.schema({"x": "int8"}).serialize()).decode()
    put_foreign(json.dumps({**line_of(table), "schema": other}).encode(), LOG.key)
    asked(table)
