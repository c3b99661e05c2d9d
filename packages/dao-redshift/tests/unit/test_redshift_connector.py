"""Redshift's own Python driver through the gateway: what a pipeline does with it, and what it then has."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
import redshift_connector
from redshift_connector.interval import IntervalDayToSecond, IntervalYearToMonth

from dao_redshift._connections.client import close_refused
from dao_redshift.testing import RedshiftGateway, User

VALUES = {
    "smallint": [1, -32768, None],
    "bigint": [9_223_372_036_854_775_807, None],
    "numeric(38, 10)": [Decimal("1234567890123456789012345678.0123456789"), Decimal("-0.0000000001")],
    "double precision": [1.5, float("inf"), -0.0],
    "boolean": [True, False, None],
    "varchar(65535)": ["", "it's \\ a 'text'", "ж漢😀", "x" * 65535],
    "date": [dt.date(1, 1, 1), dt.date(9999, 12, 31)],
    "timestamp": [dt.datetime(1970, 1, 1, 0, 0, 0, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)],
    "timestamptz": [dt.datetime(2026, 7, 1, 12, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))],
    "varbyte(10)": [b"\x00\xff", b"", None],
}


@pytest.mark.parametrize("kind", list(VALUES))
def test_values_come_back(cursor: Any, kind: str) -> None:
    cursor.execute(f"CREATE TABLE t (n int, v {kind})")
    for number, value in enumerate(VALUES[kind]):
        cursor.execute("INSERT INTO t VALUES (%s, %s)", (number, value))
    cursor.execute("SELECT v FROM t ORDER BY n")
    got = [row[0] for row in cursor.fetchall()]
    if kind == "varbyte(10)":
        got = [None if value is None else bytes.fromhex(value) for value in got]
    assert got == VALUES[kind]


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("INTERVAL '1 day'", dt.timedelta(days=1)),
        ("INTERVAL '-1 day 2 hours'", dt.timedelta(hours=-22)),
        ("INTERVAL '3 days 00:00:00.000001'", dt.timedelta(days=3, microseconds=1)),
        ("INTERVAL '2-3' YEAR TO MONTH", 27),
        ("INTERVAL '1 02:03:04.5' DAY TO SECOND", ((24 + 2) * 3600 + 3 * 60 + 4.5) * 1_000_000),
    ],
)
def test_intervals(cursor: Any, sql: str, value: Any) -> None:
    cursor.execute(f"SELECT {sql}")
    ((got,),) = cursor.fetchall()
    if isinstance(got, IntervalYearToMonth):
        got = got.months
    elif isinstance(got, IntervalDayToSecond):
        got = got.microseconds
    assert got == value


def test_intervals_as_parameters(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (m INTERVAL YEAR TO MONTH, s INTERVAL DAY TO SECOND)")
    day = IntervalDayToSecond(90_061_000_001)
    cursor.execute("INSERT INTO t VALUES (%s, %s)", (IntervalYearToMonth(-14), day))
    cursor.execute("SELECT m, s FROM t WHERE s = %s", (day,))
    ((months, seconds),) = cursor.fetchall()
    assert (months.months, seconds.microseconds) == (-14, 90_061_000_001)


def test_a_transaction_is_committed_or_not(gateway: RedshiftGateway, connection: Any, cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (n int)")
    connection.commit()
    cursor.execute("INSERT INTO t VALUES (%s)", (1,))
    connection.rollback()
    cursor.execute("INSERT INTO t VALUES (%s)", (2,))
    connection.commit()
    cursor.execute("SELECT n FROM t")
    assert cursor.fetchall() == ([2],)


def test_many_rows_of_parameters(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (n int, s varchar)")
    cursor.executemany("INSERT INTO t VALUES (%s, %s)", [(n, str(n)) for n in range(300)])
    cursor.execute("SELECT count(*), sum(n) FROM t WHERE s <> %s", ("7",))
    assert cursor.fetchall() == ([299, 300 * 299 // 2 - 7],)


def test_an_error_ends_the_transaction_and_the_session_goes_on(connection: Any, cursor: Any) -> None:
    with pytest.raises(redshift_connector.ProgrammingError) as caught:
        cursor.execute("SELECT * FROM nowhere")
    assert caught.value.args[0]["C"] == "42P01"
    with pytest.raises(redshift_connector.ProgrammingError) as caught:
        cursor.execute("SELECT 1")
    assert caught.value.args[0]["C"] == "25P02"
    connection.rollback()
    cursor.execute("SELECT 1")
    assert cursor.fetchall() == ([1],)


def test_a_wrong_password_is_refused(gateway: RedshiftGateway) -> None:
    with pytest.raises(redshift_connector.InterfaceError, match="password authentication failed for user") as caught:
        redshift_connector.connect(**gateway.connect_arguments | {"password": "another"})
    close_refused(caught.value)
    assert caught.value.args[0]["C"] == "28000"


@pytest.mark.parametrize("wrong", [{"user": "stranger"}, {"database": "elsewhere"}])
def test_strangers_are_refused(gateway: RedshiftGateway, wrong: dict[str, str]) -> None:
    with pytest.raises(redshift_connector.Error) as caught:
        redshift_connector.connect(**gateway.connect_arguments | wrong)
    close_refused(caught.value)


def test_users_may_be_no_superusers(postgres: str) -> None:
    users = {"boss": "Secret-1", "reader": User("Secret-2", superuser=False)}
    with RedshiftGateway(postgres, users=users) as gateway:
        assert gateway.user == "boss"
        assert "Secret" not in repr(users["reader"])
        asking = gateway.connect_arguments | {"user": "reader", "password": "Secret-2"}
        with redshift_connector.connect(**asking) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT current_user")
            assert cursor.fetchall() == (["reader"],)
            with pytest.raises(redshift_connector.ProgrammingError) as caught:
                cursor.execute("CREATE USER another PASSWORD 'Secret-3'")
            assert caught.value.args[0]["C"] in ("42501", "0A000")
            connection.rollback()


def test_statements_need_not_be_kept(postgres: str) -> None:
    with (
        RedshiftGateway(postgres, record=False) as gateway,
        redshift_connector.connect(**gateway.connect_arguments) as connection,
    ):
        connection.cursor().execute("SELECT 1")
        assert gateway.statements == ()


def test_metadata(connection: Any, cursor: Any) -> None:
    cursor.execute("SELECT current_database(), current_schema()")
    ((database, schema),) = cursor.fetchall()
    cursor.execute("CREATE TABLE t (i INT PRIMARY KEY, v VARCHAR(10))")
    connection.commit()
    assert [row[2:4] for row in cursor.get_tables(database, schema, "t")] == [["t", "TABLE"]]
    assert [row[3:6] for row in cursor.get_columns(database, schema, "t")] == [["i", 4, "int4"], ["v", 12, "varchar"]]
    assert [row[3] for row in cursor.get_primary_keys(database, schema, "t")] == ["i"]
    assert [schema, database] in [list(row)[:2] for row in cursor.get_schemas()]


def test_frames(cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (i INT, v VARCHAR(10))")
    frame = pd.DataFrame({"i": [1, 2], "v": ["a", "it's"]})
    cursor.write_dataframe(frame, "t")
    cursor.execute("SELECT * FROM t ORDER BY i")
    assert cursor.fetch_dataframe().to_dict("list") == frame.to_dict("list")


def test_the_server_is_redshift(connection: Any) -> None:
    told = dict(connection.parameter_statuses)
    assert told[b"server_version"] == b"8.0.2"
    assert b"server_protocol_version" not in told


def test_statements_are_taken_down(gateway: RedshiftGateway, connection: Any, cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (s varchar, n int)")
    cursor.execute("INSERT INTO t VALUES (%s, %s)", ("a", 1))
    with pytest.raises(redshift_connector.ProgrammingError):
        cursor.execute("SELECT nothing FROM t")
    connection.rollback()
    seen = [(sent.text, sent.parameters, sent.outcome) for sent in gateway.statements]
    assert seen == [
        ("begin transaction", (), "BEGIN"),
        ("CREATE TABLE t (s varchar, n int)", (), "CREATE TABLE"),
        ("INSERT INTO t VALUES ($1, $2)", ("a", b"\x00\x01"), "INSERT 0 1"),
        ("SELECT nothing FROM t", (), "42703"),
        ("rollback", (), "ROLLBACK"),
    ]
    assert {sent.user for sent in gateway.statements} == {"awsuser"}
