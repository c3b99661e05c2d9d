"""Dates and times to partition by: the log keeps them as texts, those of the years 1 to 9999."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from dao import DataError

FAR = {
    "days after": pa.array([2_932_897], pa.int32()).view(pa.date32()),
    "days before": pa.array([-719_163], pa.int32()).view(pa.date32()),
    "after": pa.array([253_402_300_800_000_000]).cast(pa.timestamp("us")),
    "before": pa.array([-62_135_596_800_000_001]).cast(pa.timestamp("us")),
    "zoned": pa.array([253_402_300_800_000_000]).cast(pa.timestamp("us", "UTC")),
    "least": pa.array([-(2**63) + 1]).cast(pa.timestamp("us")),
}

ENDS = {
    "date": pa.array([date.min, date.max]),
    "time": pa.array([datetime.min, datetime.max], pa.timestamp("us")),
    "zoned": pa.array([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)], pa.timestamp("us", "UTC")),
}

CHANGES = {
    "write": lambda dao, table, rows: dao.write(rows, table, mode="overwrite", partition_by="d"),
    "append": lambda dao, table, rows: dao.write(rows, table, mode="append", partition_by="d"),
    "partitions": lambda dao, table, rows: dao.write(rows, table, mode="overwrite_partitions", partition_by="d"),
    "replace": lambda dao, table, rows: dao.write(rows, table, mode="overwrite", where="k = 1", partition_by="d"),
    "upsert": lambda dao, table, rows: dao.upsert(rows, table, keys="k", partition_by="d"),
}


@pytest.mark.parametrize("change", list(CHANGES))
@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("name", list(FAR))
def test_what_the_log_cannot_keep_is_refused(dao, table, change, there, name):
    rows = pa.table({"k": [1], "d": FAR[name]})
    if there:
        dao.write(rows.set_column(1, "d", pa.nulls(1, rows["d"].type)), table, partition_by="d")
    with pytest.raises(DataError, match=r"\(d\) has a date or time beyond the years 1 to 9999"):
        CHANGES[change](dao, table, rows)
    assert dao.exists(table) == there
    assert not there or dao.read(table, into="pylist") == [{"k": 1, "d": None}]


@pytest.mark.parametrize("name", list(ENDS))
def test_the_ends_are_kept(dao, table, name):
    rows = pa.table({"k": [1, 2], "d": ENDS[name]})
    dao.write(rows, table, partition_by="d")
    assert dao.upsert(rows.slice(0, 1), table, keys=["k", "d"]).rows_updated == 1
    assert dao.read(table).sort_by("k").equals(rows)


def test_such_values_are_kept_in_other_columns(dao, table):
    rows = pa.table({"k": [1], "d": FAR["days after"], "t": FAR["least"]})
    dao.write(rows, table)
    assert dao.read(table).equals(rows)
