"""Arrow's types, Parquet's statistics and streams."""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from dao.arrow.predicates import filter_reader, filter_table, parse, to_arrow
from dao.errors import DataError

NAN = float("nan")


def _rows(table: pa.Table, where: Any) -> list[int]:
    return filter_table(table, where)["row"].to_pylist()


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a", "b", None, "ab"], pa.string()),
        pa.array(["a", "b", None, "ab"], pa.large_string()),
        pa.array(["a", "b", None, "ab"], pa.string_view()),
        pa.array(["a", "b", None, "ab"]).dictionary_encode(),
        pa.DictionaryArray.from_arrays([0, 1, 2, 3], ["a", "b", None, "ab"]),
        pa.array(["a", "b", None, "ab"]).cast(pa.large_string()).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_text_types(column: pa.Array) -> None:
    table = pa.table({"row": range(4), "c": column})
    assert _rows(table, "c = 'a'") == [0]
    assert _rows(table, "c > 'a'") == [1, 3]
    assert _rows(table, "c IN ('a', 'b')") == [0, 1]
    assert _rows(table, "c NOT IN ('a')") == [1, 3]
    assert _rows(table, "c LIKE 'a%'") == [0, 3]
    assert _rows(table, "c LIKE '_'") == [0, 1]
    assert _rows(table, "c ILIKE 'A'") == [0]
    assert _rows(table, "c IS NULL") == [2]
    assert filter_table(table, "c = 'a'").schema == table.schema


@pytest.mark.parametrize(
    "kind",
    [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(1), pa.dictionary(pa.int8(), pa.binary())],
    ids=str,
)
def test_binary_types(kind: pa.DataType) -> None:
    table = pa.table({"row": range(3), "c": pa.array([b"a", b"\xff", None], kind)})
    assert _rows(table, "c = X'61'") == [0]
    assert _rows(table, r"c = '\xFF'") == [1]
    assert _rows(table, "c > X'61'") == [1]
    assert _rows(table, "c IN (X'61', X'6162')") == [0]
    assert _rows(table, "c = c") == [0, 1]


@pytest.mark.parametrize(
    "kind", [pa.decimal32(7, 2), pa.decimal64(12, 2), pa.decimal128(30, 2), pa.decimal256(60, 2)], ids=str
)
def test_decimal_types(kind: pa.DataType) -> None:
    table = pa.table({"row": range(3), "c": pa.array([decimal.Decimal("1.50"), decimal.Decimal("-2.25"), None], kind)})
    assert _rows(table, "c = 1.5") == [0]
    assert _rows(table, "c < 1.505") == [0, 1]
    assert _rows(table, "c IN (1.5, -2.25, 7.777)") == [0, 1]
    assert _rows(table, "c = 1.5e0") == [0]
    assert _rows(table, "c = c") == [0, 1]
    assert _rows(table, "c < row") == [1]


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()], ids=str)
def test_float_types(kind: pa.DataType) -> None:
    table = pa.table({"row": range(4), "c": pa.array([0.5, NAN, None, -0.0], kind)})
    assert _rows(table, "c = 0.5") == [0]
    assert _rows(table, "c > 0") == [0, 1]
    assert _rows(table, "c IN (0, 'nan')") == [1, 3]
    assert _rows(table, "c NOT IN (0)") == [0, 1]
    assert _rows(table, "c = c") == [0, 1, 3]


def test_a_null_struct_hides_what_its_fields_hold() -> None:
    struct = pa.StructArray.from_arrays([pa.array([1, 2, 3])], names=["x"], mask=pa.array([False, True, False]))
    table = pa.table({"row": range(3), "st": struct})
    assert _rows(table, "st.x >= 2") == [2]
    assert _rows(table, "st.x IS NULL") == [1]
    assert _rows(table, "st IS NULL") == [1]


def test_a_column_whose_name_has_a_dot() -> None:
    table = pa.table({"row": range(2), "a.b": [1, 2], "a": [{"b": 3}, {"b": 4}]})
    assert _rows(table, '"a.b" = 2') == [1]
    assert _rows(table, "a.b = 3") == [0]
    assert _rows(table, [("a.b", "=", 2)]) == [1]
    assert _rows(table, [(("a", "b"), "=", 3)]) == [0]


