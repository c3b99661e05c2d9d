"""A CSV stream cut into pieces that end where rows end.

Each piece is then parsed by pyarrow on all cores. Cutting here, not in pyarrow's streaming reader, bounds a row's size
by our own limit, sees a quote that is never closed, and lets comments be left out before parsing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from dao.arrow.formats.csv_options import CsvOptions
from dao.arrow.formats.csv_types import arrow_memory
from dao.errors import StoreError

__all__ = ["first_row", "pieces"]

PIECE_BYTES = 8 << 20
_BOM = b"\xef\xbb\xbf"


def pieces(stream: pa.NativeFile, options: CsvOptions, delimiter: str) -> Iterator[bytes]:
    """The rows of a file as UTF-8, header included, in pieces of about 8 MiB; the last one ends with a line end too.

    Raises:
        StoreError: a row that is too long, a quote that is not closed, bytes of another encoding.
    """
    source = _decoded(stream, options)
    cutter = _Cutter(options, delimiter)
    rest = b""
    skip = options.skip_rows
    first = True
    while True:
        chunk = source.read(max(PIECE_BYTES - len(rest), len(rest)))  # doubling keeps long rows cheap
        block = rest + chunk
        if first and (len(block) >= len(_BOM) or not chunk):
            block, first = block.removeprefix(_BOM), False
        if not chunk:
            break
        while skip and (end := cutter.line_end(block)):
            block, skip = block[end:], skip - 1
        if skip:
            rest = block
            continue
        end = cutter.last_row_end(block)
        rest = block[end:]
        if len(rest) > options.max_record_bytes:
            raise StoreError(f"a row is longer than {options.max_record_bytes:,} bytes; max_record_bytes= allows more")
        if end:
            yield from _without_comments(block[:end], options, cutter)
    for _ in range(skip):
        block = block[cutter.line_end(block) or len(block) :]
    if block:
        if cutter.open_quote(block):
            raise StoreError("a quoted value is not closed at the end of the file")
        yield from _without_comments(block if block.endswith((b"\n", b"\r")) else block + b"\n", options, cutter)


def first_row(block: bytes, options: CsvOptions, delimiter: str) -> tuple[list[str], bytes]:
    """The values of the first row of a block as texts, none for a blank line, and the rest of the block."""
    cutter = _Cutter(options, delimiter)
    row = next(cutter.rows(block), b"")
    rest = block[len(row) :]
    if not row.strip(b"\r\n"):
        return [], rest
    parsed = pacsv.read_csv(
        arrow_memory(row),
        pacsv.ReadOptions(autogenerate_column_names=True, block_size=len(row) + 1),
        pacsv.ParseOptions(
            delimiter=delimiter,
            quote_char=options.quote or False,
            escape_char=options.escape or False,
            newlines_in_values=options.quote is not None,
        ),
        # By name, as older releases of pyarrow have no type for all columns; there may be fewer columns than this.
        pacsv.ConvertOptions(column_types={f"f{at}": pa.string() for at in range(row.count(delimiter.encode()) + 1)}),
    )
    return [column[0].as_py() for column in parsed.columns], rest


def _decoded(stream: pa.NativeFile, options: CsvOptions) -> Any:
    if options.encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        return stream
    return pa.transcoding_input_stream(stream, options.encoding, "utf8")


def _without_comments(block: bytes, options: CsvOptions, cutter: _Cutter) -> Iterator[bytes]:
    if options.comment is None:
        yield block
        return
    mark = options.comment.encode()
    kept = b"".join(row for row in cutter.rows(block) if not row.startswith(mark))
    if kept:
        yield kept


class _Cutter:
    """Finds where rows end, by counting quotes where that is right and field by field where it is not."""

    def __init__(self, options: CsvOptions, delimiter: str) -> None:
        self.quote = options.quote.encode() if options.quote else None
        self.escape = options.escape.encode() if options.escape else None
        self.delimiter = delimiter.encode()
        plain = re.escape(self.delimiter + b"\r\n" + (self.quote or b""))
        quote = re.escape(self.quote or b"")
        self._stray = re.compile(b"[^" + plain + b"]" + quote + b"[^" + plain + b"]")
        escaped = re.escape(self.escape) + b".|" if self.escape else b""
        inside = b"[^" + quote + (re.escape(self.escape) if self.escape else b"") + b"]"
        ending = b"(?:" + quote + b"|(?P<open>" + (re.escape(self.escape) + b"?" if self.escape else b"") + b"\\Z))"
        quoted = (
            quote + b"(?:" + escaped + quote + quote + b"|" + inside + b")*+" + ending if quote else b"(?P<open>\\Z.)"
        )
        outside = b"(?:" + escaped + b"[^" + re.escape(self.delimiter + b"\r\n") + b"])*+"
        self._field = re.compile((quoted + b"|" if quoted else b"") + outside, re.DOTALL)
        self._end = re.compile(b"\r\n|\n|\r")

    def line_end(self, block: bytes) -> int:
        """Where the first line ends, quotes or not; 0 where no line does."""
        found = self._end.search(block)
        return found.end() if found else 0

    def simple(self, block: bytes) -> bool:
        """True where each quote opens, closes or doubles, so that counting them tells what is inside."""
        if self.escape is not None and self.escape in block:
            return False
        return self.quote is None or self.quote not in block or self._stray.search(block) is None

    def last_row_end(self, block: bytes) -> int:
        """Where the last whole row of the block ends; 0 where none does. A lone CR at the end may go on with an LF."""
        if not self.simple(block):
            return max(self._ends(block), default=0)
        return self._last(block, b"\n", len(block)) or self._last(block, b"\r", len(block) - 1)

    def _last(self, block: bytes, line_end: bytes, place: int) -> int:
        """Where the last row ends that ends with that mark before ``place``."""
        quotes = block.count(self.quote, 0, place) if self.quote else 0
        while (found := block.rfind(line_end, 0, place)) >= 0:
            if self.quote:
                quotes -= block.count(self.quote, found, place)
            if quotes % 2 == 0:
                return found + 1
            place = found
        return 0

    def open_quote(self, block: bytes) -> bool:
        """True where the block ends inside a quoted value."""
        if self.quote is None:
            return False
        if self.simple(block):
            return block.count(self.quote) % 2 == 1
        tail = block[max(self._ends(block), default=0) :]
        return bool(tail) and self._unclosed(tail)

    def _unclosed(self, row: bytes) -> bool:
        place = 0
        while place <= len(row):
            field = self._field.match(row, place)
            assert field is not None  # it matches the empty field too
            if field["open"] is not None:
                return True
            place = field.end() + 1
        return False

    def _ends(self, block: bytes) -> Iterator[int]:
        """Where each row ends, field by field."""
        place = 0
        while place < len(block):
            field = self._field.match(block, place)
            assert field is not None  # it matches the empty field too
            place = field.end()
            mark = block[place : place + 1]
            if mark == b"\r" and block[place + 1 : place + 2] == b"\n":
                place += 1
            if mark in (b"\r", b"\n"):
                yield place + 1
            if mark == self.delimiter or mark in (b"\r", b"\n"):
                place += 1

    def rows(self, block: bytes) -> Iterator[bytes]:
        """The rows of a block one by one."""
        start = 0
        for end in self._ends(block):
            yield block[start:end]
            start = end
        if start < len(block):
            yield block[start:]
