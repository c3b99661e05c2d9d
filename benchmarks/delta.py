"""Delta tables through DAO beside bare deltalake, on a local folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake
from measuring import PEAK, ROUNDS, Row, Times, interleaved, python
from tables import table

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject

SMALL, LARGE, HUGE = 1_000_000, 5_000_000, 10_000_000
CHANGED = 100_000
SPEED = 0.95
"""Of bare deltalake's speed, at least."""

LIMIT_MIB = 256


def rows() -> list[Row]:
    """The report's lines on Delta tables."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        report = []
        for part in (_whole_tables, _changed_rows, _upserts, _what_is_new, _memory):
            place = Path(folder, part.__name__)
            place.mkdir()
            report += part(place)
            shutil.rmtree(place)
        return report


def _store(place: Path) -> tuple[DataAccessObject, DataStore]:
    store = DataStore("lake", "delta", options={"root": str(place)})
    return DataAccessObject(registry=DataStoreRegistry([store])), store


def _all(reader: Any, schema: pa.Schema | None = None) -> pa.Table:
    """The rows as deltalake gives them, texts as views; with a schema in its types, which pyarrow can work on."""
    found = pa.RecordBatchReader.from_stream(reader).read_all()
    return found if schema is None else found.cast(schema)


def _whole_tables(place: Path) -> list[Row]:
    dao, store = _store(place)
    ours, data, few = TableObject("ours", store), table(SMALL), table(1_000)
    bare = str(place / "bare")
    wanted = {"columns": ["id", "price"], "where": "k < 10"}
    report = _compare(
        f"write {SMALL:,} rows",
        {
            "dao": lambda: dao.write(data, ours, mode="overwrite"),
            "deltalake": lambda: write_deltalake(bare, data, mode="overwrite"),
        },
    )
    for rows in (data, few):
        report += _compare(
            f"append {rows.num_rows:,} rows",
            {
                "dao": lambda rows=rows: dao.write(rows, ours, mode="append"),
                "deltalake": lambda rows=rows: write_deltalake(bare, rows, mode="append"),
            },
        )
    dao.write(data, ours, mode="overwrite")
    path = str(place / "ours")
    report += _compare(
        f"read {SMALL:,} rows",
        {"dao": lambda: dao.read(ours), "deltalake": lambda: _all(DeltaTable(path).scan(), data.schema)},
    )
    report += _compare(
        f"read {SMALL:,} rows, which deltalake leaves as string views",
        {"dao": lambda: dao.read(ours), "deltalake": lambda: _all(DeltaTable(path).scan())},
        None,
    )
    report += _compare(
        f"read 2 of 8 columns, 1% of {SMALL:,} rows",
        {
            "dao": lambda: dao.read(ours, **wanted),
            "deltalake": lambda: _all(DeltaTable(path).scan(columns=["id", "price"], predicate="k < 10")),
        },
    )
    return report


def _ten_files(path: str, data: pa.Table) -> None:
    step = data.num_rows // 10
    for number in range(10):
        write_deltalake(path, data.slice(number * step, step), mode="append")


def _changed_rows(place: Path) -> list[Row]:
    dao, store = _store(place)
    ours, data = TableObject("ours", store), table(SMALL)
    _ten_files(str(place / "ours"), data)
    _ten_files(str(place / "bare"), data)
    bare = DeltaTable(str(place / "bare"))
    left = iter(range(100))

    def one() -> str:
        return f"k = {next(left)}"

    return _compare(
        f"delete 0.1% of {SMALL:,} rows, in all of 10 files",
        {"dao": lambda: dao.delete(ours, where=one()), "deltalake": lambda: bare.delete(one())},
    )


def _upserts(place: Path) -> list[Row]:
    data = table(LARGE)
    report = []
    step = LARGE // CHANGED
    sources = {
        "scattered": data.take(pa.array(range(0, LARGE, step))),
        "clustered": data.slice(LARGE // 2, CHANGED),
    }
    for name, source in sources.items():
        dao, store = _store(place / name)
        _ten_files(str(place / name / "ours"), data)
        _ten_files(str(place / name / "bare"), data)
        ours, path = TableObject("ours", store), str(place / name / "bare")

        def merge(path: str = path, source: pa.Table = source) -> None:
            merged = DeltaTable(path).merge(source, "t.id = s.id", source_alias="s", target_alias="t")
            merged.when_matched_update_all().when_not_matched_insert_all().execute()

        contestants: dict[str, Callable[[], Any]] = {
            "dao": lambda dao=dao, ours=ours, source=source: dao.upsert(source, ours, keys=["id"]),
            "deltalake": merge,
        }
        bar = 3.0 if name == "clustered" else SPEED
        report += _compare(f"upsert {CHANGED:,} {name} rows into {LARGE:,}", contestants, bar)
        shutil.rmtree(place / name)
    return report


def _what_is_new(place: Path) -> list[Row]:
    dao, store = _store(place)
    ours, data = TableObject("ours", store), table(HUGE)
    old = HUGE - CHANGED
    _ten_files(str(place / "ours"), data.slice(0, old))
    since = dao.history(ours)[0].version
    dao.write(data.slice(old), ours, mode="append")
    first = data["id"][old].as_py()
    path = str(place / "ours")

    def naive() -> pa.Table:
        everything = DeltaTable(path).to_pyarrow_table()  # pyarrow 26 can't filter the views of scan()
        return everything.filter(pc.greater_equal(everything["id"], first))

    times = interleaved({"dao": lambda: dao.read_changes(ours, since=since), "deltalake": naive}, ROUNDS)
    what = f"the newest {CHANGED:,} of {HUGE:,} rows: read_changes / read and filter"
    firsts = {"dao": (FIRST, str(place), str(since)), "deltalake": (FIRST_NAIVE, path, str(first))}
    taken: dict[str, list[float]] = {name: [] for name in firsts}
    for number in range(ROUNDS):
        for name in list(firsts)[:: -1 if number % 2 else 1]:
            taken[name].append(float(python(*firsts[name])))
    return [_line(what, times, 40.0), _line(f"{what}, first call of a process", Times(taken), 40.0)]


FIRST = """
import sys, time
import deltalake, pyarrow
from dao import DataAccessObject, DataStore, TableObject
root, since = sys.argv[1:]
dao, ours = DataAccessObject(), TableObject("ours", DataStore("lake", "delta", options={"root": root}))
start = time.perf_counter()
dao.read_changes(ours, since=int(since))
print(time.perf_counter() - start)
"""
FIRST_NAIVE = """
import sys, time
import deltalake, pyarrow
path, first = sys.argv[1:]
start = time.perf_counter()
import pyarrow.compute as pc
everything = deltalake.DeltaTable(path).to_pyarrow_table()
everything.filter(pc.greater_equal(everything["id"], int(first)))
print(time.perf_counter() - start)
"""


COPY = """
import sys
from dao import DataAccessObject, DataStore, TableObject
root, limit = sys.argv[1:]
store = DataStore("lake", "delta", options={"root": root})
dao, source = DataAccessObject(), TableObject("source", store)
dao.read(source, limit=1)
reset_peak()
before = peak_mib()
dao.copy(source, TableObject("target", store, partition_by=["city"]), memory_limit=limit)
print(peak_mib() - before)
"""


def _memory(place: Path) -> list[Row]:
    dao, store = _store(place)
    source, data = TableObject("source", store), table(LARGE)
    copies = -(-4 * LIMIT_MIB * (1 << 20) // data.nbytes)
    for number in range(copies):
        dao.write(data, source, mode="append" if number else "error")
    grown = float(python(PEAK + COPY, str(place), f"{LIMIT_MIB} MiB"))
    what = f"copy of {copies * data.nbytes >> 20:,} MiB into partitions, memory_limit of {LIMIT_MIB} MiB: growth"
    return [Row(what, f"{grown:.0f} MiB", f"<= {LIMIT_MIB} MiB", grown <= LIMIT_MIB)]


def _compare(what: str, contestants: Mapping[str, Callable[[], Any]], bar: float | None = SPEED) -> list[Row]:
    return [_line(f"{what}: DAO's speed over deltalake's", interleaved(contestants, ROUNDS), bar)]


def _line(what: str, times: Times, bar: float | None) -> Row:
    ratio = times.ratio("deltalake", "dao")
    detail = f"{times.of('dao'):.4f} s beside {times.of('deltalake'):.4f} s; {times.spread('deltalake', 'dao')}"
    if bar is None:
        return Row(what, f"{ratio:.2f}", detail=detail)
    return Row(what, f"{ratio:.2f}", f">= {bar}", ratio >= bar, detail)
