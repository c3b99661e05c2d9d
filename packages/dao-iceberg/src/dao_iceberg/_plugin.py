"""The plugin of dao-iceberg: its interface and object types by name. Loading it imports no driver."""

from __future__ import annotations

from collections.abc import Mapping

from dao.hookspecs import hookimpl
from dao.interface import TableFormat


@hookimpl
def dao_interfaces() -> Mapping[str, str]:
    """The interface by name; its module is imported when it is used."""
    return {"iceberg": "dao_iceberg._interface:IcebergInterface"}


@hookimpl
def dao_object_types() -> Mapping[str, str]:
    """The object types by the name that a catalog's ``type`` calls them."""
    return {"iceberg": "dao_iceberg._objects:IcebergObject", "s3.iceberg": "dao_iceberg._objects:S3IcebergObject"}


@hookimpl
def dao_table_formats() -> Mapping[str, TableFormat]:
    """What reads the tables that a catalog service, such as AWS Glue, has as Iceberg tables."""
    asked = TableFormat(
        "iceberg",
        object_type="iceberg",
        options={"catalog": "glue"},
        by_name=True,
        endpoint="uri",
        account="catalog_id",
    )
    return {"iceberg": asked}
