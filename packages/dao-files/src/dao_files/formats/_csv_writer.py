"""Writing of CSV: columns are formatted as texts, quoted where needed, and joined to rows by Arrow's kernels."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dao.arrow.convert import cast_array
from dao.errors import DataError
from dao_files.formats._compression import CompressedSink
from dao_files.formats._contract import FormatWriter
from dao_files.formats._csv_moments import format_moments
from dao_files.formats._csv_options import CsvOptions
from dao_files.formats._csv_types import has_empty, parsed_as
from dao_files.formats._faults import storing
from dao_files.formats._kinds import plain_type
from dao_files.formats._shape import check_batch, refuse_duplicates
from dao_files.formats._validity import refuse_far_years

__all__ = ["CsvFileWriter", "check_writing"]

_ROWS = 65_536  # rows formatted at once
_NUMERIC = set("0123456789+-.:eTZ /infatrusl")  # the characters of formatted numbers, times and booleans


def check_writing(options: CsvOptions) -> None:
    """Check that readers with the same options can read what is written; see :meth:`FileFormat.check_writing`."""
    if options.quote is None and options.quoting == "all":
        raise DataError("option 'quoting': found 'all', expected 'none' where quote is None")
    if options.skip_rows and not _is_renamed(options):
        raise DataError(
            f"option 'skip_rows': found {options.skip_rows}, expected 0: readers would leave written rows out"
        )


def _is_renamed(options: CsvOptions) -> bool:
    return options.skip_rows == 1 and isinstance(options.header, tuple)


class CsvFileWriter(FormatWriter):
    """A CSV writer. It writes the header with the first batch or on close: an empty table is a header alone."""

    def __init__(self, sink: Any, schema: pa.Schema, options: CsvOptions, path: str) -> None:
        refuse_duplicates(schema, "CSV")
        if not schema.names:
            raise DataError("CSV can't store rows without columns")
        check_writing(options)
        self._schema = schema
        self._options = options
        # With skip_rows=1 and a list of names, readers skip one line and need no header, so that line is a header.
        self._has_heading = options.header is True or _is_renamed(options)
        self._quoter = _Quoter(options, options.delimiter_of(path))
        self._null = options.null_values[0] if options.null_values else ""
        self._quoter.refuse_special(self._null)
        if isinstance(options.header, tuple) and list(options.header) != schema.names:
            raise DataError(
                f"option 'header': readers would name the columns {list(options.header)}, which are {schema.names}"
            )
        for column in schema:
            parsed_as(column.name, column.type)
        self._sink = CompressedSink(sink, options.compression, path)
        self._encoder = _Encoder(self._sink, options.encoding)
        self._started = False
        self._closed = False

    def write(self, batch: pa.RecordBatch) -> None:
        check_batch(batch, self._schema)
        self._start()
        for start in range(0, batch.num_rows, _ROWS):
            self._write(batch.slice(start, _ROWS))

    def _write(self, batch: pa.RecordBatch) -> None:
        columns = [
            _format_column(column, array, self._options, self._quoter)
            for column, array in zip(batch.schema, batch.columns, strict=True)
        ]
        self._refuse_lost_nulls(columns)
        rows = pc.binary_join_element_wise(
            *columns,
            pa.scalar(self._quoter.delimiter, pa.large_string()),
            null_handling="replace",
            null_replacement=self._null,
        )
        end = self._options.line_terminator
        whole = pa.LargeListArray.from_arrays(pa.array([0, len(rows)], pa.int64()), rows)
        self._encoder.write(pc.binary_join(whole, pa.scalar(end, pa.large_string()))[0].as_buffer())
        self._encoder.write(end.encode())

    def _refuse_lost_nulls(self, texts: Sequence[pa.Array]) -> None:
        """Refuse nulls that have no text; asked of the texts, as dictionaries and run ends don't count their nulls."""
        if not self._options.null_values:
            for name, column in zip(self._schema.names, texts, strict=True):
                if column.null_count:
                    raise DataError(f"column {name!r}: null_values=[] has no text for nulls; [''] has one")
        if len(self._schema) > 1 or self._null or not self._options.skip_blank_lines:
            return
        if texts[0].null_count:
            raise DataError(
                f"a null in the only column {self._schema.names[0]!r} would be a blank line, which readers leave out; "
                "null_values=['NULL'] gives it a text, skip_blank_lines=False allows it"
            )

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        if self._has_heading:
            names = self._quoter.quote(pa.array(self._schema.names, pa.large_string())).to_pylist()
            self._encoder.write((self._quoter.delimiter.join(names) + self._options.line_terminator).encode())

    def close(self) -> None:
        if self._closed:
            return
        self._start()
        self._closed = True
        self._sink.close()

    def abort(self) -> None:
        self._sink.drop()


