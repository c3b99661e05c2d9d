"""Stores in new schemas of a local Redshift."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import redshift_connector
from attrs import evolve

from dao import DataObject, DataStore
from dao.capabilities import capabilities_of
from dao.connections import S3Connection
from dao_redshift import RedshiftInterface
from dao_redshift.testing import RedshiftGateway

__all__ = [
    "DECLARED",
    "LocalInterface",
    "declaring",
    "drop",
    "execute",
    "new_schema",
    "options_of",
    "staged_options",
    "store_of",
]

_LACKED = capabilities_of(RedshiftInterface)


class LocalInterface(RedshiftInterface):
    """The interface as it is to a local Redshift, whose PostgreSQL would cut long names: the gateway refuses them."""

    capabilities = evolve(_LACKED, lacks_types={**_LACKED.lacks_types, "long_names": "PostgreSQL's have 63 bytes"})


def execute(gateway: RedshiftGateway, sql: str) -> list[Any]:
    """Run one statement past DAO; return its rows."""
    connection = redshift_connector.connect(**gateway.connect_arguments)
    try:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


DECLARED: dict[str, list[Any]] = {
    "VARCHAR(3)": ["a", "ab "], "CHAR(3)": ["a", "A"], "NUMERIC(5, 2)": [Decimal("1.50")], "SMALLINT": [2],
    "REAL": [0.5], "VARBYTE(5)": [b"a"], "TIMETZ": ["12:00:00+01"], "INTERVAL DAY TO SECOND": ["1 day"],
}  # fmt: skip
"""Types that others give to columns, each with values that it keeps."""


def declaring(gateway: RedshiftGateway, store: DataStore) -> Callable[[DataObject, str], object]:
    """What makes a table of others in a store's schema: see ``dao.testing.Backend.declare``."""
    schema = store.interface.schema_name
    return lambda table, declared: execute(gateway, f"CREATE TABLE {schema}.{table.key} (value {declared})")


def new_schema(gateway: RedshiftGateway) -> str:
    """Make a schema, and give its name back."""
    name = f"test_{uuid.uuid4().hex}"
    execute(gateway, f"CREATE SCHEMA {name}")
    return name


def options_of(gateway: RedshiftGateway, schema: str, **others: Any) -> dict[str, Any]:
    """The options of a store in a schema; ``others`` take the place of these or come beside them."""
    return {
        "host": gateway.host,
        "port": gateway.port,
        "database": gateway.database,
        "user": gateway.user,
        "password": gateway.password,
        "sslmode": "disable",
        "schema": schema,
        **others,
    }


def staged_options(storage: S3Connection, bucket: str) -> dict[str, Any]:
    """The options of a store whose data goes by COPY and comes by UNLOAD, all of it."""
    return {"staging": f"s3://{bucket}/staging", "s3": storage, "bulk_values": 0}


def store_of(gateway: RedshiftGateway, interface: Any = "redshift", *, name: str = "dwh", **others: Any) -> DataStore:
    """A store in a new schema."""
    schema = others.pop("schema", None) or new_schema(gateway)
    return DataStore(name, interface, options=options_of(gateway, schema, **others))


def drop(gateway: RedshiftGateway, *stores: DataStore) -> None:
    """Drop the schemas of stores; a test that failed may still hold a stream, which locks its table."""
    gateway.end_sessions()
    for one in stores:
        one.close()
        execute(gateway, f"DROP SCHEMA {one.interface.schema_name} CASCADE")
