"""The pieces of a CSV file as record batches of wanted types."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

import pyarrow as pa
import pyarrow.compute as pc

from dao_files._workers import WORKERS, in_parallel
from dao_files.formats._csv_file import CsvFile
from dao_files.formats._csv_moments import parse_moments
from dao_files.formats._csv_numbers import without_thousands
from dao_files.formats._csv_rows import Piece
from dao_files.formats._csv_types import has_quoted_nulls, parsed_as, plain_type

__all__ = ["CsvReader"]


class CsvReader:
    """Makes record batches of the pieces of a file.

    Args:
        file: the file.
        schema: the columns wanted, all of them of the file, and the types that they have in the end.
    """

    def __init__(self, file: CsvFile, schema: pa.Schema) -> None:
        self._file = file
        self._parser = file.parser
        self._options = file.parser.options
        places = {name: place for place, name in enumerate(file.names)}
        self._names = schema.names
        self._kinds = {places[field.name]: parsed_as(field.name, field.type) for field in schema}
        self._told = {places[field.name] for field in schema if self._goes_by_options(plain_type(field.type))}
        self._texts = {places[field.name] for field in schema if _is_text(plain_type(field.type))}

    def batches(self, size: int, *, few: bool = False) -> Generator[pa.RecordBatch, None, None]:
        """The rows in batches of at most so many.

        Args:
            size: rows of a batch at most.
            few: not all rows are wanted, so that reading ahead would be in vain.

        Raises:
            StoreError: a row or value that doesn't fit; the message names its line.
        """
        workers = 1 if few else WORKERS
        with closing(in_parallel(self._batch, self._file.pieces, workers, ahead=workers)) as batches:
            for batch in batches:
                for start in range(0, batch.num_rows, size):
                    yield batch.slice(start, size)

    def _goes_by_options(self, kind: pa.DataType) -> bool:
        """True for a type whose texts are read by the options' formats or separator of thousands."""
        if pa.types.is_date(kind):
            return self._options.date_format is not None
        if pa.types.is_timestamp(kind):
            return bool(self._options.timestamp_format or self._options.date_format)
        is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        return self._options.thousands is not None and is_number

    def _batch(self, piece: Piece) -> pa.RecordBatch:
        columns = self._columns(piece)
        arrays = [self._converted(piece, place, columns[place]) for place in self._kinds]
        if arrays:
            return pa.RecordBatch.from_arrays(arrays, names=self._names)
        rows = self._parser.parse(piece, {0: pa.string()})[0]  # without columns there are rows to count
        return pa.RecordBatch.from_arrays([rows], names=["rows"]).select([])

    def _columns(self, piece: Piece) -> dict[int, pa.Array]:
        """The columns by their places; texts and others are parsed apart where quoted nulls tell them apart."""
        kinds = {place: pa.string() if place in self._told else kind for place, kind in self._kinds.items()}
        texts = {place: kind for place, kind in kinds.items() if place in self._texts}
        others = {place: kind for place, kind in kinds.items() if place not in self._texts}
        nulls = self._options.quoted_nulls
        if not texts or not others or nulls is not None or not has_quoted_nulls(piece, self._options):
            return self._parser.parse(piece, kinds, quoted_nulls=nulls is True or (nulls is None and not texts))
        return self._parser.parse(piece, texts) | self._parser.parse(piece, others, quoted_nulls=True)

    def _converted(self, piece: Piece, place: int, array: pa.Array) -> pa.Array:
        """A column as the type that it is parsed as, by the options where they have to do with it."""
        if place not in self._told:
            return array
        kind = self._kinds[place]
        if pa.types.is_temporal(kind):
            found = self._moments(array, kind)
        else:
            assert self._options.thousands is not None
            plain, may_be = without_thousands(array, self._options.thousands, self._options.decimal_point)
            found = _cast_or_null(pc.if_else(may_be, plain, pa.scalar(None, plain.type)), kind)
        wrong = pc.and_(array.is_valid(), found.is_null())
        row = pc.index(wrong, True).as_py()
        if row >= 0:
            message = f"CSV conversion error to {kind}: invalid value {array[row].as_py()!r}"
            raise self._parser.fault(piece, row, place, message)
        return found

    def _moments(self, texts: pa.Array, kind: pa.DataType) -> pa.Array:
        options = self._options
        if pa.types.is_date(kind):
            return parse_moments(texts, options.date_format or ()).cast(kind)
        found = parse_moments(texts, [*(options.timestamp_format or ()), *(options.date_format or ())])
        found = _zoned(found, kind)
        return found if options.timestamp_format else pc.coalesce(found, _cast_or_null(texts, kind))


def _zoned(moments: pa.Array, kind: pa.DataType) -> pa.Array:
    """Moments as a type of timestamps: those without a zone are of UTC, and those with one lose it only by a cast."""
    return moments.cast(kind) if moments.type.tz or not kind.tz else moments.cast(pa.timestamp("s", "UTC")).cast(kind)


def _cast_or_null(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """A cast in which what doesn't fit is null."""
    try:
        return texts.cast(kind)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return pa.nulls(1, kind)
    middle = len(texts) // 2
    return pa.concat_arrays([_cast_or_null(texts[:middle], kind), _cast_or_null(texts[middle:], kind)])


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )
