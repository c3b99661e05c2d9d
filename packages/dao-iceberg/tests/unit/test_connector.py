"""The connector reads what its target lacks, all tables at once: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from pydantic import BaseModel

from dao import DataError, NotFoundError
from dao_files.lake import FolderTransport
from dao_iceberg.connector import AWSConnector
from dao_iceberg.connector._reading import threaded

DAY = datetime(2026, 11, 29)


class Order(BaseModel):
    id: int
    at: datetime
    text: str


def row(number: int, hours: float | None = None, text: str = "") -> dict:
    hours = number if hours is None else hours
    return {"id": number, "at": DAY + timedelta(hours=hours), "text": text}


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
    shop.dao.write([row(1, 5), row(2, 5), row(4, 5), row(4, 3)], shop.target)
    shop.add("a", [row(1, 5), row(2, 6, "newer"), row(3, 1), row(4, 4)])
    assert shop.run(Order) == [2]
    assert shop.rows("id", "text") == [(1, ""), (2, "newer"), (3, ""), (4, ""), (4, "")]


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


def test_a_crash_between_read_and_write_loses_nothing(shop):
    shop.add("a", [row(1), row(2)])

    async def read_alone():
        async with shop.connector() as connector:
            return len(await connector.read())

    assert asyncio.run(read_alone()) == 2
    assert shop.run(Order, reads=2) == [2, 0]


def test_a_version_that_expired_is_no_loss(shop):
    shop.add("a", [row(1), row(2)])
    shop.run(Order)
    shop.add("a", [row(3)])
    shop.add("a", [row(4)])
    shop.dao.run("expire", shop.object("shop/a"), older_than=0, dry_run=False)
    assert shop.run(Order, reads=2) == [2, 0]
    assert len(shop.rows()) == 4


def test_rows_that_are_gone_again_do_not_come_nor_stand_in_the_way(shop):
    shop.add("a", [row(1)])
    shop.run(Order)
    shop.add("a", [*(row(number, 2) for number in range(10, 15)), row(3, 4), row(4, 4)])
    shop.dao.delete(shop.object("shop/a"), where="id >= 10")
    shop.add("a", [row(14, 5)])
    assert shop.run(Order, max_records=2, reads=3) == [2, 1, 0]
    assert shop.rows() == [(1,), (14,), (3,), (4,)]


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


def test_a_table_that_is_not_there_is_named(shop):
    shop.add("a", [row(1)])
    with pytest.raises(NotFoundError, match="nowhere"):
        shop.run(Order, "a", "nowhere")


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


def test_a_cancelled_call_in_a_thread_is_waited_for():
    begun, go_on, ended = threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        go_on.wait(60)
        ended.append(True)

    async def main():
        running = asyncio.ensure_future(threaded(work))
        await asyncio.to_thread(begun.wait)
        running.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        assert not running.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())
    assert ended


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


def test_it_shows_what_it_connects(shop):
    assert repr(shop.connector("a", "b")) == "AWSConnector(shop.a, shop.b -> gold.orders)"
    assert isinstance(shop.connector(), AWSConnector)
