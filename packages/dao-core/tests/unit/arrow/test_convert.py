"""Results out: what each library gets, what is copied, and what is never lost in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings

from dao import DataAccessObject, DataStore, TableObject
from dao.arrow.convert import INTO, convert, to_reader
from dao.errors import DataError, PluginError
from dao.testing._tables import CASES, same_table, tables

TABLE = pa.table({"n": [1, 2, 3], "x": [0.5, None, 2.5], "s": ["a", None, "c"]})
HUGE = 2**53 + 1


@pytest.mark.parametrize(
    ("into", "kind"),
    [
        ("arrow", pa.Table),
        ("reader", pa.RecordBatchReader),
        ("pandas", pd.DataFrame),
        ("polars", pl.DataFrame),
        ("duckdb", duckdb.DuckDBPyRelation),
        ("pylist", list),
    ],
)
@pytest.mark.parametrize(
    "make",
    [lambda: TABLE, TABLE.to_reader, TABLE.to_pandas, lambda: pl.DataFrame(TABLE), lambda: duckdb.from_arrow(TABLE)],
)
def test_every_target_from_every_source(into, kind, make):
    out = convert(make(), into)
    assert isinstance(out, kind)
    assert to_reader(out).read_all().to_pylist() == TABLE.to_pylist()
    assert into in INTO


def test_what_is_of_the_wanted_type_already_is_returned_itself():
    for into, value in {
        "arrow": TABLE,
        "reader": TABLE.to_reader(),
        "pandas": TABLE.to_pandas(),
        "polars": pl.DataFrame(TABLE),
        "duckdb": duckdb.from_arrow(TABLE),
    }.items():
        assert convert(value, into) is value


def test_a_lazyframe_becomes_a_frame():
    assert isinstance(convert(pl.LazyFrame({"a": [1]}), "polars"), pl.DataFrame)


def test_an_unknown_target_is_named_with_the_nearest():
    with pytest.raises(DataError, match="into='panda' is not known: did you mean 'pandas'?"):
        convert(TABLE, "panda")
    assert tuple(sorted(INTO)) == INTO


@pytest.mark.parametrize("result", [b"bytes", 5, None, "text"])
def test_what_is_no_table_is_refused(result):
    with pytest.raises(DataError, match="into='pandas' converts a table"):
        convert(result, "pandas")


_WITHOUT = """
import sys
into, library = sys.argv[1:]
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == library:
            raise ModuleNotFoundError(f"No module named {name!r}", name=library)
sys.meta_path.insert(0, Missing())
import pyarrow as pa
from dao.arrow.convert import convert
from dao.errors import PluginError
try:
    convert(pa.table({"a": [1]}), into)
except PluginError as error:
    print(error)
"""


@pytest.mark.parametrize("into", ["pandas", "polars", "duckdb", "spark"])
def test_a_library_that_is_not_there_is_named_with_the_command(into):
    name = {"spark": "pyspark"}.get(into, into)
    run = [sys.executable, "-c", _WITHOUT, into, name]
    said = subprocess.run(run, check=True, capture_output=True, text=True, timeout=60).stdout
    assert said.strip() == f"into={into!r} needs {name}, which is not installed: pip install {name}"


def test_a_library_that_is_broken_is_said_to_be(tmp_path, monkeypatch):
    (tmp_path / "polars.py").write_text("raise ImportError('libfoo.so is missing')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "polars")
    with pytest.raises(PluginError, match="can't be imported: libfoo.so is missing"):
        convert(TABLE, "polars")


# pandas


@pytest.mark.parametrize("table", [TABLE, TABLE.select(["n"]), pa.table({"a": [1.5], "b": [2.5]})], ids=str)
@pytest.mark.parametrize("make", [lambda t: t, pa.Table.to_reader])
def test_a_frame_can_be_written_to_and_the_table_stays_as_it_is(table, make):
    before = table.to_pylist()
    frame = convert(make(table), "pandas")
    for column in frame.columns:
        frame.loc[0, column] = frame[column].iloc[-1]
    frame += frame
    assert table.to_pylist() == before


_PEAK = """
import re, sys
from pathlib import Path
import numpy as np, pandas, pyarrow as pa
from dao.arrow.convert import convert
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
schema = pa.schema([(f"c{i}", pa.float64()) for i in range(20)])
batches = (pa.record_batch({n: pa.array(np.random.rand(100_000)) for n in schema.names}) for _ in range(12))
reader = pa.RecordBatchReader.from_batches(schema, batches)
before = peak()
frame = convert(reader if sys.argv[1] == "stream" else reader.read_all(), "pandas")
assert frame.shape == (1_200_000, 20)
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_a_stream_becomes_a_frame_without_holding_both():
    """183 MiB of floats: a table and its frame are twice that, a stream is freed column by column."""
    peaks = {}
    # glibc keeps what is freed below a threshold that it raises as it goes: held low, the peak shows what is in use.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    for source in ("stream", "table"):
        run = [sys.executable, "-c", _PEAK, source]
        done = subprocess.run(run, check=True, capture_output=True, text=True, timeout=100, env=environment)
        peaks[source] = float(done.stdout)
    assert peaks["stream"] < 1.35 * 183
    assert peaks["table"] > 1.8 * 183


