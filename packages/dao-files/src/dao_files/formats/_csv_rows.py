"""Splitting of a CSV stream into pieces that end where rows end.

Splitting and parsing agree: a quote opens a quoted value where a value begins, and is a character elsewhere, as in
pyarrow's parser. The parser gets each piece as one block: its own chunking loses characters where a quoted line end is
at a block's boundary. Splitting here also bounds a row's size by our own limit, detects a quote that is never closed,
and tracks the line numbers of rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from attrs import frozen

from dao.errors import StoreError
from dao_files.formats._csv_options import CsvOptions

__all__ = ["Piece", "RowGrammar", "pieces"]

PIECE_BYTES = 2 << 20
_BOM = b"\xef\xbb\xbf"


@frozen
class Piece:
    """Whole rows.

    Attributes:
        data: the rows, UTF-8, each with its line end.
        line: the line of the file in which they begin, counted from 1.
    """

    data: bytes
    line: int

    def after(self, end: int) -> Piece:
        """Return the piece without its first ``end`` bytes, which must be whole lines."""
        return Piece(self.data[end:], self.line + count_lines(self.data[:end]))


def count_lines(data: bytes) -> int:
    """Count the line ends: LF, CR, and CRLF as one."""
    returns = data.count(b"\r")
    return data.count(b"\n") + returns - (data.count(b"\r\n") if returns else 0)


class RowGrammar:
    """The grammar of rows: finds where they end.

    As in Python's ``csv`` and pyarrow's parser: characters between the closing quote and the next delimiter belong to
    the value. The patterns are possessive: they never backtrack, so their time is linear.
    """

    def __init__(self, options: CsvOptions, delimiter: str) -> None:
        self._quote = options.quote.encode() if options.quote else None
        self._escape = options.escape.encode() if options.escape else None
        self._comment = options.comment.encode() if options.comment else None
        row = self._row_pattern(delimiter.encode())
        # A CR at the end of a block may be followed by an LF: it certainly ends a row only at the end of the file.
        unfinished, finished = rb"(?:\r\n|\n|\r(?!\Z))", rb"(?:\r\n|\n|\r)"
        comment = re.escape(self._comment) + rb"[^\r\n]*+" if self._comment else b""
        whole = {end: (comment + end + b"|" if comment else b"") + row + end for end in (unfinished, finished)}
        self._rows = re.compile(rb"(?:" + whole[unfinished] + rb")*+", re.DOTALL)
        self._last_rows = re.compile(rb"(?:" + whole[finished] + rb")*+", re.DOTALL)
        self._one_row = re.compile(whole[finished], re.DOTALL)
        self._line = re.compile(rb"[^\r\n]*+" + unfinished)

    def _row_pattern(self, delimiter: bytes) -> bytes:
        """Build the pattern of a row without its line end."""
        quote, escape = self._quote and re.escape(self._quote), re.escape(self._escape or b"")
        escaped = rb"|" + escape + rb"." if escape else b""
        if quote is None:
            return rb"(?:[^" + escape + rb"\r\n]++" + escaped + rb")*+"
        opened = quote + rb"(?:[^" + quote + escape + rb"]++" + escaped + rb"|" + quote + quote + rb")*+" + quote
        # A run of characters that ends with a delimiter is followed by a quoted value if a quote is next.
        run = rb"[^" + quote + escape + rb"\r\n]++"
        next_value = rb"(?:(?<!" + re.escape(delimiter) + rb")|(?!" + quote + rb")|" + opened + rb")"
        return rb"(?:(?!" + quote + rb")|" + opened + rb")(?:" + run + next_value + escaped + rb"|" + quote + rb")*+"

    def line_end(self, block: bytes) -> int:
        """Find the end of the first line, regardless of quotes; 0 where the block has no certain line end."""
        found = self._line.match(block)
        return found.end() if found else 0

    def last_row_end(self, block: bytes) -> int:
        """Find the end of the last whole row of a block that begins with a row; 0 where no row ends."""
        if self._is_plain(block):
            return max(block.rfind(b"\n"), block.rfind(b"\r", 0, len(block) - 1)) + 1
        found = self._rows.match(block)
        assert found is not None  # it matches no row too
        return found.end()

    def is_whole(self, block: bytes) -> bool:
        """Check that a block that ends with a line end is whole rows: no open quote, no escaped line end."""
        found = self._last_rows.match(block)
        return found is not None and found.end() == len(block)

    def first_row_end(self, block: bytes) -> int:
        """Find the end of the first row of a block of whole rows; the block's length where it has at most one row."""
        found = self._one_row.match(block)
        return found.end() if found else len(block)

    def rows(self, piece: Piece) -> Iterator[tuple[int, bytes]]:
        """Yield the line number and the bytes of each row of a piece, without comments."""
        line = piece.line
        for found in self._one_row.finditer(piece.data):
            row = found.group()
            if not self.is_comment(row):
                yield line, row
            line += count_lines(row)

    def is_comment(self, row: bytes) -> bool:
        """Check whether a row is a comment."""
        return self._comment is not None and row.startswith(self._comment)

    def without_comments(self, piece: Piece) -> bytes:
        """Return the rows of a piece without comments."""
        if self._comment is None or self._comment not in piece.data:
            return piece.data
        return b"".join(row for _, row in self.rows(piece))

    def _is_plain(self, block: bytes) -> bool:
        """Check whether each line end of a block ends a row."""
        return all(mark is None or mark not in block for mark in (self._quote, self._escape))


def pieces(read: Callable[[int], bytes], options: CsvOptions, grammar: RowGrammar) -> Iterator[Piece]:
    """Yield the rows of a file, header included, in pieces of about ``PIECE_BYTES``; the last ends with a line end too.

    Args:
        read: returns up to the given number of bytes of UTF-8, none at the end.
        options: the options.
        grammar: the row grammar of the file.

    Raises:
        StoreError: a row that is too long, a quote that is not closed.
    """
    rest, line, skip, first = b"", 1, options.skip_rows, True
    while True:
        chunk = read(max(PIECE_BYTES - len(rest), len(rest), 1))  # doubling keeps long rows cheap
        block = rest + chunk
        if first and (len(block) >= len(_BOM) or not chunk):
            block, first = block.removeprefix(_BOM), False
        if not chunk:
            break
        while skip and (end := grammar.line_end(block)):
            block, skip, line = block[end:], skip - 1, line + 1
        end = 0 if skip or first else grammar.last_row_end(block)
        rest = block[end:]
        _refuse_long(rest, line, options)
        if end:
            yield _checked(Piece(block[:end], line), options, grammar)
            line += count_lines(block[:end])
    for _ in range(skip):
        block = block[grammar.line_end(block) or len(block) :]
    if block:
        if not block.endswith((b"\n", b"\r")):
            block += b"\n"
        if not grammar.is_whole(block):
            raise StoreError(f"line {line}: a quoted value is not closed at the end of the file")
        yield _checked(Piece(block, line), options, grammar)


def _checked(piece: Piece, options: CsvOptions, grammar: RowGrammar) -> Piece:
    """Return a piece, none of whose rows is too long: those of a larger limit than a piece are refused before."""
    if options.max_record_bytes < len(piece.data):
        for line, row in grammar.rows(piece):
            _refuse_long(row.rstrip(b"\r\n"), line, options)
    return piece


def _refuse_long(row: bytes, line: int, options: CsvOptions) -> None:
    if len(row) > options.max_record_bytes:
        raise StoreError(
            f"line {line}: a row is longer than {options.max_record_bytes:,} bytes; max_record_bytes= allows more"
        )
