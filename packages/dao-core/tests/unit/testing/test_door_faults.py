"""The check of doors notices what disagrees."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dao.testing import door_faults

DOOR = """from typing import TYPE_CHECKING
from dao.lazy import door
if TYPE_CHECKING:
    from {typed} import Thing
_HOMES = {{"Thing": "{home}"}}
__all__ = [{names}]
__getattr__, __dir__ = door(__name__, _HOMES)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "doored"
    folder.mkdir()
    (folder / "_thing.py").write_text("class Thing: ...\n")
    (folder / "__init__.py").write_text(DOOR.format(typed="doored._thing", home="doored._thing", names='"Thing"'))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "doored"]:
        del sys.modules[name]


def test_a_door_is_right(package: Path) -> None:
    assert door_faults("doored", ["doored"]) == []


@pytest.mark.parametrize(
    ("typed", "home", "names", "fault"),
    [
        ("doored._thing", "doored._thing", '"Thing", "Other"', "Other: can't be loaded"),
        ("doored._thing", "doored._thing", "", "Thing: is in one of __all__ and _HOMES"),
        ("doored._other", "doored._thing", '"Thing"', "is loaded from doored._thing, and typed from doored._other"),
        ("doored._thing", "doored._thing", '"Thing", "Thing"', "twice"),
    ],
)
def test_a_door_that_disagrees_is_noticed(package: Path, typed: str, home: str, names: str, fault: str) -> None:
    (package / "__init__.py").write_text(DOOR.format(typed=typed, home=home, names=names))
    assert any(fault in found for found in door_faults("doored", ["doored"]))


def test_a_door_without_a_list_of_homes_is_noticed(package: Path) -> None:
    named = DOOR.format(typed="doored._thing", home="doored._thing", names='"Thing"')
    (package / "__init__.py").write_text(named.replace("_HOMES", "_PLACES"))
    fault = "doored: loads names on demand, and has no _HOMES that says from where"
    assert door_faults("doored", ["doored"]) == [fault]


def test_a_module_that_is_public_by_accident_is_noticed(package: Path) -> None:
    (package / "helpers.py").write_text("def help(): ...\n")
    assert door_faults("doored", ["doored", "doored.gone"]) == [
        "doored.helpers: has no underscore in its name, and is not listed as public",
        "doored.gone: is listed as public, and is not there",
    ]
    assert door_faults("doored", ["doored", "doored.helpers"]) == ["doored.helpers: has no __all__"]
