"""Arrow columns as what PostgreSQL's CSV reads into the very same values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from dao_redshift.testing._bulk._json_text import json_text

__all__ = ["COPY_OPTIONS", "csv_bytes", "postgres_array"]

COPY_OPTIONS = "(FORMAT csv, NULL '', ENCODING 'UTF8')"
"""How the bytes are to be read: an empty field is NULL, and ``""`` an empty text."""
_WRITE = csv.WriteOptions(include_header=False, quoting_style="needed")
_DAYS = (-719162, 2932896)  # 0001-01-01 to 9999-12-31, which Arrow writes as PostgreSQL reads
_MICROSECONDS = (_DAYS[0] * 86_400_000_000, (_DAYS[1] + 1) * 86_400_000_000 - 1)


def csv_bytes(batch: pa.RecordBatch) -> bytes:
    """The rows of arrays from :func:`postgres_array` as CSV: texts in quotes, so that an empty one isn't NULL."""
    sink = pa.BufferOutputStream()
    csv.write_csv(batch, sink, _WRITE)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def postgres_array(array: pa.Array, target: str) -> pa.Array:
    """An array whose CSV PostgreSQL reads into a column of the type `target`, as it calls it."""
    kind = array.type
    if isinstance(array, pa.ExtensionArray):  # JSON
        return array.storage
    if pa.types.is_null(kind):
        return array.cast(pa.string())
    if target == "jsonb":
        return _each(array, json_text)
    if target == "bytea":
        return _each(array, lambda value: "\\x" + value.hex())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return array.cast(pa.large_string() if pa.types.is_large_binary(kind) else pa.string())
    if pa.types.is_timestamp(kind):
        return _moments(array, "UTC" if target == "timestamptz" else None)
    if pa.types.is_date32(kind):
        days = array.view(pa.int32())
        return array if _within(days, _DAYS) else _each(days, _day_text)
    return array


def _each(array: pa.Array, text: Callable[[Any], str]) -> pa.Array:
    return pa.array([None if value is None else text(value) for value in array.to_pylist()], pa.large_string())


def _within(numbers: pa.Array, bounds: tuple[int, int]) -> bool:
    extremes = pc.min_max(numbers).as_py()
    return extremes["min"] is None or (bounds[0] <= extremes["min"] and extremes["max"] <= bounds[1])


def _moments(array: pa.Array, zone: str | None) -> pa.Array:
    unit = array.type.unit
    if unit == "ns":  # of ORC, whose nanoseconds are cut off
        array = array.cast(pa.timestamp("us", array.type.tz), safe=False)
    elif unit != "us":
        array = array.cast(pa.timestamp("us", array.type.tz))
    numbers = array.view(pa.int64())
    if _within(numbers, _MICROSECONDS):
        return numbers.view(pa.timestamp("us", zone))
    return _each(numbers, lambda value: _moment_text(value, zone))


def _civil(day: int) -> tuple[int, int, int]:
    """Year, month and day of a day since 1970 in the proleptic Gregorian calendar; the year before 1 is 0."""
    eras, rest = divmod(day + 719162, 146097)  # 400 years each
    if rest == 146096:
        return eras * 400 + 400, 12, 31
    found = date(1, 1, 1) + timedelta(days=rest)
    return found.year + eras * 400, found.month, found.day


def _day_text(day: int) -> str:
    year, month, of_month = _civil(day)
    return f"{year:04}-{month:02}-{of_month:02}" if year > 0 else f"{1 - year:04}-{month:02}-{of_month:02} BC"


def _moment_text(microseconds: int, zone: str | None) -> str:
    day, rest = divmod(microseconds, 86_400_000_000)
    clock = (datetime.min + timedelta(microseconds=rest)).time().isoformat("microseconds")
    text = _day_text(day)
    era = " BC" if text.endswith(" BC") else ""
    return f"{text.removesuffix(' BC')} {clock}{'+00' if zone else ''}{era}"
