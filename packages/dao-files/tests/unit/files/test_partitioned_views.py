"""Text as views, which polars exports and Arrow can't sort or take from, goes into partitions as it is."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pytest

from dao import DataAccessObject
from dao_files._actions.partitioned import split


@pytest.mark.parametrize("kind", [pa.string_view(), pa.list_(pa.string_view()), pa.struct({"a": pa.string_view()})])
def test_rows_are_split_with_their_types(kind: pa.DataType) -> None:
    value = {"a": "x"} if pa.types.is_struct(kind) else ["x"] if pa.types.is_list(kind) else "x"
    batch = pa.record_batch({"day": [1, 2, 1], "text": pa.array([value, None, value], kind)})
    parts = dict(split(batch, ["day"]))
    assert {folder: rows["text"].to_pylist() for folder, rows in parts.items()} == {
        "day=1": [value, value],
        "day=2": [None],
    }
    assert {rows.schema.field("text").type for rows in parts.values()} == {kind}


def test_a_polars_frame_is_written_by_partition() -> None:
    table = {"type": "table", "format": "parquet", "partition_by": ["day"]}
    frame = pl.DataFrame({"day": [2, 1, 2], "name": ["b", "a", None], "tags": [["x"], [], None]})
    with DataAccessObject({"tmp": {"interface": "memory", "objects": {"pets": table}}}) as dao:
        dao.write(frame, "tmp.pets")
        found = dao.read("tmp.pets", columns=frame.columns, into="polars")
    assert found.sort("name").rows() == frame.sort("name").rows()
