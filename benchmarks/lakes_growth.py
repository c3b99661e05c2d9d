"""What an action on a table costs as the table grows, in rows and in versions, beside the format's bare library.

A figure is DAO's growth over the library's, from the smallest table to the largest: 1 means that both grow alike, more
that DAO does something again for rows or versions that have nothing to do with the action.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from lakes import FILES, Bare, Place
from measuring import ROUNDS, Row, Times, interleaved
from tables import table

SIZES = tuple(int(n) for n in os.environ.get("DAO_BENCH_GROWTH_ROWS", "100000,1000000,5000000").split(","))
VERSIONS = tuple(int(n) for n in os.environ.get("DAO_BENCH_GROWTH_VERSIONS", "1,100,1000").split(","))
ROWS = int(os.environ.get("DAO_BENCH_GROWTH_TABLE", "1000000"))
CHANGED, FEW = 10_000, 1_000
LIMIT = 1.5
"""Of the library's growth, at most: the machines are noisy, and one that grows with another power is far beyond it."""

Contest = Mapping[str, Callable[[], Any]]


class Growth(ABC):
    """The same rows in a table that DAO made and in one that the bare library made.

    Attributes:
        kind: of the library.
        properties: of the tables of which changes are read.
    """

    kind: type[Bare]
    properties: ClassVar[Mapping[str, str]] = {}

    def __init__(self, root: Path, properties: Mapping[str, str]) -> None:
        self.place, self._own = Place(root, self.kind), properties

    @abstractmethod
    def newest(self) -> Callable[[], Any]:
        """Reads what came with the newest version, as the bare library does."""

    def append(self, data: pa.Table) -> None:
        """One more version of both."""
        if self.place.dao.exists(self.place.ours):
            self.place.dao.write(data, self.place.ours, mode="append")
        else:
            self.place.dao.write(data, self.place.ours, properties=dict(self._own))
        self.place.bare.append("bare", data, self._own)

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
        dao, ours = self.place.dao, self.place.ours
        since = dao.history(ours)[0].version
        self.append(few)
        return self._both(lambda: dao.read_changes(ours, since=since), self.newest())

    def _appends(self, few: pa.Table) -> Contest:
        dao, ours = self.place.dao, self.place.ours
        return self._both(lambda: dao.write(few, ours, mode="append"), lambda: self.place.bare.append("bare", few))

    def _upserts(self, source: pa.Table) -> Contest:
        dao, ours = self.place.dao, self.place.ours
        return self._both(lambda: dao.upsert(source, ours, keys=["id"]), lambda: self.place.bare.upsert("bare", source))

    def _deletes(self) -> Contest:
        dao, ours = iter(range(1_000)), iter(range(1_000))
        return self._both(
            lambda: self.place.dao.delete(self.place.ours, where=f"k = {next(dao)}"),
            lambda: self.place.bare.delete("bare", f"k = {next(ours)}"),
        )

    def _reads(self, wanted: str) -> Contest:
        dao, ours, columns = self.place.dao, self.place.ours, ["id", "price"]
        return self._both(
            lambda: dao.read(ours, columns=columns, where=wanted),
            lambda: self.place.bare.read("bare", columns, wanted),
        )

    def _both(self, dao: Callable[[], Any], bare: Callable[[], Any]) -> Contest:
        return {"dao": dao, self.kind.name: bare}


def growths(kind: type[Growth]) -> Iterator[Row]:
    """The report's lines on the growth of tables of a format."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        by_size = [_measured(Path(folder), kind, number, _of_size) for number in SIZES]
        yield from _growths(kind.kind.name, by_size, [f"{number:,}" for number in SIZES], "rows")
        by_version = [_measured(Path(folder), kind, number, _of_versions) for number in VERSIONS]
        yield from _growths(kind.kind.name, by_version, [f"{number:,}" for number in VERSIONS], "versions")


def _few() -> pa.Table:
    return table(CHANGED).set_column(0, "id", pa.array(range(-CHANGED, 0), pa.int64()))


def _of_size(tables: Growth, number: int) -> pa.Table:
    data, step = table(number), number // FILES
    for part in range(FILES):
        tables.append(data.slice(part * step, step))
    return data


def _of_versions(tables: Growth, number: int) -> pa.Table:
    """The same rows always, in so many versions of a file each."""
    data, step = table(ROWS), ROWS // number
    for part in range(number):
        tables.append(data.slice(part * step, step))
    return data


def _measured(
    folder: Path, kind: type[Growth], number: int, make: Callable[[Growth, int], pa.Table]
) -> dict[str, Times]:
    place = folder / "growth"
    place.mkdir()
    try:
        tables = kind(place / "plain", {})
        data = make(tables, number)
        found = {what: interleaved(contest, ROUNDS) for what, contest in tables.actions(data)}
        others = kind(place / "changes", kind.properties)
        make(others, number)
        return found | {"read_changes of the newest version": interleaved(others.changes(_few()), ROUNDS)}
    finally:
        shutil.rmtree(place)


def _growths(name: str, found: list[dict[str, Times]], steps: list[str], of: str) -> Iterator[Row]:
    # The actions' names differ in how many rows a small table has to be scattered over: they go by their order.
    for measured in zip(*(one.items() for one in found), strict=True):
        what, times = measured[-1][0], [one for _, one in measured]
        growth = {one: times[-1].of(one) / times[0].of(one) for one in ("dao", name)}
        ratio = growth["dao"] / growth[name]
        each = "; ".join(f"{one} {', '.join(f'{took.of(one):.4f}' for took in times)} s" for one in growth)
        detail = f"{growth['dao']:.1f} times beside {growth[name]:.1f} times; of {', '.join(steps)}: {each}"
        title = f"{what}, table of {steps[0]} to {steps[-1]} {of}: DAO's growth over {name}'s"
        yield Row(title, f"{ratio:.2f}", f"<= {LIMIT}", ratio <= LIMIT, detail)
