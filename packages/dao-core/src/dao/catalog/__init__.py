"""Catalogs: a project's stores and objects, declared in a mapping or in JSON, YAML and TOML files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dao.catalog._catalog import Catalog, load
from dao.catalog._store_source import StoreSource

if TYPE_CHECKING:
    from dao.catalog._schema import json_schema

__all__ = ["Catalog", "StoreSource", "json_schema", "load"]


def __getattr__(name: str) -> Any:
    if name == "json_schema":  # only who writes the schema anew needs what it needs
        from dao.catalog._schema import json_schema

        return json_schema
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
