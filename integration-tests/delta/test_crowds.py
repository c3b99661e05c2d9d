"""Many writers of one table: every acknowledged write is there once, and every two changes have an order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from s3.stores import options_of
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer, offer
from services.toxics import Toxic

from dao import ConflictError, DataAccessObject, DataStore, DataStoreRegistry
from dao.testing import FaultPlan
from dao_delta import DeltaObject
from delta.looking import leftovers, versions_of

WRITERS, APPENDS = 16, 5
Make = Callable[[], tuple[DataAccessObject, DeltaObject]]
Change = Callable[[DataAccessObject, DeltaObject], object]

pytestmark = pytest.mark.timeout(300)


def maker(options: dict[str, Any]) -> Make:
    """Makes writers that share nothing but the table."""

    def make() -> tuple[DataAccessObject, DeltaObject]:
        store = DataStore("lake", "delta", options=options)
        return DataAccessObject(registry=DataStoreRegistry([store])), DeltaObject("t", store)

    return make


def _is_atomic() -> bool:
    return offer().way != "stand-ins"  # moto's server checks a condition and writes in two steps


@pytest.mark.parametrize(
    ("writers", "toxic"),
    [
        (4, None),
        *(pytest.param(WRITERS, toxic, marks=pytest.mark.slow) for toxic in (None, Toxic.SLOW_DOWN, Toxic.LOST)),
    ],
    ids=["a few", "calm", "slow_down", "lost"],
)
def test_what_many_writers_append_is_there_once(
    object_server: ObjectServer,
    proxied: ObjectServer,
    proxy: FaultProxy,
    bucket: str,
    writers: int,
    toxic: Toxic | None,
) -> None:
    if not _is_atomic():
        pytest.skip("moto's server checks a condition and writes in two steps")
    server = proxied if toxic else object_server
    make = maker(options_of(server, bucket, retry={"attempts": 8, "max_backoff": 0.2}, conflict_timeout=200))
    dao, table = make()
    dao.write([{"writer": -1, "step": 0}], table)
    started = threading.Barrier(writers)

    class Now(FaultPlan):
        """Every twentieth request."""

        def verdict(self, name: str):
            self.at = len(self.seen) + 1 if len(self.seen) % 20 == 19 else None
            return super().verdict(name)

    def work(writer: int) -> int:
        mine, own = make()
        started.wait(60)
        for step in range(APPENDS):
            mine.write([{"writer": writer, "step": step}], own, mode="append")
        mine.close()
        return APPENDS

    with proxy.under(Now() if toxic else FaultPlan(), toxic or Toxic.RESET), ThreadPoolExecutor(writers) as pool:
        assert sum(pool.map(work, range(writers))) == writers * APPENDS
    rows = dao.read(table, where="writer >= 0", into="pylist")
    assert sorted((row["writer"], row["step"]) for row in rows) == [
        (writer, step) for writer in range(writers) for step in range(APPENDS)
    ]
    assert versions_of(object_server, bucket, "t") == list(range(writers * APPENDS + 1))
    assert list(leftovers(object_server, bucket)) == []
    dao.close()


START = [{"id": 1, "day": "mo", "by": "start"}, {"id": 2, "day": "tu", "by": "start"}]
Rows = list[tuple[int, str, str]]


def _change(name: str, by: str) -> Change:
    row = [{"id": 1, "day": "mo", "by": by}]
    return {
        "append": lambda dao, table: dao.write(row, table, mode="append"),
        "overwrite": lambda dao, table: dao.write(row, table, mode="overwrite", partition_by=["day"]),
        "overwrite_partitions": lambda dao, table: dao.write(row, table, mode="overwrite_partitions"),
        "upsert": lambda dao, table: dao.upsert(row, table, keys=["id"]),
        "delete": lambda dao, table: dao.delete(table, where="day = 'mo'"),
        "compact": lambda dao, table: dao.run("compact", table),
    }[name]


CHANGES = ("append", "overwrite", "overwrite_partitions", "upsert", "delete", "compact")


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.slow)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    if request.param == "folder":
        yield maker({"root": str(tmp_path / "lake")})
        return
    if not _is_atomic():
        pytest.skip("moto's server checks a condition and writes in two steps")
    server, bucket = request.getfixturevalue("object_server"), request.getfixturevalue("bucket")
    yield maker(options_of(server, bucket, prefix="lake"))


def _fresh(make: Make, table: str, *changes: Change) -> Rows:
    """The rows after changes, one by one, of a new table."""
    dao, any_table = make()
    it = DeltaObject(table, any_table.data_store)
    dao.write(START, it, partition_by=["day"])
    for change in changes:
        change(dao, it)
    return _rows(dao, it)


def _rows(dao: DataAccessObject, table: DeltaObject) -> Rows:
    return sorted((row["id"], row["day"], row["by"]) for row in dao.read(table, into="pylist"))


@pytest.mark.parametrize("second", CHANGES)
@pytest.mark.parametrize("first", CHANGES)
def test_two_changes_at_once_have_an_order(make: Make, first: str, second: str) -> None:
    one, other = _change(first, "one"), _change(second, "other")
    serial = {
        (True, True): [_fresh(make, "a", one, other), _fresh(make, "b", other, one)],
        (True, False): [_fresh(make, "c", one)],
        (False, True): [_fresh(make, "d", other)],
    }
    dao, table = make()
    for turn in range(2):
        it = DeltaObject(f"both{turn}", table.data_store)
        dao.write(START, it, partition_by=["day"])
        started = threading.Barrier(2)

        def run(change: Change, turn: int = turn, started: threading.Barrier = started) -> bool:
            mine, own = make()
            own = DeltaObject(f"both{turn}", own.data_store)
            mine.count(own)
            started.wait(30)
            try:
                change(mine, own)
            except ConflictError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            done = tuple(pool.map(run, (one, other)))
        assert done in serial, "neither was done"
        assert _rows(dao, it) in serial[done]
