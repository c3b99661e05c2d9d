"""How rows come into a table: each is written once, and in how many statements."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest
import redshift_connector

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import DataError, StoreError
from dao_redshift.testing import Fault, LocalRedshift

FEW, MANY = 3, 4_000
"""Rows of one column; the store below takes more than 1,000 values for many."""


@pytest.fixture
def store(redshift: LocalRedshift) -> Iterator[DataStore]:
    store = DataStore("redshift", "redshift", options={**redshift.options, "bulk_values": 1_000})
    yield store
    store.close()


def numbers(rows: int) -> pa.Table:
    return pa.table({"n": pa.array(range(rows), pa.int64())})


def changes(redshift: LocalRedshift) -> list[str]:
    """The first words of the statements in the transaction that changed something, without DAO's own tables."""
    texts = [sent.text for sent in redshift.gateway.statements]
    inner = texts[texts.index("BEGIN") + 1 : texts.index("COMMIT")]
    return [text.split()[0] for text in inner if not text.startswith(("SELECT", "SET ")) and "_dao_commits" not in text]


@pytest.mark.parametrize(("rows", "how"), [(FEW, "INSERT"), (MANY, "COPY")])
@pytest.mark.parametrize(("mode", "before"), [("append", []), ("overwrite", ["LOCK", "DELETE"]), ("error", ["CREATE"])])
def test_rows_go_straight_into_their_table(
    redshift: LocalRedshift, store: DataStore, rows: int, how: str, mode: str, before: list[str]
) -> None:
    dao, table = DataAccessObject(), TableObject("numbers", store)
    stored = 0 if mode == "error" else 2
    if stored:
        dao.write(numbers(stored), table)
    redshift.gateway.forget_statements()
    result = dao.write(numbers(rows), table, mode=mode)
    assert result.rows_inserted == rows
    assert changes(redshift) == [*before, how]
    assert not [sent.text for sent in redshift.gateway.statements if "_dao_stage" in sent.text]
    assert dao.count(table) == rows + (stored if mode == "append" else 0)


def test_a_load_that_is_refused_changes_nothing(redshift: LocalRedshift, store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("texts", store)
    with store.interface.borrowed() as connection:
        connection.run(f"CREATE TABLE {redshift.schema}.texts (t CHAR(5))")
    dao.write([{"t": "a"}], table, mode="append")
    with pytest.raises(DataError, match="the load was refused: .* column t"):
        dao.write(pa.table({"t": ["\u00e9"] * MANY}), table, mode="append")
    assert dao.read(table, into="pylist") == [{"t": "a"}]
    dao.write(pa.table({"t": ["short"] * MANY}), table, mode="append")
    assert dao.count(table) == MANY + 1


def test_an_error_of_a_load_is_its_own(redshift: LocalRedshift, store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("texts", store)
    with redshift_connector.connect(**redshift.gateway.connect_arguments) as client:
        client.cursor().execute(f'CREATE TABLE "{redshift.options["schema"]}".texts (a CHAR(9), b CHAR(9))')
        client.commit()
    for wrong, values in (("a", ("\u00e9", "e")), ("b", ("e", "\u00e9"))):
        with pytest.raises(DataError, match=f"the load was refused: .* column {wrong}"):
            dao.write(
                pa.table({name: [value] * MANY for name, value in zip("ab", values, strict=True)}), table, mode="append"
            )
    rows = pa.table({"a": ["e"] * MANY, "b": ["e"] * MANY})
    with redshift.gateway.failing("^COPY", Fault.FAILED), pytest.raises(StoreError, match="injected fault") as caught:
        dao.write(rows, table, mode="append")
    assert not isinstance(caught.value, DataError)
