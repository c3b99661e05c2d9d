"""What is measured of tables in a format with versions, through DAO beside the bare library of the format."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
from measuring import PEAK, ROUNDS, Row, Times, interleaved, python
from tables import table

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject

SCALE = int(os.environ.get("DAO_BENCH_LAKE_SCALE", "1"))
SMALL, LARGE, HUGE = 1_000_000 // SCALE, 5_000_000 // SCALE, 10_000_000 // SCALE
CHANGED = 100_000 // SCALE
FILES = 10
LIMIT_MIB = 256


class Bare(ABC):
    """The tables of a store as the bare library has them.

    Args:
        root: the store's folder.
    """

    name: str
    interface: str
    """Of DAO for the same format."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @abstractmethod
    def append(self, name: str, data: pa.Table, properties: Mapping[str, str] | None = None) -> None:
        """Add rows to a table, which is made with these properties if it isn't there."""

    @abstractmethod
    def overwrite(self, name: str, data: pa.Table) -> None:
        """Replace all rows of a table, which is made if it isn't there."""

    @abstractmethod
    def upsert(self, name: str, source: pa.Table, keys: Sequence[str] = ("id",)) -> None:
        """Replace the rows with the same keys, and add the others."""

    @abstractmethod
    def delete(self, name: str, where: str) -> None:
        """Delete rows."""

    @abstractmethod
    def read(self, name: str, columns: Sequence[str] | None = None, where: str | None = None) -> pa.Table:
        """Rows in types that pyarrow can work on."""


