"""The rows of each file are in the table's order, and a manifest says so only where all of them are."""

from __future__ import annotations

import math
import struct
from datetime import UTC, date, datetime, time
from decimal import Decimal
from random import Random
from uuid import UUID

import pyarrow as pa
import pytest
from pyiceberg.transforms import BucketTransform
from pyiceberg.types import StringType

from dao_iceberg._snapshots.planning import plan_files
from dao_iceberg._snapshots.stored import StoredFiles

VALUES = {
    "int64": (pa.int64(), [3, -1, 2**62, -(2**62), 0]),
    "string": (pa.string(), ["b", "a", "", "ä", "\U0001f600", "\uffff", "aa"]),
    "bool": (pa.bool_(), [True, False]),
    "decimal": (pa.decimal128(9, 2), [Decimal("1.50"), Decimal("-2.25"), Decimal("0.00")]),
    "date": (pa.date32(), [date(2025, 1, 2), date(1960, 1, 1)]),
    "time": (pa.time64("us"), [time(12, 1), time(1, 59, 59, 7)]),
    "moment": (pa.timestamp("us", "UTC"), [datetime(2025, 1, 2, tzinfo=UTC), datetime(1960, 1, 1, tzinfo=UTC)]),
    "binary": (pa.binary(), [b"\xff", b"a", b"", b"\x00"]),
    "uuid": (pa.uuid(), [UUID(int=2**127 + 5), UUID(int=1), UUID(int=2**100)]),
    "double": (pa.float64(), [1.5, -1.5, math.inf, -math.inf, math.nan, 0.0, -0.0, 5e-324]),
    "float": (pa.float32(), [1.5, -2.0, math.inf, -math.inf, math.nan, 0.0, -0.0]),
}


def stored(client, order: int | None = 1, table: str = "orders") -> list[pa.Table]:
    """The rows of each file as they lie in it; all files must have this order."""
    snapshot = client.open(table)
    files = plan_files(snapshot)
    assert {one.entry.file.sort_order_id for one in files} == {order}
    return [pa.Table.from_batches(StoredFiles(snapshot, [one]).read(one)) for one in files]


def rank(value):
    """A value as Iceberg compares it."""
    if isinstance(value, float):
        bits = struct.unpack("<q", struct.pack("<d", value))[0]
        return bits ^ ((bits >> 63) & (2**63 - 1))
    return value.encode() if isinstance(value, str) else value.bytes if isinstance(value, UUID) else value


def shown(values) -> list[str]:
    return [str(one) for one in values]


@pytest.mark.parametrize("nulls", ["first", "last"])
@pytest.mark.parametrize("way", ["asc", "desc"])
@pytest.mark.parametrize("name", VALUES)
def test_each_type_in_each_direction(dao, table, client, name, way, nulls):
    kind, values = VALUES[name]
    given = [*values, None, *values, None]
    Random(7).shuffle(given)
    rows = pa.table({"v": pa.array(given, kind), "n": range(len(given))})
    dao.write(rows, table, sort_by=f"v {way} nulls {nulls}")
    full = sorted((one for one in given if one is not None), key=rank, reverse=way == "desc")
    wanted = [None, None, *full] if nulls == "first" else [*full, None, None]
    [found] = stored(client)
    assert shown(found["v"].to_pylist()) == shown(wanted)
    assert sorted(map(repr, found.to_pylist())) == sorted(map(repr, rows.to_pylist()))


def test_several_terms_with_transforms_and_fields_inside(dao, table, client):
    random = Random(3)
    rows = [
        {"id": n, "at": datetime(2025, 1, random.randrange(1, 5), n % 24), "s": {"t": random.choice("abcdefgh") * 3}}
        for n in range(200)
    ]
    rows[7]["s"] = None
    schema = pa.schema([("id", pa.int64()), ("at", pa.timestamp("us")), ("s", pa.struct({"t": pa.string()}))])
    given = pa.Table.from_pylist(rows, schema)
    dao.write(given, table, sort_by=["day(at) desc", "bucket(4, s.t)", "truncate(1, s.t) desc", "id desc"])
    [found] = stored(client)
    bucket = BucketTransform(4).transform(StringType())

    def compared(row):
        text = None if row["s"] is None else row["s"]["t"]
        # nulls are first upwards and last downwards; bucket() of null is null
        return (-row["at"].day, text is not None, bucket(text) or 0, -ord((text or "a")[0]), -row["id"])

    assert found.to_pylist() == sorted(rows, key=compared)


