"""How long a catalog of 10,000 objects takes to load, validation included."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from measuring import ROUNDS, Row, interleaved

from dao import DataAccessObject, DataStoreRegistry

OBJECTS = 10_000


def config() -> dict[str, Any]:
    """A catalog of 10,000 tables in one local store."""
    declared = {
        f"table_{number}": {"type": "table", "format": "parquet", "prefix": f"area_{number % 50}/table_{number}"}
        for number in range(OBJECTS)
    }
    return {"lake": {"interface": "local", "options": {"root": "."}, "objects": declared}}


def rows() -> list[Row]:
    """The report's lines on catalogs."""
    with tempfile.TemporaryDirectory() as folder:
        as_dict = config()
        as_json, as_yaml = Path(folder, "catalog.json"), Path(folder, "catalog.yaml")
        as_json.write_text(json.dumps(as_dict))
        as_yaml.write_text(yaml.safe_dump(as_dict))
        times = interleaved(
            {
                "dict": lambda: DataAccessObject(as_dict, registry=DataStoreRegistry()),
                "JSON": lambda: DataAccessObject(as_json, registry=DataStoreRegistry()),
                "YAML": lambda: DataAccessObject(as_yaml, registry=DataStoreRegistry()),
                "yaml.CSafeLoader": lambda: yaml.load(as_yaml.read_bytes(), yaml.CSafeLoader),
            },
            rounds=ROUNDS,
        )
    bars = {"dict": 0.3, "JSON": 0.3}
    parser = f"PyYAML's C loader alone takes {times.of('yaml.CSafeLoader'):.2f} s"
    return [
        Row(
            f"catalog of {OBJECTS:,} objects from {name}",
            f"{times.of(name):.3f} s",
            f"<= {bars[name]} s" if name in bars else "",
            times.of(name) <= bars[name] if name in bars else None,
            parser if name == "YAML" else "",
        )
        for name in ("dict", "JSON", "YAML")
    ]
