"""Parquet read and written through DAO, beside bare pyarrow, Polars and Kedro's dataset, on a local folder."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from measuring import PEAK, ROUNDS, Row, Times, interleaved, python
from tables import table

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject

TINY, SMALL, LARGE, PAIRS = 1_000, 1_000_000, 10_000_000, 51
LIKE_DAO = {"compression": "zstd", "compression_level": 3}
"""Bare pyarrow is asked for what DAO writes by default; its own default, Snappy, is measured beside it."""


def rows() -> list[Row]:
    """The report's lines on Parquet."""
    logging.getLogger("kedro").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        report = _one_small_file(Path(folder, "tiny"))
        for size, rounds in ((SMALL, PAIRS), (LARGE, ROUNDS)):
            place = Path(folder, str(size))
            place.mkdir()
            report += _reads(place, size, rounds) + _writes(place, size, rounds)
            report += [_peak(place, "read"), _peak(place, "stream")] if size == LARGE else []
            shutil.rmtree(place)
        return report


def _store(place: Path) -> tuple[DataAccessObject, TableObject]:
    store = DataStore("lake", "local", options={"root": str(place)})
    return DataAccessObject(registry=DataStoreRegistry([store])), TableObject("orders", store, format="parquet")


def _one_small_file(place: Path) -> list[Row]:
    """A table of one file of 1,000 rows: what a call costs beside the work on rows."""
    place.mkdir()
    dao, orders = _store(place)
    dao.write(table(TINY), orders, mode="overwrite")
    (where,) = map(str, (place / "orders").glob("*.parquet"))
    wanted = {"columns": ["id", "price"], "where": "k < 10"}
    full = {"dao": lambda: dao.read(orders), "pyarrow": lambda: pq.read_table(where)}
    some = {
        "dao": lambda: dao.read(orders, **wanted),
        "pyarrow": lambda: pq.read_table(where, columns=["id", "price"], filters=[("k", "<", 10)]),
    }
    return [
        *_lines(f"read {TINY:,} rows", interleaved(full, PAIRS, calls=10), 1.3),
        *_lines(f"read 2 of 8 columns, 1% of {TINY:,} rows", interleaved(some, PAIRS, calls=10), 1.3),
    ]


def _reads(place: Path, size: int, rounds: int) -> list[Row]:
    dao, orders = _store(place)
    dao.write(table(size), orders, mode="overwrite")
    where = str(place / "orders")
    wanted = {"columns": ["id", "price"], "where": "k < 10"}
    full = interleaved(
        {
            "dao": lambda: dao.read(orders),
            "pyarrow": lambda: pq.read_table(where),
            "polars": lambda: pl.read_parquet(f"{where}/*.parquet"),
        },
        rounds,
    )
    some = interleaved(
        {
            "dao": lambda: dao.read(orders, **wanted),
            "pyarrow": lambda: pq.read_table(where, columns=["id", "price"], filters=[("k", "<", 10)]),
            "polars": lambda: (
                pl.scan_parquet(f"{where}/*.parquet").filter(pl.col("k") < 10).select("id", "price").collect()
            ),
        },
        rounds,
    )
    return [
        *_lines(f"read {size:,} rows", full, 1.05),
        *_lines(f"read 2 of 8 columns, 1% of {size:,} rows", some, 1.0),
    ]


def _writes(place: Path, size: int, rounds: int) -> list[Row]:
    dao, orders = _store(place)
    data = table(size)
    frame = pl.from_arrow(data)
    contestants: dict[str, Callable[[], Any]] = {
        "dao": lambda: dao.write(data, orders, mode="overwrite"),
        "pyarrow": lambda: pq.write_table(data, place / "bare.parquet", **LIKE_DAO),
        "pyarrow snappy": lambda: pq.write_table(data, place / "snappy.parquet"),
        "polars": lambda: frame.write_parquet(place / "polars.parquet", **LIKE_DAO),
    }
    return _lines(f"write {size:,} rows", interleaved(contestants, rounds), 1.05)


def _lines(what: str, times: Times, bar: float) -> list[Row]:
    report = []
    for other in list(times.seconds)[1:]:
        ratio = times.ratio("dao", other)
        detail = f"{times.of('dao'):.4f} s beside {times.of(other):.4f} s; ratios {times.spread('dao', other)}"
        is_barred = other == "pyarrow"
        report.append(
            Row(
                f"{what}: DAO / {other}",
                f"{ratio:.2f}",
                f"<= {bar}" if is_barred else "",
                ratio <= bar if is_barred else None,
                detail,
            )
        )
    return report


def _peak(place: Path, how: str) -> Row:
    """Peak memory of a fresh process that reads the large table through DAO, over bare pyarrow doing the same."""
    bare = {
        "read": f"t = pq.read_table({str(place / 'orders')!r})",
        "stream": BARE_STREAM.format(str(place / "orders")),
    }
    ours = {"read": "t = dao.read(orders)", "stream": "for batch in dao.read_stream(orders): pass"}
    prepare = (
        f"{PEAK}\nimport pyarrow.parquet as pq, pyarrow.dataset as ds\nfrom dao import *\n"
        f"lake = DataStore('lake', 'local', options={{'root': {str(place)!r}}})\n"
        "orders = TableObject('orders', lake, format='parquet')\n"
        "dao = DataAccessObject(registry=DataStoreRegistry())\nreset_peak()\n"
    )
    peaks = {
        name: float(python(f"{prepare}{code[how]}\nprint(peak_mib())"))
        for name, code in (("dao", ours), ("bare", bare))
    }
    ratio = peaks["dao"] / peaks["bare"]
    return Row(
        f"peak memory to {how} {LARGE:,} rows: DAO / pyarrow",
        f"{ratio:.2f}",
        "<= 1.05",
        ratio <= 1.05,
        f"{peaks['dao']:.0f} MiB beside {peaks['bare']:.0f} MiB",
    )


BARE_STREAM = "for batch in ds.dataset({!r}).to_batches(): pass"
