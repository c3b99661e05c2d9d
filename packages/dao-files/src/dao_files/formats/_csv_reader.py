"""Conversion of the pieces of a CSV file to record batches of the requested types."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

import pyarrow as pa
import pyarrow.compute as pc

from dao_files._workers import WORKERS, in_parallel
from dao_files.formats._csv_file import CsvFile
from dao_files.formats._csv_moments import cast_or_null, has_formats, parse_column
from dao_files.formats._csv_numbers import without_thousands
from dao_files.formats._csv_rows import Piece
from dao_files.formats._csv_types import has_empty, has_quoted_nulls, parsed_as
from dao_files.formats._float_digits import describe_rounding, first_changed, may_change
from dao_files.formats._kinds import plain_type

__all__ = ["CsvReader"]

_TINY = (b"e-", b"E-", b"0" * 300)
"""What a piece holds if a number in it is too small for a double, which is zero then."""


class CsvReader:
    """A reader that parses the pieces of a file to record batches.

    Args:
        file: the file.
        schema: the requested columns, all of which the file has, with their final types.
    """

    def __init__(self, file: CsvFile, schema: pa.Schema) -> None:
        self._file = file
        self._parser = file.parser
        self._options = file.parser.options
        indices = {name: index for index, name in enumerate(file.names)}
        self._names = schema.names
        self._kinds = {indices[field.name]: parsed_as(field.name, field.type) for field in schema}
        self._by_options = {indices[field.name] for field in schema if self._is_by_options(plain_type(field.type))}
        self._floats = {
            indices[field.name]: plain_type(field.type)
            for field in schema
            if pa.types.is_floating(plain_type(field.type))
        }
        self._texts = {indices[field.name] for field in schema if has_empty(plain_type(field.type))}

    def batches(self, size: int, *, few: bool = False) -> Generator[pa.RecordBatch, None, None]:
        """Yield the rows in batches.

        Args:
            size: the most rows of a batch.
            few: only some rows will be used, so nothing is parsed ahead.

        Raises:
            StoreError: a row or value that doesn't fit; the message names its line.
        """
        workers = 1 if few else WORKERS
        with closing(in_parallel(self._parse_batch, self._file.pieces, workers, ahead=workers)) as batches:
            for batch in batches:
                for start in range(0, batch.num_rows, size):
                    yield batch.slice(start, size)

    def _is_by_options(self, kind: pa.DataType) -> bool:
        """Check whether texts of a type are parsed by the options' formats or thousands separator.

        So are all decimals: pyarrow's parser makes other numbers of those that are too long.
        """
        if pa.types.is_temporal(kind):
            return has_formats(kind, self._options)
        is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        return pa.types.is_decimal(kind) or (self._options.thousands is not None and is_number)

    def _parse_batch(self, piece: Piece) -> pa.RecordBatch:
        columns = self._parse_columns(piece)
        doubtful = {index: pa.string() for index in self._floats if self._needs_texts(piece, index, columns[index])}
        spelled = self._parser.parse(piece, doubtful, quoted_nulls=True) if doubtful else {}
        arrays = [self._convert(piece, index, columns[index], spelled.get(index)) for index in self._kinds]
        if arrays:
            return pa.RecordBatch.from_arrays(arrays, names=self._names)
        rows = self._parser.parse(piece, {0: pa.string()})[0]  # without columns there are rows to count
        return pa.RecordBatch.from_arrays([rows], names=["rows"]).select([])

    def _needs_texts(self, piece: Piece, index: int, floats: pa.Array) -> bool:
        """Check whether the texts of a column of floats must be compared with them."""
        if index in self._by_options:  # they are texts still
            return False
        if self._floats[index].bit_width < 64:
            return True
        sizes = pc.abs(floats)
        if pc.any(pc.and_(may_change(floats), pc.greater(sizes, 0.0))).as_py():
            return True
        return any(mark in piece.data for mark in _TINY) and bool(pc.any(pc.equal(sizes, 0.0)).as_py())

    def _parse_columns(self, piece: Piece) -> dict[int, pa.Array]:
        """Parse the columns, by index: texts and other types separately where quoted nulls differ between them."""
        kinds = {index: pa.string() if index in self._by_options else kind for index, kind in self._kinds.items()}
        texts = {index: kind for index, kind in kinds.items() if index in self._texts}
        others = {index: kind for index, kind in kinds.items() if index not in self._texts}
        nulls = self._options.quoted_nulls
        if not texts or not others or nulls is not None or not has_quoted_nulls(piece, self._options):
            return self._parser.parse(piece, kinds, quoted_nulls=nulls is True or (nulls is None and not texts))
        return self._parser.parse(piece, texts) | self._parser.parse(piece, others, quoted_nulls=True)

    def _convert(self, piece: Piece, index: int, array: pa.Array, spelled: pa.Array | None) -> pa.Array:
        """Convert a column of texts by the options' formats and separators, where they apply to its type.

        Args:
            piece: the rows.
            index: the column.
            array: the column, as pyarrow parses it.
            spelled: the texts of a column of floats that must be compared with them, else None.
        """
        if index not in self._by_options:
            return array if spelled is None else self._as_declared(piece, index, array, spelled)
        kind = self._kinds[index]
        plain = array
        if pa.types.is_temporal(kind):
            found = parse_column(array, kind, self._options)
        elif self._options.thousands is None:
            plain = self._with_points(array)
            found = cast_or_null(plain, kind)
        else:
            plain, may_be = without_thousands(array, self._options.thousands, self._options.decimal_point)
            found = cast_or_null(pc.if_else(may_be, plain, pa.scalar(None, plain.type)), kind)
        wrong = pc.and_(array.is_valid(), found.is_null())
        row = pc.index(wrong, True).as_py()
        if row >= 0:
            message = f"CSV conversion error to {kind}: invalid value {array[row].as_py()!r}"
            raise self._parser.fault(piece, row, index, message)
        return self._as_declared(piece, index, found, plain) if index in self._floats else found

    def _as_declared(self, piece: Piece, index: int, array: pa.Array, texts: pa.Array) -> pa.Array:
        """Convert a column of floats to the declared type, which must stand for the numbers of all texts."""
        found = array.cast(self._floats[index], safe=False)
        texts = self._with_points(texts)
        row = first_changed(texts, found)
        if row >= 0:
            raise self._parser.fault(piece, row, index, describe_rounding(texts[row].as_py(), found[row]))
        return found

    def _with_points(self, texts: pa.Array) -> pa.Array:
        """Texts of numbers with a decimal point, and nothing around them."""
        return pc.replace_substring(pc.ascii_trim(texts, " \t"), self._options.decimal_point, ".")
