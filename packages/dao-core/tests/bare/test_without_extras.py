"""dao-core with none of its extras: files of bytes work, and what needs more says which extra to install."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import dao
from dao import AlreadyExistsError, DaoError, DataAccessObject, NotFoundError


@pytest.fixture(params=["local", "memory"])
def access(request: pytest.FixtureRequest, tmp_path: Path) -> DataAccessObject:
    """One store of files, in a folder or in memory."""
    options = {"root": str(tmp_path / "store")} if request.param == "local" else {}
    objects = {"notes": {"type": "file", "suffix": ".txt"}, "pets": {"type": "table", "format": "parquet"}}
    return DataAccessObject({"here": {"interface": request.param, "options": options, "objects": objects}})


def test_the_environment_is_bare() -> None:
    for library in ["pyarrow", "pandas", "numpy", "polars", "duckdb", "sqlglot", "yaml", "click", "rich"]:
        assert importlib.util.find_spec(library) is None, f"{library} is installed: this tests nothing"


def test_every_public_name_is_there() -> None:
    for name in dao.__all__:
        assert getattr(dao, name) is not None


def test_bytes_go_in_and_come_out(access: DataAccessObject) -> None:
    access.write(b"first", "here.notes")
    assert access.read("here.notes", into="bytes") == b"first"
    access.write(io.BytesIO(b"second"), "here.notes", mode="overwrite")
    assert access.read("here.notes", into="bytes") == b"second"
    with pytest.raises(AlreadyExistsError):
        access.write(b"third", "here.notes")


def test_files_can_be_looked_for_and_deleted(access: DataAccessObject) -> None:
    assert not access.exists("here.notes")
    access.write(b"text", "here.notes")
    assert access.exists("here.notes")
    access.delete("here.notes")
    assert not access.exists("here.notes")
    with pytest.raises(NotFoundError):
        access.read("here.notes", into="bytes")


def test_a_table_says_which_extra_it_needs(access: DataAccessObject) -> None:
    with pytest.raises(DaoError, match=r"dao-core\[arrow\]"):
        access.write([{"name": "Rex"}], "here.pets")
    with pytest.raises(DaoError, match=r"dao-core\[arrow\]"):
        access.read("here.pets")


def test_json_and_toml_catalogs_need_nothing(tmp_path: Path) -> None:
    content = {"tmp": {"interface": "memory", "objects": {"notes": {"type": "file"}}}}
    (tmp_path / "catalog.json").write_text(json.dumps(content))
    (tmp_path / "catalog.toml").write_text('[tmp]\ninterface = "memory"\nobjects.notes.type = "file"\n')
    for name in ["catalog.json", "catalog.toml"]:
        with DataAccessObject(tmp_path / name) as access:
            access.write(b"x", "tmp.notes")
            assert access.read("tmp.notes", into="bytes") == b"x"


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
