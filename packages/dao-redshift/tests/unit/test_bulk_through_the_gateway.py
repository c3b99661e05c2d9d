"""COPY and UNLOAD as clients have them: notices, tags, numbers, and what the system views then show."""

from __future__ import annotations

import uuid
from typing import Any

import obstore
import pytest
import redshift_connector
from obstore.store import S3Store

from dao.connections import S3Connection
from dao_redshift._connections.client import close_socket
from dao_redshift.testing import Fault, RedshiftGateway
from dao_redshift.testing._services._s3 import BUCKET


@pytest.fixture
def prefix() -> str:
    return f"{uuid.uuid4().hex}/"


@pytest.fixture
def url(prefix: str) -> str:
    return f"s3://{BUCKET}/{prefix}"


@pytest.fixture
def bucket(storage: S3Connection) -> Any:
    settings: Any = storage.object_store(BUCKET)
    return S3Store(BUCKET, config=settings)


@pytest.fixture
def table(cursor: Any) -> str:
    cursor.execute("CREATE TABLE t (n int, s varchar(20))")
    cursor.execute("INSERT INTO t VALUES (1, 'a'), (2, 'it''s'), (3, NULL)")
    return "t"


def test_out_and_in_again(connection: Any, cursor: Any, table: str, url: str) -> None:
    cursor.execute(f"UNLOAD ('SELECT n, s FROM {table}') TO '{url}' IAM_ROLE default FORMAT AS PARQUET")
    cursor.execute("CREATE TABLE again (n int, s varchar(20))")
    cursor.execute(f"COPY again FROM '{url}' IAM_ROLE default FORMAT AS PARQUET")
    assert cursor.rowcount == -1
    notices = [notice[b"M"].decode() for notice in connection.notices]
    assert notices[-1] == "Load into table 'again' completed, 3 record(s) loaded successfully."
    cursor.execute("SELECT pg_last_copy_count()")
    assert cursor.fetchall() == ([3],)
    cursor.execute("SELECT * FROM again ORDER BY n")
    assert cursor.fetchall() == ([1, "a"], [2, "it's"], [3, None])


def test_a_load_is_a_part_of_the_transaction(connection: Any, cursor: Any, table: str, url: str) -> None:
    connection.commit()
    cursor.execute(f"UNLOAD ('SELECT n, s FROM {table}') TO '{url}' IAM_ROLE default FORMAT AS PARQUET")
    cursor.execute(f"COPY {table} FROM '{url}' IAM_ROLE default FORMAT AS PARQUET")
    connection.rollback()
    cursor.execute(f"SELECT count(*) FROM {table}")
    assert cursor.fetchall() == ([3],)


def test_a_transaction_that_only_reads_can_unload(connection: Any, cursor: Any, table: str, url: str) -> None:
    connection.commit()
    cursor.execute("BEGIN READ ONLY")
    cursor.execute(f"UNLOAD ('SELECT n, s FROM {table}') TO '{url}' IAM_ROLE default FORMAT AS PARQUET")
    cursor.execute("SELECT pg_last_unload_count()")
    assert cursor.fetchall() == ([3],)


def test_each_unload_is_a_query_whatever_is_in_its_text(connection: Any, cursor: Any, table: str, url: str) -> None:
    for part in ("a", "b"):
        unload = (
            f"UNLOAD ('SELECT n, s FROM {table} WHERE s <> \\'pg_class\\'') TO '{url}{part}' IAM_ROLE default PARQUET"
        )
        cursor.execute(unload)
    connection.commit()
    cursor.execute(f"SELECT count(DISTINCT query_id) FROM sys_unload_history WHERE unload_location LIKE '{url}%'")
    assert cursor.fetchall() == ([2],)


