"""A catalog of 10,000 objects loads in 0.3 s; the bound here is wider, because test machines are shared."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml

from dao.catalog import Catalog
from dao.core.plugins import Plugins

OBJECTS = 10_000


@pytest.mark.parametrize("form", ["dict", "json", "yaml"])
def test_ten_thousand_objects(form: str, plugins: Plugins, write: Any) -> None:
    objects = {
        f"table_{n}": {
            "type": "table",
            "format": "parquet",
            "prefix": f"area_{n % 50}/t_{n}",
            "partition_by": ["month"],
        }
        for n in range(OBJECTS)
    }
    config: Any = {"lake": {"interface": "memory", "objects": objects}}
    if form != "dict":
        config = write(
            f"c.{form}", json.dumps(config) if form == "json" else yaml.dump(config, Dumper=yaml.CSafeDumper)
        )
    times = []
    for _ in range(3):
        began = time.process_time()
        catalog = Catalog(config, plugins=plugins)
        times.append(time.process_time() - began)
    assert len(catalog) == OBJECTS
    assert catalog["lake.table_9999"].key == "area_49/t_9999"
    assert min(times) < 0.9


def test_a_look_up_does_not_grow_with_the_catalog(plugins: Plugins) -> None:
    def cost(count: int) -> float:
        objects: dict[str, Any] = {f"t{n}": {} for n in range(count)}
        catalog = Catalog({"s": {"interface": "memory", "objects": objects}}, plugins=plugins)
        catalog["s.t5"]
        best = 1.0
        for _ in range(7):
            began = time.perf_counter()
            for _ in range(2_000):
                catalog["s.t5"]
            best = min(best, time.perf_counter() - began)
        return best

    assert cost(OBJECTS) < 5 * cost(10)
