"""Arrow schemas as Delta keeps them, and Delta's schemas in Arrow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
from deltalake import Schema

from dao.arrow.convert import VARIANT_MARK, refuse_variants
from dao.errors import DataError, UnsupportedError

__all__ = ["arrow_schema", "check_feed", "check_letter_case", "check_partitions", "delta_fields", "storable"]

_WIDER = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.float16(): pa.float32(),
    pa.date64(): pa.date32(),
}
_KEPT = (pt.is_boolean, pt.is_signed_integer, pt.is_float32, pt.is_float64, pt.is_date32)
_TEXTS = (pt.is_string, pt.is_large_string, pt.is_string_view)
_BYTES = (pt.is_binary, pt.is_large_binary, pt.is_binary_view, pt.is_fixed_size_binary)
_OF_THE_FEED = ("_change_type", "_commit_version", "_commit_timestamp")
_LISTS = (pt.is_list, pt.is_large_list, pt.is_fixed_size_list, pt.is_list_view, pt.is_large_list_view)


def storable(schema: pa.Schema) -> pa.Schema:
    """The schema in which a new table keeps rows of a schema: the narrowest types of Delta that hold all values.

    Raises:
        DataError: Delta has no type for a column, it was read from a VARIANT, which can't be written, or two columns
            differ by the case of letters alone.

    >>> print(storable(pa.schema({"id": pa.uint8(), "at": pa.timestamp("s")})))
    id: int16
    at: timestamp[us]
    """
    check_letter_case(schema.names)
    refuse_variants(schema)
    return pa.schema([_storable_field(field, field.name) for field in schema])


def check_feed(names: Sequence[str], properties: Mapping[str, str]) -> None:
    """Check that a table with a change data feed has no column that the feed has too.

    Raises:
        DataError: it has one.
    """
    taken = [name for name in names if name.casefold() in _OF_THE_FEED]
    if taken and properties.get("delta.enableChangeDataFeed", "").lower() == "true":
        raise DataError(
            f"column {taken[0]!r}: a table with delta.enableChangeDataFeed can't have it, since the feed has a column "
            "of that name; rename it"
        )


def check_letter_case(names: Sequence[str]) -> None:
    """Check that no two columns have one name, or differ by the case of letters alone, which Delta ignores.

    Raises:
        DataError: two do.
    """
    known: dict[str, str] = {}
    for name in names:
        if known.get(name.casefold()) == name:
            raise DataError(f"column {name!r} occurs twice; rename one")
        other = known.setdefault(name.casefold(), name)
        if other != name:
            raise DataError(
                f"columns {other!r} and {name!r} differ by the case of letters alone, which Delta ignores; rename one"
            )


def _storable_field(field: pa.Field, place: str) -> pa.Field:
    return pa.field(field.name, _storable_type(field.type, place), field.nullable)


def _storable_type(kind: pa.DataType, place: str) -> pa.DataType:
    if isinstance(kind, pa.BaseExtensionType):
        return _storable_type(kind.storage_type, place)
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return _storable_type(kind.value_type, place)
    if any(test(kind) for test in _KEPT):
        return kind
    if kind in _WIDER:
        return _WIDER[kind]
    if any(test(kind) for test in _TEXTS):
        return pa.string()
    if any(test(kind) for test in _BYTES):
        return pa.binary()
    if pt.is_decimal(kind) and 0 <= kind.scale <= kind.precision <= 38:
        return pa.decimal128(kind.precision, kind.scale)
    if pt.is_timestamp(kind) and kind.unit != "ns":
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if any(test(kind) for test in _LISTS):
        return pa.list_(_element(kind.value_field, "element", f"{place}[]"))
    if pt.is_map(kind):
        return pa.map_(
            _element(kind.key_field, "key", f"{place}.key"), _element(kind.item_field, "value", f"{place}[]")
        )
    if pt.is_struct(kind) and kind.num_fields:
        check_letter_case([field.name for field in kind])
        return pa.struct([_storable_field(field, f"{place}.{field.name}") for field in kind])
    raise DataError(f"column {place!r} is {kind}, for which Delta has no type{_way_out(kind)}")


def _element(field: pa.Field, name: str, place: str) -> pa.Field:
    return pa.field(name, _storable_type(field.type, place), field.nullable)


def _way_out(kind: pa.DataType) -> str:
    if pt.is_timestamp(kind):
        return ": its timestamps are of microseconds; cast to them"
    if pt.is_null(kind):
        return ": cast it to the type that its values will have"
    if pt.is_uint64(kind):
        return ": cast it to int64, or to decimal128(20, 0)"
    return "; cast it"


def check_partitions(schema: pa.Schema, partition_by: Sequence[str]) -> None:
    """Check the partition columns of a new table.

    Raises:
        DataError: one is missing or repeated, all columns are partition columns, or the text of one's values, which is
            what the log keeps, doesn't stand for the value exactly.
    """
    if not schema.names:
        raise DataError("the data has no columns, and a Delta table needs one at least")
    for name in partition_by:
        if name not in schema.names:
            raise DataError(f"partition_by: found {name!r}, expected columns of the data: {', '.join(schema.names)}")
        kind = schema.field(name).type
        if pt.is_nested(kind) or pt.is_floating(kind) or pt.is_binary(kind):
            raise DataError(
                f"partition_by: column {name!r} is {kind}; expected text, integers, decimals, dates or times"
            )
    if len(set(partition_by)) < len(partition_by):
        raise DataError(f"partition_by: found a column twice in {list(partition_by)}")
    if len(partition_by) == len(schema):
        raise DataError("partition_by: found all columns, expected at least one that is none")


def arrow_schema(schema: Schema) -> pa.Schema:
    """A table's schema in Arrow, as rows are read: a variant as the struct of its parts, with a mark on its column.

    Raises:
        UnsupportedError: a column has a type that can't be read.
    """
    return _arrow_schema(schema.to_json())


@lru_cache(maxsize=256)
def _arrow_schema(text: str) -> pa.Schema:
    given, fields = json.loads(text)["fields"], pa.schema(Schema.from_json(text))
    return pa.schema([_plain_field(*pair) for pair in zip(fields, given, strict=True)])


def _plain_field(field: pa.Field, given: dict[str, Any]) -> pa.Field:
    names = set(_types_in(given["type"]))
    try:
        if any(name.startswith("interval") for name in names):  # deltalake takes it for a plain integer
            raise DataError("no type of Arrow has its values")
        kind = _storable_type(field.type, field.name)
    except DataError as error:
        raise UnsupportedError(f"column {field.name!r} has the type {given['type']!r}, which can't be read") from error
    mark = VARIANT_MARK if "variant" in names else None
    return pa.field(field.name, kind, field.nullable, mark)


def _types_in(kind: Any) -> Iterator[str]:
    """The names of the types in a type in Delta's JSON, at any depth."""
    if not isinstance(kind, dict):
        yield str(kind)
        return
    inner = (kind[name] for name in ("elementType", "keyType", "valueType") if name in kind)
    for one in (*inner, *(field["type"] for field in kind.get("fields", ()))):
        yield from _types_in(one)


def delta_fields(schema: pa.Schema) -> list[dict[str, Any]]:
    """The fields of an Arrow schema in Delta's JSON."""
    found: list[dict[str, Any]] = json.loads(Schema.from_arrow(schema).to_json())["fields"]
    return found
