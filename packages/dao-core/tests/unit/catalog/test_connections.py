"""``connections``: what several stores share of their options; and the top-level keys that are the user's own."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import attrs
import pytest

from dao.catalog import Catalog
from dao.errors import ConfigError
from dao.options import Folder
from dao.plugins import Plugins

BASE: dict[str, Any] = {
    "connections": {
        "lake": {"region": "eu", "port": 1, "password": "${env:DAO_T_WORD}", "retry": {"attempts": 9, "wait": 2}},
        "near": {"use": "lake", "port": 2},
    },
    "bronze": {"interface": "bucket", "options": {"use": "lake", "bucket": "b"}},
    "silver": {"interface": "bucket", "options": {"use": "near", "bucket": "s", "retry": {"attempts": 1}}},
}


def faults(plugins: Plugins, *sources: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Catalog(*sources, plugins=plugins)
    return [str(fault) for fault in caught.value.faults]


def test_a_store_takes_in_what_it_does_not_say(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_T_WORD", "canary")
    catalog = Catalog(BASE, plugins=plugins)
    assert list(catalog.stores) == ["bronze", "silver"]
    bronze, silver = (catalog.store(name).interface for name in ("bronze", "silver"))
    assert (bronze.bucket, bronze.region, bronze.port, bronze.retry.attempts) == ("b", "eu", 1, 9)
    # What it says stands for the whole of an option: the other half of a record is not taken in.
    assert (silver.bucket, silver.region, silver.port) == ("s", "eu", 2)
    assert (silver.retry.attempts, silver.retry.wait) == (1, 1.0)
    assert bronze.password.reveal() == "canary"


def test_secrets_of_a_connection_are_kept_like_others(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_T_WORD", "canary-x")
    literal = {**BASE, "connections": {**BASE["connections"], "lake": {"password": "canary-x", "region": "eu"}}}
    for config in (BASE, literal):
        catalog = Catalog(config, plugins=plugins)
        store = catalog.store("silver")
        shown = f"{catalog!r}{store!r}{store.specs!r}{store.interface!r}{store._repr_html_()}"
        assert "canary-x" not in shown
        assert b"canary-x" not in pickle.dumps(catalog) + pickle.dumps(store)
    there = pickle.loads(pickle.dumps(Catalog(BASE, plugins=plugins)))
    assert there.store("silver").specs[0].options["password"].reveal() == "canary-x"
    wrong = {**literal, "bronze": {"interface": "bucket", "options": {"use": "lake", "bucket": "b", "port": "x"}}}
    assert "canary-x" not in "".join(faults(plugins, wrong))


def test_companions_use_them_too(plugins: Plugins) -> None:
    also = ["bucket.spark", {"interface": "bucket.spark", "options": {"use": "more"}}]
    config = {
        "connections": {"lake": {"bucket": "b", "region": "r"}, "more": {"bucket": "other", "cluster": "c"}},
        "s": {"interface_class": "bucket", "default_configs": {"use": "lake"}, "also": also},
    }
    store = Catalog(config, plugins=plugins).store("s")
    assert (store.built(0).region, store.built(1).bucket) == ("r", "b")
    assert (store.built(2).bucket, store.built(2).cluster) == ("other", "c")


def test_overlays_merge_connections(plugins: Plugins) -> None:
    overlay = {"connections": {"lake": {"region": "us", "password": None}, "near": None}, "silver": None}
    catalog = Catalog(BASE, overlay, plugins=plugins)
    made = catalog.store("bronze").interface
    assert (made.region, made.port, made.password) == ("us", 1, None)
    assert faults(plugins, BASE, {"connections": {"near": None}}) == [
        "no connection 'near', known: 'lake' (in dict 1) @ silver.options.use"
    ]
    moved = Catalog(BASE, {"bronze": {"options": {"use": "near"}}}, plugins=plugins)
    assert moved.store("bronze").interface.port == 2


def test_a_relative_place_starts_at_the_connections_file(
    write: Any, tmp_path: Path, plugins: Plugins, backend: Any
) -> None:
    @attrs.define
    class Shelf:
        folder: Folder
        file: Path | None = None

        def read(self, data_object: Any) -> None: ...

    backend.Shelf = Shelf
    base = write("a/c.yaml", "connections: {c: {folder: ./x, file: y}}\n")
    over = write("b/c.yaml", "s: {interface: 'catalog_test_backend:Shelf', options: {use: c, file: y}}\n")
    made = Catalog(base, over, plugins=plugins).store("s").interface
    assert (made.folder, made.file) == (str(tmp_path / "a/x"), tmp_path / "b/y")
    secret = write(
        "a/d.yaml", "connections: {c: {bucket: '${file:./name}'}}\ns: {interface: bucket, options: {use: c}}"
    )
    write("a/name", "from-a-file\n")
    assert Catalog(secret, plugins=plugins).store("s").interface.bucket == "from-a-file"


@pytest.mark.parametrize(
    ("connections", "options", "told"),
    [
        ({"lake": {}}, {"use": "lkae"}, ["no connection 'lkae', did you mean 'lake'? @ s.options.use"]),
        ({}, {"use": "lake"}, ["no connection 'lake', none are known @ s.options.use"]),
        ({"lake": {}}, {"use": ["lake"]}, ["found list, the name of one is expected @ s.options.use"]),
        ({"a": {"use": "b"}, "b": {"use": "a"}}, {"use": "a"}, [
            "the connection 'a' uses itself, by what it uses @ connections.b.use",
            "the connection 'b' uses itself, by what it uses @ connections.a.use",
        ]),
        ({"a": {"use": "a"}}, {}, ["the connection 'a' uses itself, by what it uses @ connections.a.use"]),
        ({"a": {"use": "c"}}, {"use": "a"}, ["no connection 'c', known: 'a' @ connections.a.use"]),
        ({"a": {"port": "x"}}, {"use": "a"}, ["expected int, found str @ connections.a.port"]),
        ({"a": {"prot": 1}}, {"use": "a"}, ["no option 'prot', did you mean 'port'? @ connections.a.prot"]),
        ({"a": {"retry": {"wait": "x"}}}, {"use": "a"}, ["expected float, found str @ connections.a.retry.wait"]),
        ({"a": []}, {}, ["a mapping is expected, found list @ connections.a"]),
        ({3: {}}, {}, ["a connection's name is a str, found int @ connections.3"]),
        ([], {}, ["connections are a mapping of their names to options, found list @ connections"]),
    ],
)  # fmt: skip
def test_faults(plugins: Plugins, connections: Any, options: dict[str, Any], told: list[str]) -> None:
    store = {"interface": "bucket", "options": {"bucket": "b", **options}}
    assert sorted(faults(plugins, {"connections": connections, "s": store})) == told


def test_a_faulty_connection_is_told_once_however_many_use_it(plugins: Plugins) -> None:
    stores = {f"s{n}": {"interface": "bucket", "options": {"use": "a", "bucket": "b"}} for n in range(3)}
    assert faults(plugins, {"connections": {"a": {"port": "x"}}, **stores}) == [
        "expected int, found str @ connections.a.port"
    ]


def test_keys_that_begin_with_x_are_free(write: Any, plugins: Plugins) -> None:
    text = "x-defaults: &d {bucket: shared, a.b: [1]}\nx-: {}\ns: {interface: bucket, options: *d}\n"
    with pytest.raises(ConfigError, match="no option 'a.b'"):
        Catalog(write("c.yaml", text), plugins=plugins)
    catalog = Catalog(write("d.yaml", text.replace(", a.b: [1]", "")), plugins=plugins)
    assert list(catalog.stores) == ["s"]
    assert catalog.store("s").interface.bucket == "shared"
