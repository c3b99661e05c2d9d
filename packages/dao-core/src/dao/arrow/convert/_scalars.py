"""Lossless conversion of numpy and pyarrow scalars to Python values, with nanoseconds, which Python's types lack."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from numbers import Integral
from typing import Any

from dao.arrow.convert._recognise import per_type

__all__ = ["decimals", "has_nanoseconds", "nanoseconds", "plain_scalars"]

_EPOCH = dt.datetime(1970, 1, 1)
_MICROSECOND = dt.timedelta(microseconds=1)


class _Instant(dt.datetime):
    """A datetime with nanoseconds, in the attribute that pandas' Timestamp has for them."""

    nanosecond = 0


class _Span(dt.timedelta):
    """A timedelta with nanoseconds, in the attribute that pandas' Timedelta has for them."""

    nanoseconds = 0


def plain_scalars(values: Sequence[Any]) -> Sequence[Any]:
    """Replace scalars of numpy and pyarrow by Python values; returns the sequence itself if it has none.

    ``pyarrow.array`` turns ``numpy.float16(1.5)`` beside an integer into 1, and ``numpy.void`` into an empty list. A
    datetime64 in days or longer units becomes a date, in shorter units a datetime; NaT becomes None.
    """
    foreign = {kind for kind in set(map(type, values)) if _is_foreign(kind)}
    return [_plain(v) if type(v) in foreign else v for v in values] if foreign else values


@per_type
def _is_foreign(kind: type) -> bool:
    if kind is memoryview:
        return True
    home = kind.__module__.partition(".")[0]
    return (home == "numpy" and hasattr(kind, "item") and kind.__name__ != "ndarray") or (
        home == "pyarrow" and hasattr(kind, "as_py")
    )


def _plain(value: Any) -> Any:
    if isinstance(value, memoryview):
        return bytes(value)
    if hasattr(value, "as_py"):
        return value.as_py()
    if value.dtype.names:
        return {name: _plain(value[name]) for name in value.dtype.names}
    if value.dtype.kind in "mM":
        return _time(value)
    return value.tobytes() if value.dtype.kind == "V" else value.item()


def _time(value: Any) -> Any:
    """Convert a datetime64 or timedelta64; one out of Python's range is returned as is, and later refused by type."""
    found = value.item()
    if found is None or not isinstance(found, int):
        return found
    kind = value.dtype.kind
    exact = value.astype(f"{kind}8[ns]")
    micros = exact.astype(f"{kind}8[us]").item()
    if exact != value or isinstance(micros, int):
        return value
    rest = int((exact - exact.astype(f"{kind}8[us]")).astype("int64"))
    if not rest:
        return micros
    if kind == "M":
        instant = _Instant.combine(micros.date(), micros.time())
        instant.nanosecond = rest
        return instant
    span = _Span(micros.days, micros.seconds, micros.microseconds)
    span.nanoseconds = rest
    return span


def decimals(values: Sequence[Any]) -> Sequence[Any]:
    """Replace integers by Decimals; returns the sequence itself if it has none.

    ``pyarrow.array`` infers a decimal type that holds all values from Decimals alone: beside ``Decimal("9.50")`` it
    refuses 100.
    """
    whole = {kind for kind in set(map(type, values)) if issubclass(kind, Integral)}
    return [Decimal(int(v)) if type(v) in whole else v for v in values] if whole else values


def has_nanoseconds(values: Sequence[Any]) -> bool:
    """Whether any of the datetimes or timedeltas is not a whole number of microseconds."""
    return any(getattr(v, "nanosecond", 0) or getattr(v, "nanoseconds", 0) for v in values)


def nanoseconds(value: Any) -> int | None:
    """Nanoseconds of a datetime since 1970 (in UTC if it has a zone), or of a timedelta; None for None."""
    if value is None:
        return None
    if isinstance(value, dt.timedelta):
        plain = dt.timedelta(value.days, value.seconds, value.microseconds)
        return plain // _MICROSECOND * 1000 + getattr(value, "nanoseconds", 0)
    moment = dt.datetime.combine(value.date(), value.time())
    since = moment - _EPOCH - (value.utcoffset() or dt.timedelta())
    return since // _MICROSECOND * 1000 + getattr(value, "nanosecond", 0)
