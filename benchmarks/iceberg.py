"""Iceberg tables through DAO beside bare pyiceberg, on a local folder with a catalog in SQLite."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from lakes import (
    CHANGED,
    FIRST,
    HUGE,
    SCALE,
    SMALL,
    Bare,
    Place,
    compare,
    deletes,
    in_new_processes,
    line,
    memory,
    reads,
    upserts,
    writes,
)
from measuring import ROUNDS, Row, interleaved, timed
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table
from tables import table

SPEED = 1.0
"""Of bare pyiceberg's speed, at least."""

COMPOSITE = tuple(number // SCALE for number in (10_000, 100_000, 1_000_000))
LINEAR = 1.5
"""By how much more a row may cost of the most rows than of the fewest."""

APPENDS = 200 // min(SCALE, 10)


class Pyiceberg(Bare):
    """Tables of pyiceberg, in the catalog that DAO makes for a folder."""

    name, interface = "pyiceberg", "iceberg"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        file = root / ".dao" / "iceberg.db"
        file.parent.mkdir(exist_ok=True)
        self.catalog = SqlCatalog("dao", uri=f"sqlite:///{file}", warehouse=f"file://{root}")
        self.catalog.create_namespace_if_not_exists("default")

    def append(self, name: str, data: pa.Table, properties: Mapping[str, str] | None = None) -> None:
        self._opened(name, data.schema, properties).append(data)

    def overwrite(self, name: str, data: pa.Table) -> None:
        self._opened(name, data.schema).overwrite(data)

    def upsert(self, name: str, source: pa.Table, keys: Sequence[str] = ("id",)) -> None:
        self.open(name).upsert(source, join_cols=list(keys))

    def delete(self, name: str, where: str) -> None:
        self.open(name).delete(where)

    def read(self, name: str, columns: Sequence[str] | None = None, where: str | None = None) -> pa.Table:
        selected = ("*",) if columns is None else tuple(columns)
        found = self.open(name)
        return (found.scan(selected_fields=selected) if where is None else found.scan(where, selected)).to_arrow()

    def open(self, name: str) -> Table:
        """The newest version of a table."""
        return self.catalog.load_table(f"default.{name}")

    def _opened(self, name: str, schema: pa.Schema, properties: Mapping[str, str] | None = None) -> Table:
        try:
            return self.open(name)
        except NoSuchTableError:
            place = f"file://{self.root}/{name}"
            return self.catalog.create_table(f"default.{name}", schema, place, properties=dict(properties or {}))


def rows() -> Iterator[Row]:
    """The report's lines on Iceberg tables."""
    for part in (_whole_tables, _small_table, _changed_rows, _upserts, _composite, _what_is_new, _memory, _compacted):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            yield from part(Path(folder))


def _whole_tables(root: Path) -> list[Row]:
    place = Place(root, Pyiceberg)
    return [*writes(place, SPEED), *reads(place, SPEED)]


def _small_table(root: Path) -> list[Row]:
    """What a read costs where there is little to read, and what a process needs before its first."""
    place = Place(root, Pyiceberg)
    dao, ours, bare = place.dao, place.ours, place.bare
    place.append_parts("ours", table(10_000))
    wanted = "id >= 5000 AND id < 5100"
    firsts = {
        "dao": (FIRST_READ, str(root), "dao"),
        bare.name: (FIRST_READ, str(root), bare.name),
    }
    return [
        compare("read 10,000 rows", lambda: dao.read(ours), lambda: bare.read("ours"), bare.name, SPEED),
        compare(
            "read 100 of 10,000 rows",
            lambda: dao.read(ours, where=wanted),
            lambda: bare.read("ours", where=wanted),
            bare.name,
            SPEED,
        ),
        line("read 10,000 rows in a new process, imports included", in_new_processes(firsts), bare.name, SPEED),
    ]


FIRST_READ = """
import sys, time
root, who = sys.argv[1:]
start = time.perf_counter()
if who == "dao":
    from dao import DataAccessObject, DataStore, TableObject
    DataAccessObject().read(TableObject("ours", DataStore("lake", "iceberg", options={"root": root})))
else:
    from pyiceberg.catalog.sql import SqlCatalog
    SqlCatalog("dao", uri=f"sqlite:///{root}/.dao/iceberg.db").load_table("default.ours").scan().to_arrow()
print(time.perf_counter() - start)
"""


def _changed_rows(root: Path) -> list[Row]:
    return deletes(Place(root, Pyiceberg), SPEED)


def _upserts(root: Path) -> list[Row]:
    return upserts(root, Pyiceberg, {"scattered": 5.0, "clustered": 15.0})


def _composite(root: Path) -> list[Row]:
    """Keys of two columns: pyiceberg takes so few of them that DAO's growth is measured by itself."""
    place = Place(root, Pyiceberg)
    data, keys = table(SMALL), ["id", "k"]
    for name in ("ours", "bare"):
        place.append_parts(name, data)

    def scattered(count: int) -> pa.Table:
        return data.take(pa.array(range(0, SMALL, SMALL // count)))

    few = scattered(1_000)
    compared = compare(
        f"upsert 1,000 rows with composite keys into {SMALL:,}",
        lambda: place.dao.upsert(few, place.ours, keys=keys),
        lambda: place.bare.upsert("bare", few, keys),
        Pyiceberg.name,
        SPEED,
    )

    def run(source: pa.Table) -> Callable[[], Any]:
        return lambda: place.dao.upsert(source, place.ours, keys=keys)

    times = interleaved({str(count): run(scattered(count)) for count in COMPOSITE}, ROUNDS)
    each = [times.of(str(count)) / count for count in COMPOSITE]
    told = ", ".join(f"{count:,} in {times.of(str(count)):.3f} s" for count in COMPOSITE)
    grown = each[-1] / each[0]
    what = f"upsert of {COMPOSITE[0]:,} to {COMPOSITE[-1]:,} rows with composite keys into {SMALL:,}: growth per row"
    return [compared, Row(what, f"{grown:.2f}", f"<= {LINEAR}", grown <= LINEAR, told)]


def _what_is_new(root: Path) -> list[Row]:
    place = Place(root, Pyiceberg)
    dao, ours, bare, data = place.dao, place.ours, place.bare, table(HUGE)
    old = HUGE - CHANGED
    place.append_parts("ours", data.slice(0, old))
    since = dao.history(ours)[0].version
    dao.write(data.slice(old), ours, mode="append")
    first = data["id"][old].as_py()

    def naive() -> pa.Table:
        everything = bare.read("ours")
        return everything.filter(pc.greater_equal(everything["id"], first))

    changes = dao.read_changes(ours, since=since)
    exact = changes.select(data.column_names).sort_by("id").equals(data.slice(old))
    what = f"the newest {CHANGED:,} of {HUGE:,} rows: read_changes / read and filter"
    times = interleaved({"dao": lambda: dao.read_changes(ours, since=since), bare.name: naive}, ROUNDS)
    ours_first = FIRST.format(library="pyiceberg.catalog.sql, pyiceberg.io.pyarrow", interface="iceberg")
    firsts = {"dao": (ours_first, str(root), str(since)), bare.name: (FIRST_NAIVE, str(root), str(first))}
    return [
        Row(f"{what}: exact", "yes" if exact else "no", "yes", exact),
        line(what, times, bare.name, 40.0),
        line(f"{what}, first call of a process", in_new_processes(firsts), bare.name, 40.0),
    ]


FIRST_NAIVE = """
import sys, time
import pyarrow, pyiceberg.io.pyarrow
from pyiceberg.catalog.sql import SqlCatalog
root, first = sys.argv[1:]
start = time.perf_counter()
import pyarrow.compute as pc
catalog = SqlCatalog("dao", uri=f"sqlite:///{root}/.dao/iceberg.db")
everything = catalog.load_table("default.ours").scan().to_arrow()
everything.filter(pc.greater_equal(everything["id"], int(first)))
print(time.perf_counter() - start)
"""


def _memory(root: Path) -> list[Row]:
    return memory(Place(root, Pyiceberg))


def _compacted(root: Path) -> list[Row]:
    """Many small appends, and what ``compact`` makes of them."""
    place = Place(root, Pyiceberg)
    dao, ours, bare = place.dao, place.ours, place.bare
    data = table(SMALL)
    step = -(-SMALL // APPENDS)
    seconds = timed(
        lambda: [dao.write(data.slice(begin, step), ours, mode="append") for begin in range(0, SMALL, step)]
    )

    def both(when: str) -> Row:
        files, what = bare.open("ours").inspect.files().num_rows, f"read {SMALL:,} rows {when}"
        found = compare(what, lambda: dao.read(ours), lambda: bare.read("ours"), bare.name, SPEED)
        return Row(found.what, found.found, found.bar, found.holds, f"{files} files; {found.detail}")

    before = both(f"after {APPENDS} appends")
    compacting = timed(lambda: dao.run("compact", ours))
    after = both("after compact")
    same = dao.read(ours).sort_by("id").equals(data)
    return [
        Row(f"{APPENDS} appends of {step:,} rows: each", f"{seconds / APPENDS:.4f} s"),
        before,
        Row(f"compact of {APPENDS} files", f"{compacting:.3f} s", "the same rows", same),
        after,
    ]
