"""Catalogs whose stores are in memory or in a folder, so that a pipeline can be tested without any service."""

from __future__ import annotations

import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, get_args

from attrs import evolve

from dao._core.dao import DataAccessObject
from dao.data_store import DataStore, DataStoreRegistry
from dao.errors import ConfigError, PluginError
from dao.interface import InterfaceSpec
from dao.options import Folder, option_types
from dao.plugins import Plugins, default_plugins
from dao.testing._likeness import memory_like

__all__ = ["MEMORY", "in_folder", "in_memory"]

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

    Each store refuses what the interface that it stands for declares absent, where that is installed: modes, features,
    operations, types of columns, and NaN. It doesn't do what only that interface does, such as time travel: see
    :func:`in_folder`.

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
    dao = _access(sources, registry, plugins)
    for store in dao.catalog.stores.values():
        _into_memory(store, plugins)
    return dao


def in_folder(
    folder: str | PathLike[str],
    *sources: str | PathLike[str] | Mapping[str, Any],
    registry: DataStoreRegistry | None = None,
    plugins: Plugins | None = None,
) -> DataAccessObject:
    """Make a data access object over a catalog, with its stores in a folder, each by its own interface.

    A store whose interface has an option that is a place on this machine, as ``local``, ``delta``, ``iceberg`` and
    ``sqlite`` have, is at ``folder/name-of-the-store``, and has no other of its options: no bucket, no secret. Each
    other store is in memory, as with :func:`in_memory`.

    Args:
        folder: an empty folder.
        sources: the catalog, as :class:`~dao._core.dao.DataAccessObject` accepts it.
        registry: further stores, which aren't replaced; by default none, so that tests are isolated from each other.
        plugins: the plugins that define the catalog's interfaces and object types.

    Raises:
        ConfigError: the catalog has faults.
        PluginError: an interface isn't installed here.

    >>> import tempfile
    >>> catalog = {"gold": {"interface": "local", "options": {"root": "/data"}, "objects": {"kpi": {"type": "file"}}}}
    >>> with tempfile.TemporaryDirectory() as folder, in_folder(folder, catalog) as dao:
    ...     dao.write(b"42", "gold.kpi").bytes
    2
    """
    dao = _access(sources, registry, plugins)
    for store in dao.catalog.stores.values():
        places = [name for name, kind in option_types(_class_of(store)).items() if _is_place(kind)]
        if len(places) == 1:
            here = {places[0]: os.path.join(os.path.abspath(folder), store.name)}
            _put(store, evolve(store.specs[0], options=here, folders={}))
        else:
            _into_memory(store, plugins)
    return dao


def _access(sources: Any, registry: DataStoreRegistry | None, plugins: Plugins | None) -> DataAccessObject:
    return DataAccessObject(*sources, registry=DataStoreRegistry() if registry is None else registry, plugins=plugins)


def _class_of(store: DataStore) -> type:
    kind = store.classes[0][1]
    assert isinstance(kind, type)  # the primary's error is raised
    return kind


def _is_place(kind: Any) -> bool:
    return kind in (Folder, Path) or any(member in (Folder, Path) for member in get_args(kind))


def _into_memory(store: DataStore, plugins: Plugins | None) -> None:
    try:
        memory = (plugins or default_plugins()).interface_class(MEMORY)
    except (ConfigError, PluginError):  # it is raised where the store is used
        _put(store, InterfaceSpec(MEMORY))
        return
    found = memory_like(store, memory)
    _put(store, InterfaceSpec(MEMORY, None if found is memory else found))


def _put(store: DataStore, spec: InterfaceSpec) -> None:
    """Give a store this interface and no other."""
    store.specs = store.specs[:1]
    store.set_interface_class(spec)