def test_equal_rows_stay_as_they_are(dao, table, client):
    rows = pa.table({"k": [1] * 50 + [0] * 50, "n": range(100)})
    dao.write(rows, table, sort_by="k")
    assert stored(client)[0]["n"].to_pylist() == [*range(50, 100), *range(50)]


def test_rewritten_and_compacted_files_are_sorted_too(dao, table, client):
    rows = pa.table({"id": [*range(40)], "part": [n % 2 for n in range(40)], "v": [(n * 7) % 40 for n in range(40)]})
    dao.write(rows, table, sort_by="v desc", partition_by="part")
    dao.upsert(rows.slice(5, 9).set_column(2, "v", pa.array(range(100, 109))), table, keys="id")
    dao.delete(table, where="v = 8 or v = 7")
    dao.write(rows.slice(0, 2), table, mode="append")
    dao.write(rows.slice(20, 1), table, mode="overwrite", where="id = 20")
    assert all(one["v"].to_pylist() == sorted(one["v"].to_pylist(), reverse=True) for one in stored(client))
    dao.run("compact", table)
    found = stored(client)
    assert len(found) == 2
    assert all(one["v"].to_pylist() == sorted(one["v"].to_pylist(), reverse=True) for one in found)
    dao.run("evolve", table, order=["v"])
    dao.write(rows.slice(0, 9), table, mode="overwrite")
    assert all(one["v"].to_pylist() == sorted(one["v"].to_pylist()) for one in stored(client, 2))
    dao.run("evolve", table, order=[])
    dao.write(rows, table, mode="overwrite")
    assert stored(client, None)[0]["v"].to_pylist() == rows["v"].to_pylist()


@pytest.mark.parametrize(("step", "order"), [(1, 1), (-1, None)])
def test_a_file_of_several_row_groups(dao, table, client, step, order):
    numbers = [*range(3000)][::step]
    rows = pa.table({"v": pa.array(numbers, pa.int64()), "n": range(3000)})
    given = {"write.parquet.row-group-size-bytes": 16_000}
    dao.write(rows.to_reader(max_chunksize=1000), table, sort_by="v", properties=given)
    [found] = stored(client, order)
    assert (
        found["v"].to_pylist() == sorted(numbers)
        if step == 1
        else found["v"].to_pylist()[:1000] == [*range(2000, 3000)]
    )
    dao.run("set_properties", table, properties={"write.parquet.row-group-size-bytes": None})
    dao.write(rows.to_reader(max_chunksize=1000), table, mode="overwrite")
    assert stored(client)[0]["v"].to_pylist() == sorted(numbers)


def test_within_the_memory_limit(dao, table, client):
    numbers = [(n * 7919) % 100_003 for n in range(100_003)]
    rows = pa.table({"v": pa.array(numbers, pa.int64())})
    dao.write(rows.to_reader(max_chunksize=10_000), table, sort_by="v", memory_limit="1 MiB")
    [found] = stored(client, None)
    assert sorted(found["v"].to_pylist()) == sorted(numbers)
    again = sorted(numbers)
    dao.write(pa.table({"v": again}), table, mode="overwrite", memory_limit="1 MiB")
    assert stored(client)[0]["v"].to_pylist() == again


def test_a_new_column_of_an_overwritten_table_can_be_its_order(dao, table, client):
    dao.write(pa.table({"a": [1]}), table, sort_by="a")
    dao.write(pa.table({"b": [2, 1]}), table, mode="overwrite")
    assert stored(client, None)[0]["b"].to_pylist() == [2, 1]
    dao.write(pa.table({"c": [2, 1, 3]}), table, mode="overwrite", sort_by="c desc")
    assert stored(client, 2)[0]["c"].to_pylist() == [3, 2, 1]
