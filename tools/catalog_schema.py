"""Writes the JSON Schema that dao-core ships: `python tools/catalog_schema.py`. Needs dao-core[files] installed."""

from __future__ import annotations

import json
from typing import Any

from dao.catalog import json_schema
from dao.catalog._schema import SCHEMA_FILE
from dao.plugins import Plugins
from dao_files import _plugin


def shipped_schema() -> dict[str, Any]:
    """The schema as it is shipped: it names what dao-core[files] brings, whatever else is installed."""
    plugins = Plugins(discover=False)
    plugins.register(_plugin, "files")
    return json_schema(plugins)


if __name__ == "__main__":
    SCHEMA_FILE.write_text(json.dumps(shipped_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
