"""How tables may be partitioned."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao import TableObject
from dao.errors import DataError, UnsupportedError


@pytest.mark.parametrize(("kind", "value"), [(pa.binary(3), b"abc"), (pa.float64(), 1.5)])
def test_partitions_that_not_all_can_read(dao, lake, kind, value):
    """Iceberg's Java library has lengths before fixed-size bytes in manifests; NaN is equal to nothing."""
    rows = pa.table({"id": [1], "p": pa.array([value], kind)})
    with pytest.raises(DataError, match="'p'"):
        dao.write(rows, TableObject("refused", lake, partition_by=["p"]))
    assert not dao.exists(TableObject("refused", lake))


def test_partitions_that_others_made(dao, table, client, foreign):
    """By whom can't be known, and Java's manifests would be read with wrong counts."""
    rows = pa.table({"id": [1], "p": pa.array([b"abc"], pa.binary(3))})
    first = dao.write(rows, table).version_after
    with client.open("orders").table.update_spec() as spec:
        spec.add_identity("p")
    ids = [one.with_metadata({"PARQUET:field_id": str(place + 1)}) for place, one in enumerate(rows.schema)]
    foreign.append(pa.table(rows.columns, schema=pa.schema(ids)), partition=(b"abc",))
    for action in (dao.read, dao.count):
        with pytest.raises(UnsupportedError, match="fixed-size"):
            action(table)
    assert dao.count(table, version=first) == 1


def test_buckets_of_them(dao, lake):
    rows = pa.table({"id": [1], "p": pa.array([b"abc"], pa.binary(3))})
    table = TableObject("bucketed", lake, partition_by=["bucket(16, p)"])
    dao.write(rows, table)
    assert dao.read(table).equals(rows)


@pytest.mark.parametrize("value", [2**62, -(2**62)])
@pytest.mark.parametrize("term", ["at", "hour(at)", "day(at)"])
def test_partitions_of_moments_that_python_has_no_year_for(dao, lake, term, value):
    rows = pa.table({"name": ["a/b"], "at": pa.array([value], pa.timestamp("us"))})
    table = TableObject("far", lake, partition_by=["name", term])
    dao.write(rows, table)
    assert dao.read(table).equals(rows)
    assert dao.count(table, where="at > TIMESTAMP '2000-01-01'") == (value > 0)
