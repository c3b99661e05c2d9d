"""Delta tables through DAO beside bare deltalake, on a local folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake
from lakes import (
    CHANGED,
    FIRST,
    HUGE,
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
from measuring import ROUNDS, Row, interleaved
from tables import table

SPEED = 0.95
"""Of bare deltalake's speed, at least."""


class Deltalake(Bare):
    """Tables of deltalake."""

    name, interface = "deltalake", "delta"

    def append(self, name: str, data: pa.Table, properties: Mapping[str, str] | None = None) -> None:
        write_deltalake(self._path(name), data, mode="append", configuration=dict(properties or {}))

    def overwrite(self, name: str, data: pa.Table) -> None:
        write_deltalake(self._path(name), data, mode="overwrite")

    def upsert(self, name: str, source: pa.Table, keys: Sequence[str] = ("id",)) -> None:
        condition = " AND ".join(f"t.{key} = s.{key}" for key in keys)
        merged = self.open(name).merge(source, condition, source_alias="s", target_alias="t")
        merged.when_matched_update_all().when_not_matched_insert_all().execute()

    def delete(self, name: str, where: str) -> None:
        self.open(name).delete(where)

    def read(self, name: str, columns: Sequence[str] | None = None, where: str | None = None) -> pa.Table:
        found = self.read_views(name, columns, where)
        plain = pa.schema([one.with_type(_plain(one.type)) for one in found.schema])
        return found.cast(plain)

    def read_views(self, name: str, columns: Sequence[str] | None = None, where: str | None = None) -> pa.Table:
        """Rows as deltalake gives them, texts as views."""
        chosen = None if columns is None else list(columns)
        return pa.RecordBatchReader.from_stream(self.open(name).scan(columns=chosen, predicate=where)).read_all()

    def open(self, name: str) -> DeltaTable:
        """The newest version of a table."""
        return DeltaTable(self._path(name))

    def _path(self, name: str) -> str:
        return str(self.root / name)


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_string_view(kind) else kind


def rows() -> Iterator[Row]:
    """The report's lines on Delta tables."""
    for part in (_whole_tables, _changed_rows, _upserts, _what_is_new, _memory):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            yield from part(Path(folder))


def _whole_tables(root: Path) -> list[Row]:
    place = Place(root, Deltalake)
    report = [*writes(place, SPEED), *reads(place, SPEED)]
    bare = Deltalake(root)
    what = f"read {SMALL:,} rows, which deltalake leaves as string views"
    return [
        *report,
        compare(what, lambda: place.dao.read(place.ours), lambda: bare.read_views("ours"), bare.name),
    ]


def _changed_rows(root: Path) -> list[Row]:
    return deletes(Place(root, Deltalake), SPEED)


def _upserts(root: Path) -> list[Row]:
    return upserts(root, Deltalake, {"scattered": SPEED, "clustered": 3.0})


def _what_is_new(root: Path) -> list[Row]:
    place = Place(root, Deltalake)
    dao, ours, data = place.dao, place.ours, table(HUGE)
    old = HUGE - CHANGED
    place.append_parts("ours", data.slice(0, old))
    since = dao.history(ours)[0].version
    dao.write(data.slice(old), ours, mode="append")
    first = data["id"][old].as_py()
    path = str(root / "ours")

    def naive() -> pa.Table:
        everything = DeltaTable(path).to_pyarrow_table()  # pyarrow 26 can't filter the views of scan()
        return everything.filter(pc.greater_equal(everything["id"], first))

    name = Deltalake.name
    times = interleaved({"dao": lambda: dao.read_changes(ours, since=since), name: naive}, ROUNDS)
    what = f"the newest {CHANGED:,} of {HUGE:,} rows: read_changes / read and filter"
    ours_first = FIRST.format(library="deltalake", interface="delta")
    firsts = {"dao": (ours_first, str(root), str(since)), name: (FIRST_NAIVE, path, str(first))}
    return [
        line(what, times, name, 40.0),
        line(f"{what}, first call of a process", in_new_processes(firsts), name, 40.0),
    ]


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


def _memory(root: Path) -> list[Row]:
    return memory(Place(root, Deltalake))
