"""The connector reads what its target lacks, and writes it there: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dao import ConfigError, ConflictError, DataError, NotFoundError, UnsupportedError
from dao_files.lake import FolderTransport
from dao_iceberg.connector import AWSConnector

DAY = datetime(2026, 11, 29)


class Order(BaseModel):
    id: int
    at: datetime
    text: str


def row(number: int, hours: float | None = None, text: str = "") -> dict:
    hours = number if hours is None else hours
    return {"id": number, "at": DAY + timedelta(hours=hours), "text": text}


def test_the_target_is_made_of_the_model_partitioned_by_the_moment(shop, client):
    shop.add("a", [row(1), row(2)])
    shop.add("b", [row(3)])
    assert shop.run(Order, "a", "b", target={"partition_by": ["year", "month", "day"]}, reads=2) == [3, 0]
    assert shop.rows() == [(1,), (2,), (3,)]
    made = client.open("gold/orders").table
    assert [str(one.transform) for one in made.spec().fields] == ["year", "month", "day"]
    assert all(one.required for one in made.schema().fields)


def test_a_row_is_wanted_by_its_own_record_whatever_the_others_have(shop):
    shop.add("a", [row(1, 5), row(2, 5)])
    shop.run(Order)
    shop.add("a", [row(3, 1), row(4, 5), row(1, 6, "newer"), row(2, 4, "older")])
    assert shop.run(Order, reads=2) == [3, 0]
    assert shop.rows("id", "text") == [(1, "newer"), (2, ""), (3, ""), (4, "")]


def test_a_slower_table_loses_nothing_to_a_faster_one(shop):
    shop.add("a", [row(1, 100)])
    shop.add("b", [row(2, 1)])
    shop.run(Order, "a", "b")
    shop.add("b", [row(3, 2)])
    assert shop.run(Order, "a", "b") == [1]
    assert shop.rows() == [(1,), (2,), (3,)]


def test_what_the_target_has_without_a_position_is_not_read_again(shop):
    shop.dao.write([row(1, 5), row(2, 5)], shop.target)
    shop.add("a", [row(1, 5), row(2, 6, "newer"), row(3, 1)])
    assert shop.run(Order) == [2]
    assert shop.rows("id", "text") == [(1, ""), (2, "newer"), (3, "")]


def test_reads_of_some_rows_take_the_oldest_first_and_cut_inside_of_one_moment(shop):
    shop.add("a", [row(number, 7) for number in range(5)] + [row(9, 1)])
    shop.add("b", [row(number, 7) for number in range(20, 25)])
    assert shop.run(Order, "a", "b", max_records=3, reads=5) == [3, 3, 3, 2, 0]
    assert shop.rows() == [(0,), (1,), (2,), (20,), (21,), (22,), (23,), (24,), (3,), (4,), (9,)]
    shop.add("a", [row(30, 7)])
    assert shop.run(Order, "a", "b", max_records=3) == [1]


def test_the_oldest_rows_come_first(shop):
    shop.add("a", [row(3), row(1)])
    shop.add("b", [row(2)])

    async def main():
        async with shop.connector("a", "b", max_records=2) as connector:
            records = await connector.read()
            assert records.more
            return [one["id"] for one in records], pa.table(records)["id"].to_pylist()

    assert asyncio.run(main()) == ([1, 2], [1, 2])


def test_of_several_rows_of_a_record_the_newest_stays(shop):
    shop.add("a", [row(1, 1, "first"), row(1, 3, "last"), row(1, 2, "middle")])
    shop.add("b", [row(1, 2.5, "other")])
    assert shop.run(Order, "a", "b", reads=2) == [4, 0]
    assert shop.rows("id", "text") == [(1, "last")]
    assert shop.run(Order, "a", "b", max_records=1, drop=True) == [1]
    assert shop.rows("id", "text") == [(1, "first")]
    assert shop.run(Order, "a", "b", max_records=1, reads=4) == [1, 1, 1, 0]
    assert shop.rows("id", "text") == [(1, "last")]


def test_twins_are_one_row(shop):
    shop.add("a", [row(1, 1, "x"), row(1, 1, "y"), row(2, 1)])
    assert shop.run(Order, max_records=1, reads=3) == [1, 1, 0]
    assert shop.rows("id", "text") == [(1, "y"), (2, "")]


def test_a_window_is_of_the_last_hours(shop):
    shop.add("a", [row(1, 0), row(2, 10), row(3, 30)])
    assert shop.run(Order, time_filter_hours=10, now=DAY + timedelta(hours=20)) == [2]
    assert shop.rows() == [(2,), (3,)]


def test_rows_that_wait_do_not_leave_the_window(shop):
    shop.add("a", [row(number, number) for number in range(6)])
    for hours, expected in ((5, 2), (50, 2), (90, 2), (95, 0)):
        now = DAY + timedelta(hours=hours)
        assert shop.run(Order, time_filter_hours=6, max_records=2, now=now) == [expected]
    assert len(shop.rows()) == 6
    shop.add("a", [row(7, 1)])
    assert shop.run(Order, time_filter_hours=6, max_records=2, now=DAY + timedelta(hours=100)) == [0]


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


def test_starting_over_replaces_the_target_in_one_version(shop):
    shop.add("a", [row(1), row(2)])
    shop.run(Order)
    shop.dao.upsert([row(1, 99, "wrong"), row(7, 99)], shop.target, keys="id")

    async def main():
        async with shop.connector() as connector:
            records = await connector.read(drop=True)
            assert len(records) == 2
            assert len(shop.rows()) == 3
            written = await connector.write(records, Order)
            assert len(await connector.read()) == 0
            return written

    versions = len(shop.dao.history(shop.target))
    assert asyncio.run(main()).rows_inserted == 2
    assert shop.rows("id", "text") == [(1, ""), (2, "")]
    assert len(shop.dao.history(shop.target)) == versions + 1


def test_a_crash_between_read_and_write_loses_nothing(shop):
    shop.add("a", [row(1), row(2)])

    async def read_alone():
        async with shop.connector() as connector:
            return len(await connector.read())

    assert asyncio.run(read_alone()) == 2
    assert shop.run(Order, reads=2) == [2, 0]


def test_of_two_connectors_at_once_one_is_told_to_read_again(shop):
    shop.add("a", [row(1), row(2)])
    shop.run(Order)
    shop.add("a", [row(3), row(1, 9, "newer")])

    async def main():
        async with shop.connector() as one, shop.connector() as other:
            first, second = await one.read(), await other.read()
            written = await one.write(first, Order)
            with pytest.raises(ConflictError, match="read the increment again"):
                await other.write(second, Order)
            again = await other.read()
            return written.rows_inserted, written.rows_updated, len(again)

    assert asyncio.run(main()) == (1, 1, 0)
    assert shop.rows("id", "text") == [(1, "newer"), (2, ""), (3, "")]


def test_two_connectors_that_begin_at_once_double_nothing(shop):
    shop.add("a", [row(number) for number in range(20)])

    async def one_of_both(connector):
        async with connector:
            for _ in range(20):
                records = await connector.read()
                if not len(records):
                    return
                try:
                    await connector.write(records, Order)
                except ConflictError:
                    continue

    async def main():
        await asyncio.gather(*(one_of_both(shop.connector(max_records=4)) for _ in range(2)))

    asyncio.run(main())
    assert len(shop.rows()) == 20


def test_rows_that_a_transformation_leaves_out_do_not_come_again(shop):
    shop.add("a", [row(1), row(2, text="no"), row(3)])

    async def main():
        async with shop.connector() as connector:
            records = (await connector.read()).mapped(lambda table: table.filter(pa.compute.field("text") != "no"))
            await connector.write(records, Order)
            return len(await connector.read())

    assert asyncio.run(main()) == 0
    assert shop.rows() == [(1,), (3,)]


def test_a_cut_read_whose_rows_are_left_out_is_refused(shop):
    shop.add("a", [row(1), row(2), row(3)])

    async def main():
        async with shop.connector(max_records=2) as connector:
            records = await connector.read()
            with pytest.raises(DataError, match="1 of the rows of shop.a are not among those to write"):
                await connector.write(records.mapped(lambda table: table.slice(1)), Order)

    asyncio.run(main())
    assert not shop.dao.exists(shop.target)


def test_plain_rows_are_upserted_without_a_position(shop):
    shop.add("a", [row(1), row(2)])

    async def main():
        async with shop.connector() as connector:
            rows = [Order(**one) for one in (await connector.read()).to_pylist()]
            await connector.write(rows, Order)
            await connector.write([row(3), {**row(1, 0), "text": "older"}], Order)
            return len(await connector.read())

    assert asyncio.run(main()) == 0
    assert shop.rows("id", "text") == [(1, ""), (2, ""), (3, "")]


def test_a_version_that_expired_is_no_loss(shop):
    shop.add("a", [row(1), row(2)])
    shop.run(Order)
    shop.add("a", [row(3)])
    shop.add("a", [row(4)])
    shop.dao.run("expire", shop.object("shop/a"), older_than=0, dry_run=False)
    assert shop.run(Order, reads=2) == [2, 0]
    assert len(shop.rows()) == 4


def test_rows_that_are_gone_again_do_not_come(shop):
    shop.add("a", [row(1)])
    shop.run(Order)
    shop.add("a", [row(2), row(3)])
    shop.dao.delete(shop.object("shop/a"), where="id = 2")
    assert shop.run(Order) == [1]
    assert shop.rows() == [(1,), (3,)]


def test_a_target_that_goes_back_gets_its_rows_again(shop):
    shop.add("a", [row(1)])
    shop.run(Order)
    version = shop.dao.history(shop.target)[0].version
    shop.add("a", [row(2)])
    shop.run(Order)
    shop.dao.run("restore", shop.target, version=version)
    assert shop.run(Order, reads=2) == [1, 0]
    assert shop.rows() == [(1,), (2,)]


def test_a_table_that_did_not_change_is_not_read(shop, monkeypatch):
    shop.add("a", [row(1)])
    shop.add("b", [row(2)])
    shop.run(Order, "a", "b")
    shop.add("b", [row(3)])
    read = []
    kind = type(shop.lake.interface)
    for name in ("read", "read_changes"):
        method = getattr(kind, name)

        def noted(self, data_object, *, _method=method, _name=name, **more):
            read.append((_name, data_object.key))
            return _method(self, data_object, **more)

        noted.__wrapped__ = method
        monkeypatch.setattr(kind, name, noted)
    assert shop.run(Order, "a", "b") == [1]
    assert "shop/a" not in {key for _, key in read}


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


def test_a_table_that_is_not_there_is_named(shop):
    shop.add("a", [row(1)])
    with pytest.raises(NotFoundError, match="nowhere"):
        shop.run(Order, "a", "nowhere")


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


def test_all_tables_are_read_at_once(shop, monkeypatch):
    """Each table's first request waits until those of all the others are there, too."""
    for table in "abc":
        shop.add(table, [row(ord(table))])
    waiting = threading.Barrier(3, timeout=60)
    seen = set()
    get = FolderTransport.get

    def together(self, key, *more, **options):
        table = key.split("/")[1] if key.startswith("shop/") else None
        if table is not None and table not in seen:
            seen.add(table)
            waiting.wait()
        return get(self, key, *more, **options)

    monkeypatch.setattr(FolderTransport, "get", together)
    assert shop.run(Order, "a", "b", "c") == [3]
    assert seen == {"a", "b", "c"}