@pytest.mark.parametrize(
    "where",
    [
        [("s", "=", "\ud800")],
        [("s", "in", ["a", "\ud800"])],
        "s LIKE '\ud800'",
        "s NOT LIKE '\ud800%'",
        "s LIKE '%\ud800'",
        "s LIKE '%\ud800%'",
        "s LIKE 'a%\ud800_b'",
        "s ILIKE '%\ud800'",
        "'\ud800' LIKE 'a'",
    ],
)
def test_half_a_character_is_refused(where: Any) -> None:
    with pytest.raises(DataError, match="surrogate"):
        filter_table(pa.table({"s": ["a"]}), where)


def test_half_a_character_is_no_escape() -> None:
    with pytest.raises(DataError, match="ESCAPE takes one ASCII character"):
        filter_table(pa.table({"s": ["a"]}), "s LIKE 'a' ESCAPE '\ud800'")


@pytest.fixture
def parquet(tmp_path: Path) -> ds.Dataset:
    """Five row groups of two rows, `i` and `s` ascending; NaN next to other floats, which the statistics leave out."""
    table = pa.table(
        {
            "row": range(10),
            "i": pa.array(range(10), pa.int32()),
            "s": [f"k{number}" for number in range(10)],
            "f": [5.0, NAN, 5.0, 5.0, 1.0, 2.0, 9.0, NAN, None, 3.0],
            "day": pa.array(range(0, 1000, 100), pa.date32()),
            "dec": pa.array(range(10), pa.decimal128(9, 2)),
            "ts": pa.array(range(0, 10_000_000, 1_000_000), pa.timestamp("us")),
        }
    )
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=2)
    return ds.dataset(tmp_path / "x.parquet")


def _groups(dataset: ds.Dataset, where: str) -> list[int]:
    (fragment,) = dataset.get_fragments()
    expression = to_arrow(where, dataset.schema)
    kept = [group.id for group in fragment.subset(expression).row_groups]
    split = [part.row_groups[0].id for part in fragment.split_by_row_group(expression)]
    assert kept == split
    return kept


@pytest.mark.parametrize(
    ("where", "groups"),
    [
        ("i < 2", [0]),
        ("i = 5", [2]),
        ("i = 5.0", [2]),
        ("i = 5.5", []),
        ("i = 300000000000", []),
        ("i > 7.5", [4]),
        ("i >= 2 AND i < 4", [1]),
        ("NOT i >= 2", [0]),
        ("i IN (0, 9)", [0, 4]),
        ("i = 0 OR i = 9", [0, 4]),
        ("i BETWEEN 2 AND 3", [1]),
        ("i IS NULL", []),
        ("i IS NOT DISTINCT FROM 5", [2]),
        ("(i = 5) IS TRUE", [2]),
        ("s = 'k5'", [2]),
        ("s < 'k2'", [0]),
        ("s LIKE 'k5%'", [2]),
        ("day < '1970-06-01'", [0]),
        ("day < TIMESTAMP '1970-06-01 12:00:00'", [0]),
        ("dec = 5", [2]),
        ("ts >= '1970-01-01 00:00:08'", [4]),
        ("f < 1.5", [2]),
        ("f = 5", [0, 1]),
        ("f IN (1, 2)", [2]),
        ("i < 2 OR i < 1 OR i = 1 OR s = 'k0' OR s < 'k1' OR i <= 0", [0]),
    ],
)
def test_row_groups_are_skipped(where: str, groups: list[int], parquet: ds.Dataset) -> None:
    assert _groups(parquet, where) == groups
    expected = _rows(parquet.to_table(), where)
    assert parquet.to_table(filter=to_arrow(where, parquet.schema))["row"].to_pylist() == expected


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("f > 7", [1, 6, 7]),
        ("f >= 9", [1, 6, 7]),
        ("f <> 5", [1, 4, 5, 6, 7, 9]),
        ("f = 'nan'", [1, 7]),
        ("f IN ('nan', 1)", [1, 4, 7]),
        ("f NOT IN (5)", [1, 4, 5, 6, 7, 9]),
        ("NOT f <= 7", [1, 6, 7]),
        ("NOT (f < 3 OR f = 5)", [1, 6, 7, 9]),
        ("(f < 7) = FALSE", [1, 6, 7]),
        ("(f < 7) IS NOT TRUE", [1, 6, 7, 8]),
        ("(f < 7) IS FALSE", [1, 6, 7]),
        ("f < 7", [0, 2, 3, 4, 5, 9]),
        ("f <= 9", [0, 2, 3, 4, 5, 6, 9]),
        ("f IS NOT NULL AND NOT f <= 100", [1, 7]),
        ("f > i AND f > 100", [1, 7]),
    ],
)
def test_statistics_that_leave_nan_out_neither_hide_it_nor_count_it(
    where: str, rows: list[int], parquet: ds.Dataset
) -> None:
    guarded = to_arrow(where, parquet.schema)
    assert _rows(parquet.to_table(), where) == rows
    assert parquet.to_table(filter=guarded)["row"].to_pylist() == rows
    assert parquet.count_rows(filter=guarded) == len(rows)
    (fragment,) = parquet.get_fragments()
    assert fragment.subset(guarded).to_table(filter=guarded, schema=parquet.schema)["row"].to_pylist() == rows


