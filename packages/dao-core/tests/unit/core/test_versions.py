"""The words of versions: moments, bounds, and what a call checks before the interface sees it."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from dao import AsyncDataAccessObject, DataAccessObject, DataError, DataObject, DataStore, NotFoundError, Version
from dao.tables import as_moment, version_at

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


class Given:
    """Gives back the arguments that it got."""

    def read(self, data_object, *, version=None, as_of=None, branch=None, tag=None):
        return {"version": version, "as_of": as_of, "branch": branch, "tag": tag}

    def read_changes(self, data_object, *, since=None, until=None):
        return since, until

    def write(self, data, data_object, *, idempotency_key=None):
        return idempotency_key


@pytest.fixture
def thing() -> DataObject:
    return DataObject("thing", DataStore("s", Given()))


@pytest.mark.parametrize(
    "value",
    [
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(timezone(timedelta(hours=-5))),
        pd.Timestamp("2025-03-01T12:00:00Z"),
        pd.Timestamp("2025-03-01T13:00:00+01:00"),
        "2025-03-01T12:00",
        "2025-03-01 12:00:00Z",
        "2025-03-01T13:00:00+01:00",
    ],
)
def test_a_moment_is_one_moment_however_it_is_said(value: object) -> None:
    found = as_moment(value)
    assert (type(found), found, found.tzinfo) == (datetime, NOON, UTC)


def test_a_date_is_its_first_moment() -> None:
    assert as_moment(date(2025, 3, 1)) == as_moment("2025-03-01") == datetime(2025, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", ["yesterday", "", "2025-13-01", 5, 1.5, True, pd.NaT, b"2025-03-01"])
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(DataError, match="as_of: found .*expected a moment"):
        as_moment(value)


@pytest.mark.parametrize(
    "value",
    [
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_moment_that_utc_has_no_year_for_is_refused(value: object) -> None:
    with pytest.raises(DataError, match="as_of: found .*year 1 or after 9999"):
        as_moment(value)


def test_the_version_at_a_moment_is_the_last_one_before_it() -> None:
    history = [Version(3, NOON + timedelta(hours=1)), Version(2, NOON), Version(1, NOON - timedelta(hours=1))]
    moments = (NOON, NOON + timedelta(minutes=1), NOON - timedelta(microseconds=1), NOON + timedelta(days=1))
    assert [version_at(history, moment).version for moment in moments] == [2, 2, 1, 3]
    with pytest.raises(NotFoundError, match="the oldest one that is kept is of 2025-03-01T11"):
        version_at(history, NOON - timedelta(days=1))
    with pytest.raises(NotFoundError, match="none has a time"):
        version_at([Version(1)], NOON)


def test_an_interface_gets_plain_values(thing: DataObject) -> None:
    dao = DataAccessObject()
    assert dao.read(thing, version=np.int64(3))["version"] == 3
    assert dao.read(thing, as_of="2025-03-01T12:00")["as_of"] == NOON
    assert dao.read_changes(thing, since=1, until=NOON.replace(tzinfo=None)) == (1, NOON)
    assert dao.read_changes(thing, since=date(2025, 3, 1)) == (datetime(2025, 3, 1, tzinfo=UTC), None)
    assert dao.read_changes(thing, since="20250301") == ("20250301", None), "a text is a version"
    assert asyncio.run(AsyncDataAccessObject().read_changes(thing, since=1)) == (1, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("version", 1.5), ("version", True), ("version", ""), ("branch", ""), ("branch", 5), ("tag", " "), ("as_of", 5)],
)
def test_what_cant_be_meant_is_refused_before_the_call(thing: DataObject, name: str, value: object) -> None:
    with pytest.raises(DataError, match=f"{name}: found"):
        DataAccessObject().read(thing, **{name: value})


def test_bounds_and_keys_are_checked(thing: DataObject) -> None:
    dao = DataAccessObject()
    with pytest.raises(DataError, match="since: found"):
        dao.read_changes(thing, since=1.5)
    for key in ("", " ", 5, "k" * 257, "a\0b", "\ud800"):
        with pytest.raises(DataError, match="idempotency_key: found"):
            dao.write([{}], thing, idempotency_key=key)
    assert dao.write([{}], thing, idempotency_key="é" * 256) == "é" * 256


@pytest.mark.parametrize(
    "given",
    [{"version": 1, "as_of": NOON}, {"version": 0, "tag": "kept"}, {"as_of": "2025-03-01", "tag": "kept"}],
)
def test_a_version_is_said_in_one_way(thing: DataObject, given: dict[str, object]) -> None:
    dao, (first, other) = DataAccessObject(), given
    with pytest.raises(DataError, match=f"{first}: found with {other}, expected one of them"):
        dao.read(thing, **given)
    with pytest.raises(DataError, match=f"{first}: found with {other}"):
        dao.explain("read", thing, **given)
    assert dao.read(thing, **{**given, other: None})["branch"] is None
    assert dao.read(thing, version=1, branch="b")["branch"] == "b"


def test_a_version_of_the_object_and_one_of_the_call_are_two() -> None:
    pinned = DataObject("thing", DataStore("s", Given()), version=3)
    assert DataAccessObject().read(pinned)["version"] == 3
    with pytest.raises(DataError, match="version: found with as_of"):
        DataAccessObject().read(pinned, as_of=NOON)
