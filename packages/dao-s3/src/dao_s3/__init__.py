"""DAO on S3. Names are loaded when they are first asked for; importing this imports no driver."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dao_s3._interface_boto3 import S3Boto3Interface
    from dao_s3._interface_obstore import S3ObstoreInterface
    from dao_s3._objects import S3DirectoryObject, S3FileObject, S3TableObject
    from dao_s3.glue import GlueCatalog

_HOMES = {
    "GlueCatalog": "glue",
    "S3Boto3Interface": "_interface_boto3",
    "S3DirectoryObject": "_objects",
    "S3FileObject": "_objects",
    "S3ObstoreInterface": "_interface_obstore",
    "S3TableObject": "_objects",
}

__all__ = [
    "GlueCatalog",
    "S3Boto3Interface",
    "S3DirectoryObject",
    "S3FileObject",
    "S3ObstoreInterface",
    "S3TableObject",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
