"""Types of Delta that Arrow lacks, and what deltalake makes of them: right values, or a typed error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import DaoError, DataError, UnsupportedError

DAO = DataAccessObject()
PREVIEW = {
    "minReaderVersion": 3,
    "minWriterVersion": 7,
    "readerFeatures": ["variantType"],
    "writerFeatures": ["variantType"],
}


def made(folder: Path, kind: Any, rows: pa.Table, protocol: Any = None) -> TableObject:
    """A table of one file, with a column ``v`` of a type in Delta's JSON."""
    fields = [{"name": "id", "type": "long"}, {"name": "v", "type": kind}]
    schema = {"type": "struct", "fields": [{**one, "nullable": True, "metadata": {}} for one in fields]}
    file = folder / "table" / "a.parquet"
    (folder / "table" / "_delta_log").mkdir(parents=True)
    pq.write_table(rows, file)
    actions = [
        {"protocol": protocol or {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": {
            "id": "x", "format": {"provider": "parquet", "options": {}}, "schemaString": json.dumps(schema),
            "partitionColumns": [], "configuration": {}, "createdTime": 0,
        }},
        {"add": {
            "path": "a.parquet", "partitionValues": {}, "size": file.stat().st_size, "modificationTime": 0,
            "dataChange": True,
        }},
    ]  # fmt: skip
    (folder / "table" / "_delta_log" / f"{0:020d}.json").write_text("\n".join(map(json.dumps, actions)))
    return TableObject("table", DataStore("lake", "delta", options={"root": str(folder)}))


@pytest.mark.parametrize(
    "kind", ["interval year to month", "interval day to second", "void", "geometry", "char(5)",
             {"type": "array", "elementType": "interval month", "containsNull": True}],
)  # fmt: skip
def test_types_that_cannot_be_read(tmp_path: Path, kind: Any) -> None:
    table = made(tmp_path, kind, pa.table({"id": [1], "v": pa.array([5], pa.int32())}))
    for call in (DAO.read, DAO.schema, DAO.read_changes):
        with pytest.raises(UnsupportedError):
            call(table)


PART = pa.struct([pa.field("metadata", pa.binary(), False), pa.field("value", pa.binary(), False)])
VARIANT = {"metadata": b"\x01\x00\x00", "value": b"\x0c\x05"}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("variant", pa.array([VARIANT, None], PART)),
        (
            {"type": "array", "elementType": "variant", "containsNull": True},
            pa.array([[VARIANT, None], None], pa.list_(PART)),
        ),
    ],
)
def test_variants_are_the_structs_of_their_parts_and_are_not_written(
    tmp_path: Path, kind: Any, values: pa.Array
) -> None:
    table = made(tmp_path, kind, pa.table({"id": [1, 2], "v": values}), PREVIEW)
    found = DAO.read(table)
    assert found["v"].to_pylist() == values.to_pylist()
    assert DAO.read_changes(table)["v"].to_pylist() == values.to_pylist()
    assert DAO.count(table, where="v IS NULL") == 1
    with pytest.raises(DataError, match="VARIANT"):
        DAO.write(found, TableObject("copy", table.data_store))
    with pytest.raises(DaoError):
        DAO.write(found, table, mode="append")


def test_a_shredded_variant_is_refused_where_its_parts_would_be_lost(tmp_path: Path) -> None:
    wider = pa.struct([*PART, pa.field("typed_value", pa.int64())])
    values = pa.array([{**VARIANT, "typed_value": 5}], wider)
    table = made(tmp_path, "variant", pa.table({"id": [1], "v": values}), PREVIEW)
    with pytest.raises(DaoError):
        DAO.read_changes(table)


@pytest.mark.parametrize("nested", [False, True])
def test_numbers_of_pandas_that_say_nothing_are_refused(tmp_path: Path, nested: bool) -> None:
    pandas = pytest.importorskip("pandas")
    table = TableObject("table", DataStore("lake", "delta", options={"root": str(tmp_path)}))
    for values in (pandas.period_range("2026-01", periods=2, freq="M"), pandas.interval_range(0, 2)):
        found = pa.Table.from_pandas(pandas.DataFrame({"v": values}), preserve_index=False)
        if nested:
            column = found["v"].combine_chunks()
            found = pa.table({"v": pa.StructArray.from_arrays([column], names=["inner"])})
        with pytest.raises(DataError, match=r"of pandas' type pandas\.(period|interval)"):
            DAO.write(found, table)
    assert not DAO.exists(table)
