"""``dao run``: operations by name, and that what deletes only says so unless it is told to."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
OnTerminal = Callable[..., tuple[int, str]]

KEEPER = """
from pathlib import Path

import pyarrow as pa
from dao import WriteResult

class Keeper:
    def run_vacuum(self, data_object, *, older_than="7d", dry_run=True):
        if not dry_run:
            Path("deleted").write_text(older_than)
        return WriteResult(files=3, details={"dry_run": dry_run})
    def run_compact(self, data_object, *, target=1):
        return WriteResult(files=target)
    def run_facts(self, data_object):
        return {"rows": 3, "password": "hunter2"}
    def run_query(self, data_object, *, text):
        return pa.table({"text": [text]})
    def run_nothing(self, data_object): ...
"""


@pytest.fixture(autouse=True)
def place(folder: Path) -> Iterator[Path]:
    (folder / "keeper.py").write_text(KEEPER)
    (folder / "catalog.json").write_text('{"lake": {"interface": "keeper:Keeper", "objects": {"flights": {}}}}')
    yield folder
    sys.modules.pop("keeper", None)


def test_an_operation_and_its_arguments(run: Run) -> None:
    assert run("run", "lake.flights", "compact", "--arg", "target=2").stdout == "WriteResult(2 files, by Keeper)\n"
    assert json.loads(run("run", "lake.flights", "compact", "--json").stdout)["files"] == 1
    assert "takes no 'tarket'" in run("run", "lake.flights", "compact", "--arg", "tarket=2", status=1).stderr
    assert "did you mean 'compact'" in run("run", "lake.flights", "kompact", status=1).stderr


def test_what_deletes_only_says_so_by_default(run: Run, place: Path) -> None:
    for flags in ([], ["--dry-run"]):
        shown = run("run", "lake.flights", "vacuum", *flags).stdout
        assert "dry_run=True" in shown
        assert shown.endswith("nothing was deleted: that takes --no-dry-run\n")
        assert not (place / "deleted").exists()
    shown = run("run", "lake.flights", "vacuum", "--no-dry-run", "--arg", "older_than=1d").stdout
    assert "nothing was deleted" not in shown
    assert (place / "deleted").read_text() == "1d"


def test_an_operation_that_has_no_dry_run_refuses_it(run: Run) -> None:
    assert "'dry_run'" in run("run", "lake.flights", "compact", "--dry-run", status=1).stderr


@pytest.mark.parametrize(("answer", "status"), [("n\n", 1), ("y\n", 0)])
def test_on_a_terminal_it_asks_before_it_deletes(
    on_terminal: OnTerminal, place: Path, answer: str, status: int
) -> None:
    found, shown = on_terminal("run", "lake.flights", "vacuum", "--no-dry-run", answer=answer)
    assert found == status
    assert "vacuum of lake.flights deletes what can't be brought back. Do it? [y/N]" in shown
    assert (place / "deleted").exists() is (status == 0)


def test_whatever_an_operation_gives(run: Run) -> None:
    assert json.loads(run("run", "lake", "facts").stdout) == {"rows": 3, "password": "********"}
    assert run("run", "lake", "query", "--arg", "text=SELECT").stdout.split() == ["text", "string", "SELECT"]
    assert json.loads(run("run", "lake", "query", "--arg", "text=SELECT", "--json").stdout) == [{"text": "SELECT"}]
    assert run("run", "lake", "nothing").stdout == "done\n"
