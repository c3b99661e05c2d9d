"""Options that are places: relative to the file that says them, and refused where they are none."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import attrs
import pytest

from dao import ConfigError, DataAccessObject, DataStore
from dao.catalog import Catalog
from dao.options import Folder, check
from dao.plugins import Plugins
from dao_files import LocalInterface


@attrs.frozen
class Volume:
    path: Path
    label: str = ""


@attrs.frozen
class Places:
    folder: Folder | None = None
    file: Path | None = None
    several: list[Path] = attrs.field(factory=list)
    named: dict[str, Path] = attrs.field(factory=dict)
    volumes: tuple[Volume, ...] = ()
    text: str = ""

    def read(self, data_object: Any) -> None: ...


@pytest.fixture(autouse=True)
def module(backend: Any) -> None:
    backend.Places = Places


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: none that a catalog's file is in."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def places(options: dict[str, Any]) -> dict[str, Any]:
    return {"s": {"interface": "catalog_test_backend:Places", "options": options}}


@pytest.mark.parametrize("suffix", ["json", "yaml", "toml"])
def test_a_relative_place_starts_at_the_file_that_says_it(
    suffix: str, write: Any, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, plugins: Plugins
) -> None:
    monkeypatch.setenv("DAO_T_PLACE", "by/env")
    options: dict[str, Any] = {
        "folder": "./lake",
        "file": "${env:DAO_T_PLACE}/x",
        "several": ["../a", "/abs/b", "~/c"],
        "named": {"k": "d"},
        "volumes": [{"path": "./v", "label": "./no place"}],
        "text": "./no place",
    }
    text = json.dumps(places(options)) if suffix != "toml" else __import__("tomli_w").dumps(places(options))
    base = write(f"proj/conf/c.{suffix}", text)
    here = tmp_path / "proj/conf"
    for given in (base, os.path.relpath(base), str(base)):
        catalog = Catalog(given, plugins=plugins)
        store = catalog.store("s")
        monkeypatch.chdir(tmp_path)  # where the store is used makes no difference, nor where it is unpickled
        for made in (store.interface, pickle.loads(pickle.dumps(catalog)).store("s").interface):
            assert made == Places(
                folder=str(here / "lake"),
                file=here / "by/env/x",
                several=[tmp_path / "proj/a", Path("/abs/b"), Path.home() / "c"],
                named={"k": here / "d"},
                volumes=(Volume(here / "v", "./no place"),),
                text="./no place",
            )
        monkeypatch.chdir(elsewhere)


def test_each_overlay_says_its_own(write: Any, tmp_path: Path, elsewhere: Path, plugins: Plugins) -> None:
    base = write("a/base.json", json.dumps(places({"folder": "x", "file": "y", "named": {"one": "1", "two": "2"}})))
    over = write("b/over.json", json.dumps({"s": {"default_configs": {"file": "y", "named": {"two": "2"}}}}))
    made = Catalog(base, over, {"s": {"options": {"named": {"three": "3"}}}}, plugins=plugins).store("s").interface
    assert made == Places(
        folder=str(tmp_path / "a/x"),
        file=tmp_path / "b/y",
        named={"one": tmp_path / "a/1", "two": tmp_path / "b/2", "three": elsewhere / "3"},
    )


def test_companions_and_the_older_spelling_too(write: Any, tmp_path: Path, elsewhere: Path, plugins: Plugins) -> None:
    store = {
        "interface_class": "Places",
        "interface_class_location": "catalog_test_backend",
        "default_configs": {"folder": "x"},
        "also": ["catalog_test_backend:Places", {"interface": "catalog_test_backend:Places", "options": {"file": "y"}}],
    }
    made = Catalog(write("a/c.json", json.dumps({"s": store})), plugins=plugins).store("s")
    assert [made.built(0).folder, made.built(1).folder] == [str(tmp_path / "a/x")] * 2
    assert made.built(2).file == tmp_path / "a/y"


def test_in_a_mapping_and_in_code_it_starts_where_the_process_was(
    tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = {"l": {"interface": "local", "options": {"root": "lake"}, "properties": {"note": "${file:note}"}}}
    (elsewhere / "note").write_text("here")
    catalog = DataAccessObject(declared).catalog
    coded = [
        DataStore("l", "local", options={"root": "lake"}),
        DataStore("l", LocalInterface, options={"root": Path("lake")}),
        DataStore("l", "dao_files:LocalInterface", options={"root": "lake"}),
    ]
    again = DataStore("l", "memory")
    again.set_interface_class("local", root="lake")
    monkeypatch.chdir(tmp_path)
    assert catalog.store("l").properties["note"] == "here"
    for store in (catalog.store("l"), *coded, again):
        assert pickle.loads(pickle.dumps(store)).interface.root == store.interface.root == str(elsewhere / "lake")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("s3://key:secret@bucket/x", "a bucket is a store with 'interface: s3' and the options 'bucket' and 'prefix'"),
        ("S3A://bucket", "found a URL (s3a://...)"),
        ("s3:/bucket", "found a URL (s3://...)"),
        ("file:///data/lake", "expected the path alone, without 'file://'"),
        ("https://me:secret@host/x", "a URL needs another interface"),
        ("abfss://c@a.dfs.core.windows.net", "a URL needs another interface"),
        ("$HOME/lake", "write ${env:HOME}"),
        ("$LAKE", "write ${env:LAKE}"),
        ("data/$LAKE/x", "write ${env:LAKE}"),
        ("${LAKE}/x", "write ${env:NAME}"),
        ("~nobody_of_this_name/x", "a user who has no home here"),
        ("", "found an empty text"),
        ("a\ud800b", "found half a character"),
        ("$HOME/${env:X}", "write ${env:HOME}"),
    ],
)
def test_what_is_no_place_is_a_fault_at_load_with_the_right_spelling(text: str, told: str, plugins: Plugins) -> None:
    with pytest.raises(ConfigError) as caught:
        DataAccessObject({"l": {"interface": "local", "options": {"root": text}}})
    (fault,) = caught.value.faults
    assert told in fault.message
    assert fault.path == "l.options.root"
    assert "secret" not in fault.message
    for option in ({"folder": text}, {"several": ["/a", text]}, {"volumes": [{"path": text}]}):
        assert told in str(check(Places, option)[0])


def test_what_looks_like_one_of_those_is_a_place(tmp_path: Path) -> None:
    for name in ("a:b", "a$b", "c:/x", "ünï", "a b"):
        assert LocalInterface(str(tmp_path / name)).root == str(tmp_path / name)
        assert check(LocalInterface, {"root": name}) == []


def test_the_error_says_the_absolute_place(write: Any, tmp_path: Path, elsewhere: Path) -> None:
    declared = {"l": {"interface": "local", "options": {"root": "./lake", "create": False}, "objects": {"f": {}}}}
    dao = DataAccessObject(write("proj/catalog.json", json.dumps(declared)))
    with pytest.raises(Exception, match=str(tmp_path / "proj/lake")):
        dao.write(b"x", "l.f")


def test_references_are_not_looked_at_when_a_catalog_is_loaded() -> None:
    """Validators and converters see no value that is not known yet, nor a secret that would have to be asked for."""

    def refuse(instance: Any, attribute: Any, value: Any) -> None:
        raise ConfigError(f"{attribute.name}: refused")

    @attrs.define
    class Strict:
        region: str = attrs.field(default="", validator=refuse)
        root: str = attrs.field(default="", converter=lambda value: refuse(None, attrs.fields(Strict).root, value))

        def read(self, data_object: Any) -> None: ...

    assert check(Strict, {"region": "${env:NOT_SET_HERE}", "root": "${env:NOT_SET_HERE}/x"}) == []
    assert len(check(Strict, {"region": "x"})) == 1
    assert len(check(Strict, {"root": "y"})) == 1
