"""Silver: one typed table of flights, each with its airline, airports, plane and weather, partitioned by month."""

from __future__ import annotations

import io
import zipfile

import polars as pl
from environment import catalog

from dao import DataAccessObject


def unpacked(archive: bytes) -> bytes:
    """The one file in a zip archive."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        (name,) = opened.namelist()
        return opened.read(name)


def typed_flights(received: pl.DataFrame) -> pl.DataFrame:
    """Flights with a date, a moment of scheduled departure (UTC) and what became of them; each flight once."""
    return received.unique(
        subset=["year", "month", "day", "carrier", "flight", "origin", "dest", "sched_dep_time"],
        keep="first",
        maintain_order=True,
    ).select(
        pl.col("year").cast(pl.Int32),
        pl.col("month").cast(pl.Int32),
        pl.date("year", "month", "day").alias("flight_date"),
        (pl.col("time_hour").cast(pl.Datetime("us", "UTC")) + pl.duration(minutes="minute")).alias(
            "scheduled_departure"
        ),
        pl.col("carrier", "tailnum", "origin", "dest"),
        pl.col("flight", "dep_delay", "arr_delay", "air_time", "distance").cast(pl.Int32),
        pl.col("dep_time").is_null().alias("cancelled"),
        (pl.col("dep_time").is_not_null() & pl.col("air_time").is_null()).alias("diverted"),
        pl.col("time_hour").cast(pl.Datetime("us", "UTC")),
    )


def joined(
    flights: pl.DataFrame, airlines: pl.DataFrame, airports: pl.DataFrame, planes: pl.DataFrame, weather: pl.DataFrame
) -> pl.DataFrame:
    """Every flight stays, whether or not the other tables know its plane, its airports or the weather."""
    airports = airports.select("faa", "name").unique("faa", keep="first", maintain_order=True)
    planes = planes.select(
        "tailnum",
        "manufacturer",
        "model",
        pl.col("seats").cast(pl.Int32),
        pl.col("year").cast(pl.Int32).alias("plane_year"),
    ).unique("tailnum", keep="first", maintain_order=True)
    weather = weather.select(
        "origin",
        pl.col("time_hour").cast(pl.Datetime("us", "UTC")),
        pl.col("temp", "wind_speed", "precip", "visib").cast(pl.Float64),
    ).unique(["origin", "time_hour"], keep="first", maintain_order=True)
    return (
        flights.join(airlines.rename({"name": "airline"}), on="carrier", how="left")
        .join(airports.rename({"faa": "origin", "name": "origin_name"}), on="origin", how="left")
        .join(airports.rename({"faa": "dest", "name": "dest_name"}), on="dest", how="left")
        .join(planes, on="tailnum", how="left")
        .join(weather, on=["origin", "time_hour"], how="left")
        .drop("time_hour")
        .sort("scheduled_departure", "carrier", "flight", "origin")
    )


def main() -> None:
    """Build silver.flights from what bronze holds."""
    with DataAccessObject(catalog()) as dao:
        dao.write(unpacked(dao.read("bronze.flights", into="bytes")), "scratch.flights", mode="overwrite")
        received = dao.read("scratch.flights", into="polars")
        print(f"flights in: {received.height:,}")
        silver = joined(
            typed_flights(received),
            airlines=dao.read("bronze.airlines", into="polars"),
            airports=dao.read("bronze.airports", into="polars"),
            planes=dao.read("bronze.planes", into="polars"),
            weather=dao.read("bronze.weather", into="polars"),
        )
        print("silver.flights", dao.write(silver, "silver.flights", mode="overwrite"))


if __name__ == "__main__":
    main()
