"""DAO: a pipeline says what data it wants, a config says where it lives, DAO decides how to reach it.

>>> from dao import DataAccessObject, DataObject
>>> dao = DataAccessObject({"tmp": {"interface": "memory"}})
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.catalog import Catalog
    from dao.core.aio import AsyncDataAccessObject
    from dao.core.dao import DataAccessObject
    from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
    from dao.data_store import DataStore, DataStoreRegistry
    from dao.derived import DerivedReads
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
    from dao.hookspecs import hookimpl
    from dao.interface import InterfaceSpec, register, when
    from dao.progress import Progress
    from dao.results import FileInfo, Listing, Version, WriteResult
    from dao.secrets import Secret

_HOMES = {
    "AlreadyExistsError": "errors",
    "AmbiguousRouteError": "errors",
    "AsyncDataAccessObject": "core.aio",
    "Catalog": "catalog",
    "ConfigError": "errors",
    "ConflictError": "errors",
    "DaoError": "errors",
    "DataAccessObject": "core.dao",
    "DataError": "errors",
    "DataObject": "data_object",
    "DataStore": "data_store",
    "DataStoreRegistry": "data_store",
    "DerivedReads": "derived",
    "DirectoryObject": "data_object",
    "FileInfo": "results",
    "FileObject": "data_object",
    "InterfaceSpec": "interface",
    "Listing": "results",
    "NoRouteError": "errors",
    "NotFoundError": "errors",
    "PermissionDeniedError": "errors",
    "PluginError": "errors",
    "Progress": "progress",
    "RoutingError": "errors",
    "Secret": "secrets",
    "StoreError": "errors",
    "TableObject": "data_object",
    "TransientError": "errors",
    "UnsupportedError": "errors",
    "Version": "results",
    "WriteResult": "results",
    "hookimpl": "hookspecs",
    "register": "interface",
    "when": "interface",
}

__all__ = [
    "AlreadyExistsError",
    "AmbiguousRouteError",
    "AsyncDataAccessObject",
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
    "PermissionDeniedError",
    "PluginError",
    "Progress",
    "RoutingError",
    "Secret",
    "StoreError",
    "TableObject",
    "TransientError",
    "UnsupportedError",
    "Version",
    "WriteResult",
    "hookimpl",
    "register",
    "when",
]

__getattr__, __dir__ = door(__name__, _HOMES)
