"""CSV: which texts are numbers, dates, nulls; nothing of a text is lost unasked."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from format_files import load, save

from dao.errors import DataError, StoreError
from dao_files.formats import _csv_rows as csv_rows
from dao_files.formats._compression import COMPRESSIONS
from dao_files.formats._shape import repeated_names

duckdb = pytest.importorskip("duckdb")


def read(text: str, folder: Path, schema: pa.Schema | None = None, **options: Any) -> pa.Table:
    path = folder / "t.csv"
    path.write_bytes(text.encode())
    return load(path, options=options, schema=schema)


def column(values: list[str], folder: Path, **options: Any) -> pa.ChunkedArray:
    """A column of quoted texts beside one that keeps blank lines away."""
    return read("k,v\n" + "".join(f'x,"{value}"\n' for value in values), folder, **options)["v"]


KINDS = {
    "BIGINT": "int64",
    "DOUBLE": "double",
    "VARCHAR": "string",
    "DATE": "date32[day]",
    "TIME": "time32[s]",
    "TIMESTAMP": "timestamp[s]",
    "TIMESTAMP WITH TIME ZONE": "timestamp[s, tz=UTC]",
    "BOOLEAN": "bool",
}
AS_DUCKDB = [
    ["1"], ["1 "], [" 1"], ["1", "-5"], ["9007199254740993"], ["9223372036854775807"], ["20240101"],
    ["01"], ["000"], ["1", "01"], ["02116", "00501"], ["00.5"], ["007.5"], ["1.5", "0012"],
    ["+1"], ["+1.5"], ["+4917012345"], ["1_000"], ["1d"], ["-"], ["--1"], ["1e"],
    ["1.50"], ["1."], [".5"], ["0.0"], ["-0.0"], ["1e5"], ["1E5"], ["1e+5"], ["1e05"], ["0.5", "1e5"], ["1", "1.5"],
    ["nan"], ["NaN"], ["1", "nan"], ["1", "inf"],
    ["1", ""], ["", "x"], ["2024-01-01", ""], ["true", ""],
    ["2024-01-01"], ["2024-02-30"], ["2023-02-29"], ["2024-01-01", "1"],
    ["2024-01-01 10:00"], ["2024-01-01T10:00:00Z"], ["2024-01-01 10:00:00+02:00"], ["2024-01-01 23:59:60"],
    ["12:00"], ["12:00:00"], ["25:00"], ["12:00:60"], ["12:00", "2024-01-01"],
    ["true"], ["True"], ["TRUE"], ["1", "true"],
]  # fmt: skip
STRICTER = {  # where DuckDB 2 makes something of a text that doesn't have all of it, DAO keeps the text
    ("-01",): "string",
    ("0x1F",): "string",
    ("0b1",): "string",
    ("-0",): "double",  # which has the zero with its sign
    ("1", "-0"): "double",
    ("1e400",): "string",
    ("1e-400",): "string",
    ("9223372036854775808",): "string",
    ("1", "9223372036854775808"): "string",
    ("123456789012345678901234567890",): "string",
    ("9007199254740993", "1.5"): "string",
    ("12345678901234567.89",): "string",
    ("0.1234567890123456789",): "string",
    ("0.1234567890123456", "0.30000000000000004", "1.000000000000000056e-01"): "double",  # as doubles are printed
    ("-nan",): "string",
    ("T",): "string",
    ("yes",): "string",
    ("tRUE",): "string",
    (" true",): "string",
    ("2024/01/01",): "string",
    ("01/02/2024",): "string",
    ("2024-1-1",): "string",
    ("2024-01-01 24:00:00",): "string",
    ("2024-01-01 10:00:00.123456789123",): "string",
    ("2300-01-01 00:00:00.5",): "string",
    ("Infinity",): "double",
    ("", ""): "string",
}


def test_inference_is_that_of_duckdb(tmp_path: Path) -> None:
    """A column is numbers only where nothing of its texts is lost, quoted or not."""
    wrong = []
    for values in AS_DUCKDB:
        found = column(values, tmp_path)
        query = f"select typeof(v) from read_csv('{tmp_path / 't.csv'}', sample_size=-1, header=true)"
        (name,) = duckdb.sql(query).fetchall()[0]
        if str(found.type) != KINDS[name]:
            wrong.append((values, name, str(found.type)))
    assert wrong == []


@pytest.mark.parametrize("values", sorted(STRICTER))
def test_inference_keeps_what_duckdb_loses(values: tuple[str, ...], tmp_path: Path) -> None:
    """What a type would lose stays a text."""
    found = column(list(values), tmp_path)
    assert str(found.type) == STRICTER[values]
    if STRICTER[values] == "string":
        assert found.to_pylist() == list(values)


def test_pieces_are_inferred_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One late text decides for all rows, in whichever piece it is."""
    monkeypatch.setattr(csv_rows, "PIECE_BYTES", 32)
    lines = "".join(f"{i},{i},{i},0001-01-01 00:00:00,\n" for i in range(1, 40))
    found = read(f'zip,long,sign,far,empty\n{lines}02116,9223372036854775808,-0,2024-01-01 00:00:00.5,""\n', tmp_path)
    assert [str(kind) for kind in found.schema.types] == ["string", "string", "double", "string", "string"]
    assert found.to_pylist()[0] == {"zip": "1", "long": "1", "sign": 1.0, "far": "0001-01-01 00:00:00", "empty": None}
    assert found["empty"].to_pylist()[-1] == ""


