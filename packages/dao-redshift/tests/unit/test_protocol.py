"""The message flows of both protocols, as drivers use them and as they may."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from struct import pack
from typing import Any

import pytest
import redshift_connector
from raw_client import RawClient

from dao_redshift._connections.client import close_refused
from dao_redshift.testing import RedshiftGateway
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._address import Address

INT4 = ("?column?", 23, 0)


def _numbers(last: int) -> str:
    """A query for the numbers from 1 on; Redshift has no generate_series that may be relied on, nor pg_sleep."""
    return f"WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {last}) SELECT n FROM r"


ENDLESS = _numbers(2_000_000_000).replace("SELECT n FROM r", "SELECT max(n) FROM r")


@pytest.fixture
def raw(gateway: RedshiftGateway) -> Iterator[RawClient]:
    with RawClient(gateway) as client:
        client.query(f"CREATE SCHEMA s{uuid.uuid4().hex}")
        yield client


@pytest.fixture
def table(raw: RawClient) -> Iterator[str]:
    name = f"t{uuid.uuid4().hex}"
    raw.query(f"CREATE TABLE {name} (n int)")
    yield name
    raw.query(f"ROLLBACK; DROP TABLE {name}")


def test_a_simple_query_of_several_statements(raw: RawClient) -> None:
    assert raw.query("SELECT 1; SELECT 2 AS b -- ;\n;; SELECT ';'") == [
        ("T", (INT4,)),
        ("D", (b"1",)),
        ("C", "SELECT"),
        ("T", (("b", 23, 0),)),
        ("D", (b"2",)),
        ("C", "SELECT"),
        ("T", (("?column?", 25, 0),)),
        ("D", (b";",)),
        ("C", "SELECT"),
        ("Z", "I"),
    ]


@pytest.mark.parametrize("sql", ["", " ; ;\n", "-- nothing", "/* nothing /* at all */ ; */"])
def test_a_query_that_says_nothing(raw: RawClient, sql: str) -> None:
    assert raw.query(sql) == [("I", None), ("Z", "I")]


def test_the_statements_of_a_simple_query_are_one_transaction(raw: RawClient, table: str) -> None:
    answers = raw.query(f"INSERT INTO {table} VALUES (1); SELECT 1/0; INSERT INTO {table} VALUES (2)")
    assert answers == [("C", "INSERT 0 1"), ("E", "22012"), ("Z", "I")]
    assert raw.query(f"SELECT n FROM {table}")[1:] == [("C", "SELECT"), ("Z", "I")]


def test_a_transaction_over_queries(raw: RawClient, table: str) -> None:
    assert raw.query(f"BEGIN; INSERT INTO {table} VALUES (1)")[-1] == ("Z", "T")
    assert raw.query("nonsense") == [("E", "42601"), ("Z", "E")]
    assert raw.query("SELECT 1") == [("E", "25P02"), ("Z", "E")]
    assert raw.query("ROLLBACK") == [("C", "ROLLBACK"), ("Z", "I")]


def test_parts_of_a_result(raw: RawClient) -> None:
    assert raw.send(
        m.parse("q", _numbers(5)), m.bind("p", "q"), m.execute("p", 2), m.execute("p", 2),
        m.execute("p", 2), m.close(b"P", "p"), m.close(b"S", "q"), m.SYNC,
    ) == [
        ("1", None), ("2", None), ("D", (b"1",)), ("D", (b"2",)), ("s", None), ("D", (b"3",)), ("D", (b"4",)),
        ("s", None), ("D", (b"5",)), ("C", "SELECT"), ("3", None), ("3", None), ("Z", "I"),
    ]  # fmt: skip


def test_a_portal_over_syncs_inside_a_transaction(raw: RawClient) -> None:
    raw.query("BEGIN")
    raw.send(m.parse("", _numbers(3)), m.bind("p", ""), m.execute("p", 2), m.SYNC)
    assert raw.send(m.execute("p", 0), m.SYNC) == [("D", (b"3",)), ("C", "SELECT"), ("Z", "T")]
    raw.query("COMMIT")
    assert raw.send(m.execute("p", 0), m.SYNC) == [("E", "34000"), ("Z", "I")]


def test_descriptions(raw: RawClient) -> None:
    assert raw.send(
        m.parse("", "SELECT $1::super AS d, $2 + 1", (4000, 0)), m.describe(b"S", ""), m.bind("", "", _texts("1", "2")),
        m.describe(b"P", ""), m.execute(""), m.SYNC,
    ) == [
        ("1", None), ("t", (4000, 23)), ("T", (("d", 4000, 0), INT4)), ("2", None), ("T", (("d", 4000, 0), INT4)),
        ("D", (b"1", b"3")), ("C", "SELECT"), ("Z", "I"),
    ]  # fmt: skip


def test_binary_values(raw: RawClient) -> None:
    rest = pack("!hh", 1, 1) + pack("!hi4s", 1, 4, b"\0\0\0\7") + pack("!hh", 1, 1)
    answers = raw.send(m.parse("", "SELECT $1 + 1", (23,)), m.bind("", "", rest), m.execute(""), m.SYNC)
    assert ("D", (b"\0\0\0\x08",)) in answers


def test_after_an_error_all_is_skipped_up_to_a_sync(raw: RawClient, table: str) -> None:
    insert = m.parse("", f"INSERT INTO {table} VALUES (1)"), m.bind("", ""), m.execute("")
    assert raw.send(*insert, m.parse("", "nonsense"), *insert, m.SYNC)[-2:] == [("E", "42601"), ("Z", "I")]
    assert raw.query(f"SELECT n FROM {table}")[1:] == [("C", "SELECT"), ("Z", "I")]
    assert raw.send(*insert, m.SYNC)[-2:] == [("C", "INSERT 0 1"), ("Z", "I")]


@pytest.mark.parametrize(
    ("messages", "error"),
    [
        pytest.param([m.bind("", "nowhere")], "26000", id="bind"),
        pytest.param([m.describe(b"S", "nowhere")], "26000", id="describe"),
        pytest.param([m.execute("nowhere")], "34000", id="execute"),
        pytest.param([m.parse("a", "SELECT 1"), m.parse("a", "SELECT 2")], "42P05", id="parse twice"),
        pytest.param([m.parse("", "SELECT 1; SELECT 2")], "42601", id="two statements"),
        pytest.param([m.message(b"F", b"\0\0\0\0")], "08P01", id="function call"),
    ],
)
def test_wrong_messages(raw: RawClient, messages: list[bytes], error: str) -> None:
    assert raw.send(*messages, m.SYNC)[-2:] == [("E", error), ("Z", "I")]
    assert raw.query("SELECT 1")[1] == ("D", (b"1",))


def test_a_failed_parse_leaves_the_name_as_it_was(raw: RawClient) -> None:
    raw.send(m.parse("a", "SELECT 1"), m.SYNC)
    raw.send(m.parse("a", "SELECT 2"), m.SYNC)
    assert ("D", (b"1",)) in raw.send(m.bind("", "a"), m.execute(""), m.SYNC)


def test_many_statements_before_a_sync(raw: RawClient, table: str) -> None:
    one = m.bind("", "i", _texts("7")) + m.describe(b"P", "") + m.execute("")
    answers = raw.send(m.parse("i", f"INSERT INTO {table} VALUES ($1)"), one * 1000, m.SYNC)
    assert answers.count(("C", "INSERT 0 1")) == 1000
    assert ("D", (b"1000",)) in raw.query(f"SELECT count(*) FROM {table}")


def test_large_values_among_small_ones(raw: RawClient) -> None:
    large = "x" * 3_000_000
    small = m.bind("", "q", _texts("y")) + m.execute("")
    answers = raw.send(
        m.parse("q", "SELECT $1::varchar"), small, m.bind("", "q", _texts(large)), m.execute(""), small, m.SYNC
    )
    assert [value for kind, value in answers if kind == "D"] == [(b"y",), (large.encode(),), (b"y",)]


@pytest.mark.parametrize("sql", ["COPY {} FROM STDIN", "COPY {} TO STDOUT"])
def test_data_between_client_and_server_is_refused(raw: RawClient, table: str, sql: str) -> None:
    refused = [("E", "42601"), ("Z", "I")]
    assert raw.query(sql.format(table)) == refused
    assert raw.send(m.parse("", sql.format(table)), m.bind("", ""), m.execute(""), m.SYNC)[-2:] == refused
    assert raw.query("SELECT 1")[1] == ("D", (b"1",))


def test_a_running_statement_is_cancelled(gateway: RedshiftGateway, raw: RawClient) -> None:
    raw.stream.send(m.message(b"Q", m.text(ENDLESS)))

    def cancel() -> None:
        with Address(gateway.host, gateway.port).connect() as connection:
            connection.sendall(pack("!ii", 16, 80877102) + raw.key)
            connection.recv(1)

    again = threading.Event()

    def keep_asking() -> None:  # PostgreSQL ignores a request that comes before the statement has begun
        while not again.wait(0.05):
            cancel()

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        assert raw.until("Z")[-2:] == [("E", "57014"), ("Z", "I")]
    finally:
        again.set()
        asking.join()


def test_statement_timeout(raw: RawClient) -> None:
    raw.query("SET statement_timeout TO 50")
    assert raw.query(ENDLESS)[-2:] == [("E", "57014"), ("Z", "I")]


def test_a_conflict_of_transactions_is_error_1023(gateway: RedshiftGateway, raw: RawClient, table: str) -> None:
    raw.query(f"INSERT INTO {table} VALUES (1)")
    with redshift_connector.connect(**gateway.connect_arguments) as other:
        cursor = other.cursor()
        cursor.execute(f"SELECT sum(n) FROM {table}")
        raw.query(f"BEGIN; SELECT sum(n) FROM {table}; INSERT INTO {table} VALUES (2)")
        cursor.execute(f"INSERT INTO {table} VALUES (3)")
        raw.query("COMMIT")
        with pytest.raises(redshift_connector.ProgrammingError) as caught:
            other.commit()
    told = caught.value.args[0]
    assert (told["M"], told["C"]) == ("1023", "XX000")
    assert told["D"].startswith("Serializable isolation violation on table - ")


def test_sessions_are_lost(gateway: RedshiftGateway) -> None:
    with redshift_connector.connect(**gateway.connect_arguments) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        assert gateway.end_sessions() >= 1
        with pytest.raises(redshift_connector.InterfaceError, match="BrokenPipe"):
            cursor.execute("SELECT 2")
        connection.autocommit = True  # else it would roll back at the end


def test_tls(gateway: RedshiftGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: dict[str, Any] = gateway.connect_arguments | {"ssl": True, "sslmode": "verify-full"}
    with pytest.raises(redshift_connector.InterfaceError, match="CERTIFICATE_VERIFY_FAILED") as caught:
        redshift_connector.connect(**wanted)
    close_refused(caught.value)
    monkeypatch.setenv("SSL_CERT_FILE", str(gateway.certificate))
    with redshift_connector.connect(**wanted) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == ([1],)


def test_without_tls(postgres: str) -> None:
    with RedshiftGateway(postgres, tls=False) as gateway:
        assert gateway.certificate is None
        with pytest.raises(redshift_connector.InterfaceError, match="Server refuses SSL") as caught:
            redshift_connector.connect(**gateway.connect_arguments | {"ssl": True})
        close_refused(caught.value)
        with RawClient(gateway) as raw:
            assert raw.query("SELECT 1")[-1] == ("Z", "I")


def _texts(*values: str) -> bytes:
    packed = b"".join(pack("!i", len(value.encode())) + value.encode() for value in values)
    return pack("!hh", 0, len(values)) + packed + pack("!h", 0)
