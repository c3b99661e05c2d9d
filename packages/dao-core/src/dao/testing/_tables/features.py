"""The features that a table requires of a store: its types, and values and names that some stores can't store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

__all__ = ["children_of", "features_of"]


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
    """The nested fields of a type: struct members, list items, map keys and values, dictionary values."""
    if pt.is_map(kind):
        return [kind.key_field, kind.item_field]
    if pt.is_dictionary(kind):
        return [pa.field("values", kind.value_type)]
    return [kind.field(i) for i in range(kind.num_fields)]


def features_of(kind: pa.DataType | Iterable[pa.Field]) -> frozenset[str]:
    """The features that a type or a schema requires, including those of its nested fields.

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
