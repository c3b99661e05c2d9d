"""Many writers of one table, that share nothing else: what each of them does is there once, and in an order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dao import ConflictError, DataAccessObject, DataStore, DataStoreRegistry, TableObject
from dao.testing import FaultPlan, Verdict

__all__ = ["APPENDS", "CHANGES", "EveryTwentieth", "Make", "append_at_once", "check_order", "maker"]

APPENDS = 5
CHANGES = ("append", "overwrite", "overwrite_partitions", "upsert", "delete", "compact")
Make = Callable[[], tuple[DataAccessObject, TableObject]]
Rows = list[tuple[int, str, str]]
_Change = Callable[[DataAccessObject, TableObject], object]
_START = [{"id": 1, "day": "mo", "by": "start"}, {"id": 2, "day": "tu", "by": "start"}]


class EveryTwentieth(FaultPlan):
    """Every twentieth request fails."""

    def verdict(self, name: str) -> Verdict:
        """Count a request, and say what is to become of it."""
        self.at = len(self.seen) + 1 if len(self.seen) % 20 == 19 else None
        return super().verdict(name)


def maker(interface: str, options: dict[str, Any], key: str = "t") -> Make:
    """Makes writers that share nothing but the table."""

    def make() -> tuple[DataAccessObject, TableObject]:
        store = DataStore("lake", interface, options=options)
        return DataAccessObject(registry=DataStoreRegistry([store])), TableObject(key, store)

    return make


def append_at_once(make: Make, writers: int) -> None:
    """Let writers append to a new table at the same time, five times each: each row is there once."""
    dao, table = make()
    dao.write([{"writer": -1, "step": 0}], table)
    started = threading.Barrier(writers)

    def work(writer: int) -> int:
        mine, own = make()
        started.wait(60)
        for step in range(APPENDS):
            mine.write([{"writer": writer, "step": step}], own, mode="append")
        mine.close()
        return APPENDS

    with ThreadPoolExecutor(writers) as pool:
        assert sum(pool.map(work, range(writers))) == writers * APPENDS
    rows = dao.read(table, where="writer >= 0", into="pylist")
    assert sorted((row["writer"], row["step"]) for row in rows) == [
        (writer, step) for writer in range(writers) for step in range(APPENDS)
    ]
    dao.close()


def check_order(make: Make, first: str, second: str) -> None:
    """Let two changes be made at the same time: the rows are those of one after the other, or one is a conflict."""
    one, other = _change(first, "one"), _change(second, "other")
    serial = {
        (True, True): [_fresh(make, "a", one, other), _fresh(make, "b", other, one)],
        (True, False): [_fresh(make, "c", one)],
        (False, True): [_fresh(make, "d", other)],
    }
    dao, table = make()
    for turn in range(2):
        it = TableObject(f"both{turn}", table.data_store)
        dao.write(_START, it, partition_by=["day"])
        started = threading.Barrier(2)

        def run(change: _Change, turn: int = turn, started: threading.Barrier = started) -> bool:
            mine, own = make()
            own = TableObject(f"both{turn}", own.data_store)
            mine.count(own)
            started.wait(30)
            try:
                change(mine, own)
            except ConflictError:
                return False
            finally:
                mine.close()
            return True

        with ThreadPoolExecutor(2) as pool:
            done = tuple(pool.map(run, (one, other)))
        assert done in serial, "neither was done"
        assert _rows(dao, it) in serial[done]
    dao.close()


def _change(name: str, by: str) -> _Change:
    row = [{"id": 1, "day": "mo", "by": by}]
    return {
        "append": lambda dao, table: dao.write(row, table, mode="append"),
        "overwrite": lambda dao, table: dao.write(row, table, mode="overwrite", partition_by=["day"]),
        "overwrite_partitions": lambda dao, table: dao.write(row, table, mode="overwrite_partitions"),
        "upsert": lambda dao, table: dao.upsert(row, table, keys=["id"]),
        "delete": lambda dao, table: dao.delete(table, where="day = 'mo'"),
        "compact": lambda dao, table: dao.run("compact", table),
    }[name]


def _fresh(make: Make, table: str, *changes: _Change) -> Rows:
    """The rows after changes, one by one, of a new table."""
    dao, any_table = make()
    it = TableObject(table, any_table.data_store)
    dao.write(_START, it, partition_by=["day"])
    for change in changes:
        change(dao, it)
    return _rows(dao, it)


def _rows(dao: DataAccessObject, table: TableObject) -> Rows:
    return sorted((row["id"], row["day"], row["by"]) for row in dao.read(table, into="pylist"))
