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
from dao_files.lake import StorableTypes

__all__ = ["arrow_schema", "check_feed", "check_letter_case", "check_partitions", "delta_fields", "storable"]

_OF_THE_FEED = ("_change_type", "_commit_version", "_commit_timestamp")


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
    return pa.schema([_TYPES.field(field, field.name) for field in schema])


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


def _own_type(kind: pa.DataType) -> pa.DataType | None:
    return pa.binary() if pt.is_fixed_size_binary(kind) else None


_TYPES = StorableTypes(format="Delta", whole={pa.uint8(): pa.int16()}, own=_own_type, check_names=check_letter_case)


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
        kind = _TYPES.field(field, field.name).type
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
