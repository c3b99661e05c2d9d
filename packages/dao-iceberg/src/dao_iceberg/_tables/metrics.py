"""What a manifest says of a data file's values: sizes, counts and bounds, from what its Parquet writer has found.

Source: the Iceberg specification, "Data File Fields" and "Single-value serialization".
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt
from attrs import define, field, frozen
from pyiceberg.conversions import to_bytes
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortOrder
from pyiceberg.types import BinaryType, ListType, MapType, StringType, StructType, UUIDType

from dao_files.lake import PropertyRule
from dao_iceberg._tables.schemas import field_id

__all__ = ["MetricsMode", "NanCounts", "columns_with_statistics", "leaf_ids", "metrics_modes", "metrics_of"]

_DEFAULT, _COLUMN = "write.metadata.metrics.default", "write.metadata.metrics.column."
_INFERRED = "write.metadata.metrics.max-inferred-column-defaults"
_MODE = re.compile(r"(none|counts|full)|truncate\(([1-9]\d{0,8})\)", re.ASCII)


@frozen
class MetricsMode:
    """How much a manifest says of a column.

    Attributes:
        counts: whether it has its size, and how many values, nulls and NaN there are.
        prefix: characters or bytes of its bounds; 0 for no bounds, None for whole ones.
    """

    counts: bool = True
    prefix: int | None = 16


_NONE, _COUNTS, _FULL, _USUAL = MetricsMode(False, 0), MetricsMode(True, 0), MetricsMode(True, None), MetricsMode()


def metrics_modes(properties: Mapping[str, str], schema: Schema, order: SortOrder) -> Mapping[int, MetricsMode]:
    """How much a manifest says of each column, by its id, as Java's Iceberg reads a table's properties.

    Without a default for the table, the columns after the first 100 have none. Those that rows are sorted by have
    bounds unless a property of their own says otherwise.

    Args:
        properties: of the table.
        schema: its columns.
        order: its sort order.
    """
    default = _mode(properties.get(_DEFAULT), None)
    leaves = list(_by_depth(schema.as_struct()))
    usual = default or _USUAL
    limit = len(leaves) if default else PropertyRule.number(0).number_in(properties, _INFERRED, 100)
    found = {number: usual if place < limit else _NONE for place, number in enumerate(leaves)}
    ordered = _USUAL if usual in (_NONE, _COUNTS) else usual
    found |= {one.source_id: ordered for one in order.fields if one.transform.preserves_order}
    for number in leaves:
        text = properties.get(f"{_COLUMN}{schema.find_column_name(number)}")
        found[number] = found[number] if text is None else _mode(text, usual) or usual
    return found


def _mode(text: str | None, default: MetricsMode | None) -> MetricsMode | None:
    """A mode as a property has it; the default for what isn't one."""
    found = _MODE.fullmatch((text or "").lower())
    if found is None:
        return default
    return MetricsMode(True, int(found[2])) if found[2] else {"none": _NONE, "counts": _COUNTS, "full": _FULL}[found[1]]


def _by_depth(kind: StructType) -> Iterator[int]:
    """The ids of leaf columns: those of a struct before those inside of its fields."""
    for one in kind.fields:
        if one.field_type.is_primitive:
            yield one.field_id
    for one in kind.fields:
        match one.field_type:
            case StructType() as inner:
                yield from _by_depth(inner)
            case ListType(element_field=element):
                yield from _by_depth(StructType(element))
            case MapType(key_field=key, value_field=value):
                yield from _by_depth(StructType(key, value))


@define(eq=False)
class NanCounts:
    """How many values of each column of floats are NaN, which Parquet doesn't say."""

    counts: Counter[int] = field(factory=Counter)

    def add(self, rows: pa.Table, schema: pa.Schema) -> None:
        """Count those of some rows.

        Args:
            rows: the rows.
            schema: their columns, with ids.
        """
        for one, column in zip(schema, rows.columns, strict=True):
            for number, values in _floats(one, column):
                self.counts[number] += pc.sum(pc.is_nan(values)).as_py() or 0


def _floats(one: pa.Field, column: Any) -> Iterator[tuple[int, Any]]:
    if pt.is_floating(one.type):
        number = field_id(one)
        if number is not None:
            yield number, column
    elif pt.is_struct(one.type):
        for place, inner in enumerate(one.type):
            yield from _floats(inner, pc.struct_field(column, [place]))


