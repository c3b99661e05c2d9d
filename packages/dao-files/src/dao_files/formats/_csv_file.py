"""An open CSV file: its column names, and the pieces that hold its rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pyarrow as pa

from dao.errors import DataError, StoreError
from dao_files.formats._csv_options import CsvOptions
from dao_files.formats._csv_parser import PieceParser, row_texts
from dao_files.formats._csv_rows import Piece, RowGrammar, pieces
from dao_files.formats._csv_text import utf8_reader
from dao_files.formats._shape import repeated_names

__all__ = ["CsvFile"]


class CsvFile:
    """An open CSV file whose header has been read.

    Attributes:
        names: the names of its columns.
        parser: the parser of its pieces.
        pieces: its rows, without the header.

    Raises:
        DataError: a column name occurs more than once.
        StoreError: the file is empty where a header is expected, or its first row can't be decoded.
    """

    def __init__(self, stream: Any, options: CsvOptions, path: str, declared: pa.Schema | None) -> None:
        self._options = options
        self._delimiter = options.delimiter_of(path)
        self._grammar = RowGrammar(options, self._delimiter)
        self.pieces: Iterator[Piece] = pieces(utf8_reader(stream, options.encoding), options, self._grammar)
        self.names = self._read_names(declared)
        twice = repeated_names(self.names)
        if twice:
            raise DataError(
                f"the columns {', '.join(map(repr, twice))} occur more than once; header=[names] with skip_rows=1 "
                "names them apart"
            )
        self.parser = PieceParser(self.names, options, self._delimiter, self._grammar)

    def _read_names(self, declared: pa.Schema | None) -> list[str]:
        header = self._options.header
        if isinstance(header, tuple):
            return list(header)
        if header is False and declared is not None:
            return list(declared.names)
        row = self._first_row(keep=header is False)
        if row is None and header is True and declared is None:
            raise StoreError("the file is empty, it has no header; header=False or schema= reads it as no rows")
        return (row or []) if header is True else [f"f{index}" for index in range(len(row or []))]

    def _first_row(self, keep: bool) -> list[str] | None:
        """Read the values of the first row, None if there is none; with ``keep``, the row stays in ``pieces``."""
        skips_blank = self._options.skip_blank_lines or not keep
        for piece in self.pieces:
            while piece.data:
                end = self._grammar.first_row_end(piece.data)
                row, rest = Piece(piece.data[:end], piece.line), piece.after(end)
                is_blank = skips_blank and not row.data.strip(b"\r\n")
                if not is_blank and not self._grammar.is_comment(row.data):
                    left = piece if keep else rest
                    self.pieces = chain([left] if left.data else [], self.pieces)
                    return row_texts(row, self._options, self._delimiter)
                piece = rest
        return None
