"""The shipped JSON Schema is current, and says of a catalog what loading says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import attrs
import jsonschema
import pytest

from dao.catalog import Catalog, json_schema
from dao.catalog._schema import SCHEMA_FILE
from dao.errors import ConfigError
from dao.hookspecs import hookimpl
from dao.options import Folder, check
from dao.plugins import Plugins
from dao.secrets import Secret
from dao_files import _plugin as files_plugin

SHIPPED = json.loads(SCHEMA_FILE.read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SHIPPED)


def test_the_shipped_schema_is_current() -> None:
    shipped = Plugins(discover=False)
    shipped.register(files_plugin, "files")
    assert json_schema(shipped) == SHIPPED, "run: python tools/catalog_schema.py"


def test_it_is_a_schema_and_says_which() -> None:
    jsonschema.Draft202012Validator.check_schema(SHIPPED)
    assert SHIPPED["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SHIPPED["$id"]


VALID: list[dict[str, Any]] = [
    {},
    {"$schema": "./catalog.schema.json"},
    {"s": {"interface": "bucket", "options": {"bucket": "b"}}},
    {"s": {"interface": "memory", "objects": {"x": {"type": "table", "format": "parquet", "partition_by": ["m"], "own": 1}}}},  # noqa: E501
    {"s": {"interface": "memory", "properties": {"keys": "id"}, "objects": {"x": {"keys": "id", "partition_by": "m"}}}},
    {"s": {"interface": "memory", "objects": {"x_{y}": {"prefix": "{y}"}}}},
    {"s": {"interface_class": "Bucket", "interface_class_location": "catalog_test_backend", "default_configs": {"bucket": "b"}}},  # noqa: E501
    {"s": {"interface": "memory", "secondary_interfaces": [{"interface_class": "unheard", "default_configs": {}}]}},
    {"s": {"interface": "memory", "also": ["unheard"], "properties": {"a": 1}}},
    {"s": {"interface": "bucket", "options": {"bucket": "${env:X}", "port": "${env:PORT}"}}},
    {"s": {"objects": {}}},
    {"s": None},
    {"x-anchors": [1, {"a.b": 2}], "x-a.b": None, "s": {"interface": "memory"}},
    {"connections": None},
    {"connections": {"c": {"bucket": "b"}, "d": {"use": "c", "anything": [1]}}, "s": {"interface": "bucket", "options": {"use": "c"}}},  # noqa: E501
    {"s": {"interface": "memory", "objects": {"x": {"type": "file", "format": "csv", "delimiter": ";", "null_values": ["NA"]}}}},  # noqa: E501
]  # fmt: skip
INVALID: list[Any] = [
    [],
    {"a.b": {"interface": "memory"}},
    {" ": {"interface": "memory"}},
    {"s": "memory"},
    {"s": {"interface": 3}},
    {"connections": []},
    {"connections": {"c": "b"}},
    {"connections": {"c": {"use": 3}}, "s": {"interface": "memory", "options": {"use": "c"}}},
    {"s": {"interface": "memory", "options": {"use": 3}}},
    {"s": {"interface": "memory", "properties": {"key": "k"}}},
    {"s": {"interface": ""}},
    {"s": {"interface": "memory", "optoins": {}}},
    {"s": {"interface": "memory", "options": {}, "default_configs": {}}},
    {"s": {"interface": "memory", "interface_class": "memory"}},
    {"s": {"interface": "memory", "options": []}},
    {"s": {"interface": "memory", "also": "x"}},
    {"s": {"interface": "memory", "also": [3]}},
    {"s": {"interface": "memory", "also": [{"options": {}}]}},
    {"s": {"interface": "memory", "also": [{"interface": "memory", "objects": {}}]}},
    {"s": {"interface": "memory", "objects": []}},
    {"s": {"interface": "memory", "objects": {"x": None}}},
    {"s": {"interface": "memory", "objects": {"": {}}}},
    {"s": {"interface": "memory", "objects": {"x": {"prefix": 3}}}},
    {"s": {"interface": "memory", "objects": {"x": {"partition_by": 5}}}},
    {"s": {"interface": "memory", "objects": {"x": {"keys": ""}}}},
    {"s": {"interface": "memory", "objects": {"x": {"properties": {"a": 1}}}}},
]


@pytest.mark.parametrize("config", VALID, ids=json.dumps)
def test_what_loads_is_valid(config: dict[str, Any], plugins: Plugins) -> None:
    Catalog(config, plugins=plugins)
    assert [error.message for error in VALIDATOR.iter_errors(config)] == []


@pytest.mark.parametrize("config", INVALID, ids=json.dumps)
def test_what_does_not_load_is_not_valid(config: Any, plugins: Plugins, write: Any) -> None:
    with pytest.raises(ConfigError):
        Catalog(write("c.json", json.dumps(config)), plugins=plugins)
    assert not VALIDATOR.is_valid(config)


def test_without_file_formats_it_is_a_schema_too(monkeypatch: pytest.MonkeyPatch) -> None:
    none = Plugins(discover=False)
    monkeypatch.setattr(none, "load_formats", dict)
    jsonschema.Draft202012Validator.check_schema(json_schema(none))


def test_the_options_of_every_interface_that_is_installed(plugins: Plugins) -> None:
    """With what is needed anyway: nothing else is imported to make it."""
    made = json_schema(plugins)
    jsonschema.Draft202012Validator.check_schema(made)
    validator = jsonschema.Draft202012Validator(made)
    assert {name for name in made["$defs"] if name.startswith("interface.")} == {
        "interface.bucket",
        "interface.bucket.spark",
        "interface.memory",
    }
    assert "sheet" in made["$defs"]["object"]["properties"]["type"]["anyOf"][0]["enum"]
    for options, is_right in (
        ({"bucket": "b", "retry": {"attempts": 3}, "password": "${env:X}"}, True),
        ({"bucket": "b", "retry": {"attempts": "${env:N}"}, "secure": "${env:S}"}, True),
        ({"bucket": "b", "retry": {"atempts": 3}}, False),
        ({"bucket": "b", "retry": {"attempts": "3"}}, False),
        ({"bucket": "b", "port": "9000"}, False),
        ({"buckett": "b"}, False),
    ):
        config = {"s": {"interface": "bucket", "options": options}}
        assert validator.is_valid(config) is is_right, options
        assert (not check(plugins.interface_class("bucket"), options)) is is_right, options


@attrs.define
class Every:
    literal: Literal["a", 1] = "a"
    mapped: Mapping[str, int] = attrs.field(factory=dict)
    pair: tuple[str, int] | None = None
    either: int | list[str] = 0
    place: Path | None = None
    folder: Folder | None = None
    secrets: dict[str, Secret] = attrs.field(factory=dict)
    anything: Any = None
    itself: Every | None = None

    def read(self, data_object: Any) -> None: ...


@pytest.mark.parametrize(
    ("options", "is_right"),
    [
        ({"literal": 1, "pair": ["a", 1], "either": ["a"], "place": "x", "secrets": {"a": "b"}}, True),
        ({"literal": "${env:X}", "mapped": {"a": "${env:N}"}, "either": "${env:N}", "pair": ["${env:X}", 1]}, True),
        ({"anything": [1, {"a": None}], "itself": {"literal": "a", "itself": {}}, "folder": "x"}, True),
        ({"literal": "b"}, False),
        ({"mapped": {"a": "b"}}, False),
        ({"pair": ["a"]}, False),
        ({"either": "a"}, False),
        ({"place": 3}, False),
        ({"folder": 3}, False),
        ({"secrets": {"a": 3}}, False),
        ({"itself": {"no_such": 3}}, False),
    ],
)
def test_each_kind_of_option_is_described(options: dict[str, Any], is_right: bool, backend: Any) -> None:
    plugins = Plugins(discover=False)
    backend.Every = Every
    plugin = type("P", (), {"dao_interfaces": hookimpl(lambda self: {"every": f"{backend.__name__}:Every"})})
    plugin.dao_interfaces.__name__ = "dao_interfaces"
    plugins.register(plugin(), "every")
    validator = jsonschema.Draft202012Validator(json_schema(plugins))
    assert validator.is_valid({"s": {"interface": "every", "options": options}}) is is_right
    assert (not check(Every, options)) is is_right


def test_format_options_are_described_and_checked() -> None:
    csv = SHIPPED["$defs"]["format.csv"]["properties"]
    assert "description" in csv["delimiter"]

    def with_options(**options: Any) -> dict[str, Any]:
        return {"s": {"interface": "memory", "objects": {"x": {"format": "csv", **options}}}}

    assert VALIDATOR.is_valid(with_options(skip_rows=1, delimiter="${env:D}"))
    assert VALIDATOR.is_valid(with_options(skip_rows="${env:N}"))
    assert not VALIDATOR.is_valid(with_options(skip_rows="1"))