DAYS = {"31/02/2024": None, "30/02/2024": None, "29/02/2023": None, "00/01/2024": None, "01/13/2024": None,
        "01/02/24": None, "29/02/2024": dt.date(2024, 2, 29), "1/2/2024": dt.date(2024, 2, 1)}  # fmt: skip


@pytest.mark.parametrize("text", sorted(DAYS))
def test_days_that_do_not_exist(text: str, tmp_path: Path) -> None:
    """By a format as without one: a text where types are inferred, an error where the schema says a date."""
    options = {"date_format": "%d/%m/%Y"}
    want = DAYS[text]
    assert read(f"k,d\n1,{text}\n", tmp_path, **options)["d"].to_pylist() == [want or text]
    for kind in (pa.date32(), pa.timestamp("us"), pa.timestamp("s", "Europe/Berlin")):
        schema = pa.schema([("k", pa.int64()), ("d", kind)])
        if want is None:
            with pytest.raises(StoreError, match=f"line 2, column 'd': .*invalid value '{text}'"):
                read(f"k,d\n1,{text}\n", tmp_path, schema, **options)
        else:
            assert read(f"k,d\n1,{text}\n", tmp_path, schema, **options)["d"].cast(pa.date32()).to_pylist() == [want]


@pytest.mark.parametrize(
    ("format", "text", "want"),
    [
        ("%d/%m/%Y %H:%M", "31/04/2024 10:00", None),
        ("%d/%m/%Y %H:%M", "30/04/2024 24:00", None),
        ("%d/%m/%Y %H:%M", "30/04/2024 10:00", dt.datetime(2024, 4, 30, 10)),
        ("%d/%m/%Y %H:%M:%S", "30/04/2024 23:59:60", None),
        ("%I:%M %p %d %b %Y", "10:00 pm 3 feb 2024", dt.datetime(2024, 2, 3, 22)),
        ("%Y-%j", "2023-366", None),
        ("%Y-%m-%dT%H:%M:%S%z", "2024-02-30T10:00:00+0200", None),
        ("%Y-%m-%dT%H:%M:%S%z", "2024-02-03T10:00:00+0200", dt.datetime(2024, 2, 3, 8, tzinfo=dt.UTC)),
    ],
)
def test_moments_by_a_format(format: str, text: str, want: dt.datetime | None, tmp_path: Path) -> None:
    """Nothing rolls over: neither days nor hours nor leap seconds."""
    assert read(f"k,t\n1,{text}\n", tmp_path, timestamp_format=format)["t"].to_pylist() == [want or text]


def test_formats_in_order(tmp_path: Path) -> None:
    """Each text by the first format that fits it; ISO 8601 where only dates have a format."""
    text = "k,d\n1,2024.01.02\n2,03/01/2024\n"
    found = read(text, tmp_path, date_format=["%d/%m/%Y", "%Y.%m.%d"])
    assert found["d"].to_pylist() == [dt.date(2024, 1, 2), dt.date(2024, 1, 3)]
    schema = pa.schema([("k", pa.int64()), ("d", pa.timestamp("ms"))])
    mixed = read("k,d\n1,02/01/2024\n2,2024-01-03 10:00:00.5\n", tmp_path, schema, date_format="%d/%m/%Y")
    assert mixed["d"].to_pylist() == [dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 3, 10, 0, 0, 500_000)]


QUOTED = 'id,n,s\n"1","5","x"\n"2","",""\n"3",,\n'


