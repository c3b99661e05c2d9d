"""dao-files with no library but those that it asks for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import dao_files
from dao import DataAccessObject


def test_the_environment_is_bare() -> None:
    for library in ["pandas", "numpy", "polars", "duckdb", "yaml", "click", "rich"]:
        assert importlib.util.find_spec(library) is None, f"{library} is installed: this tests nothing"


def test_every_public_name_is_there() -> None:
    for name in dao_files.__all__:
        assert getattr(dao_files, name) is not None


@pytest.mark.parametrize("format", ["parquet", "csv", "json", "ndjson", "avro", "orc", "arrow"])
@pytest.mark.parametrize("interface", ["local", "memory"])
def test_a_table_of_every_format(interface: str, format: str, tmp_path: Path) -> None:
    options = {"root": str(tmp_path)} if interface == "local" else {}
    objects = {"pets": {"type": "table", "format": format, "keys": ["id"]}}
    access = DataAccessObject({"here": {"interface": interface, "options": options, "objects": objects}})
    access.write([{"id": 1, "name": "Rex"}, {"id": 2, "name": "Tom"}], "here.pets")
    access.upsert([{"id": 2, "name": "Kit"}], "here.pets")
    assert access.read("here.pets", where="id > 1", into="pylist") == [{"id": 2, "name": "Kit"}]