def test_load_errors_are_there_after_the_failure(
    connection: Any, cursor: Any, table: str, bucket: Any, prefix: str, url: str
) -> None:
    obstore.put(bucket, f"{prefix}wrong.parquet", b"no parquet at all")
    connection.commit()
    with pytest.raises(redshift_connector.ProgrammingError) as caught:
        cursor.execute(f"COPY {table} FROM '{url}' IAM_ROLE default FORMAT AS PARQUET")
    assert caught.value.args[0]["C"] == "XX000"
    connection.rollback()
    cursor.execute("SELECT trim(filename), err_code FROM stl_load_errors WHERE query = pg_last_query_id()")
    assert cursor.fetchall() == ([f"{url}wrong.parquet", 15007],)
    cursor.execute(f"SELECT count(*) FROM {table}")
    assert cursor.fetchall() == ([3],)


def test_history(connection: Any, cursor: Any, table: str, url: str) -> None:
    cursor.execute(f"UNLOAD ('SELECT n, s FROM {table}') TO '{url}' IAM_ROLE default FORMAT AS PARQUET")
    cursor.execute(f"COPY {table} FROM '{url}' IAM_ROLE default FORMAT AS PARQUET")
    connection.commit()
    cursor.execute(
        "SELECT trim(status), loaded_rows, trim(data_source) FROM sys_load_history WHERE query_id = pg_last_copy_id()"
    )
    assert cursor.fetchall() == (["completed", 3, url],)
    cursor.execute("SELECT trim(query_type), trim(status) FROM sys_query_history WHERE query_id = pg_last_copy_id()")
    assert cursor.fetchall() == (["COPY", "success"],)


@pytest.mark.parametrize("sql", ["COPY {table} FROM '{url}'", "UNLOAD ('SELECT 2 AS n') TO '{url}b'"])
def test_the_connection_is_lost_within_a_load(
    gateway: RedshiftGateway, connection: Any, cursor: Any, url: str, sql: str
) -> None:
    cursor.execute(f"UNLOAD ('SELECT 1 AS n') TO '{url}' IAM_ROLE default FORMAT AS PARQUET")
    cursor.execute("SELECT current_schema()")
    table = f"{cursor.fetchall()[0][0]}.half"
    cursor.execute(f"CREATE TABLE {table} (n int)")
    connection.commit()
    other = redshift_connector.connect(**gateway.connect_arguments)
    other.autocommit = True
    lost = gateway.failing("^(copy|unload)", Fault.LOST_IN_RESULT)
    with lost, pytest.raises(redshift_connector.InterfaceError, match="BrokenPipe"):
        other.cursor().execute(sql.format(table=table, url=url) + " IAM_ROLE default PARQUET")
    close_socket(other)
    cursor.execute(f"SELECT count(*) FROM {table}")
    assert cursor.fetchall() == ([0],)


def test_a_gateway_without_s3_says_so(postgres: str) -> None:
    with RedshiftGateway(postgres) as gateway, redshift_connector.connect(**gateway.connect_arguments) as connection:
        with pytest.raises(redshift_connector.ProgrammingError, match="give RedshiftGateway its storage="):
            connection.cursor().execute("COPY t FROM 's3://bucket/key' IAM_ROLE default PARQUET")
        connection.rollback()


def test_roles_that_the_gateway_does_not_know(postgres: str, storage: S3Connection, cursor: Any, url: str) -> None:
    role = "arn:aws:iam::123456789012:role/load"
    with (
        RedshiftGateway(postgres, storage=storage, roles=[role]) as gateway,
        redshift_connector.connect(**gateway.connect_arguments) as connection,
    ):
        other = connection.cursor()
        other.execute(f"UNLOAD ('SELECT 1 AS n') TO '{url}' IAM_ROLE '{role}' FORMAT AS PARQUET")
        with pytest.raises(redshift_connector.ProgrammingError, match="Access Denied"):
            other.execute(f"UNLOAD ('SELECT 1 AS n') TO '{url}b' IAM_ROLE '{role}2' FORMAT AS PARQUET")
        connection.rollback()
