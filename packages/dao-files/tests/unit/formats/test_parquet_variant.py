"""VARIANT columns of Parquet are read as their parts, and are not written as another type."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao import DataAccessObject
from dao.arrow.convert import refuse_variants
from dao.errors import DataError
from dao_files.formats._parquet_variant import mark_variants

PARTS = pa.struct([pa.field("metadata", pa.binary(), nullable=False), pa.field("value", pa.binary())])
TABLE = pa.table({"i": [1, 2], "v": pa.array([{"metadata": b"\x01\0\0", "value": b"\x00"}] * 2, PARTS)})
STORED = """<pyarrow._parquet.ParquetSchema object at 0x7f0000000000>
required group field_id=-1 schema {
  optional int64 field_id=-1 i;
  optional group field_id=-1 v (Variant(1)) {
    required binary field_id=-1 metadata;
    optional binary field_id=-1 value;
  }
}
"""


def test_only_the_column_that_is_a_variant_is_marked() -> None:
    marked = mark_variants(TABLE.schema, STORED)
    assert [field.metadata for field in marked] == [None, {b"PARQUET:logical_type": b"VARIANT"}]
    with pytest.raises(DataError, match="column 'v' is a Parquet VARIANT"):
        refuse_variants(marked)
    refuse_variants(marked.remove(1))


def test_one_inside_a_list_marks_its_column() -> None:
    stored = STORED.replace("  optional group field_id=-1 v (Variant(1)) {", "  optional group field_id=-1 v (List) {\n"
        "    repeated group field_id=-1 list {\n      optional group field_id=-1 element (Variant(1)) {")  # fmt: skip
    schema = pa.schema([("i", pa.int64()), ("v", pa.list_(PARTS))])
    assert mark_variants(schema, stored).field("v").metadata == {b"PARQUET:logical_type": b"VARIANT"}


def test_a_struct_of_the_same_parts_is_none() -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(TABLE, sink)
    assert mark_variants(TABLE.schema, pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema).equals(
        TABLE.schema, check_metadata=True
    )


@pytest.mark.parametrize("format", ["parquet", "arrow", "avro", "ndjson", "orc"])
def test_what_is_marked_is_not_written(format: str, tmp_path: Path) -> None:
    objects = {"t": {"type": "table", "format": format}}
    dao = DataAccessObject({"s": {"interface": "local", "options": {"root": str(tmp_path)}, "objects": objects}})
    table = TABLE.cast(mark_variants(TABLE.schema, STORED))
    for data in (table, table.to_reader(), table.slice(0, 0)):
        with pytest.raises(DataError, match="columns= leaves it out"):
            dao.write(data, "s.t")
    assert not dao.exists("s.t")
    dao.write(table.select(["i"]), "s.t")
    assert dao.count("s.t") == 2
