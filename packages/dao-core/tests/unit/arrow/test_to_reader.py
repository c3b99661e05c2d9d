"""Anything tabular in: what it becomes, without copying, and without reading before it is read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from dao.arrow.convert import is_tabular, to_reader
from dao.errors import DataError
from dao.progress import Cancelled


def table_of(data, **options) -> pa.Table:
    return to_reader(data, **options).read_all()


def addresses(table: pa.Table, column: str) -> list[int]:
    """Where the values of a column are in memory, chunk by chunk."""
    return [chunk.buffers()[-1].address for chunk in table.column(column).chunks]


def counted(pulls: list[int], count: int = 3) -> Iterator[pa.RecordBatch]:
    for number in range(count):
        pulls.append(number)
        yield pa.record_batch({"n": [number]})


EXPECTED = pa.table({"n": [1, 2, 3], "x": [0.5, None, 2.5], "s": ["a", None, "c"]})


MAKERS = {
    "table": lambda: EXPECTED,
    "reader": EXPECTED.to_reader,
    "batch": lambda: EXPECTED.combine_chunks().to_batches()[0],
    "list of batches": lambda: EXPECTED.to_batches(max_chunksize=2),
    "tuple of tables": lambda: (EXPECTED.slice(0, 1), EXPECTED.slice(1)),
    "dataset": lambda: ds.dataset(EXPECTED),
    "scanner": lambda: ds.dataset(EXPECTED).scanner(),
    "pandas": EXPECTED.to_pandas,
    "polars": lambda: pl.DataFrame(EXPECTED),
    "lazyframe": lambda: pl.DataFrame(EXPECTED).lazy(),
    "duckdb": lambda: duckdb.from_arrow(EXPECTED),
    "dicts": EXPECTED.to_pylist,
    "iterator of dicts": lambda: iter(EXPECTED.to_pylist()),
    "columns": EXPECTED.to_pydict,
    "list of frames": lambda: [EXPECTED.to_pandas().head(1), EXPECTED.to_pandas().tail(2)],
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_every_kind_of_table_has_the_same_rows(make):
    data = make()
    assert is_tabular(data)
    assert table_of(data).to_pylist() == EXPECTED.to_pylist()


def test_an_arrow_stream_of_an_unknown_library_is_taken():
    class Exporter:
        def __arrow_c_stream__(self, requested_schema=None):
            return EXPECTED.__arrow_c_stream__(requested_schema)

    class Batch:
        def __arrow_c_array__(self, requested_schema=None):
            return EXPECTED.to_batches()[0].__arrow_c_array__(requested_schema)

    assert table_of(Exporter()).equals(EXPECTED)
    assert table_of(Batch()).equals(EXPECTED)


def test_a_numpy_structured_array_gives_its_fields():
    array = np.array([(1, 0.5), (2, 1.5)], dtype=[("n", "i4"), ("x", "f8")])
    assert table_of(array).to_pydict() == {"n": [1, 2], "x": [0.5, 1.5]}
    assert not is_tabular(np.array([1, 2]))


def test_a_dict_may_hold_columns_of_every_library():
    columns = {
        "list": [1, 2],
        "numpy": np.array([1.0, float("nan")]),
        "pandas": pd.Series([1.0, float("nan")]),
        "polars": pl.Series(["x", "y"]),
        "arrow": pa.array([1, 2]),
        "chunked": pa.chunked_array([[1], [2]]),
    }
    table = table_of(columns)
    assert table["pandas"].to_pylist() == [1.0, None]
    assert table["numpy"].null_count == 0
    assert table["polars"].to_pylist() == ["x", "y"]
    assert table["arrow"].to_pylist() == table["chunked"].to_pylist() == table["list"].to_pylist() == [1, 2]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [1], "b": [1, 2]}, "'a' has 1, 'b' has 2"),
        ({"a": [1, "x"]}, "column 'a', row 1: str value 'x', where row 0 has int value 1"),
        ({1: [1]}, "1 is no column name"),
    ],
)
def test_a_bad_dict_of_columns_is_named(columns, message):
    with pytest.raises(DataError) as caught:
        to_reader(columns)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [b"a,b", "a,b", 5, None, [1, 2], ["a"], {}, {"a": 1}, object(), pa.schema([("a", pa.int8())])],
    ids=lambda data: repr(data).split(" at 0x")[0],
)
def test_what_is_not_tabular_is_refused(data):
    assert not is_tabular(data)
    with pytest.raises(DataError, match="is not tabular; what works"):
        to_reader(data)


def test_files_and_paths_are_not_tabular_though_they_can_be_iterated(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with path.open("rb") as file:
        assert not is_tabular(file)
    assert not is_tabular(path)


@pytest.mark.parametrize(
    "data",
    [pd.Series([1]), pl.Series([1]), pa.array([1]), pa.chunked_array([[1]])],
    ids=lambda data: repr(data).split(" at 0x")[0],
)
def test_a_column_alone_is_refused(data):
    with pytest.raises(DataError, match="single column has to be put in a table"):
        to_reader(data)


def test_telling_what_is_tabular_imports_nothing_heavy():
    code = (
        "import sys; from dao.arrow.convert import INTO, is_tabular\n"
        "assert is_tabular([{'a': 1}]) and not is_tabular(b'')\n"
        "heavy = {'pyarrow', 'pandas', 'polars', 'duckdb', 'pyspark', 'numpy', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_taking_arrow_data_imports_no_other_library():
    code = (
        "import sys, pyarrow as pa; from dao.arrow.convert import convert, to_reader\n"
        "convert(to_reader(pa.record_batch({'a': [1]})), 'pylist')\n"
        "heavy = {'polars', 'duckdb', 'pyspark', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# Zero copy


@pytest.mark.parametrize(
    "wrap",
    [lambda t: t, pa.Table.to_reader, pa.Table.to_batches, lambda t: iter(t.to_batches()), lambda t: t.to_batches()[0]],
    ids=["table", "reader", "batches", "iterator", "batch"],
)
def test_arrow_data_is_not_copied(wrap):
    table = pa.table({"n": range(1_000), "s": [str(n) for n in range(1_000)]})
    taken = table_of(wrap(table))
    assert addresses(taken, "n") == addresses(table, "n")
    assert addresses(taken, "s") == addresses(table, "s")


def test_polars_numbers_are_not_copied():
    frame = pl.DataFrame({"n": range(1_000)})
    first = frame["n"].to_arrow().buffers()[1].address
    assert addresses(table_of(frame), "n") == [first]


def test_pandas_numbers_are_not_copied_even_beside_a_named_index():
    values = np.arange(1_000.0)
    frame = pd.DataFrame({"x": values}, index=pd.Index(range(1_000, 2_000), name="id"), copy=False)
    table = table_of(frame)
    assert addresses(table, "x") == [values.__array_interface__["data"][0]]
    assert table.column_names == ["id", "x"]


def test_a_cast_copies_only_the_column_that_is_cast():
    table = pa.table({"n": range(100), "x": [0.5] * 100})
    cast = table_of(table, schema=pa.schema([("n", pa.int8()), ("x", pa.float64())]))
    assert addresses(cast, "x") == addresses(table, "x")
    assert addresses(cast, "n") != addresses(table, "n")


# Laziness


def test_a_generator_is_read_one_batch_ahead_and_with_a_schema_not_at_all():
    pulls: list[int] = []
    reader = to_reader(counted(pulls))
    assert pulls == [0]
    reader.read_next_batch()
    assert pulls == [0]
    reader.read_next_batch()
    assert pulls == [0, 1]

    pulls = []
    reader = to_reader(counted(pulls), schema=pa.schema([("n", pa.int16())]))
    assert pulls == []
    assert reader.read_next_batch().schema.field("n").type == pa.int16()
    assert pulls == [0]


def test_an_endless_generator_of_rows_can_be_read_in_part():
    reader = to_reader({"n": n} for n in iter(int, 1))
    assert reader.read_next_batch().num_rows == 65_536


def test_rows_from_a_generator_come_in_batches_under_one_schema():
    table = table_of({"n": n, "half": n / 2} for n in range(150_000))
    assert table.column("n").num_chunks == 3
    assert table.column("n").to_pylist() == list(range(150_000))


def test_rows_that_the_first_batch_did_not_promise_say_how_to_promise_them():
    rows = ({"n": n if n < 70_000 else "x"} for n in range(70_001))
    with pytest.raises(DataError, match=r"row 70000: str value 'x'.*first 65536 rows.*schema="):
        table_of(rows)


def test_a_polars_lazyframe_is_not_run_before_it_is_read():
    ran = []

    def note(frame: pl.DataFrame) -> pl.DataFrame:
        ran.append(len(frame))
        return frame

    lazy = pl.LazyFrame({"n": [1, 2]}).map_batches(note, schema=pl.Schema({"n": pl.Int64}))
    reader = to_reader(lazy)
    assert ran == []
    assert reader.read_all().num_rows == 2
    assert ran


def test_a_dataset_is_read_batch_by_batch(tmp_path):
    ds.write_dataset(EXPECTED, tmp_path, format="parquet")
    assert table_of(ds.dataset(tmp_path)).to_pylist() == EXPECTED.to_pylist()


def test_errors_of_the_source_keep_their_type():
    def failing():
        yield pa.record_batch({"n": [1]})
        raise Cancelled

    with pytest.raises(Cancelled):
        to_reader(to_reader(failing())).read_all()


# Streams that can be read once


def test_a_stream_handed_in_twice_is_refused():
    reader = EXPECTED.to_reader()
    to_reader(reader)
    with pytest.raises(DataError, match="RecordBatchReader was passed in or read before"):
        to_reader(reader)


@pytest.mark.parametrize("read", [False, True])
def test_a_generator_handed_in_twice_is_refused(read):
    batches = counted([])
    reader = to_reader(batches)
    if read:
        reader.read_all()
    with pytest.raises(DataError, match="generator was passed in or read before"):
        to_reader(batches, schema=reader.schema)


def test_what_to_reader_gives_may_be_handed_on():
    assert to_reader(to_reader(EXPECTED.to_reader())).read_all().equals(EXPECTED)


def test_a_stream_that_did_not_fit_may_be_handed_in_again():
    reader = EXPECTED.to_reader()
    with pytest.raises(DataError):
        to_reader(reader, schema=pa.schema([("other", pa.int8())]))
    assert to_reader(reader).read_all().equals(EXPECTED)


def test_an_exporter_that_is_used_up_is_named():
    class Once:
        def __init__(self):
            self.streams = [EXPECTED.__arrow_c_stream__()]

        def __arrow_c_stream__(self, requested_schema=None):
            return self.streams.pop()

    once = Once()
    to_reader(once)
    with pytest.raises(DataError, match="Once exports no Arrow stream.*can be read only once"):
        to_reader(once)


# Iterables


@pytest.mark.parametrize("empty", [[], (), iter([]), (b for b in [])], ids=["list", "tuple", "iterator", "generator"])
def test_nothing_needs_a_schema(empty):
    with pytest.raises(DataError, match="give schema="):
        to_reader(empty)


@pytest.mark.parametrize("make", [list, tuple, lambda: iter([])])
def test_nothing_with_a_schema_is_a_table_without_rows(make):
    table = table_of(make(), schema=pa.schema([("a", pa.int8())]))
    assert (table.num_rows, table.schema.field("a").type) == (0, pa.int8())


def test_batches_of_several_schemas_are_refused_naming_the_column():
    batches = [pa.record_batch({"a": [1], "b": [1]}), pa.record_batch({"a": [1], "b": ["x"]})]
    with pytest.raises(
        DataError, match="element 1 has another schema than the first one: 'b' is string instead of int64"
    ):
        table_of(batches)
    with pytest.raises(DataError, match=r"columns \['b'\] instead of \['a'\]"):
        table_of([pa.record_batch({"a": [1]}), pa.record_batch({"b": [1]})])


def test_batches_of_several_schemas_can_be_cast_to_one():
    batches = [pa.record_batch({"a": [1]}), pa.record_batch({"a": pa.array([2], pa.int8())})]
    assert table_of(batches, schema=pa.schema([("a", pa.int32())])).to_pydict() == {"a": [1, 2]}


def test_batches_may_differ_in_metadata():
    first = pa.record_batch({"a": [1]})
    other = first.replace_schema_metadata({"who": "someone"})
    assert table_of([first, other]).num_rows == 2


def test_polars_objects_are_refused_instead_of_written_as_addresses():
    pl = pytest.importorskip("polars")
    objects = pl.Series("x", [1j, None], dtype=pl.Object)
    for data in (objects.to_frame(), objects.to_frame().lazy(), objects.to_frame().head(0), {"x": objects}):
        with pytest.raises(DataError, match="column 'x' is of Polars' type Object"):
            to_reader(data)
