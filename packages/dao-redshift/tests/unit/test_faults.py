"""Faults on demand: what is lost when, and what PostgreSQL has then."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redshift_connector

from dao.testing import FaultPlan
from dao_redshift._connections.client import close_socket
from dao_redshift.testing import Fault, RedshiftError, RedshiftGateway

LOST = (redshift_connector.InterfaceError, "BrokenPipe")


@pytest.fixture
def table(gateway: RedshiftGateway) -> Iterator[str]:
    """A table that other connections see, too."""
    name = f"t_{uuid.uuid4().hex}"
    _in_another(gateway, f"CREATE TABLE {name} (n int)")
    yield name
    _in_another(gateway, f"DROP TABLE {name}")


def _in_another(gateway: RedshiftGateway, sql: str) -> Any:
    with redshift_connector.connect(**gateway.connect_arguments) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


@pytest.fixture
def doomed(gateway: RedshiftGateway) -> Iterator[Any]:
    """A connection that a fault is going to hit: it can't be closed well."""
    connection = redshift_connector.connect(**gateway.connect_arguments)
    yield connection
    close_socket(connection)


@pytest.mark.parametrize(("fault", "there"), [(Fault.LOST_BEFORE, 0), (Fault.LOST_AFTER, 1)])
def test_the_connection_is_lost_around_a_commit(
    gateway: RedshiftGateway, doomed: Any, table: str, fault: Fault, there: int
) -> None:
    doomed.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    with gateway.failing("^commit", fault) as rule, pytest.raises(LOST[0], match=LOST[1]):
        doomed.commit()
    assert rule.fired
    assert _in_another(gateway, f"SELECT count(*) FROM {table}") == ([there],)


@pytest.mark.parametrize(("fault", "there"), [(Fault.LOST_BEFORE, 0), (Fault.LOST_AFTER, 1)])
def test_the_connection_is_lost_around_a_statement_by_itself(
    gateway: RedshiftGateway, doomed: Any, table: str, fault: Fault, there: int
) -> None:
    doomed.autocommit = True
    with gateway.failing(f"insert into {table}", fault), pytest.raises(LOST[0], match=LOST[1]):
        doomed.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    assert _in_another(gateway, f"SELECT count(*) FROM {table}") == ([there],)


def test_the_connection_is_lost_within_a_transaction(gateway: RedshiftGateway, doomed: Any, table: str) -> None:
    cursor = doomed.cursor()
    cursor.execute(f"INSERT INTO {table} VALUES (1)")
    with gateway.failing("insert", Fault.LOST_AFTER), pytest.raises(LOST[0], match=LOST[1]):
        cursor.execute(f"INSERT INTO {table} VALUES (2)")
    assert _in_another(gateway, f"SELECT count(*) FROM {table}") == ([0],)


@pytest.mark.parametrize("rows", [1, 10_000])
def test_the_connection_is_lost_in_a_result(gateway: RedshiftGateway, doomed: Any, table: str, rows: int) -> None:
    _in_another(gateway, f"INSERT INTO {table} VALUES {', '.join(['(1)'] * rows)}")
    gateway.forget_statements()
    in_a_row = (redshift_connector.InterfaceError, struct.error)  # the driver reads what there is of a row
    with gateway.failing(table, Fault.LOST_IN_RESULT), pytest.raises(in_a_row):
        doomed.cursor().execute(f"SELECT n FROM {table}")
    assert [sent.outcome for sent in gateway.statements] == ["BEGIN", "lost"]


def test_a_statement_fails(gateway: RedshiftGateway, connection: Any, cursor: Any) -> None:
    error = RedshiftError("Disk Full", "53100", "no blocks left")
    failing = gateway.failing("create table", Fault.FAILED, error=error)
    with failing, pytest.raises(redshift_connector.ProgrammingError) as caught:
        cursor.execute("CREATE TABLE t (n int)")
    assert {letter: caught.value.args[0][letter] for letter in "SCMD"} == {
        "S": "ERROR", "C": "53100", "M": "Disk Full", "D": "no blocks left",
    }  # fmt: skip
    with pytest.raises(redshift_connector.ProgrammingError, match="25P02"):  # PostgreSQL knows of the failure
        cursor.execute("SELECT 1")
    connection.rollback()
    cursor.execute("CREATE TABLE t (n int)")


def test_a_statement_is_delayed_beyond_nothing(gateway: RedshiftGateway, cursor: Any) -> None:
    with gateway.failing("select", Fault.DELAYED, seconds=0.001) as rule:
        cursor.execute("SELECT 1")
    assert (cursor.fetchall(), rule.seen) == (([1],), ["SELECT 1"])


def test_which_of_the_statements(gateway: RedshiftGateway, connection: Any, cursor: Any) -> None:
    connection.rollback()
    connection.autocommit = True
    outcomes = []
    with gateway.failing("^select", Fault.FAILED, at=2) as rule:
        for number in range(4):
            try:
                cursor.execute(f"SELECT {number}")
                outcomes.append("done")
            except redshift_connector.ProgrammingError:
                outcomes.append("failed")
    assert outcomes == ["done", "failed", "done", "done"]
    assert rule.seen == [f"SELECT {number}" for number in range(4)]
    connection.autocommit = False


@pytest.mark.parametrize(("lost", "there"), [(False, 0), (True, 1)])
def test_plans_of_the_kit(gateway: RedshiftGateway, doomed: Any, table: str, lost: bool, there: int) -> None:
    doomed.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    with gateway.under(FaultPlan(at=1, lost=lost)) as plan, pytest.raises(LOST[0], match=LOST[1]):
        doomed.commit()
    assert plan.seen == ["commit"]
    assert _in_another(gateway, f"SELECT count(*) FROM {table}") == ([there],)
