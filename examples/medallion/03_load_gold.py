"""Gold: delays and cancellations per carrier, per route and per month."""

from __future__ import annotations

import polars as pl
from environment import catalog

from dao import DataAccessObject

LATE_MINUTES = 15

TABLES = {
    "gold.carriers": ["carrier", "airline"],
    "gold.routes": ["origin", "dest"],
    "gold.months": ["year", "month"],
}


def metrics(flights: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """One row for each value of `by`; delays in minutes, shares from 0 to 1 (late: of the flights that departed)."""
    late = pl.col("dep_delay") > LATE_MINUTES
    return (
        flights.group_by(by)
        .agg(
            pl.len().cast(pl.Int64).alias("flights"),
            pl.col("cancelled").sum().cast(pl.Int64).alias("cancelled"),
            pl.col("cancelled").mean().alias("cancelled_share"),
            late.sum().cast(pl.Int64).alias("late"),
            late.mean().alias("late_share"),
            pl.col("dep_delay").mean().alias("mean_dep_delay"),
            pl.col("arr_delay").mean().alias("mean_arr_delay"),
        )
        .sort(by)
    )


def main() -> None:
    """Build every gold table from silver.flights."""
    needed = sorted({"cancelled", "dep_delay", "arr_delay"}.union(*TABLES.values()))
    with DataAccessObject(catalog()) as dao:
        flights = dao.read("silver.flights", columns=needed, into="polars")
        for name, by in TABLES.items():
            print(name, dao.write(metrics(flights, by), name, mode="overwrite"))


if __name__ == "__main__":
    main()
