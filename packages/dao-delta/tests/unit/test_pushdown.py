"""Predicates over tables of several files: the rows that ``filter_table`` keeps, by as few files as the log allows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import write_deltalake
from hypothesis import given
from hypothesis import strategies as st

from dao import DataAccessObject, DataStore, TableObject
from dao.arrow.predicates import bind, filter_table, parse
from dao.errors import DataError
from dao.testing._predicates import Conditions, tables
from dao_delta._snapshots.pushdown import push_down

DAO = DataAccessObject()
NAMES = ("i8", "i64", "f64", "f32", "dec", "wide", "text", "Flag on", "day", "us", "zoned", "blob")
PARTITIONS = ("i8", "i64", "dec", "wide", "text", "Flag on", "day", "us", "zoned")
NAN = float("nan")


def opened(folder: str | Path) -> TableObject:
    return TableObject("table", DataStore("lake", "delta", options={"root": str(folder)}))


@st.composite
def cases(draw: st.DrawFn) -> tuple[pa.Table, str, str | None]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    by = draw(st.none() | st.sampled_from([one for one in names if one in PARTITIONS] or [None]))
    table = draw(tables(names).filter(lambda drawn: drawn.num_rows > 2))
    if by == "text":
        text = table["text"].combine_chunks()
        empty = pc.fill_null(pc.equal(text, ""), False)
        table = table.set_column(table.schema.get_field_index("text"), "text", pc.if_else(empty, None, text))
    return table, draw(Conditions(tuple(names)).any()), by


@given(cases())
def test_the_same_rows_as_of_everything(case: tuple[pa.Table, str, str | None]) -> None:
    rows, sql, by = case
    with TemporaryDirectory() as folder:
        table = opened(folder)
        third = rows.num_rows // 3
        for begin, end in ((0, third), (third, 2 * third), (2 * third, rows.num_rows)):
            DAO.write(rows.slice(begin, end - begin), table, mode="append", partition_by=by)
        try:
            expected = filter_table(DAO.read(table).sort_by("row"), sql)
        except DataError:
            with pytest.raises(DataError):
                DAO.read(table, where=sql)
            return
        found = DAO.read(table, where=sql).sort_by("row")
        assert repr(found.to_pylist()) == repr(expected.to_pylist())
        assert DAO.count(table, where=sql) == expected.num_rows


FAR = Decimal(10**37)


@pytest.mark.parametrize("where", ["f = 1.5", "f <= 2", "f IS NOT NULL", "f IN (1.5, 3)", "f = 1.5 OR id = 9"])
def test_a_nan_is_no_number_beside_it(tmp_path: Path, where: str) -> None:
    """The bounds of such a file are those of a constant column, which deltalake makes of it."""
    table, rows = opened(tmp_path), pa.table({"id": [1, 2, 3], "f": [NAN, 1.5, None]})
    DAO.write(rows, table)
    assert repr(DAO.read(table, where=where).to_pylist()) == repr(filter_table(rows, where).to_pylist())


@pytest.mark.parametrize("where", ["d IS NOT NULL", "d > 0", f"d = {FAR}", f"d >= {FAR}", f"d > {10**20}"])
@pytest.mark.parametrize("writer", ["dao", "deltalake"])
def test_decimals_whose_bounds_are_of_64_bits(tmp_path: Path, where: str, writer: str) -> None:
    table, rows = opened(tmp_path), pa.table({"id": [1], "d": pa.array([FAR], pa.decimal128(38, 0))})
    if writer == "dao":
        DAO.write(rows, table)
    else:
        write_deltalake(str(tmp_path / "table"), rows)
    assert DAO.read(table, where=where).to_pylist() == rows.to_pylist()
    assert DAO.delete(table, where=where).rows_deleted == 1


@pytest.mark.parametrize("text", ["x" * 32 + "\U0010ffff", "a\U0010ffff", "x" * 40, "é" * 33])
def test_texts_whose_bounds_are_cut(tmp_path: Path, text: str) -> None:
    table = opened(tmp_path)
    DAO.write(pa.table({"id": [1, 2], "s": ["a", text]}), table)
    for where in (f"s = '{text}'", f"s >= '{text}'", f"s LIKE '{text[:20]}%' AND id > 1", f"s IN ('{text}')"):
        assert DAO.read(table, where=where)["id"].to_pylist() == [2], where


SORTED: dict[str, pa.Array] = {
    "n": pa.array([1, 2, 3]),
    "s": pa.array(["ab", "b", "c"]),
    "day": pa.array([date(2024, 1, one) for one in (1, 2, 3)]),
    "at": pa.array([datetime(2024, 1, one, 12, 0, 0, 1, UTC) for one in (1, 2, 3)], pa.timestamp("us", "UTC")),
    "price": pa.array([Decimal(f"{one}.50") for one in (-1, 2, 3)], pa.decimal128(9, 2)),
}
SKIPPING = [
    "n < 2", "n IN (1, -7)", "s LIKE 'a%'", "s LIKE 'ab%' AND id > 0", "s < 'b'", "day = DATE '2024-01-01'",
    "at < TIMESTAMPTZ '2024-01-02 00:00:00Z'", "price < 0", "n < 2 AND f > 0", "NOT (n >= 2)",
]  # fmt: skip


@pytest.mark.parametrize("by", [None, "n", "s", "day", "at", "price"])
@pytest.mark.parametrize("where", SKIPPING)
def test_files_that_the_log_rules_out_are_not_read(tmp_path: Path, where: str, by: str | None) -> None:
    table = opened(tmp_path)
    rows = pa.table({"id": [1, 2, 3], "f": [1.0, 2.0, 3.0], **SORTED})
    for number in range(3):
        DAO.write(rows.slice(number, 1), table, mode="append", partition_by=by)
    for file in sorted((tmp_path / "table").rglob("*.parquet"), key=lambda one: one.stat().st_mtime_ns)[1:]:
        file.unlink()
    assert DAO.read(table, where=where)["id"].to_pylist() == [1]


@pytest.mark.parametrize(
    ("where", "sql"),
    [
        ("s LIKE 'a%'", """("s" >= 'a') AND ("s" < 'b')"""),
        ("s LIKE 'a%' OR n = 1", """(("s" >= 'a') AND ("s" < 'b')) OR ("n" = 1)"""),
        ("s LIKE '%a%' AND n = 1", '"n" = 1'),
        *((one, None) for one in ("s LIKE 'a_%'", "s LIKE 'a'", "s ILIKE 'a%'", "s LIKE '%'", "s NOT LIKE 'a%'")),
        ("s LIKE 'a!%%' ESCAPE '!'", None),
        ("f IS NULL", None),
    ],
)
def test_what_is_pushed_down(where: str, sql: str | None) -> None:
    schema = pa.schema({"s": pa.string(), "n": pa.int64(), "f": pa.float64()})
    assert push_down(bind(parse(where), schema), schema) == sql


def test_partition_values_are_read_back(tmp_path: Path) -> None:
    moment = datetime(1969, 12, 31, 23, 59, 59, 999_999)
    ends = [datetime(2024, 1, 1, 0, 0, 0, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999), None]
    columns = {
        "id": range(4),
        "at": pa.array([one and one.replace(tzinfo=UTC) for one in (moment, *ends)], pa.timestamp("us", "UTC")),
        "local": pa.array([datetime(1, 1, 1), *ends], pa.timestamp("us")),
        "text": ["ä b/c=d%20&?#+", "null", "__HIVE_DEFAULT_PARTITION__", None],
        "price": pa.array([Decimal("-0.01"), Decimal("0.00"), Decimal("12345678.90"), None], pa.decimal128(10, 2)),
        "day": [date(1, 1, 1), date(9999, 12, 31), date(1969, 12, 31), None],
        "flag": [True, False, None, None],
        "n": pa.array([-(2**63), 2**63 - 1, 0, None], pa.int64()),
    }
    rows = pa.table(columns)
    table = opened(tmp_path)
    DAO.write(rows, table, partition_by=[name for name in rows.column_names if name != "id"])
    assert DAO.read(table).sort_by("id").select(rows.column_names).equals(rows)
    for row in rows.to_pylist():
        for name, value in row.items():
            kept = [one["id"] for one in rows.to_pylist() if one[name] == value]
            found: Any = DAO.read(table, where=[(name, "=", value)] if value is not None else f"{name} IS NULL")
            assert sorted(found["id"].to_pylist()) == kept, (name, value)
