"""A catalog that somebody else wrote: what it may say, and that nothing happens before that is known."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from dao import AsyncDataAccessObject, ConfigError, DataAccessObject, DataError
from dao.catalog import Catalog
from dao.secrets import register_scheme

EVIL = "import pathlib\npathlib.Path('RAN').touch()\n"


def faults(config: Any, **arguments: Any) -> list[str]:
    try:
        DataAccessObject(config, untrusted=True, **arguments)
    except ConfigError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("DAO_T_WORD", "canary")
    (tmp_path / "evil_module.py").write_text(EVIL + "class C:\n    def read(self, data_object): ...\n")
    yield tmp_path
    sys.modules.pop("evil_module", None)


@pytest.mark.parametrize(
    ("store", "path"),
    [
        ({"interface": "evil_module:C"}, "s.interface"),
        ({"interface": "evil_module:C", "options": {"a": 1}}, "s.interface"),
        ({"interface_class": "C", "interface_class_location": "evil_module"}, "s.interface_class_location"),
        ({"interface": "memory", "also": ["evil_module:C"]}, "s.also[0]"),
        ({"interface": "memory", "also": [{"interface": "evil_module:C"}]}, "s.also[0]"),
        (
            {
                "interface": "memory",
                "secondary_interfaces": [{"interface_class": "C", "interface_class_location": "evil_module"}],
            },
            "s.secondary_interfaces[0]",
        ),
        ({"interface": "memory", "also": ["dao_files:LocalInterface"]}, "s.also[0]"),
    ],
)
def test_no_class_is_named_and_nothing_imported(store: dict[str, Any], path: str) -> None:
    told = "an untrusted catalog names no class, only interfaces that an installed plugin registers"
    assert faults({"s": store, "t": {"interface": "memory"}}) == [f"{told} @ {path}"]
    assert "evil_module" not in sys.modules
    assert not os.path.exists("RAN")


def test_what_plugins_register_can_be_used(tmp_path: Path) -> None:
    declared = {
        "m": {"interface": "memory", "objects": {"t": {"type": "table", "format": "parquet"}}},
        "l": {"interface": "local", "options": {"root": "lake"}, "objects": {"f": {"type": "file"}}},
    }
    for kind in (DataAccessObject, AsyncDataAccessObject):
        assert list(kind(declared, untrusted=True).catalog.stores) == ["m", "l"]
    with DataAccessObject(declared, untrusted=True) as dao:
        dao.write(b"x", "l.f")
    assert (tmp_path / "lake/f").read_bytes() == b"x"


REFERENCES = [
    "${env:DAO_T_WORD}",
    "x${env:DAO_T_WORD:-}y",
    "${file:/etc/hostname}",
    "${file:near}",
    "${ask-a-test:x}",
]


@pytest.mark.parametrize("text", REFERENCES)
def test_no_reference_is_looked_up_but_those_allowed(text: str) -> None:
    asked: list[str] = []
    register_scheme("ask-a-test", lambda argument: asked.append(argument) or "x")
    store = {"interface": "memory", "objects": {"x": {}}}
    for config, path in (
        ({"s": {**store, "options": {"lock_timeout": text}}}, "s.options.lock_timeout"),
        ({"s": {**store, "properties": {"a": {"b": [text]}}}}, "s.properties.a.b[0]"),
        ({"s": {**store, "objects": {"x_{n}": {"prefix": text}}}}, "s.objects.x_{n}.prefix"),
        ({"s": {**store, "default_configs": {"a": text}}}, "s.default_configs.a"),
        ({"s": {**store, "also": [{"interface": "memory", "options": {"a": text}}]}}, "s.also[0].options.a"),
        ({"s": store, "connections": {"c": {"a": text}}}, "connections.c.a"),
    ):
        (fault,) = faults(config)
        assert "is not allowed to an untrusted catalog" in fault
        assert fault.endswith(f"@ {path}")
        assert "canary" not in fault
    assert asked == []


def test_those_that_are_allowed_are_looked_up(tmp_path: Path, write: Any) -> None:
    write("near", "from-a-file")
    declared = {"s": {"interface": "memory", "properties": {"a": "${env:DAO_T_WORD}", "b": "${file:near}"}}}
    path = write("c.json", json.dumps(declared))
    allowed = ["env:DAO_T_WORD", f"${{file:{tmp_path}/near}}"]
    for source in (declared, path):
        store = Catalog(source, untrusted=True, allowed_secrets=allowed).store("s")
        assert (store.properties["a"], store.properties["b"]) == ("canary", "from-a-file")
        assert len(faults(source, allowed_secrets=allowed[:1])) == 1
        assert len(faults(source, allowed_secrets=["env:DAO_T_WOR", "env:DAO_T_WORD2", "file:near"])) == 2


@pytest.mark.parametrize(
    ("root", "is_right"),
    [
        ("lake", True),
        (".", True),
        ("a/../lake", True),
        ("..", False),
        ("../c-sibling", False),
        ("/etc", False),
        ("~", False),
        ("~/.ssh", False),
        ("link", False),
        ("link/deeper", False),
        ("${env:DAO_T_WORD}", True),
        ("${env:DAO_T_WORD}/../x", False),
    ],
)
def test_no_place_is_outside_the_folder_of_the_file(root: str, is_right: bool, write: Any, tmp_path: Path) -> None:
    path = write("c/c.json", json.dumps({"l": {"interface": "local", "options": {"root": root}}}))
    (tmp_path / "c/link").symlink_to(tmp_path)
    found = faults(path, allowed_secrets=["env:DAO_T_WORD"])
    told = ["an untrusted catalog has no place outside the folder of its file @ l.options.root"]
    assert found == ([] if is_right else told)


def test_wrong_arguments_are_refused() -> None:
    for arguments, told in (
        ({"allowed_secrets": ["env:X"]}, "allowed_secrets is for untrusted=True"),
        ({"untrusted": 1}, "untrusted: found int"),
        ({"untrusted": True, "allowed_secrets": "env:X"}, "expected a list of texts"),
        ({"untrusted": True, "allowed_secrets": ["X"]}, "found 'X', expected a text such as 'env:API_TOKEN'"),
    ):
        with pytest.raises(DataError, match=told):
            DataAccessObject({"s": {"interface": "memory"}}, **arguments)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="a catalog that is loaded already"):
        DataAccessObject(Catalog({"s": {"interface": "memory"}}), untrusted=True)
