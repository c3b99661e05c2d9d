"""What an action on a Delta table costs as the table grows, in rows and in versions, beside bare deltalake.

A figure is DAO's growth over deltalake's, from the smallest table to the largest: 1 means that both grow alike, more
that DAO does something again for rows or versions that have nothing to do with the action.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from measuring import ROUNDS, Row, Times, interleaved
from tables import table

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject

SIZES = tuple(int(n) for n in os.environ.get("DAO_BENCH_GROWTH_ROWS", "100000,1000000,5000000").split(","))
VERSIONS = tuple(int(n) for n in os.environ.get("DAO_BENCH_GROWTH_VERSIONS", "1,100,1000").split(","))
ROWS = int(os.environ.get("DAO_BENCH_GROWTH_TABLE", "1000000"))
CHANGED, FEW, FILES = 10_000, 1_000, 10
LIMIT = 1.5
"""Of deltalake's growth, at most: the machines are noisy, and one that grows with another power is far beyond it."""

FEED = {"delta.enableChangeDataFeed": "true"}

Contest = Mapping[str, Callable[[], Any]]


def rows() -> Iterator[Row]:
    """The report's lines on growth."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        by_size = [_measured(Path(folder), number, _of_size) for number in SIZES]
        yield from _growths(by_size, [f"{number:,}" for number in SIZES], "rows")
        by_version = [_measured(Path(folder), number, _of_versions) for number in VERSIONS]
        yield from _growths(by_version, [f"{number:,}" for number in VERSIONS], "versions")


class Tables:
    """The same rows in a table that DAO made and in one that deltalake made."""

    def __init__(self, place: Path, properties: Mapping[str, str] | None = None) -> None:
        self.properties = dict(properties or {})
        self.store = DataStore("lake", "delta", options={"root": str(place)})
        self.dao = DataAccessObject(registry=DataStoreRegistry([self.store]))
        self.ours, self.bare = TableObject("ours", self.store), str(place / "bare")

    def append(self, data: pa.Table) -> None:
        """One more version of both."""
        if self.dao.exists(self.ours):
            self.dao.write(data, self.ours, mode="append")
        else:
            self.dao.write(data, self.ours, properties=self.properties)
        write_deltalake(self.bare, data, mode="append", configuration=self.properties)

    def actions(self, data: pa.Table) -> Iterator[tuple[str, Contest]]:
        """What is measured on a table of these rows, in order: what a step adds is read by a later one."""
        yield f"append {CHANGED:,} rows", self._appends(_few())
        size, middle = data.num_rows, data.num_rows // 2
        scattered = data.take(pa.array(range(0, size, max(1, size // CHANGED))))
        yield f"upsert {scattered.num_rows:,} scattered rows", self._upserts(scattered)
        yield f"upsert {FEW:,} clustered rows", self._upserts(data.slice(middle, FEW))
        yield "delete one of 1,000 values", self._deletes()
        wanted = f"id >= {middle} AND id < {middle + FEW}"
        yield f"read 2 of 8 columns of {FEW:,} rows", self._reads(wanted)

    def changes(self, few: pa.Table) -> Contest:
        """What came with the newest version, after one more append."""
        self.append(few)
        since = self.dao.history(self.ours)[0].version - 1
        newest = DeltaTable(self.bare).version()
        return {
            "dao": lambda: self.dao.read_changes(self.ours, since=since),
            "deltalake": lambda: _all(DeltaTable(self.bare).load_cdf(starting_version=newest)),
        }

    def _appends(self, few: pa.Table) -> Contest:
        return {
            "dao": lambda: self.dao.write(few, self.ours, mode="append"),
            "deltalake": lambda: write_deltalake(self.bare, few, mode="append"),
        }

    def _upserts(self, source: pa.Table) -> Contest:
        def merge() -> None:
            merged = DeltaTable(self.bare).merge(source, "t.id = s.id", source_alias="s", target_alias="t")
            merged.when_matched_update_all().when_not_matched_insert_all().execute()

        return {"dao": lambda: self.dao.upsert(source, self.ours, keys=["id"]), "deltalake": merge}

    def _deletes(self) -> Contest:
        ours, bare = iter(range(1_000)), iter(range(1_000))
        return {
            "dao": lambda: self.dao.delete(self.ours, where=f"k = {next(ours)}"),
            "deltalake": lambda: DeltaTable(self.bare).delete(f"k = {next(bare)}"),
        }

    def _reads(self, wanted: str) -> Contest:
        columns = ["id", "price"]
        return {
            "dao": lambda: self.dao.read(self.ours, columns=columns, where=wanted),
            "deltalake": lambda: _all(DeltaTable(self.bare).scan(columns=columns, predicate=wanted)),
        }


def _few() -> pa.Table:
    return table(CHANGED).set_column(0, "id", pa.array(range(-CHANGED, 0), pa.int64()))


def _all(reader: Any) -> pa.Table:
    return pa.RecordBatchReader.from_stream(reader).read_all()


def _of_size(tables: Tables, number: int) -> pa.Table:
    data, step = table(number), number // FILES
    for part in range(FILES):
        tables.append(data.slice(part * step, step))
    return data


def _of_versions(tables: Tables, number: int) -> pa.Table:
    """The same rows always, in so many versions of a file each."""
    data, step = table(ROWS), ROWS // number
    for part in range(number):
        tables.append(data.slice(part * step, step))
    return data


def _measured(folder: Path, number: int, make: Callable[[Tables, int], pa.Table]) -> dict[str, Times]:
    place = folder / "growth"
    place.mkdir()
    try:
        tables = Tables(place / "plain")
        data = make(tables, number)
        found = {what: interleaved(contest, ROUNDS) for what, contest in tables.actions(data)}
        with_feed = Tables(place / "feed", FEED)
        make(with_feed, number)
        return found | {"read_changes of the newest version": interleaved(with_feed.changes(_few()), ROUNDS)}
    finally:
        shutil.rmtree(place)


def _growths(found: list[dict[str, Times]], steps: list[str], of: str) -> Iterator[Row]:
    # The actions' names differ in how many rows a small table has to be scattered over: they go by their order.
    for measured in zip(*(one.items() for one in found), strict=True):
        what, times = measured[-1][0], [one for _, one in measured]
        growth = {name: times[-1].of(name) / times[0].of(name) for name in ("dao", "deltalake")}
        ratio = growth["dao"] / growth["deltalake"]
        each = "; ".join(f"{name} {', '.join(f'{one.of(name):.4f}' for one in times)} s" for name in growth)
        detail = f"{growth['dao']:.1f} times beside {growth['deltalake']:.1f} times; of {', '.join(steps)}: {each}"
        title = f"{what}, table of {steps[0]} to {steps[-1]} {of}: DAO's growth over deltalake's"
        yield Row(title, f"{ratio:.2f}", f"<= {LIMIT}", ratio <= LIMIT, detail)
