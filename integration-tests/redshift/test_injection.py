"""Hostile texts as names, values, predicates and places: none leaves the quotes that it is sent in."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress

import pyarrow as pa
import pytest
from sqlglot import parse_one
from sqlglot.dialects import Redshift
from sqlglot.tokens import TokenType

from dao import ConfigError, DaoError, DataAccessObject, DataError, DataStore, TableObject
from dao.connections import S3Connection
from dao_redshift.testing import RedshiftGateway
from redshift.stores import execute, options_of, staged_options, store_of

_PIECES = (
    "'", "''", '"', '""', "\\", "\\'", ";", "--", "/*", "*/", "$$", "$1", "%s", "?", ":x", "\n", " ", "`", "é", "😀",
    "DROP TABLE precious", "OR 1=1", "UNION SELECT 1", "); DROP SCHEMA s CASCADE; --", "' IAM_ROLE 'x", "E'", "||",
    "pg_sleep(9)", "COPY precious FROM 's3://x'", "1", "a", "NULL", "' TO 's3://elsewhere/",
    "\\''; DELETE FROM precious; --",
)  # fmt: skip
COUNT = 2000


def hostile(count: int = COUNT) -> list[str]:
    """Different texts that are made to leave quotes; the same ones in each run."""
    dice = random.Random(20261129)
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(dice.choice(_PIECES) for _ in range(dice.randint(1, 5)))] = None
    return list(found)


@pytest.fixture
def store(gateway: RedshiftGateway) -> Iterator[DataStore]:
    """A store with a table that must not be harmed."""
    found = store_of(gateway)
    DataAccessObject().write(pa.table({"id": [1, 2, 3]}), TableObject("precious", found))
    gateway.forget_statements()
    yield found
    found.close()
    execute(gateway, f"DROP SCHEMA {found.interface.schema_name} CASCADE")


def skeletons(gateway: RedshiftGateway) -> set[str]:
    """The statements that were sent without their names, texts and numbers; raises where one is none.

    One of each is parsed as Redshift's SQL.
    """
    found = set()
    for sent in gateway.statements:
        words = []
        for token in Redshift().tokenize(sent.text.removeprefix("UNLOAD ")):
            assert not token.comments, f"a comment was sent: {sent.text!r}"
            assert token.token_type is not TokenType.SEMICOLON, f"two statements were sent: {sent.text!r}"
            plain = token.token_type in (TokenType.STRING, TokenType.IDENTIFIER, TokenType.NUMBER)
            words.append(token.token_type.name if plain else token.text.upper())
        if (skeleton := " ".join(words)) not in found:
            found.add(skeleton)
            parse_as_redshift(sent.text)
    return found


def parse_as_redshift(sql: str) -> None:
    """Parse a statement, and the query inside it, which sqlglot leaves a text; raises where it is none of Redshift's.

    sqlglot doesn't know the READ ONLY that Redshift's BEGIN takes.
    """
    if sql == "BEGIN READ ONLY":
        return
    parse_one(sql, read="redshift")
    if sql.startswith("DECLARE "):
        parse_one(sql.partition(" CURSOR FOR ")[2], read="redshift")
    if sql.startswith("UNLOAD "):
        tokens = Redshift().tokenize(sql.removeprefix("UNLOAD "))
        parse_one(next(one.text for one in tokens if one.token_type is TokenType.STRING), read="redshift")


def unharmed(store: DataStore, gateway: RedshiftGateway, *, kinds: int) -> None:
    """The table is whole, and the statements are of a few kinds, however many texts there were."""
    assert DataAccessObject().count(TableObject("precious", store)) == 3
    found = skeletons(gateway)
    assert len(found) <= kinds, f"texts changed statements: {sorted(found, key=len)}"


def test_values(store: DataStore, gateway: RedshiftGateway) -> None:
    texts, dao, table = hostile(), DataAccessObject(), TableObject("values", store)
    dao.write(pa.table({"s": texts}), table)
    assert sorted(dao.read(table)["s"].to_pylist()) == sorted(texts)
    unharmed(store, gateway, kinds=30)


def test_names_of_nested_fields(store: DataStore, gateway: RedshiftGateway) -> None:
    dao, rows = DataAccessObject(), pa.table({"d": [dict.fromkeys(hostile(500), 1)]})
    dao.write(rows, TableObject("values", store))
    assert dao.read(TableObject("values", store)).equals(rows)
    unharmed(store, gateway, kinds=30)


def test_values_that_are_staged(store: DataStore, gateway: RedshiftGateway, storage: S3Connection, bucket: str) -> None:
    staged = store_of(gateway, schema=store.interface.schema_name, **staged_options(storage, bucket))
    texts, dao, table = hostile(), DataAccessObject(), TableObject("values", staged)
    dao.write(pa.table({"s": texts}), table)
    assert sorted(dao.read(table, via="unload")["s"].to_pylist()) == sorted(texts)
    for start in range(0, COUNT, 100):
        wanted = texts[start : start + 100]
        found = dao.read(table, where=[("s", "in", wanted)], via="unload")
        assert sorted(found["s"].to_pylist()) == sorted(wanted)
    unharmed(store, gateway, kinds=60)
    staged.close()


def test_values_of_predicates(store: DataStore, gateway: RedshiftGateway) -> None:
    texts, dao, table = hostile(), DataAccessObject(), TableObject("values", store)
    dao.write(pa.table({"s": texts}), table)
    for start in range(0, COUNT, 50):
        wanted = texts[start : start + 50]
        assert sorted(dao.read(table, where=[("s", "in", wanted)])["s"].to_pylist()) == sorted(wanted)
    for text in texts[::20]:
        quoted = text.replace("'", "''")
        assert dao.read(table, where=f"s = '{quoted}'")["s"].to_pylist() == [text]
        assert dao.delete(table, where=[("s", "=", text)]).rows_deleted == 1
    assert dao.count(table) == COUNT - len(texts[::20])
    unharmed(store, gateway, kinds=80)


@pytest.mark.parametrize("text", hostile()[::40])
def test_a_predicate_is_parsed_and_not_passed_on(store: DataStore, gateway: RedshiftGateway, text: str) -> None:
    dao, table = DataAccessObject(), TableObject("precious", store)
    with suppress(DaoError):
        dao.read(table, where=text)
    with suppress(DaoError):
        dao.delete(table, where=f"id = -1 AND {text}")
    unharmed(store, gateway, kinds=30)


def test_names_of_columns(store: DataStore, gateway: RedshiftGateway) -> None:
    texts, dao = [text[:15] + str(number) for number, text in enumerate(hostile())], DataAccessObject()
    for number, start in enumerate(range(0, COUNT, 100)):
        names = texts[start : start + 100]
        given, table = pa.table({name: [start] for name in names}), TableObject(f"columns_{number}", store)
        dao.write(given, table)
        assert dao.read(table).column_names == names
        assert dao.read(table, columns=names[:1], where=[(names[1], "=", start)])[names[0]].to_pylist() == [start]
    unharmed(store, gateway, kinds=40)


def test_names_of_tables(store: DataStore, gateway: RedshiftGateway) -> None:
    dao = DataAccessObject()
    for number, text in enumerate(hostile()):
        table = TableObject(text[:15] + str(number), store)  # PostgreSQL's names are shorter than Redshift's
        try:
            assert dao.exists(table) is False
        except DataError:
            continue
        if number % 40 == 0:
            dao.write(pa.table({"id": [number]}), table)
            assert dao.read(table)["id"].to_pylist() == [number]
            dao.delete(table)
    unharmed(store, gateway, kinds=40)


def test_places_and_roles(gateway: RedshiftGateway) -> None:
    accepted = 0
    for text in hostile():
        for option, value in (("staging", f"s3://bucket/{text}"), ("staging", f"s3://{text}/x"), ("iam_role", text)):
            try:
                store = DataStore("x", "redshift", options=options_of(gateway, "public", **{option: value}))
                assert store.interface is not None
            except ConfigError:
                continue
            accepted += 1
            assert not set("'\\\n\"") & set(value)
    assert accepted < COUNT


@pytest.mark.parametrize("text", hostile()[::100])
def test_operations(store: DataStore, gateway: RedshiftGateway, text: str) -> None:
    dao, table = DataAccessObject(), TableObject("precious", store)
    for operation, arguments in (
        ("vacuum", {"mode": text}),
        ("grant", {"privileges": text, "to": "awsuser"}),
        ("grant", {"privileges": "select", "to": text}),
        ("grant", {"privileges": "select", "to": "awsuser", "kind": text}),
    ):
        with suppress(DaoError):
            dao.run(operation, table, **arguments)
    for name in ("distkey", "diststyle", "sortkey", "encode"):
        with suppress(DaoError):
            dao.write(pa.table({"id": [1]}), TableObject("other", store), mode="overwrite", **{name: text})
    unharmed(store, gateway, kinds=40)
