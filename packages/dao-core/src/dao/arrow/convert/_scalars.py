"""Scalars of numpy and pyarrow as Python's own, with nothing cut off; and nanoseconds, which those have no room for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dao.arrow.convert._recognise import per_type

__all__ = ["has_nanoseconds", "nanoseconds", "plain_scalars"]

_EPOCH = dt.datetime(1970, 1, 1)
_MICROSECOND = dt.timedelta(microseconds=1)


class _Instant(dt.datetime):
    """A datetime with the attribute that pandas' Timestamp has, too."""

    nanosecond = 0


class _Span(dt.timedelta):
    """A timedelta with the attribute that pandas' Timedelta has, too."""

    nanoseconds = 0


def plain_scalars(values: Sequence[Any]) -> Sequence[Any]:
    """The values with Python's own for scalars of numpy and pyarrow; the sequence itself where there are none.

    ``pyarrow.array`` makes 1 of ``numpy.float16(1.5)`` beside an integer, and an empty list of ``numpy.void``. A
    datetime64 of days or longer becomes a date, a shorter one a datetime, NaT becomes None.
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
    """A datetime64 or timedelta64; one that Python's types can't hold stays as it is, and is refused by its type."""
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


def has_nanoseconds(values: Sequence[Any]) -> bool:
    """Whether one of several datetimes or timedeltas is no whole number of microseconds."""
    return any(getattr(v, "nanosecond", 0) or getattr(v, "nanoseconds", 0) for v in values)


def nanoseconds(value: Any) -> int | None:
    """A datetime as nanoseconds since 1970 (in UTC where it has a zone), a timedelta as its length; None stays None."""
    if value is None:
        return None
    if isinstance(value, dt.timedelta):
        plain = dt.timedelta(value.days, value.seconds, value.microseconds)
        return plain // _MICROSECOND * 1000 + getattr(value, "nanoseconds", 0)
    moment = dt.datetime.combine(value.date(), value.time())
    since = moment - _EPOCH - (value.utcoffset() or dt.timedelta())
    return since // _MICROSECOND * 1000 + getattr(value, "nanosecond", 0)
