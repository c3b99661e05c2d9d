"""dao-core with none of its extras: interfaces of one's own work, and what needs more says which extra to install."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import dao
from dao import DaoError, DataAccessObject, DataObject, DataStore, NotFoundError, PluginError, WriteResult


class Notes:
    """An interface of one's own, which needs nothing: texts as bytes."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def write(self, data: bytes, data_object: DataObject) -> WriteResult:
        self.kept[data_object.key] = data
        return WriteResult(bytes=len(data))

    def read(self, data_object: DataObject) -> bytes:
        if data_object.key not in self.kept:
            raise NotFoundError(f"{data_object.key!r} is not there")
        return self.kept[data_object.key]


def test_the_environment_is_bare() -> None:
    for library in ["pyarrow", "pandas", "numpy", "polars", "duckdb", "sqlglot", "yaml", "click", "rich"]:
        assert importlib.util.find_spec(library) is None, f"{library} is installed: this tests nothing"


def test_every_public_name_is_there() -> None:
    for name in dao.__all__:
        assert getattr(dao, name) is not None


def test_an_interface_of_ones_own_works() -> None:
    store = DataStore("here")
    store.set_interface_class(Notes)
    access, notes = DataAccessObject(), DataObject("notes", store)
    access.write(b"first", notes)
    assert access.read(notes) == b"first"


@pytest.mark.parametrize("interface", ["local", "memory"])
def test_a_store_of_files_says_what_to_install(interface: str) -> None:
    access = DataAccessObject({"here": {"interface": interface, "objects": {"pets": {"type": "table"}}}})
    with pytest.raises(PluginError, match=r"pip install 'dao-core\[files\]'"):
        access.read("here.pets")


def test_json_and_toml_catalogs_need_nothing(tmp_path: Path) -> None:
    content = {"tmp": {"interface": "memory", "objects": {"notes": {"type": "file"}}}}
    (tmp_path / "catalog.json").write_text(json.dumps(content))
    (tmp_path / "catalog.toml").write_text('[tmp]\ninterface = "memory"\nobjects.notes.type = "file"\n')
    for name in ["catalog.json", "catalog.toml"]:
        with DataAccessObject(tmp_path / name) as access:
            assert access.catalog["tmp.notes"].identifier == "notes"


def test_a_yaml_catalog_says_which_extra_it_needs(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text("tmp: {interface: memory}\n")
    with pytest.raises(DaoError, match=r"dao-core\[yaml\]"):
        DataAccessObject(tmp_path / "catalog.yaml")


def test_the_command_says_which_extra_it_needs() -> None:
    (script,) = [entry for entry in importlib.metadata.entry_points(group="console_scripts") if entry.name == "dao"]
    module, function = script.value.split(":")
    done = subprocess.run(
        [sys.executable, "-c", f"from {module} import {function}; {function}()"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "dao-core[cli]" in done.stderr
    assert "Traceback" not in done.stderr
