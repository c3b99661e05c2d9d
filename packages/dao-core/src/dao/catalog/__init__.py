"""Catalogs: a project's stores and objects, declared in a mapping or in JSON, YAML and TOML files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.catalog._catalog import Catalog, load
    from dao.catalog._schema import json_schema
    from dao.catalog._sources import read_yaml
    from dao.catalog._store_source import StoreSource

_HOMES = {
    "Catalog": "dao.catalog._catalog",
    "StoreSource": "dao.catalog._store_source",
    "json_schema": "dao.catalog._schema",
    "load": "dao.catalog._catalog",
    "read_yaml": "dao.catalog._sources",
}

__all__ = ["Catalog", "StoreSource", "json_schema", "load", "read_yaml"]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
