"""How tables may be partitioned."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao import TableObject
from dao.errors import DataError


@pytest.mark.parametrize(("kind", "value"), [(pa.binary(3), b"abc"), (pa.float64(), 1.5)])
def test_partitions_that_not_all_can_read(dao, lake, kind, value):
    """Iceberg's Java library has lengths before fixed-size bytes in manifests; NaN is equal to nothing."""
    rows = pa.table({"id": [1], "p": pa.array([value], kind)})
    with pytest.raises(DataError, match="'p'"):
        dao.write(rows, TableObject("refused", lake, partition_by=["p"]))
    assert not dao.exists(TableObject("refused", lake))


def test_buckets_of_them(dao, lake):
    rows = pa.table({"id": [1], "p": pa.array([b"abc"], pa.binary(3))})
    table = TableObject("bucketed", lake, partition_by=["bucket(16, p)"])
    dao.write(rows, table)
    assert dao.read(table).equals(rows)
