"""Dates, times and timestamps: parsed from text as in DuckDB, and converted to counts of a unit since 1970-01-01.

Years 1 to 9999 are supported, the range of Python's types. The session's zone is UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from dao.errors import DataError

__all__ = [
    "DAY_NS",
    "UNIT_NS",
    "date_of_days",
    "datetime_of_nanoseconds",
    "days",
    "nanoseconds",
    "nanoseconds_text",
    "parse_date",
    "parse_time",
    "parse_timestamp",
    "time_nanoseconds",
    "time_of_nanoseconds",
]

UNIT_NS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
DAY_NS = 86_400 * 1_000_000_000
_EPOCH = datetime(1970, 1, 1)
_EPOCH_UTC = _EPOCH.replace(tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d*))?)?"
_ZONE = r"(?:Z|\s+(?i:UTC)|(?P<sign>[+-])(?P<zone_hour>\d{2}):?(?P<zone_minute>\d{2})?)"
_TIMESTAMP = re.compile(
    rf"\s*(?P<year>\d+)(?P<separator>[-/ ])(?P<month>\d{{1,2}})(?P=separator)(?P<day>\d{{1,2}})"
    rf"(?:(?:T|\s+){_CLOCK}{_ZONE}?)?(?P<blank>\s*)",
    re.ASCII,
)
_TIME = re.compile(rf"\s*{_CLOCK}", re.ASCII)


def days(value: date) -> int:
    """Days since 1970-01-01."""
    return value.toordinal() - 719_163


def date_of_days(count: int) -> date:
    """The date that many days after 1970-01-01."""
    return date.fromordinal(count + 719_163)


def nanoseconds(value: datetime) -> int:
    """Nanoseconds since 1970-01-01 00:00:00, in UTC if the value has a zone."""
    epoch = _EPOCH if value.tzinfo is None else _EPOCH_UTC
    return ((value - epoch) // _MICROSECOND) * 1_000


def datetime_of_nanoseconds(count: int, zoned: bool) -> datetime:
    """The datetime of a count of nanoseconds since 1970-01-01, truncated to microseconds; in UTC if `zoned`."""
    return (_EPOCH_UTC if zoned else _EPOCH) + timedelta(microseconds=count // 1_000)


def time_nanoseconds(value: time) -> int:
    """Nanoseconds since midnight."""
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return seconds * 1_000_000_000 + value.microsecond * 1_000


def time_of_nanoseconds(count: int) -> time:
    """The time of day of a count of nanoseconds since midnight, truncated to microseconds."""
    return (_EPOCH + timedelta(microseconds=count // 1_000)).time()


def nanoseconds_text(count: int) -> str:
    """Format nanoseconds since 1970-01-01 as a timestamp with nine decimal places.

    >>> nanoseconds_text(1)
    '1970-01-01 00:00:00.000000001'
    """
    seconds, fraction = divmod(count, 1_000_000_000)
    return f"{(_EPOCH + timedelta(seconds=seconds)).isoformat(sep=' ')}.{fraction:09d}"


def _parse_error(text: str, what: str, form: str) -> DataError:
    return DataError(f"{text!r} is not a {what}: write it as {form}, with a year from 0001 to 9999")


def _date(match: re.Match[str]) -> date:
    return date(int(match["year"]), int(match["month"]), int(match["day"]))


def _clock_nanoseconds(match: re.Match[str]) -> int:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    fraction = int((match["fraction"] or "").ljust(9, "0")[:9])
    in_day = hour < 24 or (hour == 24 and not (minute or second or fraction))
    if not (in_day and minute < 60 and second < 60):
        raise ValueError("no such time of day")
    return ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + fraction


def parse_date(text: str) -> date:
    """Parse a date such as ``2026-01-31``; a time of day after it is checked and dropped, as in DuckDB.

    Raises:
        DataError: the text is not a date.
    """
    try:
        match = _TIMESTAMP.fullmatch(text)
        if match is not None:
            if match["hour"]:
                _clock_nanoseconds(match)
            return _date(match)
    except ValueError:
        pass
    raise _parse_error(text, "date", "'2026-01-31'")


def parse_timestamp(text: str, *, zoned: bool) -> int:
    """Parse a timestamp such as ``2026-01-31 12:00:00.5+02:00`` to nanoseconds since 1970-01-01.

    An offset is applied only if `zoned`, and ignored otherwise, as in DuckDB.

    Raises:
        DataError: the text is not a timestamp.
    """
    try:
        match = _TIMESTAMP.fullmatch(text)
        if match is not None and (match["hour"] or not match["blank"]):
            count = days(_date(match)) * DAY_NS + (_clock_nanoseconds(match) if match["hour"] else 0)
            return count - (_offset_nanoseconds(match) if zoned else 0)
    except ValueError:
        pass
    form = "'2026-01-31 12:00:00'" + (" or '2026-01-31 12:00:00+02:00'" if zoned else "")
    raise _parse_error(text, "timestamp", form)


def _offset_nanoseconds(match: re.Match[str]) -> int:
    if match["sign"] is None:
        return 0
    minutes = int(match["zone_hour"]) * 60 + int(match["zone_minute"] or 0)
    return (-minutes if match["sign"] == "-" else minutes) * 60_000_000_000


def parse_time(text: str) -> int:
    """Parse a time of day such as ``12:00:00.5`` to nanoseconds since midnight.

    Raises:
        DataError: the text is not a time of day.
    """
    match = _TIME.fullmatch(text)
    try:
        if match is not None and (count := _clock_nanoseconds(match)) < DAY_NS:
            return count
    except ValueError:
        pass
    raise DataError(f"{text!r} is not a time of day: write it as '12:00:00'")
