"""What a call is told without touching the store: what it would do, and what is wrong with it whatever is stored."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao.errors import DataError

ROWS = pa.table({"id": [1], "at": pa.array([1], pa.timestamp("us"))})


def test_the_layout_is_shown(dao, table):
    shown = str(dao.explain("write", ROWS, table, partition_by=["day(at)"], sort_by="id desc", schema_mode="evolve"))
    for told in ("default.orders", "['day(at)']", "id desc", "evolve"):
        assert told in shown
    replaced = [str(dao.explain("write", ROWS, table, mode="overwrite", branch=name)) for name in ("main", "audit")]
    assert "the columns and the partitions" in replaced[0]
    assert "all rows of the branch;" in replaced[1]
    assert "deleted = true" in str(dao.explain("upsert", ROWS, table, keys="id", delete_when="deleted = true"))


@pytest.mark.parametrize(
    ("rows", "given", "told"),
    [
        (pa.table({"n": pa.array([1], pa.uint64())}), {}, "uint64, for which Iceberg has no type"),
        (ROWS, {"partition_by": ["day(id)"]}, "column 'id' is long"),
        (ROWS, {"partition_by": ["hour(ta)"]}, "found 'ta'"),
        (ROWS, {"sort_by": ["nope"]}, "sort_by: found 'nope'"),
    ],
)
def test_what_a_new_table_could_not_be_is_told(dao, table, rows, given, told):
    with pytest.raises(DataError, match=told):
        dao.explain("write", rows, table, **given)


def test_a_key_that_the_data_lacks_is_told(dao, table):
    with pytest.raises(DataError, match="idd"):
        dao.explain("upsert", ROWS, table, keys="idd")
