"""Which catalog the command takes: --catalog, else the environment, else the working directory."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from dao import AsyncDataAccessObject, ConfigError, DataAccessObject, DataStoreRegistry

Run = Callable[..., Result]


def names(run: Run, *arguments: str) -> list[str]:
    return [store["name"] for store in json.loads(run(*arguments, "stores", "--json").stdout)]


@pytest.fixture
def files(folder: Path) -> None:
    for name in ["one", "two", "three"]:
        (folder / f"{name}.json").write_text(json.dumps({name: {"interface": "shelf:Shelf"}}))


@pytest.mark.usefixtures("files")
def test_the_option_wins_over_the_environment_and_that_over_the_folder(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "one.json").rename(folder / "catalog.json")
    assert names(run) == ["one"]
    monkeypatch.setenv("DAO_CATALOG", "two.json")
    assert names(run) == ["two"]
    assert names(run, "-c", "three.json") == ["three"]


@pytest.mark.usefixtures("files")
def test_several_are_laid_over_each_other(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert names(run, "-c", "one.json", "--catalog", "two.json") == ["one", "two"]
    monkeypatch.setenv("DAO_CATALOG", os.pathsep.join(["three.json", "", "one.json"]))
    assert names(run) == ["three", "one"]


@pytest.mark.usefixtures("files")
def test_the_option_may_stand_after_the_command(run: Run) -> None:
    found = json.loads(run("--json", "stores", "-c", "two.json").stdout)
    assert [store["name"] for store in found] == ["two"]


@pytest.mark.parametrize("content", ['[tmp]\ninterface = "shelf:Shelf"\n'])
def test_toml_is_found_too(folder: Path, run: Run, content: str) -> None:
    (folder / "catalog.toml").write_text(content)
    assert names(run) == ["tmp"]


def test_none_says_all_three_ways(run: Run) -> None:
    told = run("stores", status=1).stderr
    assert told.startswith("error: ")
    assert "--catalog FILE" in told
    assert "DAO_CATALOG" in told
    assert "catalog.yaml" in told


def test_two_in_the_folder_are_no_guess(folder: Path, run: Run) -> None:
    for name in ["catalog.json", "catalog.toml"]:
        (folder / name).write_text("{}" if name.endswith("json") else "")
    assert "catalog.json and catalog.toml" in run("stores", status=1).stderr


@pytest.mark.usefixtures("files")
def test_a_script_takes_the_same_as_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(ConfigError, match=r"with DataAccessObject\(FILE\) .* DAO_CATALOG, or have a cat"):
        DataAccessObject.from_environment()
    monkeypatch.setenv("DAO_CATALOG", os.pathsep.join(["three.json", "one.json"]))
    registry = DataStoreRegistry()
    for kind in (DataAccessObject, AsyncDataAccessObject):
        found = kind.from_environment(registry=registry)
        assert (type(found), list(found.catalog.stores), found.registry) == (kind, ["three", "one"], registry)