def test_a_cancelled_read_ends_before_the_cancellation_is_raised(shop, monkeypatch):
    shop.add("a", [row(1)])
    begun, go_on, ended = threading.Event(), threading.Event(), []
    get = FolderTransport.get

    def slow(self, key, *more, **options):
        begun.set()
        go_on.wait(60)
        found = get(self, key, *more, **options)
        ended.append(key)
        return found

    async def main():
        async with shop.connector() as connector:
            with monkeypatch.context() as patch:
                patch.setattr(FolderTransport, "get", slow)
                reading = asyncio.ensure_future(connector.read())
                await asyncio.to_thread(begun.wait)
                reading.cancel()
                go_on.set()
                with pytest.raises(asyncio.CancelledError):
                    await reading
                assert ended
            return len(await connector.read())

    assert asyncio.run(main()) == 1


def test_it_is_used_inside_of_its_context_only(shop):
    shop.add("a", [row(1)])
    connector = shop.connector()

    async def main():
        with pytest.raises(DataError, match="async with"):
            await connector.read()
        async with connector:
            records = await connector.read()
        with pytest.raises(DataError, match="async with"):
            await connector.write(records, Order)

    asyncio.run(main())


def test_a_model_may_gain_columns(shop, client):
    shop.add("a", [row(1)])
    shop.run(Order)

    class More(Order):
        price: float | None = None
        state: str = "open"

    shop.add("a", [{**row(2), "price": 2.5}], schema_mode="evolve")

    class Optional(Order):
        price: float | None = None

    assert shop.run(Optional, reads=2) == [1, 0]
    assert shop.rows("id", "price") == [(1, None), (2, 2.5)]
    with pytest.raises(UnsupportedError, match="state"):
        shop.run(More)


