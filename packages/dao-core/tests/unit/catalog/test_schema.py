"""The shipped JSON Schema is current, and says of a catalog what loading says."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from dao.catalog import Catalog, json_schema
from dao.catalog.schema import SCHEMA_FILE
from dao.core.plugins import Plugins
from dao.errors import ConfigError

SHIPPED = json.loads(SCHEMA_FILE.read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SHIPPED)


def test_the_shipped_schema_is_current() -> None:
    assert json_schema() == SHIPPED, "run: python -m dao.catalog.schema"


def test_it_is_a_schema_and_says_which() -> None:
    jsonschema.Draft202012Validator.check_schema(SHIPPED)
    assert SHIPPED["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SHIPPED["$id"]


VALID: list[dict[str, Any]] = [
    {},
    {"$schema": "./catalog.schema.json"},
    {"s": {"interface": "bucket", "options": {"bucket": "b"}}},
    {"s": {"interface": "memory", "objects": {"x": {"type": "table", "format": "parquet", "partition_by": ["m"], "own": 1}}}},  # noqa: E501
    {"s": {"interface": "memory", "objects": {"x_{y}": {"prefix": "{y}"}}}},
    {"s": {"interface_class": "Bucket", "interface_class_location": "catalog_test_backend", "default_configs": {"bucket": "b"}}},  # noqa: E501
    {"s": {"interface": "memory", "secondary_interfaces": [{"interface_class": "unheard", "default_configs": {}}]}},
    {"s": {"interface": "memory", "also": ["unheard"], "properties": {"a": 1}}},
    {"s": {"interface": "bucket", "options": {"bucket": "${env:X}", "port": "${env:PORT}"}}},
    {"s": {"objects": {}}},
    {"s": None},
    {"s": {"interface": "memory", "objects": {"x": {"type": "file", "format": "csv", "delimiter": ";", "null_values": ["NA"]}}}},  # noqa: E501
]  # fmt: skip
INVALID: list[Any] = [
    [],
    {"a.b": {"interface": "memory"}},
    {" ": {"interface": "memory"}},
    {"s": "memory"},
    {"s": {"interface": 3}},
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
    {"s": {"interface": "memory", "objects": {"x": {"partition_by": "m"}}}},
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


def test_format_options_are_described_and_checked() -> None:
    csv = SHIPPED["$defs"]["format.csv"]["properties"]
    assert "description" in csv["delimiter"]

    def with_options(**options: Any) -> dict[str, Any]:
        return {"s": {"interface": "memory", "objects": {"x": {"format": "csv", **options}}}}

    assert VALIDATOR.is_valid(with_options(skip_rows=1, delimiter="${env:D}"))
    assert VALIDATOR.is_valid(with_options(skip_rows="${env:N}"))
    assert not VALIDATOR.is_valid(with_options(skip_rows="1"))