# polars, DuckDB, pylist


def test_polars_and_arrow_share_numbers():
    table = pa.table({"n": pa.chunked_array([list(range(1_000)), list(range(500))])})
    frame = convert(table, "polars")
    assert [c.to_arrow().buffers()[1].address for c in frame["n"].get_chunks()] == [
        c.buffers()[1].address for c in table["n"].chunks
    ]


def test_a_duckdb_relation_can_be_queried_again_and_again_even_from_a_stream():
    relation = convert(TABLE.to_reader(), "duckdb")
    assert relation.filter("n > 1").count("*").fetchall() == [(2,)]
    assert relation.filter("n > 2").fetchall() == [(3, 2.5, "c")]
    assert duckdb.sql("select sum(n) from relation").fetchall() == [(6,)]


def test_pylist_has_python_values():
    table = pa.table({"d": [Decimal("1.5")], "m": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64()))})
    assert convert(table, "pylist") == [{"d": Decimal("1.5"), "m": [("a", 1)]}]


@pytest.mark.parametrize("into", ["polars", "duckdb", "pylist", "pandas"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_becomes_what_was_asked_for_or_a_data_error(case, into):
    try:
        out = convert(case.table, into)
    except DataError as error:
        said = str(error)
    else:
        rows = out.limit(0).to_arrow_table().num_rows if into == "duckdb" else len(out)
        assert rows == (0 if into == "duckdb" else case.table.num_rows)
        return
    assert f"into={into!r}" in said


LEFT_OUT = [
    "float16",
    "decimal256",
    "duration",
    "map",
    "dictionary",
    "null",
    "date64",
    "time_s",
    "time_ms",
    "timestamp_s",
    "zones",
    "string_view",
    "large_string",
    "binary_view",
    "large_binary",
    "fixed_size_binary",
    "large_list",
    "fixed_size_list",
    "not_null",
    "struct",
]


@settings(deadline=None)
@given(tables(without=LEFT_OUT))
def test_polars_gives_back_what_it_got(table):
    back = to_reader(convert(table, "polars"), schema=table.schema)
    same_table(back, table)


@settings(deadline=None)
@given(tables(without=["float16", "null", "dictionary", "nan", "map", "struct"]))
def test_pandas_gives_back_integers_text_and_dates_as_they_were(table):
    kept = [
        i
        for i, kind in enumerate(table.schema.types)
        if pa.types.is_integer(kind)
        or pa.types.is_string(kind)
        or pa.types.is_date32(kind)
        or pa.types.is_timestamp(kind)
    ]
    assume(kept)  # Table.cast drops the rows of a table without columns
    table = table.select(kept)
    frame = convert(table, "pandas")
    plain = pa.schema([pa.field(f.name, f.type) for f in table.schema])
    same_table(to_reader(frame, schema=plain), table.cast(plain))


@pytest.mark.parametrize("partition_by", [[], ["size"]], ids=["files", "partitions"])
@pytest.mark.parametrize("format", ["parquet", "arrow", "orc", "avro", "csv", "ndjson"])
def test_ordered_categories_keep_their_order_or_come_back_unordered(format, partition_by, tmp_path):
    size = pd.Categorical(["big", "small"], categories=["small", "middle", "big"], ordered=True)
    table = TableObject("t", DataStore("s", "local", options={"root": str(tmp_path)}), format=format)
    dao = DataAccessObject()
    frames = [pd.DataFrame({"id": [2 * n, 2 * n + 1], "size": size}) for n in range(3)]
    for number, write in enumerate((dao.write, dao.write, dao.upsert)):
        named = {"keys": ["id"]} if write == dao.upsert else {"mode": "append", "partition_by": partition_by}
        write(frames[number], table, **named)
        found = dao.read(table, into="pandas")["size"]
        assert sorted(found.astype(str)) == ["big"] * (number + 1) + ["small"] * (number + 1)
        assert not found.cat.ordered or list(found.cat.categories) == ["small", "middle", "big"]
        assert dao.schema(table).field("size").type.ordered == found.cat.ordered
