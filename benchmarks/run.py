"""Measure everything, or what is named: ``run.py [--quick] [routing predicates parquet s3 ...]``.

Prints one line per figure and writes the same as a table to ``benchmarks/RESULTS.md``. A bar that isn't held is said,
and does not fail the run: what a noisy machine says once is not a verdict. ``--quick`` measures few rounds of little
data and writes nothing: it shows that the benchmarks run.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from datetime import date
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
if QUICK := "--quick" in sys.argv:
    os.environ.update(DAO_BENCH_ROUNDS="2", DAO_BENCH_S3_ROUNDS="2", DAO_BENCH_COPY_GIB="0.1")
    os.environ.update(DAO_BENCH_GROWTH_ROWS="20000,100000", DAO_BENCH_GROWTH_TABLE="20000")
    os.environ.update(DAO_BENCH_GROWTH_VERSIONS="1,20", DAO_BENCH_PEERS_ROWS="20000", DAO_BENCH_LAKE_SCALE="50")
    os.environ.update(DAO_BENCH_REDSHIFT_ROWS="20000")

from measuring import Row  # it reads the environment

PARTS = (
    *("routing", "imports", "catalogs", "predicates", "calls", "parquet", "copying"),
    *("delta", "delta-growth", "delta-peers", "iceberg", "iceberg-growth", "connector", "s3", "redshift"),
)
RESULTS = Path(__file__).with_name("RESULTS.md")


def main(names: Sequence[str]) -> None:
    """Measure these parts, or all."""
    unknown = set(names) - set(PARTS)
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}")
    report: list[tuple[str, Row]] = []
    for name in names or PARTS:
        for row in import_module(name.replace("-", "_")).rows():
            print(f"{_verdict(row):4}  {row.what}: {row.found}  {row.bar}  {row.detail}", flush=True)
            report.append((name, row))
    if not names and not QUICK:
        RESULTS.write_text(_page(report))
        print(f"written to {RESULTS.name}")


def _verdict(row: Row) -> str:
    return "" if row.holds is None else "ok" if row.holds else "MISS"


def _page(report: Sequence[tuple[str, Row]]) -> str:
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("pyarrow", "polars", "kedro", "deltalake", "pyiceberg", "dao-core")
    )
    head = (
        "# Measured\n\n"
        f"{date.today():%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}. Made by `python3 noxfile.py -s bench`; how: `measuring.py`. "
        "Ratios are medians of interleaved rounds; smaller is better for DAO, but where its speed over another's is "
        "told. What can be counted is held by tests too: `test_no_waste.py` of dao-files (files opened, "
        "the log read, threads, calls), `test_combined.py` of dao-s3 (requests of an upsert, of `exists`).\n\n"
        "| part | what | found | bar | holds | detail |\n|---|---|---|---|---|---|\n"
    )
    lines = (f"| {name} | {r.what} | {r.found} | {r.bar} | {_verdict(r)} | {r.detail} |\n" for name, r in report)
    return head + "".join(lines)


if __name__ == "__main__":
    main([name for name in sys.argv[1:] if name != "--quick"])
