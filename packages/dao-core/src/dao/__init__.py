"""DAO: a pipeline says what data it wants, a config says where it lives, DAO decides how to reach it.

>>> from dao import DataAccessObject, DataObject
>>> dao = DataAccessObject({"tmp": {"interface": "memory"}})

``help(dao.hookspecs)`` has the hooks by which plugins see, count and stop what is done; they are given to a
:class:`Plugins`, and see each action as a :class:`Request` and an :class:`Outcome`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao._core.aio import AsyncDataAccessObject
    from dao._core.dao import DataAccessObject
    from dao._derived import DerivedReads
    from dao.capabilities import Capabilities
    from dao.catalog import Catalog
    from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
    from dao.data_store import DataStore, DataStoreRegistry
    from dao.errors import (
        AlreadyExistsError,
        AmbiguousRouteError,
        ConfigError,
        ConflictError,
        DaoError,
        DataError,
        NoRouteError,
        NotFoundError,
        PermissionDeniedError,
        PluginError,
        RoutingError,
        StoreError,
        TransientError,
        UnsupportedError,
    )
    from dao.events import Outcome, Request
    from dao.hookspecs import hookimpl
    from dao.increments import Position
    from dao.interface import InterfaceSpec, register, when
    from dao.plugins import Plugins
    from dao.progress import Progress
    from dao.results import FileInfo, Listing, TableInfo, Version, WriteResult
    from dao.secrets import Secret

_HOMES = {
    "AlreadyExistsError": "dao.errors",
    "AmbiguousRouteError": "dao.errors",
    "AsyncDataAccessObject": "dao._core.aio",
    "Capabilities": "dao.capabilities",
    "Catalog": "dao.catalog",
    "ConfigError": "dao.errors",
    "ConflictError": "dao.errors",
    "DaoError": "dao.errors",
    "DataAccessObject": "dao._core.dao",
    "DataError": "dao.errors",
    "DataObject": "dao.data_object",
    "DataStore": "dao.data_store",
    "DataStoreRegistry": "dao.data_store",
    "DerivedReads": "dao._derived",
    "DirectoryObject": "dao.data_object",
    "FileInfo": "dao.results",
    "FileObject": "dao.data_object",
    "InterfaceSpec": "dao.interface",
    "Listing": "dao.results",
    "NoRouteError": "dao.errors",
    "NotFoundError": "dao.errors",
    "Outcome": "dao.events",
    "PermissionDeniedError": "dao.errors",
    "PluginError": "dao.errors",
    "Plugins": "dao.plugins",
    "Position": "dao.increments",
    "Progress": "dao.progress",
    "Request": "dao.events",
    "RoutingError": "dao.errors",
    "Secret": "dao.secrets",
    "StoreError": "dao.errors",
    "TableInfo": "dao.results",
    "TableObject": "dao.data_object",
    "TransientError": "dao.errors",
    "UnsupportedError": "dao.errors",
    "Version": "dao.results",
    "WriteResult": "dao.results",
    "hookimpl": "dao.hookspecs",
    "register": "dao.interface",
    "when": "dao.interface",
}

__all__ = [
    "AlreadyExistsError",
    "AmbiguousRouteError",
    "AsyncDataAccessObject",
    "Capabilities",
    "Catalog",
    "ConfigError",
    "ConflictError",
    "DaoError",
    "DataAccessObject",
    "DataError",
    "DataObject",
    "DataStore",
    "DataStoreRegistry",
    "DerivedReads",
    "DirectoryObject",
    "FileInfo",
    "FileObject",
    "InterfaceSpec",
    "Listing",
    "NoRouteError",
    "NotFoundError",
    "Outcome",
    "PermissionDeniedError",
    "PluginError",
    "Plugins",
    "Position",
    "Progress",
    "Request",
    "RoutingError",
    "Secret",
    "StoreError",
    "TableInfo",
    "TableObject",
    "TransientError",
    "UnsupportedError",
    "Version",
    "WriteResult",
    "hookimpl",
    "register",
    "when",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
