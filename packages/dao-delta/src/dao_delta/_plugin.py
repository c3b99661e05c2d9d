"""The plugin of dao-delta: its interface and object types by name. Loading it imports no driver."""

from __future__ import annotations

from collections.abc import Mapping

from dao.hookspecs import hookimpl
from dao.interface import TableFormat


@hookimpl
def dao_interfaces() -> Mapping[str, str]:
    """The interface by name; its module is imported when it is used."""
    return {"delta": "dao_delta._interface:DeltaInterface"}


@hookimpl
def dao_object_types() -> Mapping[str, str]:
    """The object types by the name that a catalog's ``type`` calls them."""
    return {"delta": "dao_delta._objects:DeltaObject", "s3.delta": "dao_delta._objects:S3DeltaObject"}


@hookimpl
def dao_table_formats() -> Mapping[str, TableFormat]:
    """What reads the tables that a catalog service, such as AWS Glue, has as Delta tables."""
    return {"delta": TableFormat("delta", object_type="delta")}
