"""A local Redshift for tests: the gateway, on PostgreSQL and on an S3 server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from services.minio import ObjectServer
from services.postgres import PostgresServer

from dao import DataStore
from dao.connections import S3Connection
from dao.secrets import Secret
from dao_redshift.testing import RedshiftGateway


@pytest.fixture(scope="session")
def storage(object_server: ObjectServer) -> S3Connection:
    """How the S3 server is reached."""
    return S3Connection(
        region=object_server.region,
        endpoint=object_server.endpoint,
        access_key_id=Secret(object_server.access_key),
        secret_access_key=Secret(object_server.secret_key),
    )


@pytest.fixture(scope="session")
def gateway(postgres_server: PostgresServer, storage: S3Connection) -> Iterator[RedshiftGateway]:
    """A local Redshift."""
    with RedshiftGateway(postgres_server.url, storage=storage) as gateway:
        yield gateway


@pytest.fixture
def lake(object_server: ObjectServer, bucket: str) -> DataStore:
    """A store of files in the bucket of the staging place."""
    return DataStore(
        "lake",
        "s3",
        options={
            "bucket": bucket,
            "prefix": "lake",
            "region": object_server.region,
            "endpoint": object_server.endpoint,
            "access_key_id": object_server.access_key,
            "secret_access_key": object_server.secret_key,
        },
    )