def test_nan_is_not_counted_by_statistics_that_say_all_rows_fit(tmp_path: Path) -> None:
    pq.write_table(pa.table({"f": [5.0, NAN, 1.0, 2.0]}), tmp_path / "x.parquet", row_group_size=2)
    dataset = ds.dataset(tmp_path / "x.parquet")
    assert dataset.count_rows(filter=to_arrow("f < 7", dataset.schema)) == 3
    assert dataset.count_rows(filter=to_arrow("f < 7", dataset.schema, guard_statistics=False)) == 4  # Arrow's own


def test_without_the_guard_statistics_would_hide_nan(parquet: ds.Dataset) -> None:
    unguarded = to_arrow("f > 7", parquet.schema, guard_statistics=False)
    assert parquet.to_table(filter=unguarded)["row"].to_pylist() != [1, 6, 7]


def test_partitions_are_skipped(tmp_path: Path) -> None:
    table = pa.table({"row": range(4), "country": ["DE", "DE", "FR", "FR"], "year": [2025, 2026, 2025, 2026]})
    pq.write_to_dataset(table, tmp_path, partition_cols=["country", "year"])
    for flavour in (ds.partitioning(flavor="hive"), ds.HivePartitioning.discover(infer_dictionary=True)):
        dataset = ds.dataset(tmp_path, partitioning=flavour)
        expression = to_arrow("country = 'DE' AND year = 2026", dataset.schema)
        assert len(list(dataset.get_fragments(expression))) == 1
        assert dataset.to_table(filter=expression)["row"].to_pylist() == [1]


class _Source:
    """Batches of one row that count how many have been taken."""

    def __init__(self, total: int) -> None:
        self.schema = pa.schema({"row": pa.int64()})
        self.taken = 0
        self.closed = False
        self._total = total

    def reader(self) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(self.schema, self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            for number in range(self._total):
                self.taken += 1
                yield pa.record_batch({"row": [number]}, self.schema)
        finally:
            self.closed = True


def test_a_stream_is_filtered_as_it_flows() -> None:
    source = _Source(10**12)
    kept = filter_reader(source.reader(), parse("row >= 3"))
    assert source.taken == 0
    assert kept.schema == source.schema
    assert kept.read_next_batch().to_pylist() == [{"row": 3}]
    assert source.taken == 4
    assert kept.read_next_batch().to_pylist() == [{"row": 4}]
    assert source.taken == 5
    del kept
    assert source.closed


def test_a_stream_with_nothing_to_keep_is_an_empty_stream() -> None:
    source = _Source(5)
    assert filter_reader(source.reader(), "row > 100").read_all() == source.schema.empty_table()
    assert source.closed


def test_a_stream_is_checked_before_it_flows() -> None:
    source = _Source(5)
    with pytest.raises(DataError, match="did you mean 'row'"):
        filter_reader(source.reader(), "rwo = 1")
    assert source.taken == 0


def test_an_error_of_the_source_comes_through() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"row": [1]})
        raise DataError("the source broke")

    reader = pa.RecordBatchReader.from_batches(pa.schema({"row": pa.int64()}), batches())
    with pytest.raises(DataError, match="the source broke"):
        filter_reader(reader, "row = 1").read_all()
