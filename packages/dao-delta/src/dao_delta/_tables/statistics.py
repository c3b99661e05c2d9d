"""Statistics of a data file for the log, from what its Parquet writer has found; engines skip files by them.

Source: the Delta protocol, "Per-file Statistics".
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

__all__ = ["statistics_of"]

_PREFIX = 32
_GREATEST = "\U0010ffff"
_MILLISECOND = timedelta(milliseconds=1)


def statistics_of(metadata: pq.FileMetaData, schema: pa.Schema, indexed: int) -> str:
    """The statistics of a file as JSON text: rows, nulls and bounds of the first columns.

    A bound is left out where JSON can't hold it exactly and no wider one is to be had (infinite floats, long decimals,
    bytes), as deltalake does: a column without bounds is never skipped. Characters aren't escaped, since deltalake's
    datasets take the escapes of one beyond U+FFFF for other characters.

    Args:
        metadata: the file's metadata.
        schema: the columns in the file.
        indexed: how many leaf columns get statistics; all of them below 0.
    """
    found: dict[str, Any] = {"numRecords": metadata.num_rows}
    least: dict[str, Any] = {}
    greatest: dict[str, Any] = {}
    nulls: dict[str, Any] = {}
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    for place, (path, kind) in enumerate(_leaves(schema)):
        if path is None or (0 <= indexed <= place):
            continue
        parts = [group.column(place).statistics for group in groups]
        if any(part is None or not part.has_null_count for part in parts):
            continue
        _put(nulls, path, sum(part.null_count for part in parts))
        bounds = _bounds_of(parts)
        if bounds is not None:
            _put(least, path, _lower(bounds[0], kind))
            _put(greatest, path, _upper(bounds[1], kind))
    return json.dumps(
        {**found, "minValues": least, "maxValues": greatest, "nullCount": nulls}, allow_nan=False, ensure_ascii=False
    )


def _bounds_of(parts: list[Any]) -> tuple[Any, Any] | None:
    """The least and the greatest value of a column; None where a row group doesn't say, or all is null."""
    filled = [part for part in parts if part.num_values]
    if not filled or not all(part.has_min_max for part in filled):
        return None
    try:
        return min(part.min for part in filled), max(part.max for part in filled)
    except OverflowError:  # a year that Python's dates can't have
        return None


def _leaves(schema: pa.Schema | pa.StructType, above: tuple[str, ...] = ()) -> Iterator[tuple[Any, pa.DataType]]:
    """The leaf columns in the order of the file; without a path below a list or a map, where none have statistics."""
    for field in schema:
        path = (*above, field.name)
        if pt.is_struct(field.type):
            yield from _leaves(field.type, path)
        elif pt.is_nested(field.type):
            yield from ((None, kind) for kind in _hidden(field.type))
        else:
            yield path, field.type


def _hidden(kind: pa.DataType) -> Iterator[pa.DataType]:
    if not pt.is_nested(kind):
        yield kind
        return
    for number in range(kind.num_fields):
        yield from _hidden(kind.field(number).type)


def _put(into: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    if value is None:
        return
    for name in path[:-1]:
        into = into.setdefault(name, {})
    into[path[-1]] = value


def _lower(value: Any, kind: pa.DataType) -> Any:
    if isinstance(value, str):
        return value[:_PREFIX]
    return _bound(value, kind, up=False)


def _upper(value: Any, kind: pa.DataType) -> Any:
    if isinstance(value, str):
        # What comes instead of the rest must be above it, as nothing is above the greatest character.
        end = next((place for place in range(_PREFIX, len(value)) if value[place] != _GREATEST), len(value))
        return value if end == len(value) else value[:end] + _GREATEST
    return _bound(value, kind, up=True)


def _bound(value: Any, kind: pa.DataType, *, up: bool) -> Any:
    match value:
        case bytes():
            return None
        case float():
            # Parquet leaves NaN out of the bounds; zero may stand for either zero.
            return value if math.isfinite(value) else None
        case Decimal():
            near = float(value)
            return near if Decimal(repr(near)) == value else None
        case datetime():
            return _moment(value, zoned=kind.tz is not None, up=up)
        case date():
            return value.isoformat()
        case int():  # a boolean is one
            return value
    return None


def _moment(value: datetime, *, zoned: bool, up: bool) -> str:
    """A timestamp in milliseconds, in the direction in which it stays a bound; the last one of a year 9999 is exact."""
    value = (value.astimezone(UTC) if zoned and value.tzinfo else value).replace(tzinfo=None)
    rest, unit = value.microsecond % 1000, "milliseconds"
    try:
        value = value - timedelta(microseconds=rest) + (_MILLISECOND if up and rest else timedelta())
    except OverflowError:
        unit = "microseconds"
    text = value.isoformat("T", unit)
    return f"{text}Z" if zoned else text
