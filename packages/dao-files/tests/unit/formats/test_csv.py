"""CSV: every option's effect, types inferred over the whole file, what is refused."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from format_files import LOCAL, load, save

from dao.errors import DataError, StoreError
from dao_files.formats import _csv_rows as csv_rows
from dao_files.formats import get_format

CSV = get_format("csv")


def read(
    text: str | bytes, tmp_path: Path, name: str = "t.csv", schema: pa.Schema | None = None, **options: Any
) -> pa.Table:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path, options=options, schema=schema)


def write(table: pa.Table, **options: Any) -> str:
    sink = io.BytesIO()
    with CSV.writer(sink, table.schema, CSV.options(options)) as writer:
        for batch in table.to_batches():
            writer.write(batch)
    return sink.getvalue().decode()


def test_types_are_inferred(tmp_path: Path) -> None:
    found = read(
        "i,f,b,d,t,s,e\n1,1.5,true,2026-01-02,2026-01-02 03:04:05,x,\n,,,,,,\n"
        "2,-0.0,FALSE,0001-01-01,2026-01-02T00:00:00,NA,\n",
        tmp_path,
    )
    assert [str(kind) for kind in found.schema.types] == [
        "int64", "double", "bool", "date32[day]", "timestamp[s]", "string", "null",
    ]  # fmt: skip
    assert found["s"].to_pylist() == ["x", None, "NA"]
    assert found["d"][2].as_py() == dt.date(1, 1, 1)


def test_types_are_inferred_from_all_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "PIECE_BYTES", 1 << 10)
    lines = "".join(f"{i},{i},,2026-01-01\n" for i in range(2000))
    late = f"a,b,c,d\n{lines}x,0.5,true,2026-01-01 00:00:01\n"
    found = read(late, tmp_path)
    assert [str(kind) for kind in found.schema.types] == ["string", "double", "bool", "timestamp[s]"]
    assert found["a"][7].as_py() == "7"
    with pytest.raises(StoreError, match=r"t\.csv.*conversion error"):
        read(late, tmp_path, infer_rows=10)


def test_long_whole_numbers_are_never_rounded(tmp_path: Path) -> None:
    found = read("a,b\n12345678901234567890,9007199254740993\n1,0.5\n", tmp_path)
    assert found.to_pylist()[0] == {"a": "12345678901234567890", "b": "9007199254740993"}


def test_infer_types_off(tmp_path: Path) -> None:
    assert read("a,b\n007,\n", tmp_path, infer_types=False).to_pylist() == [{"a": "007", "b": None}]


def test_null_values_only_without_quotes(tmp_path: Path) -> None:
    found = read('a,b\n"",x\n,x\nNA,"NA"\n', tmp_path, null_values=["", "NA"])
    assert found["a"].to_pylist() == ["", None, None]
    assert found["b"].to_pylist() == ["x", "x", "NA"]
    assert (
        write(pa.table({"a": [None, "NA", ""], "b": [1, 2, None]}), null_values=["NA"]) == 'a,b\nNA,1\n"NA",2\n"",NA\n'
    )


def test_delimiter_quote_escape(tmp_path: Path) -> None:
    assert read("a;b\n'x;y';1\n", tmp_path, delimiter=";", quote="'").to_pylist() == [{"a": "x;y", "b": 1}]
    assert read('a,b\n"x\\"y",1\n', tmp_path, escape="\\").to_pylist() == [{"a": 'x"y', "b": 1}]
    assert read('a,b\n"x,1\n', tmp_path, quote=None).to_pylist() == [{"a": '"x', "b": 1}]
    assert read("a\tb\n1\t2\n", tmp_path, "t.tsv").to_pylist() == [{"a": 1, "b": 2}]


def test_header(tmp_path: Path) -> None:
    assert read("1,x\n", tmp_path, header=False).to_pylist() == [{"f0": 1, "f1": "x"}]
    assert read("1,x\n", tmp_path, header=["n", "s"]).to_pylist() == [{"n": 1, "s": "x"}]
    schema = pa.schema([("p", pa.int8()), ("q", pa.string())])
    assert read("1,x\n", tmp_path, header=False, schema=schema).to_pylist() == [{"p": 1, "q": "x"}]
    assert write(pa.table({"a": [1]}), header=False) == "1\n"
    with pytest.raises(DataError, match="'a' occur more than once; header="):
        read("a,a\n1,2\n", tmp_path)
    assert read("a,a\n1,2\n", tmp_path, header=["x", "y"], skip_rows=1).to_pylist() == [{"x": 1, "y": 2}]


def test_lines_that_readers_leave_out_are_written(tmp_path: Path) -> None:
    rows = pa.table({"a": [1, 2], "b": ["x", "y"]})
    options: dict[str, Any] = {"header": ["a", "b"], "skip_rows": 1}
    assert write(rows, **options) == "a,b\n1,x\n2,y\n"
    assert read(write(rows, **options), tmp_path, **options) == rows


@pytest.mark.parametrize(
    "options", [{"skip_rows": 1}, {"header": False, "skip_rows": 1}, {"header": ["a"], "skip_rows": 2}]
)
def test_rows_that_readers_would_leave_out_are_not_written(options: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="'skip_rows': found [12], expected 0"):
        write(pa.table({"a": [1]}), **options)


def test_skip_rows_comments_and_blank_lines(tmp_path: Path) -> None:
    text = 'made by "hand\n\na,b\n# note\n1,"x\n# inside"\n\n2,y\n'
    assert read(text, tmp_path, skip_rows=1, comment="#").to_pylist() == [
        {"a": 1, "b": "x\n# inside"},
        {"a": 2, "b": "y"},
    ]
    assert read("a\n1\n\n2\n", tmp_path)["a"].to_pylist() == [1, 2]
    assert read("a\n1\n\n2\n", tmp_path, skip_blank_lines=False)["a"].to_pylist() == [1, None, 2]


def test_encoding(tmp_path: Path) -> None:
    for name in ("latin-1", "utf-16", "cp1252"):
        assert read("ä\nö,\n".replace(",", "").encode(name), tmp_path, encoding=name).to_pylist() == [{"ä": "ö"}]
    assert read(b"\xef\xbb\xbfa\n1\n", tmp_path).column_names == ["a"]
    with pytest.raises(StoreError, match="not utf-8; encoding="):
        read(b"a\n\xe4\n", tmp_path)
    path = save(pa.table({"ä": ["ö"]}), tmp_path / "w.csv", encoding="latin-1")
    assert Path(path).read_bytes() == "ä\nö\n".encode("latin-1")
    with pytest.raises(DataError, match="'latin-1' can't store '€'"):
        save(pa.table({"a": ["€"]}), tmp_path / "w.csv", encoding="latin-1")


def test_numbers_booleans_and_times_as_told(tmp_path: Path) -> None:
    found = read(
        "n;b\n1,5;ja\n2;nein\n", tmp_path, delimiter=";", decimal_point=",", true_values=["ja"], false_values=["nein"]
    )
    assert found.to_pylist() == [{"n": 1.5, "b": True}, {"n": 2.0, "b": False}]
    assert (
        write(found, delimiter=";", decimal_point=",", true_values=["ja"], false_values=["nein"])
        == "n;b\n1,5;ja\n2;nein\n"
    )
    options = {"date_format": "%d.%m.%Y", "timestamp_format": "%d.%m.%Y %H:%M"}
    schema = pa.schema([("d", pa.date32()), ("t", pa.timestamp("s"))])
    times = read("d,t\n31.12.2025,01.02.2026 03:04\n", tmp_path, schema=schema, **options)
    assert times.to_pylist() == [{"d": dt.date(2025, 12, 31), "t": dt.datetime(2026, 2, 1, 3, 4)}]
    assert write(times, **options) == "d,t\n31.12.2025,01.02.2026 03:04\n"


def test_quoting_and_line_ends() -> None:
    table = pa.table({"a": ["x", "x,y", None, ""], "n": [1, 2, 3, None]})
    assert write(table) == 'a,n\nx,1\n"x,y",2\n,3\n"",\n'
    assert write(table, quoting="all", line_terminator="\r\n") == '"a","n"\r\n"x","1"\r\n"x,y","2"\r\n,"3"\r\n"",\r\n'
    with pytest.raises(DataError, match="without quotes can't store the text 'x,y'"):
        write(table, quoting="none")
    assert write(table.slice(0, 1), quoting="none") == "a,n\nx,1\n"


def test_a_null_in_the_only_column_is_not_lost() -> None:
    table = pa.table({"a": [1, None]})
    with pytest.raises(DataError, match=r"would be a blank line.*null_values="):
        write(table)
    assert write(table, skip_blank_lines=False) == "a\n1\n\n"
    assert write(table, null_values=["NULL"]) == "a\n1\nNULL\n"


def test_years_that_csv_can_not_hold() -> None:
    with pytest.raises(DataError, match="column 'd': CSV holds the years 1 to 9999"):
        write(pa.table({"d": pa.array([3_000_000], pa.date32())}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1\n", "Expected 2 columns, got 1"),
        ("a,b\n1,2,3\n", "Expected 2 columns, got 3"),
        ('a,b\n1,"x\n', "not closed"),
        ('a,b\n1,"x\n2,y\n', "not closed"),
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
    ],
)
def test_damaged_files(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        read(text, tmp_path)
    assert "t.csv" in str(caught.value)


def test_an_empty_file_with_a_schema_has_no_rows(tmp_path: Path) -> None:
    schema = pa.schema([("a", pa.int64())])
    assert read("", tmp_path, schema=schema).equals(schema.empty_table())
    assert read("", tmp_path, header=["a"]).num_rows == 0


def test_rows_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "PIECE_BYTES", 1 << 10)
    text = f"a\n{'x' * 100_000}\ny\n"
    assert [len(value) for value in read(text, tmp_path)["a"].to_pylist()] == [100_000, 1]
    with pytest.raises(StoreError, match="longer than 10,000 bytes; max_record_bytes="):
        read(text, tmp_path, max_record_bytes=10_000)


def test_stray_quotes_do_not_confuse_the_cutting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "PIECE_BYTES", 64)
    lines = "".join(f'5" pipe {i},"line {i}\nsecond"\n' for i in range(50))
    found = read(f"a,b\n{lines}", tmp_path)
    assert found.num_rows == 50
    assert found["b"][49].as_py() == "line 49\nsecond"


def test_metadata_and_schema(tmp_path: Path) -> None:
    path = save(pa.table({"a": [1], "b": ["x"]}), tmp_path / "t.csv.gz")
    assert CSV.metadata(path, LOCAL)["compression"] == "gzip"
    assert CSV.infer_schema([path], LOCAL).equals(pa.schema([("a", pa.int64()), ("b", pa.string())]))
    second = save(pa.table({"a": ["y"]}), tmp_path / "u.csv.gz")
    assert CSV.infer_schema([path, second], LOCAL).field("a").type == pa.string()
    assert load(path, second)["a"].to_pylist() == ["1", "y"]


@pytest.mark.parametrize(
    ("texts", "options", "wrong"),
    [
        (
            ["id,name\n1,a\n", "id;name\n1;a\n", "id,name,x\n1,a,2\n"],
            {},
            "1.csv: the header 'id;name' .* delimiter ';'",
        ),
        (["id;name\n1;a\n", "id,name\n1,a\n"], {"delimiter": ";"}, "1.csv: the header 'id,name' .* delimiter ','"),
        (["id,total\n1,2\n", "id;total, net\n1;2,5\n"], {}, "1.csv: the header 'id;total, net' .* delimiter ';'"),
        (["id,name\n1,a\n", "name\nb\n", "other\nc\n"], {}, ""),
        (["a;b\n1\n", "a;b\n2\n"], {}, ""),
        (["a;b,c\n1,2\n", "a;b\n2\n"], {}, ""),
    ],
)
def test_a_file_by_another_delimiter_is_no_part_of_a_table(
    texts: list[str], options: dict[str, str], wrong: str, tmp_path: Path
) -> None:
    paths = [str(tmp_path / f"{number}.csv") for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        Path(path).write_text(text)
    if not wrong:
        assert CSV.infer_schema(paths, LOCAL, CSV.options(options)).names
        return
    with pytest.raises(DataError, match=wrong):
        CSV.infer_schema(paths, LOCAL, CSV.options(options))
