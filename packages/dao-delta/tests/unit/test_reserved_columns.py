"""Columns that the change data feed, or ``read_changes``, has too; and what is said of tables that can't be."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao import DataError, UnsupportedError

FEED = {"delta.enableChangeDataFeed": "true"}


@pytest.mark.parametrize("name", ["_change_type", "_commit_version", "_COMMIT_timestamp"])
def test_a_table_with_a_feed_never_has_a_column_of_the_feed(dao, table, name):
    rows = pa.table({"id": [1], name: ["own"]})
    with pytest.raises(DataError, match=name):
        dao.write(rows, table, properties=FEED)
    assert not dao.exists(table)
    dao.write(rows.select(["id"]), table, properties=FEED)
    for change in (
        lambda: dao.write(rows, table, mode="append", schema_mode="evolve"),
        lambda: dao.write(rows, table, mode="overwrite"),
        lambda: dao.write(rows, table, mode="overwrite", where="id = 1", schema_mode="evolve"),
        lambda: dao.upsert(pa.table({"id": [1], "_commit_version": [1]}), table, keys="id", schema_mode="evolve"),
    ):
        with pytest.raises(DataError, match="delta.enableChangeDataFeed can't have it"):
            change()
    assert (dao.schema(table).names, len(dao.history(table))) == (["id"], 1)


def test_a_feed_is_not_turned_on_for_a_table_with_its_columns(dao, table):
    dao.write(pa.table({"id": [1], "_change_type": ["own"]}), table)
    with pytest.raises(DataError, match="_change_type"):
        dao.run("set_properties", table, properties=FEED)
    dao.run("set_properties", table, properties={"delta.appendOnly": "false"})
    assert dao.read(table, into="pylist") == [{"id": 1, "_change_type": "own"}]


@pytest.mark.parametrize("name", ["_change_type", "_version", "_timestamp"])
def test_read_changes_and_incremental_copies_name_a_column_that_changes_have_too(dao, lake, table, name):
    other = type(table)("copies", lake)
    dao.write(pa.table({"id": [1], name: ["own"]}), table)
    dao.copy(table, other, incremental=True)
    dao.write(pa.table({"id": [2], name: ["own"]}), table, mode="append")
    for call in (lambda: dao.read_changes(table, since=0), lambda: dao.copy(table, other, incremental=True)):
        with pytest.raises(DataError, match=f"the table has a column '{name}', which read_changes .* rename it"):
            call()
    assert dao.read(table, columns=[name], into="pylist") == [{name: "own"}, {name: "own"}]


def test_data_without_columns(dao, table):
    for write in (lambda: dao.write(pa.table({}), table), lambda: dao.write(pa.table({}), table, mode="overwrite")):
        with pytest.raises(DataError, match="no columns"):
            write()
    dao.write(pa.table({"id": [1]}), table)
    with pytest.raises(DataError, match="no columns"):
        dao.write(pa.table({}), table, mode="overwrite")


def test_changes_over_another_type_say_where_to_part_them(dao, table):
    dao.write([{"id": 1}], table)
    dao.write([{"id": "x"}], table, mode="overwrite")
    dao.write([{"id": "y"}], table, mode="append")
    with pytest.raises(UnsupportedError, match="'id' was 'long' in version 0 .* 'string' in version 2: no table holds"):
        dao.read_changes(table, since=0)
    assert dao.read_changes(table, since=1)["id"].to_pylist() == ["y"]
    assert dao.read_changes(table, until=0)["id"].to_pylist() == [1]


def test_a_name_in_other_letters_is_named(dao, table):
    dao.write([{"id": 1}], table)
    with pytest.raises(DataError, match="'ID' is not in the schema .did you mean 'id'. letter case matters"):
        dao.write([{"ID": 1}], table, mode="append")
    with pytest.raises(DataError, match="keys: the table has no column 'ID' .did you mean 'id'"):
        dao.upsert([{"ID": 1}], table, keys="ID")
