"""A copy of a large Parquet directory between two local stores: how much memory it takes, and how fast it is."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from measuring import PEAK, Row, python
from tables import table

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject

GIB = float(os.environ.get("DAO_BENCH_COPY_GIB", "4"))
CODE = (
    PEAK
    + """
import sys, time
from dao import *
def orders(name):
    return {kind}("orders", DataStore(name, "local", options={{"root": sys.argv[1] + "/" + name}}), format="parquet")
dao = DataAccessObject(registry=DataStoreRegistry())
start = time.perf_counter()
dao.copy(orders("one"), orders("two"), mode="overwrite")
print(peak_mib(), time.perf_counter() - start)
"""
)


def rows() -> list[Row]:
    """The report's lines on copies: as rows (decoded and encoded again) and as files (bytes)."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        size = _fill(Path(folder, "one"))
        return [_copied(folder, "TableObject", size), _copied(folder, "DirectoryObject", size)]


def _fill(place: Path) -> int:
    """Append until the directory holds what was asked for; each part has rows of its own."""
    store = DataStore("one", "local", options={"root": str(place)})
    dao, orders = DataAccessObject(registry=DataStoreRegistry()), TableObject("orders", store, format="parquet")
    part, seed = 0, 0
    while part < GIB * 2**30:
        # Uncompressed and unsorted: the copy has the most bytes to move for the rows there are.
        written = dao.write(table(5_000_000, seed), orders, mode="append", compression="none")
        part, seed = part + (written.bytes or 0), seed + 1
    return part


def _copied(folder: str, kind: str, size: int) -> Row:
    peak, seconds = map(float, python(CODE.format(kind=kind), folder).split())
    shutil.rmtree(Path(folder, "two"))
    return Row(
        f"peak memory of copying {size / 2**30:.1f} GiB as {kind}",
        f"{peak:.0f} MiB",
        "<= 400 MiB",
        peak <= 400,
        f"{seconds:.1f} s, {size / 2**20 / seconds:.0f} MiB/s",
    )
