"""Catalogs whose stores are in memory, so that a pipeline can be tested without any service."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

from dao._core.dao import DataAccessObject
from dao.data_store import DataStoreRegistry
from dao.plugins import Plugins

__all__ = ["MEMORY", "in_memory"]

MEMORY = "memory"
"""The interface that takes the place of every store's own."""


def in_memory(
    *sources: str | PathLike[str] | Mapping[str, Any],
    registry: DataStoreRegistry | None = None,
    plugins: Plugins | None = None,
) -> DataAccessObject:
    """A data access object over a catalog, with every store in memory: names, objects and properties stay.

    No store of the catalog is touched, no driver is imported, and no secret is looked up. Each call gives stores of
    their own, which are empty.

    Args:
        sources: the catalog, as :class:`~dao._core.dao.DataAccessObject` takes it.
        registry: further stores, which stay as they are; by default none, so that tests don't see each other's.
        plugins: where object types come from.

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