class Place:
    """A store in a folder, for DAO and for the bare library.

    Args:
        root: the folder.
        kind: of the library.
    """

    def __init__(self, root: Path, kind: type[Bare]) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root, self.bare = root, kind(root)
        self.store = DataStore("lake", kind.interface, options={"root": str(root)})
        self.dao = DataAccessObject(registry=DataStoreRegistry([self.store]))
        self.ours = self.table("ours")

    def table(self, name: str, **properties: Any) -> TableObject:
        """A table of the store."""
        return TableObject(name, self.store, **properties)

    def append_parts(self, name: str, data: pa.Table, parts: int = FILES) -> None:
        """Append rows to a table of the bare library, in so many commits."""
        step = -(-data.num_rows // parts)
        for begin in range(0, data.num_rows, step):
            self.bare.append(name, data.slice(begin, step))


def compare(what: str, dao: Callable[[], Any], bare: Callable[[], Any], name: str, bar: float | None = None) -> Row:
    """Let DAO and a bare library take turns; gives the line of the report.

    Args:
        what: they do.
        dao: does it with DAO.
        bare: does it with the library.
        name: of the library.
        bar: of the library's speed, what DAO's should be at least.
    """
    return line(what, interleaved({"dao": dao, name: bare}, ROUNDS), name, bar)


def line(what: str, times: Times, name: str, bar: float | None) -> Row:
    """The line of the report for the times of DAO and of a bare library."""
    ratio = times.ratio(name, "dao")
    detail = f"{times.of('dao'):.4f} s beside {times.of(name):.4f} s; {times.spread(name, 'dao')}"
    if times.cpu:
        detail += f"; CPU {median(times.cpu['dao']):.4f} s beside {median(times.cpu[name]):.4f} s"
    title = f"{what}: DAO's speed over {name}'s"
    if bar is None:
        return Row(title, f"{ratio:.2f}", detail=detail)
    return Row(title, f"{ratio:.2f}", f">= {bar}", ratio >= bar, detail)


def writes(place: Place, bar: float) -> list[Row]:
    """Whole tables written, and rows appended."""
    dao, ours, bare = place.dao, place.ours, place.bare
    data, few = table(SMALL), table(1_000)

    def ours_write(rows: pa.Table, mode: str) -> Callable[[], Any]:
        return lambda: dao.write(rows, ours, mode=mode)

    return [
        compare(
            f"write {SMALL:,} rows",
            ours_write(data, "overwrite"),
            lambda: bare.overwrite("bare", data),
            bare.name,
            bar,
        ),
        *(
            compare(
                f"append {rows.num_rows:,} rows",
                ours_write(rows, "append"),
                lambda rows=rows: bare.append("bare", rows),
                bare.name,
                bar,
            )
            for rows in (data, few)
        ),
    ]


def reads(place: Place, bar: float) -> list[Row]:
    """All rows read, and some: of a table that DAO wrote, by both."""
    dao, ours, bare = place.dao, place.ours, place.bare
    dao.write(table(SMALL), ours, mode="overwrite")
    columns, where = ["id", "price"], "k < 10"
    return [
        compare(f"read {SMALL:,} rows", lambda: dao.read(ours), lambda: bare.read("ours"), bare.name, bar),
        compare(
            f"read 2 of 8 columns, 1% of {SMALL:,} rows",
            lambda: dao.read(ours, columns=columns, where=where),
            lambda: bare.read("ours", columns, where),
            bare.name,
            bar,
        ),
    ]


def deletes(place: Place, bar: float) -> list[Row]:
    """Few rows deleted in all files."""
    for name in ("ours", "bare"):
        place.append_parts(name, table(SMALL))
    ours, bare = iter(range(100)), iter(range(100))
    return [
        compare(
            f"delete 0.1% of {SMALL:,} rows, in all of {FILES} files",
            lambda: place.dao.delete(place.ours, where=f"k = {next(ours)}"),
            lambda: place.bare.delete("bare", f"k = {next(bare)}"),
            place.bare.name,
            bar,
        )
    ]


def upserts(root: Path, kind: type[Bare], bars: Mapping[str, float]) -> list[Row]:
    """Some rows upserted into many, scattered over all of their files and all in one."""
    data, report = table(LARGE), []
    sources = {
        "scattered": data.take(pa.array(range(0, LARGE, LARGE // CHANGED))),
        "clustered": data.slice(LARGE // 2, CHANGED),
    }
    for name, source in sources.items():
        place = Place(root / name, kind)
        for one in ("ours", "bare"):
            place.append_parts(one, data)
        report.append(
            compare(
                f"upsert {CHANGED:,} {name} rows into {LARGE:,}",
                lambda place=place, source=source: place.dao.upsert(source, place.ours, keys=["id"]),
                lambda place=place, source=source: place.bare.upsert("bare", source),
                kind.name,
                bars[name],
            )
        )
        shutil.rmtree(place.root)
    return report


FIRST = """
import sys, time
import pyarrow, {library}
from dao import DataAccessObject, DataStore, TableObject
root, since = sys.argv[1:]
dao, ours = DataAccessObject(), TableObject("ours", DataStore("lake", "{interface}", options={{"root": root}}))
start = time.perf_counter()
dao.read_changes(ours, since=int(since))
print(time.perf_counter() - start)
"""
"""The changes since a version, in a process that imported the libraries."""


def in_new_processes(codes: Mapping[str, tuple[str, ...]]) -> Times:
    """Let contestants take turns in processes of their own, each of which prints its seconds."""
    taken: dict[str, list[float]] = {name: [] for name in codes}
    for number in range(ROUNDS):
        for name in list(codes)[:: -1 if number % 2 else 1]:
            taken[name].append(float(python(*codes[name])))
    return Times(taken)


COPY = """
import sys
from dao import DataAccessObject, DataStore, TableObject
interface, root, limit = sys.argv[1:]
store = DataStore("lake", interface, options={"root": root})
dao, source = DataAccessObject(), TableObject("source", store)
dao.read(source, limit=1)
reset_peak()
before = peak_mib()
dao.copy(source, TableObject("target", store, partition_by=["city"]), memory_limit=limit)
print(peak_mib() - before)
"""


def memory(place: Place) -> list[Row]:
    """What the process grows by while a table of four times the limit is written into partitions."""
    source, data = place.table("source"), table(LARGE)
    copies = -(-4 * LIMIT_MIB * (1 << 20) // data.nbytes)
    for number in range(copies):
        place.dao.write(data, source, mode="append" if number else "error")
    grown = float(python(PEAK + COPY, place.bare.interface, str(place.root), f"{LIMIT_MIB} MiB"))
    what = f"copy of {copies * data.nbytes >> 20:,} MiB into partitions, memory_limit of {LIMIT_MIB} MiB: growth"
    return [Row(what, f"{grown:.0f} MiB", f"<= {LIMIT_MIB} MiB", grown <= LIMIT_MIB)]
