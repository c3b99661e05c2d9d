"""The types of CSV columns: inference from all texts, and the types that pyarrow parses declared types as."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from dao.errors import DataError
from dao_files._workers import WORKERS, in_parallel
from dao_files.formats._csv_moments import parse_moments
from dao_files.formats._csv_numbers import lossless_kind, without_thousands
from dao_files.formats._csv_options import CsvOptions
from dao_files.formats._csv_parser import PieceParser
from dao_files.formats._csv_rows import Piece
from dao_files.formats._csv_text import not_encoded
from dao_files.formats._kinds import is_bytes, is_text, plain_type

__all__ = ["has_empty", "has_quoted_nulls", "infer_types", "join_types", "parsed_as"]

_EXACT = 1 << 53


@define
class _Column:
    """The inference state of a column.

    Attributes:
        kind: the type that parses all its texts without loss.
        largest: the magnitude of the largest integer.
        is_far: True if a timestamp is out of the range of nanoseconds.
        has_empty: True if there is a quoted text that is null when unquoted, and also quoted in a non-text column.
    """

    kind: pa.DataType
    largest: int = 0
    is_far: bool = False
    has_empty: bool = False

    def join(self, other: _Column) -> None:
        """Merge the state of more texts of the column."""
        self.kind = join_types(self.kind, other.kind)
        self.largest = max(self.largest, other.largest)
        self.is_far |= other.is_far
        self.has_empty |= other.has_empty

    def decide_type(self) -> pa.DataType:
        """Return the type that fits all texts."""
        if pa.types.is_null(self.kind) and self.has_empty:
            return pa.string()
        if pa.types.is_floating(self.kind) and self.largest > _EXACT:
            return pa.string()
        if pa.types.is_timestamp(self.kind) and self.kind.unit == "ns" and self.is_far:
            return pa.string()
        return self.kind


def infer_types(pieces: Iterable[Piece], parser: PieceParser) -> list[pa.DataType]:
    """Infer the types of all columns in bounded memory, by joining the types of the pieces.

    pyarrow's inference with two differences: a column is text where numbers would lose part of its texts (leading
    zeros, a plus sign, a base, digits), and the options' date formats, timestamp formats and thousands separator apply.

    Raises:
        StoreError: rows with a wrong number of values, or text that is not of the option's encoding.
    """
    found = [_Column(pa.null()) for _ in parser.names]
    limit = parser.options.infer_rows
    rows = 0
    threads = WORKERS if limit is None else 1
    with closing(in_parallel(partial(_infer_piece, parser), pieces, threads, ahead=threads)) as inferred:
        for columns, count in inferred:
            for column, more in zip(found, columns, strict=True):
                column.join(more)
            rows += count
            if limit is not None and rows >= limit:
                break
    return [column.decide_type() for column in found]


def _infer_piece(parser: PieceParser, piece: Piece) -> tuple[list[_Column], int]:
    options = parser.options
    may_be_null = options.quoted_nulls is not False
    arrays = parser.parse(piece, {}, infer=True, quoted_nulls=may_be_null)
    columns = [_Column(arrays[index].type) for index in range(len(arrays))]
    seen = {index for index, column in enumerate(columns) if _needs_texts(column.kind, options)}
    texts = parser.parse(piece, dict.fromkeys(seen, pa.string()), quoted_nulls=may_be_null) if seen else {}
    for index, column in enumerate(columns):
        if pa.types.is_binary(column.kind):
            raise parser.fault(piece, None, index, f"it has {not_encoded(options.encoding)}")
        values = arrays[index]
        if index in texts:
            values = _reinfer(texts[index], values, options)
            column.kind = values.type
        _measure(column, values)
    _note_empty(columns, piece, parser)
    return columns, len(arrays[0]) if arrays else 0


def _needs_texts(kind: pa.DataType, options: CsvOptions) -> bool:
    """Check whether the texts must be inspected beyond pyarrow's inference."""
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return True
    by_options = options.date_format or options.timestamp_format or options.thousands
    return bool(by_options) and not (pa.types.is_null(kind) or pa.types.is_boolean(kind) or pa.types.is_binary(kind))


