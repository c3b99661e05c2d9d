"""Texts and bytes that are longer than their column: refused before they are sent, with their blanks."""

from __future__ import annotations

from functools import partial

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import DataError
from dao_redshift._sql.dialect import RedshiftDialect
from dao_sql import Column, Statement

TOO_LONG = "column 'c', row 1: found 6 bytes as UTF-8, and the column keeps 3"


def texts(*values: str) -> pa.Table:
    return pa.table({"id": range(len(values)), "c": pa.array(values, pa.string())})


def test_blanks_are_refused_that_a_new_column_would_not_keep(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("new", store)
    with pytest.raises(DataError, match=TOO_LONG):
        dao.write(texts("a", "abc   "), table, lengths={"c": 3})
    with pytest.raises(DataError, match=TOO_LONG):
        dao.upsert(texts("a", "abc   "), table, keys="id", properties={"lengths": {"c": 3}})
    assert not dao.exists(table)


@pytest.mark.parametrize("mode", ["append", "overwrite", "upsert"])
def test_blanks_are_refused_that_a_table_would_not_keep(store: DataStore, mode: str) -> None:
    dao, table = DataAccessObject(), TableObject("stored", store)
    dao.write(texts("a  ", "é "), table, mode="overwrite", lengths={"c": 3})
    change = partial(dao.upsert, keys="id") if mode == "upsert" else partial(dao.write, mode=mode)
    with pytest.raises(DataError, match=TOO_LONG):
        change(texts("a", "abc   "), table)
    assert dao.read(table, columns=["c"], into="pylist") == [{"c": "a  "}, {"c": "é "}]


def test_blanks_beyond_the_longest_text_are_refused(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("longest", store)
    dao.write(texts("x" * 65_533 + "  "), table, mode="overwrite")
    with pytest.raises(DataError, match="row 0: found 65,537 bytes as UTF-8"):
        dao.write(texts("x" * 65_535 + "  "), table, mode="append")
    assert dao.read(table)["c"].to_pylist() == ["x" * 65_533 + "  "]


def test_blanks_are_kept_where_columns_are_widened(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("widened", store)
    dao.write(texts("a"), table, mode="overwrite", lengths={"c": 3})
    dao.write(texts("abc   "), table, mode="append", schema_mode="evolve")
    assert sorted(dao.read(table)["c"].to_pylist()) == ["a", "abc   "]
    with pytest.raises(DataError, match="found 65,536 bytes"):
        dao.write(texts(" " * 65_536), table, mode="append", schema_mode="evolve")
    dao.delete(table)
    with pytest.raises(DataError, match=TOO_LONG):
        dao.write(texts("a", "abc   "), table, schema_mode="evolve", lengths={"c": 3})


def test_columns_that_fill_up_with_blanks_give_the_texts_that_were_written(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject(f"padded_{store.interface.bulk_values}", store)
    with store.interface.borrowed() as connection:
        name = store.interface.dialect.table(store.interface._database.table(table))
        connection.execute(Statement(f"CREATE TABLE {name} (id BIGINT, c CHAR(3))"))
    dao.write(texts("a", "abc", ""), table, mode="append")
    dao.upsert(texts("b"), table, keys="id")
    assert sorted(dao.read(table)["c"].to_pylist()) == ["", "abc", "b"]
    assert sorted(dao.read(table, via="unload")["c"].to_pylist()) == ["", "abc", "b"]
    for value, found in (("a ", "ends with a blank"), ("abcd", "found 4 bytes")):
        with pytest.raises(DataError, match=f"column 'c', row 0: found.*{found.removeprefix('found')}"):
            dao.write(texts(value), table, mode="append")


def test_bytes_are_checked_by_their_declared_length() -> None:
    dialect = RedshiftDialect()
    column = Column("b", dialect.declared_type("binary varying(3)"))
    dialect.check_values(pa.record_batch({"b": [b"abc", None]}), [column], 0)
    with pytest.raises(DataError, match="column 'b', row 11: found 4 bytes, and the column keeps 3"):
        dialect.check_values(pa.record_batch({"b": [None, b"abcd"]}), [column], 10)
    longest = Column("b", dialect.column_type(pa.field("b", pa.binary())))
    with pytest.raises(DataError, match="found 1,024,001 bytes"):
        dialect.check_values(pa.record_batch({"b": [bytes(1_024_001)]}), [longest], 0)


def test_lengths_of_columns_that_are_no_texts_are_refused(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("numbers", store)
    with pytest.raises(DataError, match="lengths: found 'id', a column of BIGINT, expected columns of text"):
        dao.write(texts("a"), table, lengths={"id": 5})
    assert not dao.exists(table)
