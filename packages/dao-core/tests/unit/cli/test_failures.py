"""What the command says when something goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

CANARY = "canary-5ecret"


@pytest.fixture
def failing(folder: Path, catalog: dict, monkeypatch: pytest.MonkeyPatch):
    def store(fail: str) -> None:
        catalog["bronze"]["options"] = {"password": "${env:SHELF_PASSWORD}", "fail": fail}
        (folder / "catalog.json").write_text(json.dumps(catalog))

    monkeypatch.setenv("SHELF_PASSWORD", CANARY)
    return store


def test_an_error_is_one_message_without_a_traceback(run: Run, catalog: dict) -> None:
    done = run("head", "bronze.flihgts", status=1)
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "did you mean 'flights'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(run: Run, catalog: dict) -> None:
    told = run("--debug", "head", "bronze.flihgts", status=1).stderr
    assert told.startswith("Traceback")
    assert "did you mean 'flights'?" in told


def test_machines_get_json(run: Run, catalog: dict) -> None:
    told = json.loads(run("head", "bronze.flihgts", "--json", status=1).stderr)
    assert told["error"] == "ConfigError"
    assert "flights" in told["message"]


def test_the_command_line_itself_being_wrong_is_2(run: Run) -> None:
    assert "No such command 'stroes'" in run("stroes", status=2).stderr
    assert "Missing argument" in run("head", status=2).stderr


@pytest.mark.parametrize("flags", [(), ("--debug",), ("--json",)])
@pytest.mark.parametrize("fail", ["bug", "refuse"])
def test_no_secret_is_told_whoever_puts_it_into_a_message(run: Run, failing, fail: str, flags: tuple[str, ...]) -> None:
    failing(fail)
    done = run("head", "bronze.flights", *flags, status=1)
    assert CANARY not in done.output
    assert "********" in done.stderr


def test_a_bug_is_called_one(run: Run, failing) -> None:
    failing("bug")
    told = run("head", "bronze.flights", status=1).stderr
    assert told.startswith("error: RuntimeError: login with ********")
    assert "--debug" in told
    assert "Traceback" not in told


def test_all_faults_of_a_catalog_are_told(run: Run, folder: Path) -> None:
    (folder / "catalog.json").write_text('{"a": {"interfaze": "x"}, "b": {"interface": "shelf:Shlf"}}')
    told = run("stores", status=1).stderr
    assert "a.interfaze" in told
    assert "did you mean 'Shelf'?" in told
