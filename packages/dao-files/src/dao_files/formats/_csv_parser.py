"""Parsing of pieces of a CSV file by pyarrow, with line and column in its errors."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
import pyarrow.csv as pacsv

from dao.errors import StoreError
from dao_files.formats._csv_options import CsvOptions
from dao_files.formats._csv_rows import Piece, RowGrammar
from dao_files.formats._csv_text import not_encoded
from dao_files.formats._near import arrow_buffer

__all__ = ["PieceParser", "arrow_memory", "better_delimiter", "other_delimiter", "row_texts"]

_BAD_ROW = re.compile(r"Row #(\d+): (Expected \d+ columns, got (\d+).*)", re.DOTALL)
_BAD_VALUE = re.compile(r"In CSV column #(\d+): (?:Row #(\d+): )?(.*)", re.DOTALL)
_LONGEST = 300  # characters of a row or value in a message


class PieceParser:
    """The parser of the pieces of one file.

    Attributes:
        names: the names of all columns.
        options: the options.
        delimiter: the delimiter.
        grammar: the row grammar of the file.
    """

    def __init__(self, names: Sequence[str], options: CsvOptions, delimiter: str, grammar: RowGrammar) -> None:
        self.names = names
        self.options = options
        self.delimiter = delimiter
        self.grammar = grammar
        self._column_names = [str(index) for index in range(len(names))]
        self._parse = _parse_options(options, delimiter)

    def parse(
        self, piece: Piece, types: Mapping[int, pa.DataType], *, infer: bool = False, quoted_nulls: bool = False
    ) -> dict[int, pa.Array]:
        """Parse columns of a piece; returns arrays by column index.

        Args:
            piece: the rows.
            types: the columns to parse, by index, and their types.
            infer: return all columns; pyarrow infers the types that ``types`` lacks.
            quoted_nulls: quoted texts may be null.

        Raises:
            StoreError: rows with a wrong number of values, or values that don't fit; the message names line and column.
        """
        options = self.options
        data = self.grammar.without_comments(piece)
        if not data.strip(b"\r\n") and options.skip_blank_lines:
            data = b""
        if not data:
            wanted = range(len(self.names)) if infer else types
            return {index: pa.nulls(0, types.get(index, pa.null())) for index in wanted}
        convert = pacsv.ConvertOptions(
            column_types={self._column_names[index]: kind for index, kind in types.items()},
            include_columns=[] if infer else [self._column_names[index] for index in types],
            null_values=list(options.null_values),
            true_values=list(options.true_values),
            false_values=list(options.false_values),
            strings_can_be_null=True,
            quoted_strings_can_be_null=quoted_nulls,
            decimal_point=options.decimal_point,
        )
        read = pacsv.ReadOptions(column_names=self._column_names, block_size=len(data) + 1, use_threads=False)
        try:
            table = pacsv.read_csv(arrow_memory(data), read, self._parse, convert)
        except pa.ArrowInvalid as error:
            raise self._explain(error, piece) from error
        return {int(name): _combine_chunks(table.column(at)) for at, name in enumerate(table.column_names)}

    def fault(self, piece: Piece, row: int | None, index: int, message: str) -> StoreError:
        """Build the error about a value at a row of the piece (from 0; None: unknown) and a column index."""
        line = "" if row is None else f"line {self._line(piece, row)}, "
        return StoreError(f"{line}column {self.names[index]!r}: {_shorten(message)}")

    def _explain(self, error: pa.ArrowInvalid, piece: Piece) -> StoreError:
        text = str(error)
        if found := _BAD_ROW.search(text):
            advice = better_delimiter(self.names, self.delimiter)
            if not advice and int(found[3]) == 1:
                advice = better_delimiter([found[2].partition(": ")[2]], self.delimiter)
            return StoreError(f"line {self._line(piece, int(found[1]) - 1)}: {_shorten(found[2])}{advice}")
        if found := _BAD_VALUE.search(text):
            row = int(found[2]) - 1 if found[2] else None
            message = found[3]
            if "invalid UTF8" in message:
                message = f"it has {not_encoded(self.options.encoding)}"
            return self.fault(piece, row, int(found[1]), message)
        return StoreError(_shorten(text))

    def _line(self, piece: Piece, row: int) -> int:
        """Find the line of the file on which a row of the piece begins."""
        seen = 0
        for line, found in self.grammar.rows(piece):
            if self.options.skip_blank_lines and not found.strip(b"\r\n"):
                continue
            if seen == row:
                return line
            seen += 1
        return piece.line


def row_texts(row: Piece, options: CsvOptions, delimiter: str) -> list[str]:
    """Parse a piece of one row to texts.

    Raises:
        StoreError: bytes that are not of the option's encoding.
    """
    read = pacsv.ReadOptions(autogenerate_column_names=True, block_size=len(row.data) + 1, use_threads=False)
    # By name, as older releases of pyarrow have no type for all columns; there may be fewer columns than this.
    names = [f"f{index}" for index in range(row.data.count(delimiter.encode()) + 1)]
    convert = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    try:
        table = pacsv.read_csv(arrow_memory(row.data), read, _parse_options(options, delimiter), convert)
    except pa.ArrowInvalid as error:
        if "invalid UTF8" in str(error):
            raise StoreError(f"line {row.line}: it has {not_encoded(options.encoding)}") from error
        raise
    return [column[0].as_py() for column in table.columns]


def _parse_options(options: CsvOptions, delimiter: str) -> pacsv.ParseOptions:
    return pacsv.ParseOptions(
        delimiter=delimiter,
        quote_char=options.quote or False,
        double_quote=options.quote is not None,
        escape_char=options.escape or False,
        newlines_in_values=options.quote is not None or options.escape is not None,
        ignore_empty_lines=options.skip_blank_lines,
    )


def better_delimiter(names: Sequence[str], delimiter: str) -> str:
    """Return advice for an error: the delimiter that would split a header of one name; else an empty text."""
    if len(names) != 1:
        return ""
    mark = other_delimiter(names, (), delimiter)
    if not mark:
        return ""
    return f"; the only column is {_shorten(names[0], 60)!r}: delimiter={mark!r} would split it"


def other_delimiter(names: Sequence[str], known: Collection[str], delimiter: str) -> str:
    """The delimiter by which a header seems to be written, where it was split by another; else an empty text.

    Args:
        names: the columns of the header.
        known: columns of other files. A header of several columns has another delimiter if that splits it into some of
            these; of a single column any that occurs in it would do.
        delimiter: the one that it was split by.
    """
    header = delimiter.join(names)
    marks = [mark for mark in ";\t|," if mark != delimiter and mark in header]
    if len(names) > 1:
        marks = [mark for mark in marks if not set(known).isdisjoint(header.split(mark))]
    return max(marks, key=header.count, default="")


def arrow_memory(data: bytes) -> pa.BufferReader:
    """Copy bytes into memory that Arrow allocated.

    pyarrow's threads may release their input shortly after the parser returned. For Python's bytes they need the
    interpreter to do so, and end the process (pyarrow 26) if it is shutting down at that moment.
    """
    return pa.BufferReader(arrow_buffer(data))


def _combine_chunks(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])


def _shorten(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[:longest]}..."
