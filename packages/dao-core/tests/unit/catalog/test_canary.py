"""A secret put into a config in every way there is never comes out but by ``reveal()``."""

from __future__ import annotations

import json
import logging
import pickle
import secrets as random_secrets
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from dao.catalog import Catalog
from dao.errors import DaoError
from dao.options import build, check
from dao.plugins import Plugins
from dao.secrets import Secret, register_scheme


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch, write: Any) -> str:
    word = "canary" + random_secrets.token_hex(8)
    monkeypatch.setenv("DAO_T_CANARY", word)
    register_scheme("test-canary", lambda argument: word)
    write("canary", word + "\n")
    return word


def routes(word: str, folder: Any) -> dict[str, str]:
    return {
        "literal": word,
        "env": "${env:DAO_T_CANARY}",
        "file": f"${{file:{folder}/canary}}",
        "scheme": "${test-canary:name#field}",
        "default": f"${{env:DAO_T_UNSET_X:-{word}}}",
        "inside": "postgres://me:${env:DAO_T_CANARY}@host/db",
    }


def declared(value: str) -> dict[str, Any]:
    return {
        "s": {
            "interface": "bucket",
            "options": {"bucket": "b", "password": value, "credential_text": value},
            "also": [{"interface": "memory", "options": {"password": value}}],
            "properties": {"password": value, "nested": {"token": value}},
            "objects": {
                "x": {"password": value, "nested": [{"api_key": value}]},
                "p_{a}": {"secret": value},
            },
        },
        "old": {
            "interface_class": "Bucket",
            "interface_class_location": "catalog_test_backend",
            "default_configs": {"bucket": "b", "password": value},
            "secondary_interfaces": [{"interface_class": "unheard", "default_configs": {"password": value}}],
        },
    }


def looks(thing: Any) -> Iterator[str]:
    yield from (repr(thing), str(thing), f"{thing}")
    if hasattr(thing, "_repr_html_"):
        yield thing._repr_html_()
    yield repr(getattr(thing, "__dict__", None))
    yield repr([getattr(thing, name, None) for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())])


def everything(catalog: Catalog) -> list[Any]:
    stores = list(catalog.stores.values())
    objects = [catalog["s.x"], catalog["s.p_1"]]
    return [
        catalog,
        catalog.stores,
        catalog._declared,
        *stores,
        *(spec for store in stores for spec in store.specs),
        *(store.objects for store in stores),
        *(store.properties for store in stores),
        *objects,
        *(data_object.properties for data_object in objects),
        *(value for data_object in objects for value in data_object.properties.values()),
        catalog.store("s").interface,
        catalog.search("*"),
    ]


@pytest.mark.parametrize("route", list(routes("", "")))
@pytest.mark.parametrize("suffix", ["dict", "json"])
def test_nothing_shows_or_carries_it(
    canary: str, route: str, suffix: str, tmp_path: Any, plugins: Plugins, write: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    config = declared(routes(canary, tmp_path)[route])
    catalog = Catalog(config if suffix == "dict" else write("c.json", json.dumps(config)), plugins=plugins)
    things = everything(catalog)
    assert canary in catalog.store("s").interface.password.reveal()
    assert canary in catalog.store("s").interface.credential_text.reveal()
    assert canary in catalog["s.x"].password.reveal()
    shown = "\n".join(text for thing in things for text in looks(thing))
    assert canary not in shown
    assert canary not in caplog.text
    for thing in (catalog, *catalog.stores.values(), catalog["s.x"], catalog["s.p_1"], catalog.store("s").interface):
        assert canary.encode() not in pickle.dumps(thing)
    if route == "env":
        there = pickle.loads(pickle.dumps(catalog))
        assert there.store("old").specs[0].options["password"].reveal() == canary
        assert there["s.x"].password.reveal() == canary


def all_text(error: BaseException | None) -> str:
    """Everything that an error, its causes, contexts and frames would show; the frames of these tests aside."""
    text = ""
    while error is not None:
        text += f"{error!r}{error}{vars(error)}{error.args}"
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        text += "".join(str(frame.locals) for frame in shown.stack if "/tests/" not in frame.filename)
        error = error.__cause__ or error.__context__
    return text


def broken(value: str) -> dict[str, dict[str, Any]]:
    """Configs that are wrong where a secret is."""
    bucket = {"interface": "bucket", "options": {"bucket": "b", "password": value}}
    return {
        "wrong name": {**bucket, "options": {"bucket": "b", "passwrod": value}},
        "wrong place": {**bucket, "options": {"bucket": "b", "password": {"value": value}}},
        "in a list": {**bucket, "options": {"bucket": "b", "password": [value]}},
        "another fault": {**bucket, "optoins": {}, "objects": {"x": {"type": "tabel", "token": value}}},
        "wrong record": {**bucket, "options": {"bucket": "b", "password": value, "retry": {"password": value}}},
        "not closed": {**bucket, "options": {"bucket": "b", "password": value + "${env:A"}},
        "nested": {**bucket, "options": {"bucket": "b", "password": "${env:A:-${" + value + "}}"}},
        "no scheme": {**bucket, "options": {"bucket": "b", "password": "${" + value + "}"}},
        "as a number": {"interface": "bucket", "options": {"bucket": "b", "port": f"${{env:X:-{value}}}", "secure": 1}},
        "in an address": {"interface": "bucket", "options": {"bucket": "b", "port": f"postgres://me:{value}@host"}},
    }


@pytest.mark.parametrize("case", list(broken("")))
def test_no_error_tells_it(canary: str, case: str, plugins: Plugins, write: Any) -> None:
    for source in ({"s": broken(canary)[case]}, write("c.json", json.dumps({"s": broken(canary)[case]}))):
        with pytest.raises(DaoError) as caught:
            Catalog(source, plugins=plugins)
        assert canary not in all_text(caught.value)
        assert canary.encode() not in pickle.dumps(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.yaml", "password: *{0}"),
        ("c.yaml", "password: !{0} x"),
        ("c.yaml", 'password: "{0}\\q"'),
        ("c.yaml", "password: '{0}"),
        ("c.yaml", "password: {{{0}: "),
        ("c.yaml", "password: {0}\x07"),
        ("c.yaml", "password: {0}\n  b: {0}"),
        ("c.json", '{{"password": "{0}'),
        ("c.json", '{{"password": "{0}" "x"'),
        ("c.toml", 'password = "{0}'),
        ("c.toml", "password = {0}"),
    ],
)
def test_no_syntax_error_tells_it(canary: str, name: str, text: str, plugins: Plugins, write: Any) -> None:
    path = write(name, text.format(canary))
    with pytest.raises(DaoError) as caught:
        Catalog(path, plugins=plugins)
    error = caught.value
    assert canary not in f"{error}{error!r}{vars(error)}{error.__cause__!r}{error.__context__!r}"
    assert canary not in "".join(traceback.format_exception(error))


def test_no_error_on_use_tells_it(canary: str, plugins: Plugins, backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"bucket": "b", "port": "${env:DAO_T_CANARY}", "password": canary}
    catalog = Catalog({"s": {"interface": "bucket", "options": options}}, plugins=plugins)
    with pytest.raises(DaoError, match=r"found str '\$\{env:DAO_T_CANARY\}'") as caught:
        catalog.store("s").interface  # noqa: B018
    assert canary not in "".join(traceback.format_exception(caught.value))
    assert canary not in f"{caught.value.__cause__!r}{caught.value.__context__!r}"
    assert str(check(backend.Bucket, {"bucket": Secret(canary), "port": Secret(canary)})).count(canary) == 0
    assert build(backend.Plain, {"password": Secret(canary)}).password == canary
