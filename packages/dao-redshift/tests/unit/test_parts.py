"""Statements that become several, answers without PostgreSQL, and tags: whatever the translator says is done."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from struct import pack

import pytest
from raw_client import RawClient

from dao_redshift.testing import RedshiftError, RedshiftGateway
from dao_redshift.testing._gateway import _running, _session
from dao_redshift.testing._gateway._context import SessionContext
from dao_redshift.testing._statements import Answer, Run, Statement
from dao_redshift.testing._wire import _messages as m

TABLE = f"parts_{uuid.uuid4().hex}"
ROWS = f"SELECT n FROM {TABLE} ORDER BY n"
INSERT = f"INSERT INTO {TABLE} VALUES"


def _translated(sql: str, session: SessionContext) -> Statement:
    match sql.split():
        case ["around", *_]:
            return Run(f"{INSERT} (2)", (f"{INSERT} (1)",), (f"{INSERT} (3)",), "AROUND")
        case ["after", value]:
            return Run(f"{INSERT} (1)", after=(f"{INSERT} ({value})",))
        case ["before", value]:
            return Run(f"{INSERT} ($1)", (f"{INSERT} ({value})",))
        case ["rows", value]:
            return Run(ROWS, (f"{INSERT} ({value})",))
        case ["answer", *values]:
            return Answer("SHOW", ("a", "b"), ((values[0], None),))
        case ["put", value]:
            session.settings["put"] = value
            return Answer("SET")
        case ["get"]:
            return Answer("SHOW", ("put",), ((session.settings.get("put"),),))
        case ["refused"]:
            raise RedshiftError("no such thing")
        case _:
            return Run(sql)


@pytest.fixture
def raw(gateway: RedshiftGateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[RawClient]:
    for module in (_running, _session):
        monkeypatch.setattr(module, "translate", _translated)
    with RawClient(gateway) as client:
        client.query(f"CREATE TABLE {TABLE} (n int)")
        yield client
        client.query("ROLLBACK")
        client.query(f"DROP TABLE {TABLE}")


def _extended(raw: RawClient, sql: str, values: bytes = b"\0\0\0\0\0\0") -> list[object]:
    """By the extended protocol, described as drivers do; what came beside acknowledgements."""
    raw.send(m.parse("", sql), m.describe(b"S", ""), m.SYNC)
    answers = raw.send(m.bind("", "", values), m.execute(""), m.SYNC)
    return [what for kind, what in answers if kind not in "123"]


def _simple(raw: RawClient, sql: str) -> list[object]:
    return [what for kind, what in raw.query(sql) if kind != "T"]


def _rows(raw: RawClient) -> list[int]:
    return [int(what[0]) for kind, what in raw.query(ROWS) if kind == "D" and isinstance(what, tuple)]


BOTH = pytest.mark.parametrize("ask", [_simple, _extended])


@BOTH
def test_parts_before_and_after(raw: RawClient, ask: object) -> None:
    assert callable(ask)
    assert ask(raw, "around it") == ["AROUND", "I"]
    assert ask(raw, "around it") == ["AROUND", "I"]
    assert _rows(raw) == [1, 1, 2, 2, 3, 3]


@BOTH
def test_a_part_that_fails_undoes_the_others(raw: RawClient, ask: object) -> None:
    assert callable(ask)
    assert ask(raw, "after 1/0") == ["22012", "I"]
    assert ask(raw, "before 1/0") == ["22012", "I"]
    assert _rows(raw) == []
    assert ask(raw, "after 2") == ["INSERT 0 1", "I"]
    assert _rows(raw) == [1, 2]


def test_a_part_that_fails_fails_the_transaction(raw: RawClient) -> None:
    raw.query("BEGIN")
    assert _extended(raw, "after 1/0") == ["22012", "E"]
    assert _simple(raw, "SELECT 1") == ["25P02", "E"]
    assert _extended(raw, "ROLLBACK") == ["ROLLBACK", "I"]


def test_values_for_a_statement_with_parts(raw: RawClient) -> None:
    assert _extended(raw, "before 1", pack("!hhi1sh", 0, 1, 1, b"7", 0)) == ["INSERT 0 1", "I"]
    assert _rows(raw) == [1, 7]
    assert _extended(raw, "before 1", pack("!hhi1sh", 0, 1, 1, b"x", 0)) == ["22P02", "I"]
    assert _extended(raw, "before 1", pack("!hhi1sh", 0, 1, 1, b"8", 0)) == ["INSERT 0 1", "I"]
    assert _rows(raw) == [1, 1, 7, 8]


def test_rows_after_parts(raw: RawClient) -> None:
    assert raw.query("rows 5") == [("T", (("n", 23, 0),)), ("D", (b"5",)), ("C", "SELECT"), ("Z", "I")]
    assert _extended(raw, "rows 6") == ["0A000", "I"]  # it was described as one without rows
    assert _rows(raw) == [5]


def test_answers(raw: RawClient) -> None:
    columns = (("a", 1043, 0), ("b", 1043, 0))
    assert raw.query("answer x") == [("T", columns), ("D", (b"x", None)), ("C", "SHOW"), ("Z", "I")]
    assert raw.send(m.parse("", "answer x"), m.describe(b"S", ""), m.bind("", ""), m.describe(b"P", ""), m.execute(""),
                    m.close(b"P", ""), m.close(b"S", ""), m.SYNC) == [
        ("1", None), ("t", ()), ("T", columns), ("2", None), ("T", columns), ("D", (b"x", None)), ("C", "SHOW"),
        ("3", None), ("3", None), ("Z", "I"),
    ]  # fmt: skip


def test_no_answers_in_a_failed_transaction(raw: RawClient) -> None:
    raw.query("BEGIN")
    assert _simple(raw, "refused") == ["0A000", "E"]
    assert _simple(raw, "answer x") == ["25P02", "E"]
    assert _extended(raw, "put x") == ["25P02", "E"]
    raw.query("ROLLBACK")
    assert _simple(raw, "get") == [(None,), "SHOW", "I"]


def test_a_setting_is_set_with_each_run(raw: RawClient) -> None:
    raw.send(m.parse("one", "put 1"), m.parse("two", "put 2"), m.parse("get", "get"), m.SYNC)
    assert _simple(raw, "get") == [(None,), "SHOW", "I"]  # nothing has been run so far
    for name, value in (("one", b"1"), ("two", b"2"), ("one", b"1")):
        raw.send(m.bind("", name), m.execute(""), m.SYNC)
        assert ("D", (value,)) in raw.send(m.bind("", "get"), m.execute(""), m.SYNC)


def test_a_refused_statement_is_taken_down(gateway: RedshiftGateway, raw: RawClient) -> None:
    gateway.forget_statements()
    raw.send(m.parse("", "refused"), m.bind("", ""), m.execute(""), m.SYNC)
    raw.query("refused")
    assert [(sent.text, sent.outcome, sent.error) for sent in gateway.statements] == [
        ("refused", "0A000", "no such thing")
    ] * 2