class _Quoter:
    """Quoting of texts by the options."""

    def __init__(self, options: CsvOptions, delimiter: str) -> None:
        self.delimiter = delimiter
        self._options = options
        self._quote = options.quote if options.quoting != "none" else None
        special = {delimiter, options.quote or '"', "\r", "\n"} | ({options.comment} if options.comment else set())
        self._special = special | ({options.escape} if options.escape else set())
        edges = "^[ \t\ufeff]|[ \t]$|^$"
        nulls = "".join(f"|^{re.escape(text)}$" for text in options.null_values if text)
        self._needs = f"[{''.join(map(re.escape, sorted(special)))}]|{edges}{nulls}"
        self.numbers_need_it = (
            bool(self._special & _NUMERIC)
            or delimiter == "," == (options.decimal_point)
            or any(set(text) <= _NUMERIC for text in options.null_values if text)
        )

    def refuse_special(self, null: str) -> None:
        """Refuse a text of nulls, which is never quoted, that would not be read as one value."""
        found = next((character for character in null if character in self._special), None)
        if found is not None:
            raise DataError(
                f"option 'null_values': nulls can't be written as {null!r}, as {found!r} is special in this file; "
                "another first text is written instead"
            )

    def quote(self, texts: pa.Array) -> pa.Array:
        """Quote and escape texts so that they are read back unchanged.

        Raises:
            DataError: a text that needs quotes where the options forbid them.
        """
        options = self._options
        needs: Any = None if options.quoting == "all" else pc.match_substring_regex(texts, self._needs)
        if options.escape:
            texts = pc.replace_substring(texts, options.escape, options.escape * 2)
        if self._quote is None:
            if pc.any(needs).as_py():
                value = texts.filter(needs.fill_null(False))[0].as_py()
                raise DataError(f"CSV without quotes can't store the text {value!r}; quoting='needed' can")
            return texts
        doubled = pc.replace_substring(texts, self._quote, self._quote * 2)
        quote = pa.scalar(self._quote, texts.type)
        whole = pc.binary_join_element_wise(quote, doubled, quote, pa.scalar("", texts.type))
        return whole if needs is None else pc.if_else(needs, whole, texts)


def _format_column(column: pa.Field, array: pa.Array, options: CsvOptions, quoter: _Quoter) -> pa.Array:
    """Format a column as texts, preserving nulls.

    Raises:
        DataError: a value that would not be read back unchanged.
    """
    name = column.name
    kind = parsed_as(name, column.type)
    if isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    try:
        with storing("CSV"):
            plain = cast_array(array, kind)
            refuse_far_years(plain, "CSV")
            texts = _format(plain, options)
            _refuse_nulls(texts, column.type, options)
            needed = options.quoting == "all" or quoter.numbers_need_it or has_empty(kind) or _has_format(kind, options)
            return quoter.quote(texts) if needed else texts
    except DataError as error:
        raise DataError(f"column {name!r}: {error}") from error


def _refuse_nulls(texts: pa.Array, kind: pa.DataType, options: CsvOptions) -> None:
    """Refuse a value whose text would be read as null although it is quoted.

    Raises:
        DataError: the text is one of ``null_values``, and quoted texts can be null in a column of type ``kind``.
    """
    may_be_null = not has_empty(plain_type(kind)) if options.quoted_nulls is None else options.quoted_nulls
    if not may_be_null or not options.null_values:
        return
    found = pc.index(pc.is_in(texts, pa.array(options.null_values, texts.type), skip_nulls=True), True).as_py()
    if found >= 0:
        raise DataError(
            f"option 'null_values': {texts[found].as_py()!r} would be read as null; quoted_nulls=False prevents that"
        )


def _has_format(kind: pa.DataType, options: CsvOptions) -> bool:
    """Check whether the options allow arbitrary texts for values of a type."""
    return bool(
        (pa.types.is_boolean(kind) and options.true_values[0] + options.false_values[0] != "truefalse")
        or (pa.types.is_date(kind) and options.date_format)
        or (pa.types.is_timestamp(kind) and options.timestamp_format)
    )


def _format(array: pa.Array, options: CsvOptions) -> pa.Array:
    kind = array.type
    text = pa.large_string()
    if pa.types.is_boolean(kind):
        return pc.if_else(array, pa.scalar(options.true_values[0], text), pa.scalar(options.false_values[0], text))
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return format_moments(array, options)
    if pa.types.is_fixed_size_binary(kind):
        array = array.cast(pa.large_binary())
    texts = array.cast(text)
    if (pa.types.is_floating(kind) or pa.types.is_decimal(kind)) and options.decimal_point != ".":
        return pc.replace_substring(texts, ".", options.decimal_point)
    return texts


class _Encoder:
    """An output stream that transcodes UTF-8 to the requested encoding."""

    def __init__(self, stream: CompressedSink, encoding: str) -> None:
        self._stream = stream
        self._name = encoding
        utf8 = codecs.lookup(encoding).name == "utf-8"
        self._encode = None if utf8 else codecs.getincrementalencoder(encoding)("strict").encode

    def write(self, data: Any) -> None:
        if self._encode is None:
            self._stream.write(data)
            return
        try:
            encoded = self._encode(bytes(data).decode("utf-8"))
        except UnicodeEncodeError as error:
            found = error.object[error.start : error.end]
            raise DataError(f"the encoding {self._name!r} can't store {found!r}; encoding='utf-8' can") from error
        self._stream.write(encoded)
