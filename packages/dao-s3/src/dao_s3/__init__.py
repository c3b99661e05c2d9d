"""DAO on S3. Names are loaded lazily; importing this imports no driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_s3._interface_boto3 import S3Boto3Interface
    from dao_s3._interface_obstore import S3ObstoreInterface
    from dao_s3._objects import S3DirectoryObject, S3FileObject, S3TableObject
    from dao_s3.glue import GlueCatalog

_HOMES = {
    "GlueCatalog": "dao_s3.glue",
    "S3Boto3Interface": "dao_s3._interface_boto3",
    "S3DirectoryObject": "dao_s3._objects",
    "S3FileObject": "dao_s3._objects",
    "S3ObstoreInterface": "dao_s3._interface_obstore",
    "S3TableObject": "dao_s3._objects",
}

__all__ = [
    "GlueCatalog",
    "S3Boto3Interface",
    "S3DirectoryObject",
    "S3FileObject",
    "S3ObstoreInterface",
    "S3TableObject",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
