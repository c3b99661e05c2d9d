"""Which column type of a database holds the values of an Arrow type."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import pyarrow as pa
import pyarrow.types as pt

__all__ = ["declared_parts", "holding"]

_DECLARED = re.compile(r"\s*([^()]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*([^()]*?)\s*")
_SIGNED = (pa.int8(), pa.int16(), pa.int32(), pa.int64())
_UNSIGNED = (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())
_FLOATS = (pa.float16(), pa.float32(), pa.float64())
_UNITS = ("s", "ms", "us", "ns")


def declared_parts(declared: str) -> tuple[str, int | None, int | None]:
    """The name and the numbers of a declared type, as a catalog tells it.

    >>> declared_parts("NUMERIC(10, 2)"), declared_parts("timestamp(6) with time zone")
    (('numeric', 10, 2), ('timestamp with time zone', 6, None))
    """
    found = _DECLARED.fullmatch(declared)
    if found is None:
        return " ".join(declared.lower().split()), None, None
    name = " ".join(f"{found[1]} {found[4]}".lower().split())
    return name, None if found[2] is None else int(found[2]), None if found[3] is None else int(found[3])


def holding(arrow: pa.DataType, known: Collection[pa.DataType]) -> pa.DataType | None:
    """The type among those that a database knows that holds all values of an Arrow type; None if there is none.

    >>> holding(pa.uint16(), [pa.int16(), pa.int64()]), holding(pa.large_string(), [pa.string()])
    (DataType(int64), DataType(string))
    """
    return next((kind for kind in _wider(arrow) if kind in known), None)


def _wider(arrow: pa.DataType) -> Iterator[pa.DataType]:
    """The type itself, and others that hold its values, the nearest first."""
    yield arrow
    if isinstance(arrow, pa.BaseExtensionType):
        yield from _wider(arrow.storage_type)
    elif pt.is_dictionary(arrow) or pt.is_run_end_encoded(arrow):
        yield from _wider(arrow.value_type)
    elif arrow in _SIGNED:
        yield from _SIGNED[_SIGNED.index(arrow) + 1 :]
    elif arrow in _UNSIGNED:
        yield from _SIGNED[_UNSIGNED.index(arrow) + 1 :]
    elif arrow in _FLOATS:
        yield from _FLOATS[_FLOATS.index(arrow) + 1 :]
    elif pt.is_null(arrow) or pt.is_large_string(arrow) or pt.is_string_view(arrow):
        yield pa.string()
    elif pt.is_large_binary(arrow) or pt.is_binary_view(arrow) or pt.is_fixed_size_binary(arrow):
        yield pa.binary()
    elif pt.is_date64(arrow):
        yield pa.date32()
    elif pt.is_decimal(arrow):
        yield from (pa.decimal128(arrow.precision, arrow.scale) for _ in range(int(arrow.precision <= 38)))
    else:
        yield from _finer(arrow)


def _finer(arrow: pa.DataType) -> Iterator[pa.DataType]:
    """Times and timestamps in finer units, and zoned ones in UTC."""
    if not (pt.is_time(arrow) or pt.is_timestamp(arrow)):
        return
    for unit in _UNITS[_UNITS.index(arrow.unit) :]:
        if pt.is_timestamp(arrow):
            yield pa.timestamp(unit, None if arrow.tz is None else "UTC")
        else:
            yield pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit)
