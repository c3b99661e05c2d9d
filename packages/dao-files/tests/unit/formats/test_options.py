"""Options of every format: names, types, and the errors that say what would have worked."""

from __future__ import annotations

import io
from typing import Any

import attrs
import pyarrow as pa
import pytest

from dao.errors import DataError, UnsupportedError
from dao_files.formats import FORMATS, get_format, infer_format, register_format
from dao_files.formats._base import Format


@pytest.mark.parametrize(
    ("format", "name", "nearest"),
    [
        ("csv", "delimeter", "delimiter"),
        ("csv", "null_value", "null_values"),
        ("parquet", "row_group_row", "row_group_rows"),
        ("ndjson", "compresion", "compression"),
        ("orc", "stripe_sise", "stripe_size"),
        ("avro", "avro_shema", "avro_schema"),
        ("arrow", "compressoin", "compression"),
    ],
)
def test_a_wrong_name_gets_the_nearest(format: str, name: str, nearest: str) -> None:
    with pytest.raises(UnsupportedError, match=f"format '{format}' has no option '{name}'; did you mean '{nearest}'"):
        get_format(format).options({name: 1})


@pytest.mark.parametrize(
    ("format", "name", "value", "expected"),
    [
        ("csv", "delimiter", ";;", "one ASCII character"),
        ("csv", "delimiter", "\n", "does not end lines"),
        ("csv", "quote", ",,", "one ASCII character"),
        ("csv", "header", "yes", "True, False or a list"),
        ("csv", "skip_rows", -1, "a whole number of at least 0"),
        ("csv", "skip_rows", True, "a whole number"),
        ("csv", "encoding", "utf-99", "the name of a character encoding"),
        ("csv", "null_values", "NA", "a list of texts"),
        ("csv", "true_values", [], "at least one text"),
        ("csv", "compression", "rar", "'gzip'"),
        ("csv", "quoting", "minimal", "'needed'"),
        ("parquet", "compression", "zip", "'zstd'"),
        ("parquet", "compression", {"a": "zip"}, "'zstd'"),
        ("parquet", "row_group_rows", "many", "a whole number of at least 1"),
        ("parquet", "dictionary", "yes", "'auto'"),
        ("parquet", "encoding", {"a": "RLE"}, "DELTA_BINARY_PACKED"),
        ("parquet", "bloom_filters", {"a": {"p": 1}}, "ndv"),
        ("parquet", "coerce_timestamps", "ns", "'ms'"),
        ("parquet", "max_decompression_ratio", 0.5, "at least 1"),
        ("ndjson", "nan", "drop", "'error'"),
        ("arrow", "compression", "gzip", "'zstd'"),
        ("orc", "compression", "gzip", "'zlib'"),
        ("avro", "record_name", "a-b", "an Avro name"),
        ("avro", "avro_schema", "x", "a mapping"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(format: str, name: str, value: Any, expected: str) -> None:
    with pytest.raises(DataError) as caught:
        get_format(format).options({name: value})
    assert f"'{name}'" in str(caught.value)
    assert repr(value) in str(caught.value)
    assert expected in str(caught.value)


def test_characters_must_differ() -> None:
    with pytest.raises(DataError, match="'delimiter' and 'quote' are both"):
        get_format("csv").options({"delimiter": '"'})


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_options_are_frozen_documented_and_listed(format: str) -> None:
    form = get_format(format)
    options = form.options({})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        options.compression = "zstd"
    for name in form.option_names:
        assert name in form.Options.__doc__, f"{name} of {format} is not documented"


def test_names_and_suffixes() -> None:
    assert set(FORMATS) == {"arrow", "arrow_stream", "avro", "csv", "json", "ndjson", "orc", "parquet"}
    assert get_format("PARQUET") is FORMATS["parquet"]
    found = {path: infer_format(path) for path in ("a.CSV.gz", "b.jsonl.zst", "c.pq", "d.tsv", "x.csv/e", "f.arrows")}
    assert found == {
        "a.CSV.gz": "csv", "b.jsonl.zst": "ndjson", "c.pq": "parquet", "d.tsv": "csv", "x.csv/e": None,
        "f.arrows": "arrow_stream",
    }  # fmt: skip
    with pytest.raises(UnsupportedError, match="no format 'parket'; did you mean 'parquet'"):
        get_format("parket")


def test_a_format_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FORMATS, "_formats", dict(FORMATS))

    class Mine(type(get_format("csv"))):  # type: ignore[misc]
        name = "mine"
        suffixes = (".mine",)

    mine = register_format(Mine())
    assert isinstance(mine, Format)
    assert infer_format("a.mine.gz") == "mine"
    with pytest.raises(DataError, match="already registered"):
        register_format(Mine())
    assert register_format(Mine(), replace=True) is get_format("mine")


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_a_writer_leaves_the_sink_open_closes_twice_and_checks_its_batches(format: str) -> None:
    sink = io.BytesIO()
    schema = pa.schema([("a", pa.int64())])
    writer = get_format(format).writer(sink, schema)
    writer.write(pa.record_batch({"a": [1]}))
    with pytest.raises(DataError, match=r"opened for \['a'\]"):
        writer.write(pa.record_batch({"b": [1]}))
    with pytest.raises(DataError, match="column 'a' of a batch"):
        writer.write(pa.record_batch({"a": ["x"]}))
    writer.close()
    writer.close()
    assert not sink.closed
    assert sink.getvalue()


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_an_error_of_the_sink_reaches_the_caller(format: str) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(28, "No space left on device")

    def write() -> None:
        writer = get_format(format).writer(Full(), pa.schema([("a", pa.int64())]))
        writer.write(pa.record_batch({"a": list(range(1000))}))
        writer.close()

    with pytest.raises(OSError, match="No space left"):
        write()


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"arrow", "arrow_stream"}))
def test_columns_of_one_name_are_refused_before_anything_is_written(format: str) -> None:
    sink = io.BytesIO()
    with pytest.raises(DataError, match="same name apart: 'a'"):
        get_format(format).writer(sink, pa.schema([("a", pa.int64()), ("a", pa.string())]))
    assert sink.getvalue() == b""
