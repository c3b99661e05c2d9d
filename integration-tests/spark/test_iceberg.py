"""One catalog, two engines: what DAO writes is what Spark reads, and the other way round."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from corpora.test_iceberg import rows_of

from dao import DataAccessObject, DataStore, TableObject

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

DAO = DataAccessObject()
Ask = Callable[[str], dict[str, Any]]
MERGE_ON_READ = ", ".join(f"'write.{action}.mode'='merge-on-read'" for action in ("delete", "update", "merge"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DataStore:
    store = DataStore("lake", "iceberg", options={"root": str(tmp_path_factory.mktemp("lake"))})
    DAO.write([{"id": 1}], TableObject("first", store))  # makes the catalog
    return store


@pytest.fixture(scope="module")
def ask(store: DataStore) -> Iterator[Ask]:
    """Runs SQL in Spark, of the environment whose Python DAO_SPARK_ICEBERG names."""
    python = os.environ.get("DAO_SPARK_ICEBERG")
    if python is None:
        pytest.fail("DAO_SPARK_ICEBERG must name a Python with pyspark 4.1.1, as `noxfile.py -s spark` makes it")
    root = Path(store.interface.root)  # type: ignore[union-attr]
    program = [python, str(Path(__file__).with_name("run_sql.py")), str(root), str(root / ".dao" / "iceberg.db")]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr, text=True
    ) as spark:
        assert spark.stdin is not None
        assert spark.stdout is not None
        writes, reads = spark.stdin, spark.stdout

        def asked(statement: str) -> dict[str, Any]:
            print(json.dumps(statement), file=writes, flush=True)
            found: dict[str, Any] = json.loads(reads.readline())
            assert "error" not in found, (statement, found["error"])
            return found

        yield asked
        writes.close()


def check(ask: Ask, table: TableObject, name: str) -> None:
    """The rows now, and those of each version, are the same for both."""
    versions = [None, *(one.version for one in DAO.history(table))]
    for version in versions:
        mine = DAO.read(table, **({} if version is None else {"version": version}))
        theirs = ask(f"select * from {name}" + ("" if version is None else f" version as of {version}"))
        assert mine.column_names == theirs["columns"]
        assert sorted(map(repr, rows_of(mine))) == sorted(map(repr, theirs["rows"])), (name, version)


SCHEMA = pa.schema(
    {
        "n": pa.int32(),
        "b": pa.bool_(),
        "l": pa.int64(),
        "f": pa.float32(),
        "d": pa.float64(),
        "d5": pa.decimal128(5, 2),
        "d18": pa.decimal128(18, 6),
        "d38": pa.decimal128(38, 10),
        "dt": pa.date32(),
        "ts": pa.timestamp("us"),
        "tz": pa.timestamp("us", "UTC"),
        "s": pa.string(),
        "bin": pa.binary(),
        "fx": pa.binary(3),
        "u": pa.uuid(),
        "st": pa.struct({"a": pa.int32(), "b": pa.struct({"c": pa.string(), "d": pa.list_(pa.int32())})}),
        "ls": pa.list_(pa.struct({"x": pa.int32(), "y": pa.map_(pa.string(), pa.float64())})),
        "m": pa.map_(pa.int32(), pa.struct({"p": pa.decimal128(10, 2)})),
    }
)
ROWS: list[dict[str, Any]] = [
    {
        "n": 2**31 - 1,
        "b": True,
        "l": 2**63 - 1,
        "f": 1.5,
        "d": -0.0,
        "d5": Decimal("999.99"),
        "d18": Decimal("-10.650000"),
        "d38": Decimal("1234567890123456789012345678.0123456789"),
        "dt": date(1969, 12, 31),
        "ts": datetime(1969, 12, 31, 23, 59, 59, 999999),
        "tz": datetime(1900, 1, 1, 0, 0, 0, 1, UTC),
        "s": "é/a b=%?&#",
        "bin": b"\x00\xff",
        "fx": b"\x00\x01\xff",
        "u": UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7"),
        "st": {"a": 1, "b": {"c": "x", "d": [1, None, 3]}},
        "ls": [{"x": 1, "y": [("k", 1.5)]}, None],
        "m": [(1, {"p": Decimal("1.25")})],
    },
    {
        "n": -11,
        "b": False,
        "l": -(2**63),
        "f": math.nan,
        "d": -math.inf,
        "d5": Decimal("-999.99"),
        "d18": Decimal("0.000001"),
        "d38": Decimal(-1),
        "dt": date(2024, 2, 29),
        "ts": datetime(9999, 12, 31, 23, 59, 59, 999999),
        "tz": datetime(1969, 12, 31, 23, 59, 59, 0, UTC),
        "s": "\U0001f600x\U0001f600",
        "bin": b"",
        "fx": b"\xff\xfe\xfd",
        "u": UUID(int=0),
        "st": {"a": None, "b": None},
        "ls": [],
        "m": [],
    },
    dict.fromkeys(SCHEMA.names),
]


def test_types(store: DataStore, ask: Ask) -> None:
    table = TableObject("types", store)
    DAO.write(pa.Table.from_pylist(ROWS, SCHEMA), table)
    check(ask, table, "dao.default.types")
    theirs = {name: one for name, one in zip(SCHEMA.names, SCHEMA.types, strict=True) if name not in ("fx", "u")}
    columns = ", ".join(theirs)  # Spark has no type for these two
    ask(f"create table dao.default.theirs using iceberg as select {columns} from dao.default.types")
    found = DAO.read(TableObject("theirs", store))
    assert [(one.name, one.type) for one in found.schema] == list(theirs.items())
    check(ask, TableObject("theirs", store), "dao.default.theirs")
    DAO.write(DAO.read(table, columns=list(theirs)), TableObject("theirs", store), mode="append")
    check(ask, TableObject("theirs", store), "dao.default.theirs")


TERMS = {
    "year(dt)": "dt = date'1969-12-31'",
    "month(tz)": "tz = timestamp'1969-12-31 23:59:59'",
    "day(ts)": "ts < timestamp_ntz'1970-01-01 00:00:00'",
    "hour(tz)": "tz < timestamp'1960-01-01 00:00:00'",
    "bucket(7, n)": "n = -11",
    "bucket(7, l)": "l = -9223372036854775808",
    "bucket(7, s)": "s = 'é/a b=%?&#'",
    "bucket(7, d18)": "d18 = -10.65",
    "bucket(7, dt)": "dt = date'2024-02-29'",
    "bucket(7, tz)": "tz = timestamp'1969-12-31 23:59:59'",
    "bucket(7, bin)": "bin = X'00FF'",
    "bucket(7, u)": "u = 'f79c3e09-677c-4bbd-a479-3f349cb785e7'",
    "truncate(10, n)": "n < 0",
    "truncate(2, s)": "s >= '\U0001f600'",
    "truncate(50, d18)": "d18 < 0",
    "truncate(1, bin)": "bin = X''",
    "s": "s = 'é/a b=%?&#'",
    "dt": "dt is null",
    "d38": "d38 < 0",
    "bin": "bin = X'00FF'",
    "b": "b",
    "u": "u is null",
}


@pytest.mark.parametrize("number", range(len(TERMS)))
def test_partitions(store: DataStore, ask: Ask, number: int) -> None:
    """Spark finds rows by the partitions and bounds that DAO wrote, and DAO by those of a table that Spark copied."""
    term, condition = list(TERMS.items())[number]
    table, name = TableObject(f"parts{number}", store, partition_by=[term]), f"dao.default.parts{number}"
    DAO.write(pa.Table.from_pylist(ROWS, SCHEMA), table)
    check(ask, table, name)
    found = ask(f"select n from {name} where {condition}")["rows"]
    assert found == ask(f"select n from dao.default.types where {condition}")["rows"]
    assert len(found) == 1


def test_uuids(store: DataStore, ask: Ask) -> None:
    """Spark finds each among others, though it takes them for signed numbers."""
    firsts = ["f79c3e09", "00000000", "7fffffff", "01000000"]
    values = [UUID(f"{one}-677c-4bbd-a479-3f349cb785e7").bytes for one in firsts]
    column = pa.ExtensionArray.from_storage(pa.uuid(), pa.array(values, pa.binary(16)))
    DAO.write(pa.table({"n": range(4), "u": column}), TableObject("uuids", store))
    for number, one in enumerate(firsts):
        found = ask(f"select n from dao.default.uuids where u = '{one}-677c-4bbd-a479-3f349cb785e7'")
        assert found["rows"] == [[number]]


def test_a_table_that_both_change(store: DataStore, ask: Ask) -> None:
    name, table = "dao.default.both", TableObject("both", store, partition_by=["bucket(3, id)", "c"], keys=["id"])
    DAO.write([{"id": id, "c": "ab"[id % 2], "v": id * 1.5, "s": f"name{id}" * 8} for id in range(50)], table)
    ask(f"alter table {name} set tblproperties ({MERGE_ON_READ})")
    DAO.upsert([{"id": id, "c": "ab"[id % 2], "v": -1.0, "s": "up"} for id in range(40, 60)], table)
    ask(f"delete from {name} where id in (41, 42)")
    ask(f"update {name} set v = 0 where id % 7 = 3")
    check(ask, table, name)
    DAO.delete(table, where="id < 5 OR s = 'name7'")
    DAO.run("evolve", table, add={"n": "string"}, rename={"v": "w"}, drop=["s"])
    DAO.upsert([{"id": id, "c": "u", "w": 9.0, "n": "u"} for id in (10, 17, 43, 200)], table)
    ask(f"alter table {name} add column s bigint")
    ask(f"alter table {name} replace partition field c with truncate(2, c)")
    ask(f"insert into {name} values (300, 'c', 1, 'n', 1)")
    check(ask, table, name)
    table = TableObject("both", store, keys=["id"])
    DAO.run("create_tag", table, name="kept")
    DAO.write([{"id": 301, "c": "c", "w": 1.0, "n": "n", "s": 2}], table, mode="append")
    ask(f"delete from {name} where id in (11, 12, 301)")
    DAO.run("compact", table)
    DAO.run("rewrite_manifests", table)
    check(ask, table, name)
    ask("call dao.system.rewrite_data_files(table => 'default.both', options => map('rewrite-all', 'true'))")
    DAO.upsert([{"id": 300, "c": "n", "w": 9.0, "n": "u", "s": None}], table)
    check(ask, table, name)
    kept = ask(f"select id from {name} version as of 'kept'")["rows"]
    assert sorted(kept) == sorted([id] for id in DAO.read(table, tag="kept")["id"].to_pylist())
    DAO.run("expire", table, older_than=0, dry_run=False)
    DAO.run("orphans", table, older_than=0, dry_run=False)
    check(ask, table, name)
    for part in ("files", "partitions", "manifests", "snapshots", "refs", "metadata_log_entries"):
        ask(f"select * from {name}.{part}")


def test_names_and_bounds(store: DataStore, ask: Ask) -> None:
    schema = pa.schema({"c d": pa.string(), "Ünï": pa.int64(), "UP": pa.int32(), "1st": pa.struct({"x y": pa.int32()})})
    rows = [{"c d": "x", "Ünï": 1, "UP": 2, "1st": {"x y": 1}}, dict.fromkeys(schema.names)]
    table = TableObject("odd", store, partition_by=["c d", "bucket(2, Ünï)"])
    DAO.write(pa.Table.from_pylist(rows, schema), table)
    check(ask, table, "dao.default.odd")
    DAO.write(schema.empty_table(), TableObject("empty", store))
    check(ask, TableObject("empty", store), "dao.default.empty")
    texts = ["\U0001f600" * 20 + "b", "z" * 40, "\U0010ffff" * 20, "a" * 16]
    rows = [{"id": id, "s": text, "f": [math.nan, 1.0, -0.0, 0.0][id]} for id, text in enumerate(texts)]
    DAO.write(rows, TableObject("bounds", store))
    for condition, ids in {
        f"s = '{texts[0]}'": [0],
        f"s >= '{texts[2]}'": [2],
        "isnan(f)": [0],
        "f = 0": [2, 3],
    }.items():
        found = ask(f"select id from dao.default.bounds where {condition}")["rows"]
        assert sorted(found) == [[id] for id in ids], condition
