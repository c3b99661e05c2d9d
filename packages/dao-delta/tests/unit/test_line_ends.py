"""A line of the log ends at a line feed: what else ends a line of text is part of a value."""

from __future__ import annotations

import deltalake
import pyarrow as pa
import pytest

SEPARATORS = ["\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1e", "\r"]


@pytest.mark.parametrize("separator", SEPARATORS)
def test_a_partition_value_may_hold_what_ends_lines(dao, table, separator):
    dao.write([{"p": f"a{separator}b", "k": 1}], table, partition_by=["p"])
    dao.write([{"p": f"a{separator}b", "k": 2}], table, mode="append")
    assert dao.delete(table, where="k = 1").rows_deleted == 1
    assert dao.read(table, into="pylist") == [{"p": f"a{separator}b", "k": 2}]


@pytest.mark.parametrize("separator", SEPARATORS)
def test_an_idempotency_key_may_hold_what_ends_lines(dao, table, separator):
    for _ in range(2):
        dao.write([{"k": 1}], table, mode="append", idempotency_key=f"a{separator}b")
    assert dao.count(table) == 1


@pytest.mark.parametrize("separator", SEPARATORS)
def test_a_column_may_be_named_by_what_ends_lines(dao, table, separator):
    dao.write([{"k": 1, f"a{separator}b": 2}], table)
    dao.upsert([{"k": 1, f"a{separator}b": 3}], table, keys="k")
    assert dao.read(table, into="pylist") == [{"k": 1, f"a{separator}b": 3}]


@pytest.mark.parametrize("separator", SEPARATORS)
def test_statistics_of_deltalake_may_hold_what_ends_lines(dao, table, path, separator):
    deltalake.write_deltalake(path, pa.table({"s": [f"a{separator}b"]}))
    dao.write([{"s": "c"}], table, mode="append")
    assert dao.read(table).num_rows == 2
