"""CSV: where rows and values end, whatever the size of the pieces that a file is read in."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from format_files import LOCAL
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dao.errors import DaoError, StoreError
from dao.tables import Selection
from dao_files.formats import _csv_rows as csv_rows
from dao_files.formats import get_format

CSV = get_format("csv")
ENDS = ["\n", "\r", "\r\n"]


def read(text: str | bytes, folder: Path, size: int = 2 << 20, schema: pa.Schema | None = None, **options: Any) -> Any:
    """The rows of a file that is read in pieces of so many bytes, as lists of values."""
    path = folder / "t.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    given = CSV.options({"infer_types": False, **options})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "PIECE_BYTES", size)
        table = CSV.read_table([str(path)], LOCAL, given, schema=schema)
    return [list(row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]


def python_rows(text: str) -> list[list[str]] | None:
    """The rows of Python's csv, blank lines left out; None where a quote is never closed."""
    rows = list(csv.reader(io.StringIO(f"{text}\nlast", newline="")))
    return None if rows[-1] != ["last"] else [row for row in rows[:-1] if row]


PARTS = st.sampled_from(['"', '""', ",", "\r", "\n", "\r\n", "a", "é", " ", '5"', '"a"', '"\r\n"', '","', "\\"])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(PARTS, max_size=14), size=st.sampled_from([1, 2, 3, 5, 8, 1 << 20]))
@example(parts=["a", "\r", "\n", '"', "a", '"', "\r"], size=1)
@example(parts=["a", '"', "a", "\n", '"', ",", "\r\n", '"'], size=3)
@example(parts=[",", "\r", '""', "\r", "\r", "\r", "\r", '"'], size=1)
def test_any_text_gives_the_rows_of_pythons_csv(parts: list[str], size: int, tmp_path: Path) -> None:
    """Quotes, line ends and blanks in any order, in pieces of any size: equal rows, or an error for an open quote."""
    text = "".join(parts)
    want = python_rows(text)
    width = max(map(len, want), default=1) if want else 1
    names = [f"c{place}" for place in range(width)]
    if want is None:
        with pytest.raises(StoreError, match=r"not closed|line \d+: Expected"):  # whichever comes first
            read(text, tmp_path, size, header=names)
    elif any(len(row) != width for row in want):
        with pytest.raises(StoreError, match=r"line \d+: Expected"):
            read(text, tmp_path, size, header=names)
    else:
        assert read(text, tmp_path, size, header=names, null_values=[]) == want


ESCAPED = st.lists(st.text(st.sampled_from(list("ab\"',;\n\r\\# é")), max_size=6), min_size=2, max_size=2)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(ESCAPED, min_size=1, max_size=8),
    size=st.sampled_from([1, 3, 7, 40]),
    escape=st.sampled_from([None, "\\"]),
    delimiter=st.sampled_from([",", ";"]),
    comment=st.sampled_from([None, "#"]),
)
def test_what_is_written_is_read_in_any_pieces(
    rows: list[list[str]], size: int, escape: str | None, delimiter: str, comment: str | None, tmp_path: Path
) -> None:
    """Escapes and comments too."""
    options = {"escape": escape, "delimiter": delimiter, "comment": comment}
    table = pa.table({"a": [row[0] for row in rows], "b": [row[1] for row in rows]})
    sink = io.BytesIO()
    with CSV.writer(sink, table.schema, CSV.options(options)) as writer:
        for batch in table.to_batches():
            writer.write(batch)
    assert read(sink.getvalue(), tmp_path, size, **options) == rows


