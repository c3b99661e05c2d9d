"""Catalogs with all stores in memory, so that a pipeline can be tested without any service."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

from dao._core.dao import DataAccessObject
from dao.data_store import DataStoreRegistry
from dao.plugins import Plugins

__all__ = ["MEMORY", "in_memory"]

MEMORY = "memory"
"""The name of the interface that replaces every store's own."""


def in_memory(
    *sources: str | PathLike[str] | Mapping[str, Any],
    registry: DataStoreRegistry | None = None,
    plugins: Plugins | None = None,
) -> DataAccessObject:
    """Make a data access object over a catalog, with an empty store in memory in place of each store.

    Names, objects and properties are those of the catalog. No store of the catalog is accessed, no driver is imported,
    no secret is resolved. Stores aren't shared between calls.

    Args:
        sources: the catalog, as :class:`~dao._core.dao.DataAccessObject` accepts it.
        registry: further stores, which aren't replaced; by default none, so that tests are isolated from each other.
        plugins: the plugins that define the catalog's object types.

    Raises:
        ConfigError: the catalog has faults.

    >>> catalog = {"gold": {"interface": "local", "options": {"root": "/data"}, "objects": {"kpi": {"type": "file"}}}}
    >>> dao = in_memory(catalog)
    >>> dao.write(b"42", "gold.kpi").bytes
    2
    >>> dao.read("gold.kpi", into="bytes")
    b'42'
    """
    own = DataStoreRegistry() if registry is None else registry
    dao = DataAccessObject(*sources, registry=own, plugins=plugins)
    for store in dao.catalog.stores.values():
        store.specs = store.specs[:1]
        store.set_interface_class(MEMORY)
    return dao