@pytest.mark.parametrize(
    ("quoted_nulls", "numbers", "texts"),
    [
        (None, [5, None, None], ["x", "", None]),
        (True, [5, None, None], ["x", None, None]),
        (False, ["5", "", None], ["x", "", None]),
    ],
)
def test_quoted_empty_texts(quoted_nulls: Any, numbers: list[Any], texts: list[Any], tmp_path: Path) -> None:
    """Null where the column is no text, unless the option says otherwise."""
    found = read(QUOTED, tmp_path, quoted_nulls=quoted_nulls)
    assert (found["n"].to_pylist(), found["s"].to_pylist()) == (numbers, texts)
    schema = pa.schema([("id", pa.int8()), ("n", pa.decimal256(50, 2)), ("s", pa.dictionary(pa.int8(), pa.string()))])
    if quoted_nulls is False:
        with pytest.raises((StoreError, DataError)):
            read(QUOTED, tmp_path, schema, quoted_nulls=quoted_nulls)
    else:
        found = read(QUOTED, tmp_path, schema, quoted_nulls=quoted_nulls)
        assert (found["n"].to_pylist(), found["s"].to_pylist()) == ([Decimal(5), None, None], texts)


def test_thousands(tmp_path: Path) -> None:
    """A separator before each three digits; what is grouped otherwise is no number."""
    text = 'a,b,c,d,e\n"1,234","1,234.5","12,34",1,"01,234"\n"-12,345,678",0.5,1,x,1\n'
    found = read(text, tmp_path, thousands=",")
    assert found.to_pylist()[0] == {"a": 1234, "b": 1234.5, "c": "12,34", "d": "1", "e": "01,234"}
    european = read("a;b\n1.234,5;1.234\n", tmp_path, delimiter=";", thousands=".", decimal_point=",")
    assert european.to_pylist() == [{"a": 1234.5, "b": 1234}]
    schema = pa.schema([("a", pa.int32()), ("b", pa.decimal128(8, 1)), ("c", pa.string())])
    assert read('a,b,c\n"1,234","1,234.5","1,2"\n', tmp_path, schema, thousands=",").to_pylist() == [
        {"a": 1234, "b": Decimal("1234.5"), "c": "1,2"}
    ]
    with pytest.raises(StoreError, match="line 3, column 'a': .*invalid value '12,34'"):
        read('a,b,c\n1,1,x\n"12,34",1,x\n', tmp_path, schema, thousands=",")
    with pytest.raises(DataError, match="'thousands' and 'decimal_point' are both '.'"):
        read(text, tmp_path, thousands=".")


def test_types_of_single_columns(tmp_path: Path) -> None:
    """Those columns have the types that are named; the others are inferred."""
    text = "zip,n,d\n2116,1,2024-01-01\n"
    found = read(text, tmp_path, types={"zip": "string", "d": pa.timestamp("us")})
    assert [str(kind) for kind in found.schema.types] == ["string", "int64", "timestamp[us]"]
    assert read(text, tmp_path, types={"n": float}, infer_types=False).to_pylist() == [
        {"zip": "2116", "n": 1.0, "d": "2024-01-01"}
    ]
    with pytest.raises(DataError, match="no column 'zp' in the file; did you mean 'zip'"):
        read(text, tmp_path, types={"zp": "string"})
    with pytest.raises(DataError, match="'nope' is not a type"):
        read(text, tmp_path, types={"zip": "nope"})
    with pytest.raises(DataError, match="option 'types': found 'zip', expected a mapping"):
        read(text, tmp_path, types="zip")
    with pytest.raises(StoreError, match="line 2, column 'zip'.*to int8"):
        read(text, tmp_path, types={"zip": "int8"})


def test_a_schema_names_all_columns(tmp_path: Path) -> None:
    """No column is left out unless columns= does so."""
    text, schema = "zip,n\n01234,1\n", pa.schema([("zip", pa.string())])
    with pytest.raises(DataError, match=r"doesn't name the columns 'n' of the file.*columns=.*types="):
        read(text, tmp_path, schema)
    assert load(tmp_path / "t.csv", schema=schema, columns=["zip"]).to_pylist() == [{"zip": "01234"}]
    with pytest.raises(DataError, match="column 'zip' is int64 there and string in the schema"):
        load(tmp_path / "t.csv", schema=schema, columns=["zip"], options={"types": {"zip": "bigint"}})
    lines = tmp_path / "t.ndjson"
    lines.write_text('{"zip": "01234"}\n{"zip": "0", "n": 1}\n')
    with pytest.raises(DataError, match="doesn't name the columns 'n' of the file"):
        load(lines, schema=schema)
    assert load(lines, schema=schema, columns=["zip"]).num_rows == 2


def test_errors_hint_at_the_delimiter(tmp_path: Path) -> None:
    """Where the only column holds one, and rows or columns don't fit."""
    for mark in ";\t|":
        with pytest.raises(StoreError, match="line 2: .*delimiter="):
            read(f"a{mark}b\n1,5{mark}2\n", tmp_path)
        read(f"a{mark}b\n1{mark}2\n", tmp_path)
        for arguments in ({"columns": ["a"]}, {"where": "b = 1"}):
            with pytest.raises(DataError, match="'b'|'a'") as caught:
                load(tmp_path / "t.csv", **arguments)
            assert f"delimiter={mark!r} would split it" in str(caught.value)