def test_columns_that_may_be_null_in_the_table_stay_so(shop, client):
    shop.dao.write([{"id": 1, "at": DAY, "old": "x"}], shop.target)
    shop.add("a", [{"id": 2, "at": DAY, "text": "y"}])

    class Renamed(BaseModel):
        id: int
        at: datetime
        text: str = Field(json_schema_extra={"renamed_from": "old"})

    assert shop.run(Renamed) == [1]
    assert shop.rows("id", "text") == [(1, "x"), (2, "y")]
    assert not any(one.required for one in client.open("gold/orders").columns.fields)


def test_a_column_that_the_model_lacks_is_not_lost_silently(shop):
    shop.add("a", [{**row(1), "price": 2.5}])
    with pytest.raises(DataError, match="no field 'price'.*extra='ignore'"):
        shop.run(Order)

    class Ignoring(Order):
        model_config = ConfigDict(extra="ignore")

    assert shop.run(Ignoring) == [1]


def test_a_column_that_the_rows_lack_is_filled_by_the_model_or_refused(shop):
    shop.add("a", [{"id": 1, "at": DAY}])
    with pytest.raises(DataError, match="lack the column 'text'"):
        shop.run(Order)

    class Filled(Order):
        text: str = "none"

    shop.run(Filled)
    assert shop.rows("id", "text") == [(1, "none")]


def test_the_model_must_have_the_fields_of_the_config(shop):
    shop.add("a", [row(1)])
    with pytest.raises(DataError, match="no field 'key'"):
        shop.run(Order, target={"index_field": "key"})


def test_the_files_of_a_new_table_are_where_the_config_says(shop, client, tmp_path):
    shop.add("a", [row(1)])
    place = str(tmp_path / "lake" / "elsewhere" / "orders")
    shop.run(Order, target={"location": place}, reads=2)
    assert client.open("gold/orders").metadata.location == f"file://{place}"
    with pytest.raises(ConfigError, match=r"target\.location"):
        shop.run(Order, target={"location": f"{place}2"})


def test_other_partitions_than_the_tables_own_are_refused(shop):
    shop.add("a", [row(1)])
    shop.run(Order, target={"partition_by": ["day"]})
    shop.add("a", [row(2)])
    with pytest.raises(DataError, match="partition_by"):
        shop.run(Order, target={"partition_by": ["month"]})


def test_it_shows_what_it_connects(shop):
    assert repr(shop.connector("a", "b")) == "AWSConnector(shop.a, shop.b -> gold.orders)"
    assert isinstance(shop.connector(), AWSConnector)
