"""Timestamps of INT96, as Spark writes them by default: exact, or refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import UnsupportedError
from dao_delta._snapshots import stored as _stored

DAO = DataAccessObject()
MOMENT = pa.timestamp("us", "UTC")
FAR = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
EARLY = datetime(1, 1, 1, tzinfo=UTC)
NEAR = datetime(2022, 1, 1, 12, 0, 0, 123_456, tzinfo=UTC)


def spark_table(folder: Path, values: pa.Array, *, statistics: bool = True, column: str = "at") -> TableObject:
    """A table with one file of INT96 timestamps, and one of DAO's own."""
    table = TableObject("table", DataStore("lake", "delta", options={"root": str(folder)}))
    DAO.write(pa.table({"id": [0], column: pa.array([NEAR], MOMENT)}), table)
    rows = pa.table({"id": range(1, len(values) + 1), column: values})
    file = folder / "table" / "spark.parquet"
    pq.write_table(rows, file, use_deprecated_int96_timestamps=True, store_schema=False)
    add: dict[str, Any] = {
        "path": file.name, "partitionValues": {}, "size": file.stat().st_size, "modificationTime": 0, "dataChange": True
    }  # fmt: skip
    if statistics:
        known = values.drop_null().cast(pa.timestamp("ms", "UTC"), safe=False).to_pylist()
        bounds = [{column: f"{bound(known):%Y-%m-%dT%H:%M:%S.%fZ}".rjust(27, "0")} for bound in (min, max)]
        counts = {"numRecords": len(values), "nullCount": {column: values.null_count}}
        add["stats"] = json.dumps({**counts, "minValues": bounds[0], "maxValues": bounds[1]})
    (folder / "table" / "_delta_log" / f"{1:020d}.json").write_text(json.dumps({"add": add}))
    return table


def read(table: TableObject, **arguments: Any) -> list[Any]:
    return DAO.read(table, **arguments).sort_by("id")["at"].to_pylist()


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("values", [[FAR, None, NEAR], [EARLY, FAR], [NEAR, EARLY]])
def test_far_timestamps_are_exact(tmp_path: Path, values: list[Any], statistics: bool) -> None:
    table = spark_table(tmp_path, pa.array(values, MOMENT), statistics=statistics)
    assert read(table) == [NEAR, *values]
    assert DAO.read_stream(table).read_all().sort_by("id")["at"].to_pylist() == [NEAR, *values]
    assert DAO.count(table, where="at > TIMESTAMPTZ '9000-01-01 00:00:00Z'") == values.count(FAR)
    early = read(table, where="at < TIMESTAMPTZ '1000-01-01 00:00:00Z'", columns=["id", "at"])
    assert early == [EARLY] * values.count(EARLY)
    assert read(table, where="id >= 2", columns=["id", "at"]) == values[1:]


def test_digits_below_a_microsecond_are_refused(tmp_path: Path) -> None:
    table = spark_table(tmp_path, pa.array([1], pa.timestamp("ns", "UTC")), statistics=False)
    with pytest.raises(UnsupportedError, match=r"spark\.parquet"):
        DAO.read(table)
    assert DAO.read(table, columns=["id"]).num_rows == 2


def test_deltalake_reads_where_statistics_are_near(tmp_path: Path) -> None:
    table = spark_table(tmp_path, pa.array([NEAR, None], MOMENT))
    with mock.patch.object(_stored.StoredFiles, "read", side_effect=AssertionError("a file was read")):
        assert read(table) == [NEAR, NEAR, None]
        assert DAO.count(table, where="id > 0") == 2


def test_columns_of_nulls_have_no_bounds_and_need_no_look(tmp_path: Path) -> None:
    table = TableObject("table", DataStore("lake", "delta", options={"root": str(tmp_path)}))
    DAO.write(pa.table({"id": [0, 1], "at": pa.nulls(2, MOMENT)}), table)
    with mock.patch.object(_stored.StoredFiles, "_open", side_effect=AssertionError("a file was opened")):
        assert read(table) == [None, None]


@pytest.mark.parametrize("operation", [("compact", {}), ("z_order", {"columns": ["id"]})])
def test_deltalake_may_not_rewrite_them(tmp_path: Path, operation: tuple[str, dict[str, Any]]) -> None:
    table = spark_table(tmp_path, pa.array([FAR], MOMENT))
    with pytest.raises(UnsupportedError, match="INT96"):
        DAO.run(operation[0], table, **operation[1])
    assert read(table) == [NEAR, FAR]
