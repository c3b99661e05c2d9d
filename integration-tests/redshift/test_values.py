"""Every type of Redshift's, both ways: by INSERT and by COPY, by cursor and by UNLOAD, the same values and types."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services import minio
from services.minio import ObjectServer

from dao import DataAccessObject, DataError, DataStore, TableObject, UnsupportedError
from dao.connections import S3Connection
from dao.testing._tables import same_table, tables
from dao_redshift import RedshiftInterface
from dao_redshift.testing import RedshiftGateway
from redshift.stores import execute, new_schema, staged_options, store_of

RELAXED = RedshiftInterface.capabilities.relaxes
LONGEST = 65_535
LAST = {"hour": 23, "minute": 59, "second": 59, "microsecond": 999_999}
FINEST = Decimal("1E-37")
NINES = "9" * 37
ODD_LETTERS = "\\'\"\n\r\t ,|;${}%N\x01\x7f\x85\u2028é\ufeff\U0010ffff"

Stores = dict[str, DataStore]


@pytest.fixture(scope="module")
def stores(gateway: RedshiftGateway, storage: S3Connection, object_server: ObjectServer) -> Iterator[Stores]:
    """Two stores in one schema: one's rows go by INSERT, the other's by COPY."""
    schema, bucket = new_schema(gateway), minio.make_bucket(object_server, f"test-{uuid.uuid4().hex}")
    staged = staged_options(storage, bucket)
    found = {
        "insert": store_of(gateway, schema=schema, **{**staged, "bulk_values": 10_000_000}),
        "copy": store_of(gateway, schema=schema, **staged),
    }
    yield found
    for store in found.values():
        store.close()
    execute(gateway, f"DROP SCHEMA {schema} CASCADE")


def outcomes(stores: Stores, rows: pa.Table, **arguments: Any) -> dict[str, Any]:
    """What comes back of rows by each way to write and each to read; or by each way to write why they are refused."""
    dao, found = DataAccessObject(), dict[str, Any]()
    for written, store in stores.items():
        table = TableObject(f"by_{written}", store)
        try:
            dao.write(rows, table, mode="overwrite", **arguments)
        except (DataError, UnsupportedError) as error:
            found[written] = error
            continue
        found[f"{written}, cursor"] = dao.read(table, via="cursor")
        if any(pa.types.is_binary(one.type) for one in found[f"{written}, cursor"].schema):
            with pytest.raises(UnsupportedError, match="via='cursor'"):
                dao.read(table, via="unload")
        else:
            found[f"{written}, unload"] = dao.read(table, via="unload")
    return found


def agree(found: dict[str, Any], rows: pa.Table, relax: Any = ()) -> bool:
    """Check that all ways give these rows, in the same types, or that all refuse them; whether they are kept."""
    refused = [name for name, one in found.items() if isinstance(one, Exception)]
    assert refused in ([], list(found)), f"refused by {refused} alone: {found}"
    if refused:
        return False
    first, *others = found.values()
    same_table(first, rows, ordered=False, relax=relax)
    for other in others:
        same_table(other, first, ordered=False)
    return True


def inside(rows: pa.Table) -> pa.Table:
    """A column of structs, whose fields may have types that no column has."""
    values = pa.StructArray.from_arrays([one.combine_chunks() for one in rows.columns], fields=list(rows.schema))
    return pa.table({"document": values})


PLAIN = tables(without=RedshiftInterface.capabilities.lacks_types)
NESTED = tables(without=("control_text", "long_names")).map(inside)


@given(rows=PLAIN | NESTED)
def test_tables_come_back_alike_by_each_way(stores: Stores, rows: pa.Table) -> None:
    agree(outcomes(stores, rows), rows, RELAXED)


@st.composite
def decimals(draw: st.DrawFn) -> pa.Table:
    """A column of decimals of any precision up to 38 digits and any scale up to 37."""
    precision = draw(st.integers(1, 38))
    scale = draw(st.integers(0, min(precision, 37)))
    most = 10**precision - 1
    numbers = st.none() | st.integers(-most, most) | st.sampled_from((0, 1, -1, most, -most))
    texts = [None if one is None else f"{one}E-{scale}" for one in draw(st.lists(numbers, max_size=6))]
    values = [None if text is None else Decimal(text) for text in texts]
    return pa.table({"d": pa.array(values, pa.decimal128(precision, scale))})


@given(rows=decimals())
def test_decimals_of_any_precision_keep_each_digit(stores: Stores, rows: pa.Table) -> None:
    assert agree(outcomes(stores, rows), rows)


@given(texts=st.lists(st.none() | st.text(st.sampled_from(ODD_LETTERS)), max_size=8))
def test_texts_of_what_languages_escape_keep_each_character(stores: Stores, texts: list[str | None]) -> None:
    rows = pa.table({"s": pa.array(texts, pa.string())})
    assert agree(outcomes(stores, rows), rows)


EDGES: dict[str, pa.Array] = {
    "bool": pa.array([True, False, None]),
    "smallint": pa.array([-(2**15), 2**15 - 1, None], pa.int16()),
    "integer": pa.array([-(2**31), 2**31 - 1, None], pa.int32()),
    "bigint": pa.array([-(2**63), 2**63 - 1, None], pa.int64()),
    "real": pa.array([float("nan"), float("inf"), -0.0, 1e-45, 3.4028234663852886e38, None], pa.float32()),
    "double": pa.array([float("nan"), float("-inf"), -0.0, 5e-324, 1.7976931348623157e308, 0.1, None]),
    "decimal(38, 37)": pa.array(
        [FINEST, Decimal(f"9.{NINES}"), Decimal(f"-9.{NINES}"), Decimal(0), None], pa.decimal128(38, 37)
    ),
    "decimal(37, 37)": pa.array([FINEST, Decimal(f"0.{NINES}"), Decimal(f"-0.{NINES}"), None], pa.decimal128(37, 37)),
    "decimal(38, 0)": pa.array([Decimal(10**38 - 1), Decimal(1 - 10**38), None], pa.decimal128(38, 0)),
    "varchar": pa.array(["", " ", " a ", "NULL", "\\N", "\\", "\\'", '"', "a\nb\r\n", "é", "\U0001f600", None]),
    "long varchar": pa.array(["x" * LONGEST, "é" * (LONGEST // 2), "'" * LONGEST, "\\" * LONGEST, None]),
    "varbyte": pa.array([b"", b"\0", b"\xff\\'\n", bytes(range(256)), b"\\x00", None]),
    "date": pa.array([date.min, date(1582, 10, 4), date(1900, 2, 28), date.max, None]),
    "time": pa.array([time.min, time(12, 30), time(**LAST), None], pa.time64("us")),
    "timestamp": pa.array(
        [datetime.min, datetime(1582, 10, 4), datetime(1969, 12, 31, **LAST), datetime(9999, 12, 31, **LAST), None],
        pa.timestamp("us"),
    ),
    "timestamptz": pa.array(
        [datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
         datetime(9999, 12, 31, **LAST, tzinfo=UTC), None],
        pa.timestamp("us", "UTC"),
    ),
    "nested floats": pa.array(
        [[float("nan"), float("-inf"), -0.0, 0.0, 5e-324, 1.7976931348623157e308, 1e15, 1e37, 1e38, 0.1 + 0.2, None]]
    ),
    "nested reals": pa.array([[float("inf"), -0.0, 1e-45, 0.1, 16777216.0, None]], pa.list_(pa.float32())),
    "nested integers": pa.array([[0, 2**63 - 1, 2**63, 2**64 - 1, None]], pa.list_(pa.uint64())),
    "nested decimals": pa.array(
        [[Decimal(f"{NINES[:36]}.{NINES}999"), Decimal("1E-40"), Decimal(0), None]], pa.list_(pa.decimal256(76, 40))
    ),
    "nested texts": pa.array([["", "null", '"', "\\", "\\n", "".join(map(chr, range(1, 0x21))), ODD_LETTERS, None]]),
    "a long document": pa.array([["x" * (LONGEST - 4)], ["é" * ((LONGEST - 4) // 2)]]),
    "nested UUIDs": pa.ListArray.from_arrays(
        [0, 2], pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(range(16)), None], pa.binary(16)))
    ),
    "nested bytes": pa.array([[b"", b"\0", bytes(range(256)), None]]),
    "nested nanoseconds": pa.array([[-(2**63) + 1, -1, 0, 2**63 - 1, None]], pa.list_(pa.int64())).cast(
        pa.list_(pa.timestamp("ns", "Europe/Berlin"))
    ),
    "maps": pa.array(
        [[("b", 1), ("a", None), ("b", 2)], [], None], pa.map_(pa.string(), pa.field("n", pa.int16(), nullable=True))
    ),
    "maps by numbers": pa.array([[(2, ["x"]), (1, None)], None], pa.map_(pa.int64(), pa.large_list(pa.string()))),
    "nulls at each level": pa.array(
        [None, {"s": None}, {"s": {"l": None}}, {"s": {"l": []}}, {"s": {"l": [None]}}],
        pa.struct([("s", pa.struct([("l", pa.list_(pa.int8()))]))]),
    ),
    "odd names of fields": pa.array([{"a:b, c<d>": 1, "it's \\ \"odd\"": 2, "": 3, "é": 4, "A": 5, "a": 6}, None]),
    "a struct without fields": pa.array([{}, None], pa.struct([])),
    "lists of one length": pa.array([[1, 2], None], pa.list_(pa.int32(), 2)),
}  # fmt: skip
"""The values at the edges of each type."""


@pytest.mark.parametrize("kind", EDGES)
def test_edges_come_back(stores: Stores, kind: str) -> None:
    rows = pa.table({"v": EDGES[kind]})
    assert agree(outcomes(stores, rows), rows)


def test_many_bytes_come_back_without_a_way_asked_for(stores: Stores) -> None:
    rows = pa.table({"id": range(2500), "v": [number.to_bytes(2) for number in range(2500)]})
    dao, table = DataAccessObject(), TableObject("bytes", stores["copy"])
    dao.write(rows, table)
    same_table(dao.read(table), rows, ordered=False)


REFUSED: dict[str, pa.Array] = {
    "a text of 65,536 bytes": pa.array(["x" * (LONGEST + 1)]),
    "a text of 65,535 characters and more bytes": pa.array(["é" * LONGEST]),
    "a text with a NUL": pa.array(["a\0b"]),
    "the year 0": pa.array([-719_163], pa.int32()).cast(pa.date32()),
    "the year 10000": pa.array([2_932_897], pa.int32()).cast(pa.date32()),
    "a moment of the year 0": pa.array([-62_135_596_800_000_001], pa.timestamp("us")),
    "a moment of the year 10000": pa.array([253_402_300_800_000_000], pa.timestamp("us", "UTC")),
    "38 digits behind the point": pa.array([Decimal(1).scaleb(-38)], pa.decimal128(38, 38)),
    "unsigned integers of 64 bits": pa.array([1], pa.uint64()),
    "a nested value whose document has 65,536 bytes": pa.array([["x" * (LONGEST - 3)]]),
    "a nested text with a NUL": pa.array([[{"a": "\0"}]]),
    "a nested year 10000": pa.array([[2_932_897]], pa.list_(pa.int32())).cast(pa.list_(pa.date32())),
    "a union of types": pa.UnionArray.from_dense(
        pa.array([0, 1], pa.int8()), pa.array([0, 0], pa.int32()), [pa.array([1]), pa.array(["a"])]
    ),
    "a length of time": pa.array([1], pa.duration("us")),
}
"""Values that Redshift has none of."""


@pytest.mark.parametrize("kind", REFUSED)
def test_what_would_not_come_back_is_refused_by_each_way(stores: Stores, kind: str) -> None:
    rows = pa.table({"v": REFUSED[kind]})
    assert not agree(outcomes(stores, rows), rows)


@pytest.mark.parametrize("kind", ["decimal", "text"])
def test_values_that_do_not_fit_a_narrower_column_are_refused_by_each_way(
    stores: Stores, gateway: RedshiftGateway, kind: str
) -> None:
    declared, value = {"decimal": ("NUMERIC(4, 2)", Decimal("100.00")), "text": ("VARCHAR(3)", "éé")}[kind]
    dao, schema = DataAccessObject(), stores["copy"].interface.schema_name
    for written, store in stores.items():
        name = f"narrow_{kind}_{written}"
        execute(gateway, f'CREATE TABLE {schema}."{name}" (v {declared})')
        with pytest.raises(DataError):
            dao.write(pa.table({"v": [value]}), TableObject(name, store), mode="append")
        assert dao.count(TableObject(name, store)) == 0


@pytest.mark.parametrize("texts", [["\ufeff"], ["\ufeffa", "b"]])
def test_a_byte_order_mark_is_a_character_like_others(stores: Stores, texts: list[str]) -> None:
    rows = pa.table({"s": texts})
    assert agree(outcomes(stores, rows), rows)