def _reinfer(texts: pa.Array, values: pa.Array, options: CsvOptions) -> pa.Array:
    """Convert a column by the options' formats, else to the type that pyarrow inferred if that is lossless."""
    for formats, kind in ((options.date_format, pa.date32()), (options.timestamp_format, None)):
        if formats and len(texts) > texts.null_count:
            moments = parse_moments(texts, formats)
            if moments.null_count == texts.null_count:
                return moments if kind is None else moments.cast(kind)
    if options.timestamp_format and pa.types.is_timestamp(values.type):
        return texts  # by ISO 8601, which the option replaces
    if options.thousands and not pa.types.is_temporal(values.type):
        return _with_thousands(texts, options)
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return values
    plain = texts if options.decimal_point == "." else pc.replace_substring(texts, options.decimal_point, ".")
    return _choose_values(lossless_kind(plain, values), texts, values)


def _with_thousands(texts: pa.Array, options: CsvOptions) -> pa.Array:
    assert options.thousands is not None
    plain, may_be = without_thousands(texts, options.thousands, options.decimal_point)
    if not pc.all(may_be).as_py():
        return texts
    for kind in (pa.int64(), pa.float64()):
        try:
            values = plain.cast(kind)
        except pa.ArrowInvalid:
            continue
        return _choose_values(lossless_kind(plain, values), texts, values)
    return texts


def _choose_values(kind: pa.DataType, texts: pa.Array, values: pa.Array) -> pa.Array:
    return texts if pa.types.is_string(kind) else values.cast(kind)


def _measure(column: _Column, values: pa.Array) -> None:
    if pa.types.is_integer(values.type):
        bounds = pc.min_max(values).as_py()
        column.largest = max(abs(int(bounds["min"] or 0)), abs(int(bounds["max"] or 0)))
    elif pa.types.is_date(values.type) or (pa.types.is_timestamp(values.type) and values.type.unit == "s"):
        years = pc.min_max(pc.year(values)).as_py()
        column.is_far = years["min"] is not None and (years["min"] <= 1677 or years["max"] >= 2262)


def _note_empty(columns: list[_Column], piece: Piece, parser: PieceParser) -> None:
    if parser.options.quoted_nulls is not None or not has_quoted_nulls(piece, parser.options):
        return
    empty = [index for index, column in enumerate(columns) if pa.types.is_null(column.kind)]
    texts = parser.parse(piece, dict.fromkeys(empty, pa.string())) if empty else {}
    for index, column in texts.items():
        columns[index].has_empty = column.null_count < len(column)


def has_quoted_nulls(piece: Piece, options: CsvOptions) -> bool:
    """Check whether a piece may have a quoted text that is null when unquoted."""
    if options.quote is None:
        return False
    return any(f"{options.quote}{text}{options.quote}".encode() in piece.data for text in options.null_values)


def join_types(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    """Return the type that parses the texts of both types; text where there is no other."""
    if first.equals(second) or pa.types.is_null(second):
        return first
    if pa.types.is_null(first):
        return second
    pair = {first, second}
    if pair == {pa.int64(), pa.float64()}:
        return pa.float64()
    moments = {pa.date32(), pa.timestamp("s"), pa.timestamp("ns")}
    if pair <= moments:
        return pa.timestamp("ns") if pa.timestamp("ns") in pair else pa.timestamp("s")
    if pair == {pa.timestamp("s", "UTC"), pa.timestamp("ns", "UTC")}:
        return pa.timestamp("ns", "UTC")
    return pa.string()


def parsed_as(name: str, kind: pa.DataType) -> pa.DataType:
    """Return the type that pyarrow's CSV reader parses a column as, which casts safely to ``kind``.

    Raises:
        DataError: a type that CSV can't store.
    """
    kind = plain_type(kind)
    if pa.types.is_nested(kind) or pa.types.is_union(kind) or kind.equals(pa.month_day_nano_interval()):
        raise DataError(f"column {name!r}: CSV can't hold {kind}; JSON, Parquet or Arrow IPC can")
    stand_ins = [
        (pa.types.is_float16, pa.float32()),
        (pa.types.is_duration, pa.int64()),
        (pa.types.is_string_view, pa.string()),
        (pa.types.is_binary_view, pa.binary()),
        (pa.types.is_decimal256, pa.string()),
    ]
    for matches, stand_in in stand_ins:
        if matches(kind):
            return stand_in
    if pa.types.is_decimal(kind) and kind.bit_width < 128:
        return pa.decimal128(kind.precision, kind.scale)
    return kind


def has_empty(kind: pa.DataType) -> bool:
    """Check whether values of a type are texts or bytes, of which the empty one is a value."""
    return is_text(kind) or is_bytes(kind)