def metrics_of(
    metadata: pq.FileMetaData,
    stored: pa.Schema,
    schema: Schema,
    nans: NanCounts,
    modes: Mapping[int, MetricsMode],
    without_bounds: Set[int] = frozenset(),
) -> dict[str, Any]:
    """The metrics of a file, by the names of the arguments of a ``DataFile``.

    A bound is left out where it isn't known exactly: a column without bounds is never skipped.

    Args:
        metadata: the file's metadata.
        stored: the columns in the file, with ids.
        schema: the table's columns.
        nans: of the file.
        modes: how much is said of each column, see :func:`metrics_modes`.
        without_bounds: the ids of columns that are in another type than the table's.
    """
    sizes: dict[int, int] = {}
    values: dict[int, int] = {}
    nulls: dict[int, int] = {}
    least: dict[int, bytes] = {}
    greatest: dict[int, bytes] = {}
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    for place, (number, repeated) in enumerate(_leaves(stored)):
        if number is None or not modes[number].counts:
            continue
        chunks = [group.column(place) for group in groups]
        sizes[number] = sum(chunk.total_compressed_size for chunk in chunks)
        values[number] = sum(chunk.num_values for chunk in chunks)
        parts = [chunk.statistics for chunk in chunks]
        if repeated or any(part is None or not part.has_null_count for part in parts):
            continue
        nulls[number] = sum(part.null_count for part in parts)
        prefix, kind = modes[number].prefix, schema.find_type(number)
        unknown = number in without_bounds or prefix == 0 or isinstance(kind, UUIDType)
        bounds = None if unknown else _bounds_of(parts)
        if bounds is not None:
            _put(least, number, kind, _lower(bounds[0], kind, prefix))
            _put(greatest, number, kind, _upper(bounds[1], kind, prefix))
    return {
        "column_sizes": sizes,
        "value_counts": values,
        "null_value_counts": nulls,
        "nan_value_counts": {number: nans.counts[number] for number in nans.counts if number in nulls},
        "lower_bounds": least,
        "upper_bounds": greatest,
        "split_offsets": _offsets(groups),
    }


def _offsets(groups: list[Any]) -> list[int] | None:
    """Where the row groups begin, ascending."""
    found = []
    for group in groups:
        chunk = group.column(0)
        found.append(chunk.dictionary_page_offset if chunk.has_dictionary_page else chunk.data_page_offset)
    return sorted(found) or None


def leaf_ids(column: pa.Field) -> list[int | None]:
    """The ids of the leaf columns of a column."""
    return [number for number, _ in _leaves([column])]


def _leaves(schema: Any, repeated: bool = False) -> Iterator[tuple[int | None, bool]]:
    """The ids of the leaf columns in the order of the file, and whether they are below a list or a map."""
    for one in schema:
        if not pt.is_nested(one.type):
            yield field_id(one), repeated
        elif pt.is_struct(one.type):
            yield from _leaves(one.type, repeated)
        elif pt.is_map(one.type):
            yield from _leaves([one.type.key_field, one.type.item_field], True)
        else:
            yield from _leaves([one.type.value_field], True)


def columns_with_statistics(stored: pa.Schema) -> bool | list[str]:
    """The columns of which a Parquet file has statistics, as pyarrow's writer takes them: all but those of UUIDs.

    Iceberg's Java library (1.11) takes UUIDs for signed numbers when it compares them with such bounds, or with those
    of a manifest, and skips files that have what is looked for.

    Args:
        stored: the columns in the file.
    """
    paths = dict(_paths(stored))
    return [path for path, kind in paths.items() if kind != pa.uuid()] if pa.uuid() in paths.values() else True


def _paths(schema: Any, above: str = "") -> Iterator[tuple[str, pa.DataType]]:
    """The paths of the leaf columns, as Parquet has them."""
    for one in schema:
        path = f"{above}{one.name}"
        if pt.is_struct(one.type):
            yield from _paths(one.type, f"{path}.")
        elif pt.is_map(one.type):
            yield from _paths([one.type.key_field.with_name("key"), one.type.item_field], f"{path}.key_value.")
        elif pt.is_list(one.type):
            yield from _paths([one.type.value_field.with_name("element")], f"{path}.list.")
        else:
            yield path, one.type


def _bounds_of(parts: list[Any]) -> tuple[Any, Any] | None:
    """The least and the greatest value of a column; None where a row group doesn't say, or all is null."""
    filled = [part for part in parts if part.num_values]
    if not filled or not all(part.has_min_max for part in filled):
        return None
    try:
        return min(part.min for part in filled), max(part.max for part in filled)
    except OverflowError:  # a year that Python's dates can't have
        return None


def _put(into: dict[int, bytes], number: int, kind: Any, value: Any) -> None:
    if value is not None:
        into[number] = to_bytes(kind, value)


def _lower(value: Any, kind: Any, prefix: int | None) -> Any:
    match kind:
        case StringType() | BinaryType():
            return value[:prefix]
    return _plain(value)


def _upper(value: Any, kind: Any, prefix: int | None) -> Any:
    if prefix is not None and isinstance(kind, (StringType, BinaryType)) and len(value) > prefix:
        return _next_text(value[:prefix]) if isinstance(kind, StringType) else _next_bytes(value[:prefix])
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        # Parquet leaves NaN out of the bounds; zero may stand for either zero.
        return None if not math.isfinite(value) else value
    return value


def _next_text(prefix: str) -> str | None:
    """The least text above all that begin with a prefix; None if there is none.

    >>> _next_text("ab"), _next_text("a" + chr(0x10FFFF))
    ('ac', 'b')
    """
    cut = prefix.rstrip("\U0010ffff")
    if not cut:
        return None
    code = ord(cut[-1]) + 1
    return cut[:-1] + chr(0xE000 if code == 0xD800 else code)


def _next_bytes(prefix: bytes) -> bytes | None:
    cut = prefix.rstrip(b"\xff")
    return cut[:-1] + bytes([cut[-1] + 1]) if cut else None
