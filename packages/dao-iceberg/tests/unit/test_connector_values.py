"""Moments, keys and columns of all kinds, as the connector compares and joins them."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from pydantic import AwareDatetime, BaseModel

from dao import DataError

DAY = datetime(2026, 11, 29)


class Order(BaseModel):
    id: int
    at: datetime
    text: str


def row(number: int, hours: float | None = None, text: str = "") -> dict:
    hours = number if hours is None else hours
    return {"id": number, "at": DAY + timedelta(hours=hours), "text": text}


def test_twins_are_one_row(shop):
    shop.add("a", [row(1, 1, "x"), row(1, 1, "y"), row(2, 1)])
    assert shop.run(Order, max_records=1, reads=3) == [1, 1, 0]
    assert shop.rows("id", "text") == [(1, "y"), (2, "")]


def test_rows_without_a_moment_are_read_once(shop):
    class Loose(Order):
        at: datetime | None

    schema = {"id": int, "at": datetime | None, "text": str}
    shop.add("a", [{**row(1), "at": None}, row(2, 5)], schema=schema)
    at = {"time_filter_hours": 1, "now": DAY + timedelta(hours=5)}
    assert shop.run(Loose, target={"partition_by": ["day"]}, reads=2, **at) == [2, 0]
    shop.add("a", [{**row(2), "at": None}, {**row(3), "at": None}], schema=schema)
    assert shop.run(Loose, max_records=1, reads=2, **at) == [1, 0]
    assert shop.rows("id", "at") == [(1, None), (2, DAY + timedelta(hours=5)), (3, None)]


def test_a_row_without_a_record_is_refused_until_the_config_leaves_it_out(shop):
    shop.add("a", [{**row(1), "id": None}, row(2)], schema={"id": int | None, "at": datetime, "text": str})
    with pytest.raises(DataError, match=r"shop\.a: rows without a value in index_field.*where="):
        shop.run(Order)
    assert shop.run(Order, {"table": "a", "where": "id IS NOT NULL"}, reads=2) == [1, 0]


def test_tables_without_rows_give_none(shop):
    shop.dao.write(
        pa.table({"id": pa.array([], pa.int64()), "at": pa.array([], pa.timestamp("us"))}), shop.object("shop/a")
    )
    shop.add("b", [row(1)])

    class Bare(BaseModel):
        id: int
        at: datetime
        text: str = "none"

    assert shop.run(Bare) == [0]
    assert shop.rows() == []
    assert shop.run(Bare, "a", "b", reads=2) == [1, 0]


def test_columns_may_be_called_otherwise_in_each_table(shop):
    shop.add("a", [{**row(1), "more": 1.5}])
    shop.add("b", [{"number": 2, "made": DAY, "text": "b"}])

    class Both(Order):
        more: float | None = None

    other = {"table": "b", "index_field": "number", "datetime_field": "made"}
    assert shop.run(Both, "a", other, reads=2) == [2, 0]
    assert shop.rows("id", "text", "more") == [(1, "", 1.5), (2, "b", None)]

    async def main():
        async with shop.connector("a", other) as connector:
            records = await connector.read(drop=True)
            assert records.table.column_names == ["id", "at", "text", "more"]
            return records.to_pylist()

    assert [(one["id"], one["more"]) for one in asyncio.run(main())] == [(2, None), (1, 1.5)]


def test_moments_with_a_zone(shop):
    class Zoned(BaseModel):
        id: int
        at: AwareDatetime

    east = timezone(timedelta(hours=9))
    shop.add("a", [{"id": 1, "at": DAY.replace(tzinfo=UTC)}, {"id": 2, "at": DAY.replace(hour=8, tzinfo=east)}])
    now = DAY.replace(hour=9, tzinfo=east)
    assert shop.run(Zoned, time_filter_hours=0.5, now=now, reads=2) == [1, 0]
    assert shop.rows("id", "at") == [(1, DAY.replace(tzinfo=UTC))]
    shop.add("a", [{"id": 1, "at": DAY.replace(hour=9, minute=1, tzinfo=east)}])
    assert shop.run(Zoned, reads=2) == [1, 0]


def test_moments_with_and_without_a_zone_are_not_mixed(shop):
    shop.add("a", [row(1)])
    shop.add("b", [{**row(1), "at": DAY.replace(tzinfo=UTC)}])
    with pytest.raises(DataError, match="at"):
        shop.run(Order, "a", "b")
    assert not shop.dao.exists(shop.target)


def test_moments_may_be_dates(shop):
    class Daily(BaseModel):
        id: int
        at: date

    shop.add("a", [{"id": n, "at": (DAY + timedelta(days=n)).date()} for n in range(4)])
    now = DAY + timedelta(days=3, hours=5)
    assert shop.run(Daily, time_filter_hours=24, now=now, target={"partition_by": ["month"]}, reads=2) == [2, 0]


def test_what_is_no_moment_is_refused(shop):
    shop.add("a", [{"id": 1, "at": "2026-11-29"}])
    with pytest.raises(DataError, match="'at' of shop.a is string, expected a timestamp or a date"):
        shop.run(Order)


def test_keys_of_other_types_find_their_records(shop):
    class Short(BaseModel):
        id: int
        at: datetime

    rows = pa.table({"id": pa.array([1, 2], pa.int32()), "at": pa.array([DAY, DAY], pa.timestamp("us"))})
    shop.dao.write(rows, shop.object("shop/a"))
    assert shop.run(Short, reads=2, max_records=1) == [1, 1]
    assert shop.run(Short) == [0]
