"""Dates and times of text files: DATEFORMAT and TIMEFORMAT.

https://docs.aws.amazon.com/redshift/latest/dg/r_DATEFORMAT_and_TIMEFORMAT_strings.html and, for ``'auto'``,
https://docs.aws.amazon.com/redshift/latest/dg/automatic-recognition.html
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache

from dao_redshift.testing._bulk._conversion import BadValue, Conversion
from dao_redshift.testing._statements import RedshiftError

__all__ = ["check_formats", "date_text", "time_text", "timestamp_text"]

_DATE = re.compile(r"(?P<Y>\d{4})-(?P<M>\d{1,2})-(?P<D>\d{1,2})")
_CLOCK = r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.(?P<f>\d{1,6})\d*)?)?"
_OFFSET = r"\s*(?P<z>[+-]\d{2}(?::?\d{2})?|Z|UTC|GMT)?"
_TIMESTAMP = re.compile(rf"{_DATE.pattern}(?: {_CLOCK}{_OFFSET})?")
_TIME = re.compile(_CLOCK)
_TIME_WITH_ZONE = re.compile(_CLOCK + _OFFSET)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<N>{'|'.join(_MONTHS)})[a-z]*"
_AUTO = tuple(
    re.compile(rf"{date}(?:[T ]\s*{_CLOCK}(?:\s*(?P<p>am|pm))?{_OFFSET})?", re.IGNORECASE)
    for date in (
        _DATE.pattern,
        r"(?P<Y>\d{4})/(?P<M>\d{1,2})/(?P<D>\d{1,2})",
        r"(?P<Y>\d{4})(?P<M>\d{2})(?P<D>\d{2})",
        r"(?P<M>\d{1,2})/(?P<D>\d{1,2})/(?P<Y>\d{4})",
        r"(?P<M>\d{1,2})-(?P<D>\d{1,2})-(?P<Y>\d{4})",
        r"(?P<M>\d{1,2})\.(?P<D>\d{1,2})\.(?P<Y>\d{4})",
        rf"{_MONTH}[ -](?P<D>\d{{1,2}}),?[ -](?P<Y>\d{{4}})",
        rf"(?P<D>\d{{1,2}})[ -]{_MONTH}[ -](?P<Y>\d{{4}})",
    )
)
_PARTS = (
    ("YYYY", r"(?P<Y>\d{4})"), ("YY", r"(?P<y>\d{2})"), ("MONTH", _MONTH), ("MON", _MONTH), ("MM", r"(?P<M>\d{1,2})"),
    ("DD", r"(?P<D>\d{1,2})"), ("HH24", r"(?P<h>\d{1,2})"), ("HH12", r"(?P<h>\d{1,2})"), ("HH", r"(?P<h>\d{1,2})"),
    ("MI", r"(?P<m>\d{2})"), ("SS", r"(?P<s>\d{2})(?:\.(?P<f>\d{1,6})\d*)?"), ("AM", r"(?P<p>am|pm)"),
    ("PM", r"(?P<p>am|pm)"), ("OF", r"(?P<z>[+-]\d{2}(?::?\d{2})?)"),
)  # fmt: skip
_EPOCHS = {"epochsecs": 1, "epochmillisecs": 1000}


@cache
def _pattern(spelled: str) -> re.Pattern[str]:
    pattern, rest = "", spelled
    while rest:
        found = next(((part, text) for part, text in _PARTS if rest.upper().startswith(part)), None)
        if found is None and rest[0].isalpha() and rest[0].upper() != "T":
            raise RedshiftError(f"Invalid date or time format {spelled!r}: {rest[0]!r} is no part of one", "22007")
        pattern += re.escape(rest[0]) if found is None else found[1]
        rest = rest[1 if found is None else len(found[0]) :]
    return re.compile(pattern, re.IGNORECASE)


def check_formats(conversion: Conversion) -> None:
    """Check DATEFORMAT and TIMEFORMAT.

    Raises:
        RedshiftError: one isn't a format.
    """
    for spelled in (conversion.date_format, conversion.time_format):
        if spelled and spelled != "auto" and spelled not in _EPOCHS:
            try:
                _pattern(spelled)
            except re.error:  # a part is there twice
                raise RedshiftError(
                    f"Invalid date or time format {spelled!r}: a part is there twice", "22007"
                ) from None


def _matched(text: str, spelled: str, default: re.Pattern[str]) -> dict[str, str | None] | None:
    patterns = _AUTO if spelled == "auto" else (_pattern(spelled),) if spelled else (default,)
    return next((found.groupdict() for one in patterns if (found := one.fullmatch(text))), None)


def _number(parts: dict[str, str | None], name: str, default: int = 0) -> int:
    return int(parts.get(name) or default)


def _moment(parts: dict[str, str | None]) -> datetime:
    year = _number(parts, "Y") or (lambda short: short + (1900 if short >= 70 else 2000))(_number(parts, "y"))
    month = _MONTHS.index((parts.get("N") or "")[:3].lower()) + 1 if parts.get("N") else _number(parts, "M", 1)
    hour = _number(parts, "h")
    if half := (parts.get("p") or "").lower():
        hour = hour % 12 + (12 if half == "pm" else 0)
    fraction = (parts.get("f") or "").ljust(6, "0")
    return datetime(year, month, _number(parts, "D", 1), hour, _number(parts, "m"), _number(parts, "s"), int(fraction))


def _offset(spelled: str | None) -> timedelta:
    if not spelled or spelled[0] not in "+-":
        return timedelta()
    digits = spelled[1:].replace(":", "").ljust(4, "0")
    return timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (1 if spelled[0] == "+" else -1)


def date_text(text: str, conversion: Conversion) -> str:
    """A DATE.

    Raises:
        BadValue: it is none in the format.
    """
    default = re.compile(rf"{_DATE.pattern}(?: .*)?")
    try:
        parts = _matched(text.strip(), conversion.date_format, default)
        if parts is not None:
            return f"{_moment({**parts, 'h': None, 'p': None}).date().isoformat()}"
    except ValueError:
        pass
    if len(text.strip()) < 10 and not conversion.date_format:
        raise BadValue(1205, "Invalid Date Format - length must be 10 or more")
    raise BadValue(1205, f"Invalid date format or value [{conversion.date_format or 'YYYY-MM-DD'}]")


def timestamp_text(text: str, conversion: Conversion, *, zoned: bool) -> str:
    """A TIMESTAMP, or a TIMESTAMPTZ in UTC.

    Raises:
        BadValue: it is none in the format.
    """
    spelled = conversion.time_format
    try:
        if spelled in _EPOCHS:
            microseconds = int(text) * (1_000_000 // _EPOCHS[spelled])
            found = datetime(1970, 1, 1) + timedelta(microseconds=microseconds)
            return found.isoformat(" ") + ("+00" if zoned else "")
        parts = _matched(text.strip(), spelled, _TIMESTAMP)
        if parts is not None and (zoned or spelled == "auto" or not parts.get("z")):
            found = _moment(parts)
            return (found - _offset(parts.get("z"))).isoformat(" ") + "+00" if zoned else found.isoformat(" ")
    except (ValueError, OverflowError):
        pass
    shown = spelled or f"YYYY-MM-DD HH24:MI:SS{'OF' if zoned else ''}"
    raise BadValue(1206, f"Invalid timestamp format or value [{shown}]")


def time_text(text: str, *, zoned: bool = False) -> str:
    """A TIME, or a TIMETZ.

    Raises:
        BadValue: it is none.
    """
    found = (_TIME_WITH_ZONE if zoned else _TIME).fullmatch(text.strip())
    try:
        if found is not None:
            offset = found["z"] or "+00" if zoned else ""
            return _moment({"Y": "2000", **found.groupdict()}).time().isoformat() + offset
    except ValueError:
        pass
    raise BadValue(1206, "Invalid time format or value [HH24:MI:SS]")