@pytest.mark.parametrize("codec", ["gzip", "zstd", "bz2", "lz4", "xz"])
def test_packed_content_under_a_plain_name(codec: str, tmp_path: Path) -> None:
    """The error has the option that reads it; and the one that reads plain content under a packed name."""
    path = tmp_path / "t.csv"
    save(pa.table({"a": ["some text " * 20]}), path, compression=codec)
    with pytest.raises(StoreError, match=f"packed with {codec}.*compression='{codec}' reads it"):
        load(path)
    assert load(path, options={"compression": codec}).num_rows == 1
    plain = tmp_path / f"t.csv{COMPRESSIONS[codec]}"
    plain.write_text("a\n" + "1\n" * 20)
    with pytest.raises(StoreError, match="compression=None reads"):
        load(plain)
    assert load(plain, options={"compression": None}).num_rows == 20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04rest", "ZIP archive"),
        (b"PAR1\x15\x04\x15\x00", "format='parquet' reads it"),
        ("a,ä\n1,x\n".encode("cp1252"), "line 1: .*not utf-8; encoding="),
        ("a,b\n1,x\n".encode("utf-16"), "encoding='utf-16' reads it"),
        ("a,b\n1,x\n".encode("utf-16-le"), "encoding='utf-16-le' reads it"),
        ("a,b\n1,x\n".encode("utf-16-be"), "encoding='utf-16-be' reads it"),
        ("a,b\n1,x\n".encode("utf-32"), "encoding='utf-32' reads it"),
    ],
)
def test_content_of_another_kind(content: bytes, message: str, tmp_path: Path) -> None:
    """Told by its first bytes, with what reads it."""
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(StoreError, match=message):
        load(tmp_path / "t.csv")


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_text_of_another_encoding_is_told_with_its_column(kind: pa.DataType, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"id,s\n1,x\n2,b\xe4d\n")
    with pytest.raises(StoreError, match="line 3, column 's': it has bytes that are not utf-8; encoding="):
        load(tmp_path / "t.csv", schema=pa.schema([("id", pa.int64()), ("s", kind)]))


def test_work_is_linear_in_columns(tmp_path: Path) -> None:
    """Names are looked up, not searched: each is compared a bounded number of times, however many there are."""

    class Counted(str):
        compared = 0
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            Counted.compared += 1
            return str.__eq__(self, other)

    (tmp_path / "t.csv").write_text("c0\n1\n")
    names = tuple(Counted(f"c{place}") for place in range(2000))
    assert repeated_names(names) == []
    assert Counted.compared < 2 * len(names)
    wide = read(",".join(names) + "\n" + ",".join(["01"] * len(names)) + "\n", tmp_path)
    assert wide.num_columns == 2000


@pytest.mark.parametrize("options", [{}, {"decimal_point": ","}, {"thousands": "'"}], ids=str)
@pytest.mark.parametrize(
    ("kind", "held", "rounded"),
    [
        (pa.float32(), ["0.1", " 0.100000001", "0.1000000000", "16777216"], ["0.1234567890123", "16777217", "1e39"]),
        (pa.float16(), ["0.1", "0.0999755859375", "65504"], ["0.12345", "65505", "1e-9"]),
        (
            pa.float64(),
            [
                "0.1",
                "9007199254740992",
                "1152921504606846976",
                "0.10000000000000000001",
                "0.0",
                "0e-400",
                "1e-30",
                "inf",
            ],
            ["9007199254740993", "9007199254740993.0", "123456789012345678901", "1e400", "-1e400", "1e-400", "1E-400"],
        ),
        (pa.dictionary(pa.int8(), pa.float64()), ["0.1", "0.0"], ["1e400", f"0.{'0' * 400}1"]),
        (pa.dictionary(pa.int8(), pa.float32()), ["0.1", "0.1"], ["0.1234567890123"]),
    ],
    ids=str,
)
def test_a_text_with_more_digits_than_a_declared_float_is_refused(
    kind: pa.DataType, held: list[str], rounded: list[str], options: dict[str, str], tmp_path: Path
) -> None:
    schema = pa.schema([("k", pa.string()), ("v", kind)])
    point = options.get("decimal_point", ".")
    floats = getattr(kind, "value_type", kind)
    found = column([text.replace(".", point) for text in [*held, ""]], tmp_path, schema=schema, **options)
    expected = pa.array([*map(float, held), None], pa.float64()).cast(floats, safe=False)
    assert found.cast(floats).combine_chunks().equals(expected)
    for text in rounded:
        with pytest.raises(
            StoreError, match=r"line 3, column 'v': (float|halffloat|double) would round .* decimals and text"
        ):
            column([held[0].replace(".", point), text.replace(".", point)], tmp_path, schema=schema, **options)
