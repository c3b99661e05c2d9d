"""``dao new-backend``: what it makes works as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner

from dao._cli.app import dao as command

COMMAND = [sys.executable, "-c", "from dao._cli import main; main()", "new-backend"]


def begin(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=at, capture_output=True, text=True)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, ["new-backend", "my_store", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert sorted(told["files"]) == sorted(
        str(file.relative_to(tmp_path / told["path"])) for file in tmp_path.rglob("*") if file.is_file()
    )
    return tmp_path / told["path"]


def python(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(at / "src")}
    return subprocess.run([sys.executable, *arguments], cwd=at, env=environment, capture_output=True, text=True)


def test_nothing_is_left_to_be_filled_in(made: Path) -> None:
    assert made.name == "dao-my-store"
    texts = [file.read_text("utf-8") for file in made.rglob("*") if file.is_file()]
    assert [text for text in texts if "@name@" in text or "@package@" in text or "@class@" in text] == []
    assert all((made / "src" / "dao_my_store" / f"_{part}.py").is_file() for part in ("plugin", "options", "client"))


def test_its_entry_point_names_its_plugin_and_that_its_interface(made: Path) -> None:
    project = tomllib.loads((made / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"]["dao"] == {"my_store": "dao_my_store._plugin"}
    code = (
        "from dao_my_store._plugin import dao_interfaces; import importlib, sys\n"
        "assert 'pyarrow' not in sys.modules\n"
        "place, name = dao_interfaces()['my_store'].split(':')\n"
        "print(getattr(importlib.import_module(place), name)(space='x').space)"
    )
    done = python("-c", code, at=made)
    assert (done.stdout, done.stderr) == ("x\n", "")


@pytest.mark.slow
@pytest.mark.timeout(600)  # a whole run of the kit
def test_what_it_makes_passes_the_kit(made: Path) -> None:
    installed = any(point.value == "dao.testing._plugin" for point in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "dao.testing._plugin"]
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, at=made)
    assert done.returncode == 0, done.stdout


def test_a_folder_with_something_in_it_is_left_alone(made: Path) -> None:
    done = begin("my_store", at=made.parent)
    assert done.returncode == 1
    assert "not an empty folder" in done.stderr


@pytest.mark.parametrize("name", ["MyStore", "my-store", "1st", "a__b", "../x", ""])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    done = begin(name, at=tmp_path)
    assert done.returncode == 1
    assert "expected lower-case letters" in done.stderr
    assert list(tmp_path.iterdir()) == []
