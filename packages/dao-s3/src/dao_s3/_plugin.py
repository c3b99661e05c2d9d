"""The plugin of dao-s3: its interfaces and object types by name. Loading it imports no driver."""

from __future__ import annotations

from collections.abc import Mapping

from dao.hookspecs import hookimpl


@hookimpl
def dao_interfaces() -> Mapping[str, str]:
    """The interfaces by name; their modules are imported when they are used."""
    return {
        "s3": "dao_s3._interface_boto3:S3Boto3Interface",
        "s3.obstore": "dao_s3._interface_obstore:S3ObstoreInterface",
    }


@hookimpl
def dao_object_types() -> Mapping[str, str]:
    """The object types by the name that a catalog's ``type`` calls them."""
    return {
        "s3.file": "dao_s3._objects:S3FileObject",
        "s3.directory": "dao_s3._objects:S3DirectoryObject",
        "s3.table": "dao_s3._objects:S3TableObject",
    }
