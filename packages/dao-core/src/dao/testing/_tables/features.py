"""What a table may ask of a store: its types, and the values and names that some stores can't keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

__all__ = ["FEATURES", "children_of", "features_of"]

FEATURES: Mapping[str, str] = {
    "null": "columns of the type null, which hold nothing but nulls",
    "bool": "truth values",
    "int8": "integers of 8 bits", "int16": "of 16 bits", "int32": "of 32 bits", "int64": "of 64 bits",
    "uint8": "unsigned integers of 8 bits", "uint16": "of 16 bits", "uint32": "of 32 bits", "uint64": "of 64 bits",
    "float16": "floats of 16 bits", "float32": "of 32 bits", "float64": "of 64 bits",
    "decimal128": "decimals of up to 38 digits", "decimal256": "of up to 76 digits",
    "string": "text", "large_string": "text with 64-bit offsets", "string_view": "text as views",
    "binary": "bytes", "large_binary": "bytes with 64-bit offsets", "binary_view": "bytes as views",
    "fixed_size_binary": "bytes of one length",
    "date32": "dates in days", "date64": "dates in milliseconds",
    "time_s": "times of day in seconds", "time_ms": "in milliseconds", "time_us": "in microseconds",
    "time_ns": "in nanoseconds",
    "timestamp_s": "timestamps in seconds", "timestamp_ms": "in milliseconds", "timestamp_us": "in microseconds",
    "timestamp_ns": "in nanoseconds",
    "zones": "timestamps with a zone: UTC, a named one, an offset",
    "duration": "lengths of time",
    "list": "lists", "large_list": "lists with 64-bit offsets", "fixed_size_list": "lists of one length",
    "struct": "structs", "map": "maps", "dictionary": "dictionary-encoded columns",
    "uuid": "Arrow's extension type for UUIDs",
    "not_null": "columns that are declared not to be null",
    "nan": "NaN, as something else than null", "infinity": "infinite floats", "negative_zero": "-0.0 and its sign",
    "subnormal": "floats below the smallest normal one",
    "early_dates": "dates and timestamps from the year 1 on, and before 1900",
    "late_dates": "dates and timestamps up to the end of the year 9999",
    "empty_text": "an empty text, as something else than null", "control_text": "line ends, quotes and NUL in text",
    "null_fixed_size_list": "a list of fixed length that is null",
    "null_struct": "a struct that is null, as something else than one of nulls",
    "empty_list": "an empty list, as something else than null",
    "no_rows": "tables without rows, with their columns and types",
    "odd_names": "column names with spaces, dots, quotes, non-ASCII letters, or that are words of SQL",
    "names_by_case": "columns whose names differ only in the case of a letter",
    "many_columns": "a thousand columns",
}  # fmt: skip
"""What a backend may lack, by name, with what it means."""

_BY_TYPE: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], str]], ...] = (
    (pt.is_boolean, lambda t: "bool"),
    (pt.is_integer, str),
    (pt.is_floating, lambda t: f"float{t.bit_width}"),
    (pt.is_decimal, lambda t: f"decimal{t.bit_width}"),
    (pt.is_fixed_size_binary, lambda t: "fixed_size_binary"),
    (pt.is_date, lambda t: str(t).partition("[")[0]),
    (pt.is_time, lambda t: f"time_{t.unit}"),
    (pt.is_timestamp, lambda t: f"timestamp_{t.unit}"),
    (pt.is_duration, lambda t: "duration"),
    (pt.is_fixed_size_list, lambda t: "fixed_size_list"),
    (pt.is_large_list, lambda t: "large_list"),
    (pt.is_list, lambda t: "list"),
    (pt.is_struct, lambda t: "struct"),
    (pt.is_map, lambda t: "map"),
    (pt.is_dictionary, lambda t: "dictionary"),
)


def children_of(kind: pa.DataType) -> list[pa.Field]:
    """The fields inside a type: a struct's members, a list's items, a map's keys and values, a dictionary's values."""
    if pt.is_map(kind):
        return [kind.key_field, kind.item_field]
    if pt.is_dictionary(kind):
        return [pa.field("values", kind.value_type)]
    return [kind.field(i) for i in range(kind.num_fields)]


def features_of(kind: pa.DataType | Iterable[pa.Field]) -> frozenset[str]:
    """The features that a type or a schema needs, those of its children included.

    >>> sorted(features_of(pa.list_(pa.timestamp("us", "UTC"))))
    ['list', 'timestamp_us', 'zones']
    """
    if not isinstance(kind, pa.DataType):
        return frozenset().union(*(_of_field(field) for field in kind))
    if isinstance(kind, pa.BaseExtensionType):
        return frozenset({kind.extension_name.rpartition(".")[2]})
    own = next((name(kind) for test, name in _BY_TYPE if test(kind)), str(kind))
    zones = {"zones"} if getattr(kind, "tz", None) is not None else set()
    keys = {kind.key_field.name} if pt.is_map(kind) else set()
    inner = (features_of(f.type) if f.name in keys else _of_field(f) for f in children_of(kind))
    return frozenset({own}).union(zones, *inner)


def _of_field(field: pa.Field) -> frozenset[str]:
    return features_of(field.type) | (frozenset() if field.nullable else {"not_null"})
