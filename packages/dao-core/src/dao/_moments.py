"""What ``as_of=`` means: a text, date or datetime as a moment in UTC, and the version that was the newest one then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from dao.errors import DataError, NotFoundError

if TYPE_CHECKING:
    from dao.results import Version

__all__ = ["as_moment", "version_at"]


def as_moment(value: Any, name: str = "as_of") -> datetime:
    """The moment that a caller means, in UTC, to the microsecond.

    A date is its first moment. What says no time zone is in UTC.

    Args:
        value: a text in ISO 8601 (``"2025-03-01"``, ``"2025-03-01T12:30:00+01:00"``), a ``datetime`` (pandas' too) or a
            ``date``.
        name: the argument's name, for the message.

    Raises:
        DataError: it is none of these.

    >>> as_moment("2025-03-01T12:30:00+01:00")
    datetime.datetime(2025, 3, 1, 11, 30, tzinfo=datetime.timezone.utc)
    >>> as_moment(date(2025, 3, 1))
    datetime.datetime(2025, 3, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    found = value
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            found = None
    elif isinstance(value, date) and not isinstance(value, datetime):
        found = datetime(value.year, value.month, value.day)
    if not isinstance(found, datetime) or found != found:  # pandas' NaT is a datetime that isn't equal to itself
        shown = repr(value) if isinstance(value, str) else type(value).__qualname__
        raise DataError(
            f"{name}: found {shown}, expected a moment: a datetime, a date or a text such as '2025-03-01T12:30'"
        )
    try:
        there = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (OverflowError, ValueError) as error:  # pandas has an error of its own, which is a ValueError
        raise DataError(f"{name}: found {value!r}, which is before the year 1 or after 9999 in UTC") from error
    return datetime(*there.timetuple()[:6], there.microsecond, UTC)


def version_at(versions: Iterable[Version], moment: datetime) -> Version:
    """The last version at or before a moment.

    Args:
        versions: what ``history`` gives: the newest first, with times in UTC.
        moment: see :func:`as_moment`.

    Raises:
        NotFoundError: there was none yet, or it is not kept any more.

    >>> from dao import Version
    >>> history = [Version(2, as_moment("2025-03-02")), Version(1, as_moment("2025-03-01"))]
    >>> version_at(history, as_moment("2025-03-01T18:00")).version
    1
    """
    oldest = None
    for version in versions:
        if version.timestamp is not None:
            oldest = version.timestamp
            if oldest <= moment:
                return version
    known = f"the oldest one that is kept is of {oldest.isoformat()}" if oldest is not None else "none has a time"
    raise NotFoundError(f"no version at or before {moment.isoformat()}: {known}")
