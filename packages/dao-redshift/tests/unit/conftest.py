"""A PostgreSQL from a wheel, and a gateway in front of it, for all tests of a process."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redshift_connector

from dao import DataStore
from dao.connections import S3Connection
from dao_redshift.testing import LocalRedshift, RedshiftGateway
from dao_redshift.testing._local import new_schema
from dao_redshift.testing._services import _postgres, _s3

sys.path.insert(0, str(Path(__file__).parent))  # the helpers beside the tests


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    with _postgres.from_a_wheel() as address:
        yield address


@pytest.fixture(scope="session")
def storage() -> Iterator[S3Connection]:
    """An S3 server with a bucket."""
    with _s3.from_a_wheel() as storage:
        _s3.make_bucket(storage)
        yield storage


@pytest.fixture(scope="session")
def gateway(postgres: str, storage: S3Connection) -> Iterator[RedshiftGateway]:
    """A gateway."""
    with RedshiftGateway(postgres, storage=storage) as gateway:
        yield gateway


@pytest.fixture
def named_services(postgres: str, storage: S3Connection) -> dict[str, str]:
    """The variables by which a local Redshift of another process stands on the services of this one."""
    assert storage.endpoint
    assert storage.access_key_id
    assert storage.secret_access_key
    return {
        "DAO_REDSHIFT_POSTGRES": postgres,
        "DAO_REDSHIFT_S3": storage.endpoint,
        "AWS_ACCESS_KEY_ID": storage.access_key_id.reveal(),
        "AWS_SECRET_ACCESS_KEY": storage.secret_access_key.reveal(),
    }


@pytest.fixture
def connection(gateway: RedshiftGateway) -> Iterator[Any]:
    """A connection of Redshift's own driver, in a schema of its own."""
    schema = f"test_{uuid.uuid4().hex}"
    with redshift_connector.connect(**gateway.connect_arguments) as connection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE SCHEMA {schema}")
        cursor.execute(f"SET search_path TO {schema}, public")
        connection.commit()
        gateway.forget_statements()
        yield connection
        connection.rollback()
        cursor.execute(f"DROP SCHEMA {schema} CASCADE")
        connection.commit()


@pytest.fixture
def cursor(connection: Any) -> Any:
    """A cursor of that connection."""
    return connection.cursor()


@pytest.fixture(scope="session")
def dialect_database(postgres: str) -> str:
    """The address of a database that has the gateway's schema."""
    from local_postgres import create_database

    return create_database(postgres, "dialect")


@pytest.fixture
def client(dialect_database: str) -> Iterator[Any]:
    """A client whose statements are translated on their way to PostgreSQL, in a schema of its own."""
    from local_postgres import client_of

    with client_of(dialect_database, f"test_{uuid.uuid4().hex}") as client:
        yield client


@pytest.fixture(scope="session")
def bulk_database(postgres: str) -> str:
    """The address of a database for loads and unloads."""
    from local_postgres import create_database

    return create_database(postgres, "bulk")


@pytest.fixture
def bulk(bulk_database: str) -> Iterator[Any]:
    """A session of PostgreSQL in a schema of its own, and a bucket in memory."""
    from bulk_session import BulkSession

    session = BulkSession(bulk_database)
    schema = f"bulk_{uuid.uuid4().hex}"
    session.query(f"CREATE SCHEMA {schema}")
    session.query(f"SET search_path TO {schema}")
    yield session
    session.query(f"DROP SCHEMA {schema} CASCADE")
    session.close()


@pytest.fixture
def redshift(gateway: RedshiftGateway, storage: S3Connection) -> Iterator[LocalRedshift]:
    """A local Redshift with an empty schema."""
    with new_schema(gateway, storage) as redshift:
        yield redshift


@pytest.fixture(scope="module")
def shared_redshift(gateway: RedshiftGateway, storage: S3Connection) -> Iterator[LocalRedshift]:
    """A local Redshift with a schema that the tests of a module share."""
    with new_schema(gateway, storage) as redshift:
        yield redshift


@pytest.fixture(params=["insert", "copy"])
def store(shared_redshift: LocalRedshift, request: pytest.FixtureRequest) -> Iterator[DataStore]:
    """A store whose rows go by one of the two ways."""
    values = 0 if request.param == "copy" else 100
    store = DataStore("redshift", "redshift", options={**shared_redshift.options, "bulk_values": values})
    yield store
    store.close()
