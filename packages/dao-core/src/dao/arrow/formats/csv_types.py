"""The types of CSV columns: inferred from the texts, and what a declared type is parsed as."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from dao.arrow.formats.csv_options import CsvOptions
from dao.errors import DataError, StoreError

__all__ = ["arrow_memory", "infer_types", "join_types", "parse_piece", "parsed_as"]

_EXACT = 1 << 53
_LONG_NUMBER = r"^\s*[+-]?[0-9]{16,}\s*$"


def parse_piece(
    piece: bytes,
    names: Sequence[str],
    options: CsvOptions,
    delimiter: str,
    *,
    columns: Sequence[str] = (),
    types: dict[str, pa.DataType] | None = None,
) -> pa.Table:
    """Parse whole rows without a header.

    Args:
        piece: the rows, UTF-8.
        names: the names of all columns.
        options: the options.
        delimiter: the delimiter.
        columns: the columns wanted, all where empty.
        types: the types of columns; inferred from this piece for those left out.
    """
    read = pacsv.ReadOptions(column_names=list(names), block_size=max(1 << 20, _longest_guess(piece)))
    parse = pacsv.ParseOptions(
        delimiter=delimiter,
        quote_char=options.quote or False,
        double_quote=options.quote is not None,
        escape_char=options.escape or False,
        newlines_in_values=options.quote is not None,
        ignore_empty_lines=options.skip_blank_lines,
    )
    convert = pacsv.ConvertOptions(
        column_types=types,
        include_columns=list(columns),
        null_values=list(options.null_values),
        true_values=list(options.true_values),
        false_values=list(options.false_values),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        decimal_point=options.decimal_point,
        timestamp_parsers=_parsers(options),
    )
    return pacsv.read_csv(arrow_memory(piece), read, parse, convert)


def arrow_memory(data: bytes) -> pa.BufferReader:
    """The bytes copied into Arrow's own memory.

    pyarrow's threads may let go of their input a moment after the parser returned. For Python's bytes they need the
    interpreter to do so, and end the process (pyarrow 26) when it is going down just then.
    """
    sink = pa.BufferOutputStream()
    sink.write(data)
    return pa.BufferReader(sink.getvalue())


def _parsers(options: CsvOptions) -> list[object] | None:
    if not options.timestamp_format and not options.date_format:
        return None
    return [*(options.date_format or ()), *(options.timestamp_format or (pacsv.ISO8601,))]


def _longest_guess(piece: bytes) -> int:
    """A block that surely holds a row: all of the piece where its rows are long."""
    return len(piece) + 1 if len(piece) < 2 << 20 or piece.count(b"\n") < 64 else 2 << 20


def infer_types(
    pieces: Iterable[bytes], names: Sequence[str], options: CsvOptions, delimiter: str
) -> list[pa.DataType]:
    """The types of all columns by all rows, in bounded memory: the types of the pieces joined.

    pyarrow's inference, with two differences. Whole numbers that neither int64 nor a double holds exactly make the
    column text, where pyarrow rounds them; and bytes that are no text are an error, where pyarrow makes them binary.

    Raises:
        StoreError: text that is not of the option's encoding.
    """
    found = [pa.null()] * len(names)
    largest = [0] * len(names)
    rows = 0
    for piece in pieces:
        table = parse_piece(piece, _places(names), options, delimiter)
        kinds = _exact_types(table, piece, names, options, delimiter)
        for place, kind in enumerate(kinds):
            if pa.types.is_integer(kind):
                largest[place] = max(largest[place], _magnitude(table.column(place)))
            found[place] = join_types(found[place], kind)
        rows += table.num_rows
        if options.infer_rows is not None and rows >= options.infer_rows:
            break
    return [
        pa.string() if pa.types.is_floating(kind) and size > _EXACT else kind
        for kind, size in zip(found, largest, strict=True)
    ]


def _places(names: Sequence[str]) -> list[str]:
    return [str(place) for place in range(len(names))]


def _exact_types(
    table: pa.Table, piece: bytes, names: Sequence[str], options: CsvOptions, delimiter: str
) -> list[pa.DataType]:
    kinds = list(table.schema.types)
    for place, kind in enumerate(kinds):
        if pa.types.is_binary(kind):
            raise StoreError(f"column {names[place]!r} has bytes that are not {options.encoding}; encoding= says which")
    doubles = [str(place) for place, kind in enumerate(kinds) if pa.types.is_floating(kind)]
    if doubles:
        texts = parse_piece(
            piece, _places(names), options, delimiter, columns=doubles, types=dict.fromkeys(doubles, pa.string())
        )
        for name in doubles:
            if pc.any(pc.match_substring_regex(texts.column(name), _LONG_NUMBER)).as_py():
                kinds[int(name)] = pa.string()
    return kinds


def _magnitude(column: pa.ChunkedArray) -> int:
    bounds = pc.min_max(column).as_py()
    return max(abs(int(bounds["min"] or 0)), abs(int(bounds["max"] or 0)))


def join_types(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    """The type that parses the texts of both, text where there is none other."""
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
    """The type that pyarrow's CSV reader parses a column as, from which a safe cast leads to ``kind``.

    Raises:
        DataError: a type that CSV can't hold.
    """
    if isinstance(kind, pa.BaseExtensionType):
        return parsed_as(name, kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return parsed_as(name, kind.value_type)
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
