"""Loading takes work in proportion to the catalog, and a look-up the same whatever its size: counted, not timed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
import yaml

from dao.catalog import Catalog
from dao.plugins import Plugins

OBJECTS = 2_000


def calls_of(work: Callable[[], object]) -> int:
    """How many functions some work calls, those in C among them."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def declared(count: int) -> dict[str, Any]:
    objects = {
        f"table_{n}": {
            "type": "table",
            "format": "parquet",
            "prefix": f"area_{n % 50}/t_{n}",
            "partition_by": ["month"],
            "owner": f"team {n % 7}",
        }
        for n in range(count)
    }
    return {"lake": {"interface": "memory", "objects": objects}}


@pytest.mark.parametrize(("form", "most_calls"), [("dict", 100), ("json", 100), ("yaml", 250)])
def test_loading_takes_work_in_proportion_to_the_catalog(
    form: str, most_calls: int, plugins: Plugins, write: Any
) -> None:
    def source(count: int) -> Any:
        config = declared(count)
        if form == "dict":
            return config
        text = json.dumps(config) if form == "json" else yaml.dump(config, Dumper=yaml.CSafeDumper)
        return write(f"c{count}.{form}", text)

    def load(config: Any) -> Callable[[], object]:
        return lambda: Catalog(config, plugins=plugins)

    load(source(1))()  # what is done but once
    once, twice = (calls_of(load(source(count))) for count in (OBJECTS, 2 * OBJECTS))
    assert twice < 2.1 * once
    assert once < most_calls * OBJECTS
    catalog = Catalog(source(OBJECTS), plugins=plugins)
    assert len(catalog) == OBJECTS
    assert catalog["lake.table_1999"].key == "area_49/t_1999"


def test_a_look_up_does_not_grow_with_the_catalog(plugins: Plugins) -> None:
    def look_up(count: int) -> int:
        catalog = Catalog(declared(count), plugins=plugins)
        catalog["lake.table_5"]
        return calls_of(lambda: catalog["lake.table_5"]) + calls_of(lambda: catalog["lake.table_6"])

    assert look_up(OBJECTS) == look_up(10)
