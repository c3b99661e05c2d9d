"""What a profile says of data of every kind, beside DuckDB, and that it doesn't depend on how the rows arrive."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import math
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao import (
    AsyncDataAccessObject,
    DataAccessObject,
    DataObject,
    DataStore,
    DataStoreRegistry,
    NotFoundError,
    TableObject,
)
from dao.profiles import ColumnProfile, Histogram, Profile, profile
from dao.profiles._bins import Bins
from dao.profiles._column import Column
from dao.profiles._distinct import Distinct

DAY = datetime.date(2026, 1, 31)
SAMPLES = {
    "int8": pa.array([1, -5, None, 1], pa.int8()),
    "uint64": pa.array([2**64 - 1, 0, None, 7], pa.uint64()),
    "double": pa.array([0.0, -0.0, math.nan, math.inf]),
    "float16": pa.array([1.5, None, 2.5, 1.5], pa.float16()),
    "decimal": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2"), decimal.Decimal("1.5")]),
    "decimal32": pa.array([decimal.Decimal("1.5"), None, None, None], pa.decimal32(5, 2)),
    "bool": pa.array([True, None, False, True]),
    "string": pa.array(["b", "a", None, "a"]),
    "view": pa.array(["b", "a", None, "a"], pa.string_view()),
    "category": pa.array(["b", "a", None, "a"]).dictionary_encode(),
    "binary": pa.array([b"\xff", b"", None, b""]),
    "date": pa.array([DAY, None, DAY, datetime.date(1, 1, 1)]),
    "instant": pa.array([datetime.datetime(2026, 1, 31), None, None, None], pa.timestamp("us", "UTC")),
    "far": pa.array([2**62, 0, None, None], pa.timestamp("s")),
    "time": pa.array([datetime.time(1), None, datetime.time(0), None], pa.time64("us")),
    "duration": pa.array([5, None, 4, 5], pa.duration("s")),
    "interval": pa.array([(1, 2, 3), None, None, None], pa.month_day_nano_interval()),
    "list": pa.array([[1], None, [], [1]]),
    "struct": pa.array([{"a": 1}, None, {"a": None}, None]),
    "null": pa.nulls(4),
    "uuid": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16, None, b"1" * 16, None], pa.binary(16))),
}


def of(values: pa.Array, *cuts: int) -> ColumnProfile:
    column = Column(pa.field("it", values.type))
    for start, end in pairwise([0, *sorted(cuts), len(values)]):
        column.add(values[start:end])
    return column.profile()


@pytest.mark.parametrize("kind", SAMPLES)
def test_each_kind_of_column(kind: str) -> None:
    values = SAMPLES[kind]
    found = of(values)
    assert found.nulls == values.null_count
    assert found.type == str(values.type)
    assert of(values, 1, 2) == found
    assert str(Profile("it", len(values), (found,)))


@pytest.mark.parametrize(
    ("kind", "distinct", "least", "greatest"),
    [
        ("int8", 2, -5, 1),
        ("uint64", 3, 0, 2**64 - 1),
        ("double", 2, 0.0, math.inf),
        ("decimal", 2, decimal.Decimal("-2.00"), decimal.Decimal("1.50")),
        ("bool", 2, False, True),
        ("category", 2, "a", "b"),
        ("binary", 2, b"", b"\xff"),
        ("date", 2, datetime.date(1, 1, 1), DAY),
        ("instant", 1, *[datetime.datetime(2026, 1, 31, tzinfo=datetime.UTC)] * 2),
        ("duration", 2, datetime.timedelta(seconds=4), datetime.timedelta(seconds=5)),
        ("interval", 1, None, None),
        ("list", None, None, None),
        ("null", None, None, None),
    ],
)
def test_what_is_said_of_a_column(kind: str, distinct: int | None, least: object, greatest: object) -> None:
    found = of(SAMPLES[kind])
    assert (found.distinct, found.min, found.max) == (distinct, least, greatest)
    assert found.distinct_exact


def test_nan_is_counted_apart() -> None:
    found = of(SAMPLES["double"])
    assert (found.nulls, found.nan) == (0, 1)
    assert found.histogram is not None
    assert sum(found.histogram.counts) == 2  # neither NaN nor infinity


def test_years_beyond_python_s_are_texts() -> None:
    assert isinstance(of(SAMPLES["far"]).max, str)


NUMBERS = st.lists(st.one_of(st.integers(-5, 5).map(float), st.floats(-1e300, 1e300)))


@given(NUMBERS, st.lists(st.integers(0, 8), max_size=3), st.randoms(use_true_random=False))
def test_bins_count_all_and_do_not_depend_on_the_order(values: list[float], cuts: list[int], random) -> None:
    found = of(pa.array(values, pa.float64())).histogram
    shuffled = list(values)
    random.shuffle(shuffled)
    assert of(pa.array(shuffled, pa.float64()), *(min(cut, len(values)) for cut in cuts)).histogram == found
    if not values:
        assert found is None
        return
    assert found is not None
    assert sum(found.counts) == len(values)
    assert len(found.counts) <= 16
    assert found.counts[0]
    assert found.counts[-1]
    for place, count in enumerate(found.counts):
        start = found.start + place * found.width
        assert count == sum(start <= value < start + found.width for value in values)


def test_bins_at_the_ends_of_doubles() -> None:
    found = of(pa.array([-sys.float_info.max, 1.0, sys.float_info.max])).histogram
    assert found is not None
    assert sum(found.counts) == 3
    assert math.isfinite(found.start)


def test_bins_of_whole_numbers_are_not_narrower_than_one() -> None:
    bins = Bins(whole=True)
    bins.add(pa.array([1998.0, 1999.0, 1998.0]))
    assert bins.histogram() == Histogram(1998.0, 1.0, (2, 1))


def test_few_values_are_counted_and_many_estimated() -> None:
    few, many = Distinct(pa.int64()), Distinct(pa.int64())
    few.add(pa.array(range(50_000)))
    many.add(pa.array(range(50_001)))
    assert (few.number, few.exact) == (50_000, True)
    assert not many.exact


@pytest.mark.parametrize("kind", ["int64", "double", "string"])
@pytest.mark.parametrize("count", [60_000, 200_000])
def test_an_estimate_is_near_and_does_not_depend_on_the_batches(kind: str, count: int) -> None:
    values = pa.array(range(count), pa.int64()).cast(kind)
    whole, parts = Distinct(values.type), Distinct(values.type)
    whole.add(values)
    for start in reversed(range(0, count, 30_000)):
        parts.add(values[start : start + 40_000])
    assert parts.number == whole.number
    assert abs(whole.number / count - 1) < 0.05


def test_long_texts_are_estimated_before_they_fill_the_memory() -> None:
    held = Distinct(pa.string())
    for at in range(40):
        held.add(pa.array([f"{at} {row}".ljust(1000) for row in range(100)]))
    assert held._seen.nbytes == 0
    assert abs(held.number / 4000 - 1) < 0.05


@pytest.fixture
def dao() -> Iterator[DataAccessObject]:
    with DataAccessObject({"tmp": {"interface": "memory", "objects": {"sales": {"type": "table"}}}}) as made:
        yield made


SALES = pa.table(
    {
        "id": range(1000),
        "price": [None if row % 10 == 0 else row % 70 / 4 for row in range(1000)],
        "country": ["DE", "FR", None, "UK"] * 250,
        "day": [datetime.date(2026, 1, 1) + datetime.timedelta(row % 90) for row in range(1000)],
    }
)


def test_as_duckdb_counts(dao: DataAccessObject) -> None:
    dao.write(SALES, "tmp.sales")
    found = profile(dao, "tmp.sales", where="id < 900")
    sales = SALES  # noqa: F841 - DuckDB finds it by its name
    for column in found.columns:
        query = (
            f"count(*) - count({column.name}), count(DISTINCT {column.name}), min({column.name}), max({column.name})"
        )
        expected = duckdb.sql(f"SELECT {query} FROM sales WHERE id < 900").fetchall()[0]
        assert (column.nulls, column.distinct, column.min, column.max) == expected
    assert found.rows == 900


def test_columns_and_other_arguments_of_a_read(dao: DataAccessObject) -> None:
    dao.write(SALES, "tmp.sales")
    found = profile(dao, "tmp.sales", columns=["country"], where="country = 'DE'")
    assert found.columns == (ColumnProfile("country", "string", 0, None, 1, True, "DE", "DE"),)
    with pytest.raises(NotFoundError):
        profile(dao, dao.catalog["tmp.sales"].replace(key="nothing"))


def test_a_store_that_only_reads_whole_tables() -> None:
    class Whole:
        def read(self, data_object):
            return SALES

    sales = TableObject("sales", DataStore("tmp", Whole()))
    assert profile(DataAccessObject(), sales).rows == 1000


def test_no_rows(dao: DataAccessObject) -> None:
    dao.write(SALES[:0], "tmp.sales")
    found = profile(dao, "tmp.sales")
    assert [column.distinct for column in found.columns] == [0, 0, 0, 0]
    assert "0 rows" in str(found)


def test_the_view(dao: DataAccessObject) -> None:
    dao.write(SALES, "tmp.sales")
    found = profile(dao, "tmp.sales")
    assert str(found) == (
        "tmp.sales: 1,000 rows, 4 columns\n"
        "column   type         nulls  distinct  min         max         histogram\n"
        "id       int64            0     1,000  0           999         ███████████████▅\n"
        "price    double         100        63  0.25        17.25       ███▇█▇▇▇▆\n"
        "country  string         250         3  DE          UK\n"
        "day      date32[day]      0        90  2026-01-01  2026-03-31  ▂███████████"
    )
    assert max(map(len, found.text(70).splitlines())) <= 70
    html = found._repr_html_()
    assert html.startswith('<table class="dao"><caption')
    assert "███████████████▅" in html


def test_an_estimate_is_marked() -> None:
    shown = Profile("it", 9, (ColumnProfile("id", "int64", 0, None, 60_123, False, 1, 9),))
    assert "~60,123" in str(shown)
    assert str(shown).endswith("~: an estimate, within 5% nearly always")
    assert "<p>~: an estimate" in shown._repr_html_()


def test_data_does_not_control_the_terminal_or_the_page() -> None:
    shown = Profile("it", 1, (ColumnProfile("\x1b[31m", "string", 0, None, 1, True, "<b>\n", "z" * 500),))
    assert "\x1b" not in str(shown)
    assert len(str(shown).splitlines()) == 3
    assert "<b>" not in shown._repr_html_()


def test_the_asynchronous_face_has_the_same_profile() -> None:
    table = pa.table({"a": [1, 2, None], "b": ["x", "y", "x"]})

    class Later:
        """An interface whose streams are asynchronous."""

        async def read_stream(self, data_object: DataObject) -> AsyncIterator[pa.RecordBatch]:
            for batch in table.to_batches(max_chunksize=1):
                yield batch

    catalog = {"s": {"interface": "memory", "objects": {"t": {"type": "table"}}}}
    dao = DataAccessObject(catalog)
    dao.write(table, "s.t")
    later = AsyncDataAccessObject(registry=DataStoreRegistry([dao.catalog.stores["s"]]))
    expected = profile(dao, "s.t", where="a IS NOT NULL")
    assert asyncio.run(profile(later, "s.t", where="a IS NOT NULL")) == expected
    streamed = asyncio.run(profile(later, TableObject("t", DataStore("s", Later()))))
    assert streamed == profile(dao, "s.t")
    with pytest.raises(NotFoundError):
        asyncio.run(profile(later, TableObject("none", dao.catalog.stores["s"])))