@pytest.mark.parametrize("size", [1, 4, 1 << 20])
@pytest.mark.parametrize(
    ("text", "options", "want"),
    [
        ('a,b\nTV,55"\n"x\ny",6\n', {}, [["TV", '55"'], ["x\ny", "6"]]),
        ('a,b\r\n1,"x\r\ny"\r\n', {}, [["1", "x\r\ny"]]),
        ("\r\n\na,b\n\n1,2\n\n", {}, [["1", "2"]]),
        ("\n\n1,2", {"header": False}, [["1", "2"]]),
        ("\n1,2\n\n3,4\n", {"header": False}, [["1", "2"], ["3", "4"]]),
        ("\nid,name", {}, []),
        ("\n\n", {"header": False}, []),
        ("a\n\nx\n", {"skip_blank_lines": False}, [[None], ["x"]]),
        ('# it\'s "so\na,b\n# and, "so\n1,2\n', {"comment": "#"}, [["1", "2"]]),
        ("x\r\ny\r\na,b\r\n1,2\r\n", {"skip_rows": 2}, [["1", "2"]]),
        ("x\r\n", {"skip_rows": 1, "header": ["a"]}, []),
        ('a,b\n1,x\\\ny\n', {"escape": "\\"}, [["1", "x\ny"]]),
        ("a%b\n'x%y'%1\n", {"delimiter": "%", "quote": "'"}, [["x%y", "1"]]),
        ("a,b\n1,x\0y\n", {}, [["1", "x\0y"]]),
    ],
)  # fmt: skip
def test_rows(text: str, options: dict[str, Any], want: list[Any], size: int, tmp_path: Path) -> None:
    """Blank lines, comments, skipped lines, escapes and NUL, however the file is cut."""
    assert read(text, tmp_path, size, **options) == want


def test_a_stream_gives_the_same_rows(tmp_path: Path) -> None:
    """One reader serves streams and whole reads: batches in order, of the size asked for at most."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f'{i},"x\n{i}"\n' for i in range(1000)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "PIECE_BYTES", 100)
        batches = list(CSV.scan([str(path)], LOCAL, selection=Selection(batch_size=3)))
    assert max(batch.num_rows for batch in batches) <= 3
    assert [row["b"] for batch in batches for row in batch.to_pylist()] == [f"x\n{i}" for i in range(1000)]


@pytest.mark.parametrize("text", ['a\n5"\n"x\ny\n', 'a,b\n1,"x', 'a,b\n1,"x""\n', '"a\n1\n', 'a\n"x\n"\n"y\n'])
def test_a_quote_that_is_never_closed(text: str, tmp_path: Path) -> None:
    """However many quotes there are."""
    with pytest.raises(StoreError, match=r"t\.csv: line \d+: a quoted value is not closed"):
        read(text, tmp_path)


@pytest.mark.parametrize("size", [1, 9, 1 << 20])
@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a,b\n1,2\n\n3,4,5\n", {}, "line 4: Expected 2 columns, got 3: 3,4,5"),
        ('a,b\n"x\ny",2\n3\n', {}, "line 4: Expected 2 columns, got 1: 3"),
        ("note\na,b\r\n# c\r\n1,2\r\n3\r\n", {"skip_rows": 1, "comment": "#"}, "line 5: Expected 2"),
        ("a\rb,c\r", {}, "line 2: Expected 1 columns, got 2"),
        ("a,b\n1,2\n\n3,x\n", {"types": {"b": "bigint"}}, "line 4, column 'b': .*to int64: invalid value 'x'"),
        ("a,b\n1,2\n3,\xff\n".encode("latin-1"), {}, "line 3, column 'b': it has bytes that are not utf-8; encoding="),
    ],
)
def test_errors_name_the_line(
    text: str | bytes, options: dict[str, Any], message: str, size: int, tmp_path: Path
) -> None:
    """The line of the file, whatever was left out before it."""
    with pytest.raises(StoreError, match=message):
        read(text, tmp_path, size, **options)


def test_a_row_has_a_limit(tmp_path: Path) -> None:
    """A row that never ends is refused when it is too long, with its line."""
    with pytest.raises(DaoError, match="line 2: a row is longer than 100 bytes; max_record_bytes="):
        read("a\n" + "x" * 1000, tmp_path, 10, max_record_bytes=100)
