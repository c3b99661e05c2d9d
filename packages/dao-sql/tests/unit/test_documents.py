"""Nested values as documents: all of them come back, in a form that others can read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given

from dao.arrow.convert import cast_array
from dao.errors import DataError, StoreError, UnsupportedError
from dao.testing._tables import same_table, tables
from dao_sql._documents.decode import from_documents
from dao_sql._documents.encode import to_documents
from dao_sql._documents.types import document_type, note_of, noted_type


@given(rows=tables(without=("control_text",)))
def test_any_values_come_back(rows: pa.Table) -> None:
    values = pa.StructArray.from_arrays([one.combine_chunks() for one in rows.columns], fields=list(rows.schema))
    kind = document_type("v", values.type)
    assert noted_type(note_of(kind)) == kind
    plain = cast_array(values, kind)
    documents = to_documents(plain)
    assert all(list(json.loads(one)) == rows.column_names for one in documents.to_pylist())
    found = from_documents(documents, kind)
    found.validate(full=True)
    same_table(pa.table({"v": found}), pa.table({"v": plain}))
    assert to_documents(plain.slice(1)).equals(documents.slice(1))


FORMS: list[tuple[Any, pa.DataType, str]] = [
    ([3.0, 1e15, 1e38, -0.0, float("nan"), float("inf")], pa.list_(pa.float64()),
     '[3.0,1000000000000000.0,"1e+38","-0.0","NaN","Infinity"]'),
    ([2**63 - 1, 2**63], pa.list_(pa.uint64()), '[9223372036854775807,"9223372036854775808"]'),
    ([Decimal("1E-7")], pa.list_(pa.decimal128(9, 8)), '["0.00000010"]'),
    ([("b", 1), ("a", None)], pa.map_(pa.string(), pa.int8()), '[{"key":"b","value":1},{"key":"a","value":null}]'),
    ({"at": datetime(2026, 3, 1, 12, tzinfo=UTC)}, pa.struct([("at", pa.timestamp("s", "Europe/Berlin"))]),
     '{"at":"2026-03-01 12:00:00Z"}'),
    ([b"\x00\xff"], pa.list_(pa.binary()), '["00ff"]'),
    ({'say "\\"': "\n"}, pa.struct([('say "\\"', pa.string())]), '{"say \\"\\\\\\"":"\\u000a"}'),
]  # fmt: skip


@pytest.mark.parametrize(("value", "kind", "document"), FORMS)
def test_the_form_of_documents_stays(value: Any, kind: pa.DataType, document: str) -> None:
    """Tables that are there have it."""
    assert to_documents(pa.array([value], kind)).to_pylist() == [document]


@pytest.mark.parametrize(
    "document", ["[1]", '"x"', "1", '{"a": "x"}', '{"a": 0.5}', '{"a": 1, "c": 2}', '{"a": {"b": 1}}', "{}, {}", "{"]
)
def test_what_is_no_value_of_the_type_is_an_error(document: str) -> None:
    kind = pa.struct([pa.field("a", pa.int64()), pa.field("b", pa.list_(pa.bool_()))])
    assert from_documents(pa.array(['{"b":[true]}']), kind).to_pylist() == [{"a": None, "b": [True]}]
    with pytest.raises(StoreError, match="noted type"):
        from_documents(pa.array([document]), kind)


def test_uuids_come_back_from_below_null_lists() -> None:
    values = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(range(16)), None], pa.binary(16)))
    lists = pa.FixedSizeListArray.from_arrays(values, type=pa.list_(pa.uuid(), 1), mask=pa.array([False, True]))
    assert noted_type(note_of(lists.type)) == lists.type
    documents = to_documents(lists)
    assert documents.to_pylist() == ['["00010203-0405-0607-0809-0a0b0c0d0e0f"]', None]
    assert from_documents(documents, document_type("v", lists.type)).to_pylist() == lists.to_pylist()


def test_what_a_document_does_not_keep_is_refused() -> None:
    with pytest.raises(DataError, match="NUL"):
        to_documents(pa.array([["\0"]]))
    with pytest.raises(DataError, match="two fields 'a'"):
        document_type("v", pa.struct([("a", pa.int8()), ("a", pa.int8())]))
    with pytest.raises(UnsupportedError, match="length 0"):
        document_type("v", pa.list_(pa.list_(pa.int8(), 0)))
    with pytest.raises(UnsupportedError, match="month_day_nano_interval"):
        document_type("v", pa.list_(pa.month_day_nano_interval()))


@pytest.mark.parametrize(
    "note", [None, "", "list<item: int64>", "Arrow type: int64", "Arrow type: list<", "Arrow type: schema x"]
)
def test_what_tells_no_nested_type_is_no_note(note: str | None) -> None:
    assert noted_type(note) is None
