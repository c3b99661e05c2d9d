"""A CSV stream cut into pieces that end where rows end.

Cutting and parsing agree: a quote opens a quoted value where a value begins, and is a character elsewhere, as for
pyarrow's parser. That one is given each piece as one block: its own cutting into blocks loses characters where a
quoted line end lies at their border. Cutting here also bounds a row's size by our own limit, sees a quote that is never
closed, and knows the lines of rows.
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
        """The piece without its first bytes, which are whole lines."""
        return Piece(self.data[end:], self.line + count_lines(self.data[:end]))


def count_lines(data: bytes) -> int:
    """The number of line ends: LF, CR, and CRLF as one."""
    returns = data.count(b"\r")
    return data.count(b"\n") + returns - (data.count(b"\r\n") if returns else 0)


class RowGrammar:
    """Where rows end.

    As in Python's ``csv`` and pyarrow's parser: what follows the closing quote up to the next delimiter belongs to the
    value. The patterns are possessive: they give nothing back, so their time is linear.
    """

    def __init__(self, options: CsvOptions, delimiter: str) -> None:
        self._quote = options.quote.encode() if options.quote else None
        self._escape = options.escape.encode() if options.escape else None
        self._comment = options.comment.encode() if options.comment else None
        row = self._row(delimiter.encode())
        # A CR at the end of a block may go on with an LF: it ends a row for sure only where the file ends.
        unfinished, finished = rb"(?:\r\n|\n|\r(?!\Z))", rb"(?:\r\n|\n|\r)"
        comment = re.escape(self._comment) + rb"[^\r\n]*+" if self._comment else b""
        whole = {end: (comment + end + b"|" if comment else b"") + row + end for end in (unfinished, finished)}
        self._rows = re.compile(rb"(?:" + whole[unfinished] + rb")*+", re.DOTALL)
        self._last_rows = re.compile(rb"(?:" + whole[finished] + rb")*+", re.DOTALL)
        self._one_row = re.compile(whole[finished], re.DOTALL)
        self._line = re.compile(rb"[^\r\n]*+" + unfinished)

    def _row(self, delimiter: bytes) -> bytes:
        """The pattern of a row without its line end."""
        quote, escape = self._quote and re.escape(self._quote), re.escape(self._escape or b"")
        escaped = rb"|" + escape + rb"." if escape else b""
        if quote is None:
            return rb"(?:[^" + escape + rb"\r\n]++" + escaped + rb")*+"
        opened = quote + rb"(?:[^" + quote + escape + rb"]++" + escaped + rb"|" + quote + quote + rb")*+" + quote
        # A run of characters that ends with a delimiter goes on with a quoted value where a quote is next.
        run = rb"[^" + quote + escape + rb"\r\n]++"
        next_value = rb"(?:(?<!" + re.escape(delimiter) + rb")|(?!" + quote + rb")|" + opened + rb")"
        return rb"(?:(?!" + quote + rb")|" + opened + rb")(?:" + run + next_value + escaped + rb"|" + quote + rb")*+"

    def line_end(self, block: bytes) -> int:
        """Where the first line ends, quotes or not; 0 where no line surely does."""
        found = self._line.match(block)
        return found.end() if found else 0

    def last_row_end(self, block: bytes) -> int:
        """Where the last whole row of a block ends, that begins with a row; 0 where none does."""
        if self._is_plain(block):
            return max(block.rfind(b"\n"), block.rfind(b"\r", 0, len(block) - 1)) + 1
        found = self._rows.match(block)
        assert found is not None  # it matches no row too
        return found.end()

    def is_whole(self, block: bytes) -> bool:
        """True where a block that ends with a line end is whole rows: no quote is open, the line end not escaped."""
        found = self._last_rows.match(block)
        return found is not None and found.end() == len(block)

    def first_row_end(self, block: bytes) -> int:
        """Where the first row of whole rows ends, the length of the block where it has one row at most."""
        found = self._one_row.match(block)
        return found.end() if found else len(block)

    def rows(self, piece: Piece) -> Iterator[tuple[int, bytes]]:
        """The rows of a piece and their lines, comments left out."""
        line = piece.line
        for found in self._one_row.finditer(piece.data):
            row = found.group()
            if not self.is_comment(row):
                yield line, row
            line += count_lines(row)

    def is_comment(self, row: bytes) -> bool:
        """True where readers leave the row out."""
        return self._comment is not None and row.startswith(self._comment)

    def without_comments(self, piece: Piece) -> bytes:
        """The rows of a piece but comments."""
        if self._comment is None or self._comment not in piece.data:
            return piece.data
        return b"".join(row for _, row in self.rows(piece))

    def _is_plain(self, block: bytes) -> bool:
        """True where each line end ends a row."""
        return all(mark is None or mark not in block for mark in (self._quote, self._escape))


def pieces(read: Callable[[int], bytes], options: CsvOptions, grammar: RowGrammar) -> Iterator[Piece]:
    """The rows of a file, header included, in pieces of about ``PIECE_BYTES``; the last one ends with a line end too.

    Args:
        read: gives up to that many bytes of UTF-8, none at the end.
        options: the options.
        grammar: how rows end.

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
        if len(rest) > options.max_record_bytes:
            raise StoreError(
                f"line {line}: a row is longer than {options.max_record_bytes:,} bytes; max_record_bytes= allows more"
            )
        if end:
            yield Piece(block[:end], line)
            line += count_lines(block[:end])
    for _ in range(skip):
        block = block[grammar.line_end(block) or len(block) :]
    if block:
        if not block.endswith((b"\n", b"\r")):
            block += b"\n"
        if not grammar.is_whole(block):
            raise StoreError(f"line {line}: a quoted value is not closed at the end of the file")
        yield Piece(block, line)
