"""The Arrow types of nested values that documents keep, and the note of one that is kept with its column."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from dao.errors import DaoError, DataError, UnsupportedError

__all__ = ["document_type", "note_of", "noted_type"]

_NOTE = "Arrow type: "
_SCHEMA = "schema "
_LEAVES = (
    pt.is_null, pt.is_boolean, pt.is_integer, pt.is_floating, pt.is_string, pt.is_large_string, pt.is_string_view,
    pt.is_binary, pt.is_large_binary, pt.is_binary_view, pt.is_fixed_size_binary, pt.is_date, pt.is_time,
    pt.is_timestamp, pt.is_duration,
)  # fmt: skip


def document_type(column: str, kind: pa.DataType) -> pa.DataType:
    """The type that a column of documents gives back for values of a nested type; of extensions UUIDs stay.

    Raises:
        DataError: two fields of a struct have one name.
        UnsupportedError: a value inside has no text.

    >>> document_type("c", pa.list_(pa.dictionary(pa.int8(), pa.string())))
    ListType(list<item: string>)
    """
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return document_type(column, kind.value_type)
    if isinstance(kind, pa.BaseExtensionType) and kind != pa.uuid():
        return document_type(column, kind.storage_type)
    if pt.is_struct(kind):
        names = [field.name for field in kind]
        for name in names:
            if names.count(name) > 1:
                raise DataError(f"column {column!r}: a struct has two fields {name!r}, and a document has one")
        return pa.struct([_plain(column, field) for field in kind])
    if pt.is_map(kind):
        return pa.map_(_plain(column, kind.key_field), _plain(column, kind.item_field), keys_sorted=kind.keys_sorted)
    if pt.is_fixed_size_list(kind) and not kind.list_size:  # pyarrow 26 ends the process where it makes some
        raise UnsupportedError(
            f"column {column!r} has lists of the length 0 inside, {kind}: make them lists of any length"
        )
    lists = _list_type(column, kind)
    if lists is not None:
        return lists
    if (
        kind != pa.uuid()
        and not any(matches(kind) for matches in _LEAVES)
        and not (pt.is_decimal(kind) and kind.scale >= 0)
    ):
        raise UnsupportedError(f"column {column!r} has values of {kind} inside, which a document can't have")
    return kind


def _plain(column: str, field: pa.Field) -> pa.Field:
    return pa.field(field.name, document_type(column, field.type), field.nullable)


def _list_type(column: str, kind: pa.DataType) -> Any:
    from dao.arrow.convert import make_list_type

    return make_list_type(kind, lambda item: _plain(column, item))


def note_of(kind: pa.DataType) -> str:
    """The note of a type: as Arrow prints it, or where that can't be read back as a schema in base64.

    >>> note_of(pa.list_(pa.struct([("price", pa.decimal128(9, 2))])))
    'Arrow type: list<item: struct<price: decimal128(9, 2)>>'
    """
    printed = str(kind)
    if _parsed(printed) == kind:
        return _NOTE + printed
    schema = pa.schema([pa.field("", kind)]).serialize().to_pybytes()
    return f"{_NOTE}{_SCHEMA}{base64.b64encode(schema).decode()}"


def noted_type(note: str | None) -> pa.DataType | None:
    """The type that a note tells; None where it is none, such as a remark of a user.

    >>> noted_type("Arrow type: map<string, int64>"), noted_type("the customer's address")
    (MapType(map<string, int64>), None)
    """
    if note is None or not note.startswith(_NOTE):
        return None
    text = note.removeprefix(_NOTE)
    found = _read(text.removeprefix(_SCHEMA)) if text.startswith(_SCHEMA) else _parsed(text)
    return found if found is not None and pt.is_nested(found) else None


def _parsed(printed: str) -> pa.DataType | None:
    from dao.arrow.models import parse_type

    try:
        return parse_type(printed)
    except DaoError:
        return None


def _read(text: str) -> pa.DataType | None:
    try:
        return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text, validate=True))).field(0).type
    except (binascii.Error, pa.ArrowException, OSError, IndexError):
        return None
