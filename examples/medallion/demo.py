"""Runs the three scripts, then shows what landed where and draws the gold layer: `python demo.py [CATALOG]`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import polars as pl
from environment import DATA, HERE, catalog
from matplotlib.figure import Figure

from dao import DataAccessObject

SCRIPTS = ["01_ingest_bronze.py", "02_transform_silver.py", "03_load_gold.py"]
BRONZE = ["bronze.flights", "bronze.weather", "bronze.planes", "bronze.airlines", "bronze.airports"]
TABLES = ["silver.flights", "gold.carriers", "gold.routes", "gold.months"]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def run_pipeline() -> None:
    """Run each script as a user would, one process each; with lineage on, each is a job of its name."""
    for script in SCRIPTS:
        print(f"\n== {script}", flush=True)
        environment = {**os.environ, "DAO_LINEAGE_JOB": Path(script).stem}
        subprocess.run([sys.executable, HERE / script, *sys.argv[1:]], check=True, env=environment)


def show_what_landed(dao: DataAccessObject) -> None:
    """Print every object with its size and its place, and what the last step decides before it writes."""
    print("\n== what landed where")
    for name in BRONZE:
        print(f"{name:16} {len(dao.read(name, into='bytes')):>12,} bytes  {place(dao, name)}")
    for name in TABLES:
        print(f"{name:16} {dao.count(name):>12,} rows   {place(dao, name)}")
    gold = dao.read("gold.months")
    print("\n== explain, for the last step")
    print(dao.explain("write", gold, "gold.months", mode="overwrite"))


def place(dao: DataAccessObject, name: str) -> str:
    """Where an object is inside its store, and who reads it there."""
    (step,) = dao.explain("read", name).steps
    return f"at {step.key}, by {step.interface}"


def draw(months: pl.DataFrame, path: Path) -> None:
    """Draw delays and cancellations by month, one above the other."""
    months = months.sort("year", "month")
    labels = [MONTHS[month - 1] for month in months["month"]]
    figure = Figure(figsize=(9, 6), layout="constrained")
    delays, cancellations = figure.subplots(2, 1, sharex=True)
    delays.plot(labels, months["mean_dep_delay"], marker="o", label="departure")
    delays.plot(labels, months["mean_arr_delay"], marker="o", label="arrival")
    delays.axhline(0, color="grey", linewidth=0.8)
    delays.set_ylabel("mean delay, minutes")
    delays.legend(frameon=False)
    cancellations.bar(labels, months["cancelled_share"] * 100, color="tab:red")
    cancellations.set_ylabel("cancelled, % of flights")
    figure.suptitle(f"Flights from New York, {months['year'][0]}: delays and cancellations by month")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without a version stamp inside, so that equal data gives an equal picture.
    figure.savefig(path, dpi=120, metadata={"Software": None})


def main() -> None:
    """Run, show, draw."""
    mpl.use("agg")
    run_pipeline()
    with DataAccessObject(catalog()) as dao:
        show_what_landed(dao)
        chart = DATA / "delays-by-month.png"
        draw(dao.read("gold.months", into="polars"), chart)
    print(f"\nchart: {chart}")


if __name__ == "__main__":
    main()
