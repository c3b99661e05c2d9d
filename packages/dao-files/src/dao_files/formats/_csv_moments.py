"""Dates and timestamps by the formats of the CSV options: parsing, and formatting that is read back equal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from dao.arrow.convert import cast_array
from dao.errors import DataError
from dao_files.formats._csv_options import CsvOptions

__all__ = ["cast_or_null", "format_moments", "has_formats", "parse_column", "parse_moments"]

_IN_PYTHON = {"%T": "%H:%M:%S", "%R": "%H:%M", "%D": "%m/%d/%y", "%F": "%Y-%m-%d", "%e": "%d", "%h": "%b", "%n": " "}
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def has_formats(kind: pa.DataType, options: CsvOptions) -> bool:
    """Check whether values of a type are parsed by formats of the options."""
    if pa.types.is_date(kind):
        return options.date_format is not None
    return pa.types.is_timestamp(kind) and bool(options.timestamp_format or options.date_format)


def parse_column(texts: pa.Array, kind: pa.DataType, options: CsvOptions) -> pa.Array:
    """Parse the texts of a column of dates or timestamps by the formats of the options; null where none fits."""
    if pa.types.is_date(kind):
        return parse_moments(texts, options.date_format or ()).cast(kind)
    found = parse_moments(texts, [*(options.timestamp_format or ()), *(options.date_format or ())])
    found = _cast_zone(found, kind)
    return found if options.timestamp_format else pc.coalesce(found, cast_or_null(texts, kind))


def _cast_zone(moments: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast timestamps to another timestamp type, taking those without a zone as UTC if the type has a zone."""
    return moments.cast(kind) if moments.type.tz or not kind.tz else moments.cast(pa.timestamp("s", "UTC")).cast(kind)


def cast_or_null(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast texts to a type; null where a text doesn't fit."""
    try:
        return cast_array(texts, kind)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return pa.nulls(1, kind)
    middle = len(texts) // 2
    return pa.concat_arrays([cast_or_null(texts[:middle], kind), cast_or_null(texts[middle:], kind)])


def format_moments(array: pa.Array, options: CsvOptions) -> pa.Array:
    """Format dates or timestamps as texts that the same options parse to equal values.

    Timestamps with a zone are formatted in UTC (with a Z where the options have no format), so that the instant
    doesn't depend on the reader's zone.

    Raises:
        DataError: the first value that would be read back as another one, or not at all.
    """
    kind = array.type
    if not has_formats(kind, options):
        return _format(array, None)
    is_date = pa.types.is_date(kind)
    chosen = options.date_format if is_date else options.timestamp_format
    option, pattern = "date_format" if is_date or not chosen else "timestamp_format", (chosen or (None,))[0]
    encoded = array.dictionary_encode()  # each distinct value is formatted and parsed once
    values = encoded.dictionary
    try:
        texts = _format(values, pattern)
        parsed = parse_column(texts.cast(pa.string()), kind, options)
    except pa.ArrowException as error:
        raise DataError(f"option {option!r}: {pattern!r} is no format that can be written and read: {error}") from error
    row = pc.index(pc.fill_null(pc.equal(parsed, values), False), False).as_py()
    if row >= 0:
        raise DataError(_describe_loss(option, pattern, values[row], texts[row].as_py(), parsed[row]))
    return texts.take(encoded.indices)


def _format(array: pa.Array, pattern: str | None) -> pa.Array:
    kind, text = array.type, pa.large_string()
    if not pa.types.is_timestamp(kind):
        return (array if pattern is None else pc.strftime(array, pattern)).cast(text)
    if pattern is not None:
        # strptime parses whole seconds, but strftime writes decimals for the smaller units. Both use UTC.
        return pc.strftime(array.cast(pa.timestamp("s", kind.tz and "UTC"), safe=False), pattern).cast(text)
    if kind.tz is None:
        return array.cast(text)
    naive = array.cast(pa.timestamp(kind.unit, "UTC")).cast(pa.timestamp(kind.unit))
    return pc.binary_join_element_wise(naive.cast(text), pa.scalar("Z", text), pa.scalar("", text))


def _describe_loss(option: str, pattern: str | None, value: pa.Scalar, text: str, parsed: pa.Scalar) -> str:
    kind = value.type
    written = "ISO 8601" if pattern is None else repr(pattern)
    read = f"read back as {_show(parsed)}" if parsed.is_valid else "not read back"
    known = "%Y-%m-%d" if pa.types.is_date(kind) else "%Y-%m-%d %H:%M:%S"
    if pattern == known or (pa.types.is_timestamp(kind) and value.value % _PER_SECOND[kind.unit]):
        advice = f"without {option}= it is written by ISO 8601 with all its digits"
    else:
        advice = f"{option}={known!r} stores it, and so does ISO 8601, without {option}="
    return f"option {option!r}: {written} writes {_show(value)} as {text!r}, which is {read}; {advice}"


def _show(value: pa.Scalar) -> str:
    return str(_format(pa.array([value], value.type), None)[0])


def parse_moments(texts: pa.Array, formats: Sequence[str]) -> pa.Array:
    """Parse texts to timestamps of seconds, each by the first format that fits; null where none does.

    With ``%z`` the result is in UTC. Values that strptime rolls over (31 February, the second 60) fit no format.
    """
    found: pa.Array | None = None
    for pattern in formats:
        parsed = _parse_exactly(texts, pattern)
        if found is None or found.type.equals(parsed.type):
            found = parsed if found is None else pc.coalesce(found, parsed)
    assert found is not None  # there is at least one format
    return found


def _parse_exactly(texts: pa.Array, pattern: str) -> pa.Array:
    """Parse texts by one format; null where they don't fit or name a moment that doesn't exist."""
    parsed = pc.strptime(texts, format=pattern, unit="s", error_is_null=True)
    formatted = pc.strftime(parsed, format=pattern).cast(texts.type)
    same = pc.equal(_normalize(formatted), _normalize(texts))
    # Python's strptime demands four digits of a year, and decides where formatting the moment yields another text.
    doubtful = pc.and_(parsed.is_valid(), pc.or_(pc.invert(same), pc.less(pc.year(parsed), 1000)))
    if not pc.any(doubtful).as_py():
        return parsed
    moments = dict(zip(texts.filter(doubtful).to_pylist(), parsed.filter(doubtful).to_pylist(), strict=True))
    right = [text for text, moment in moments.items() if _parse_in_python(text, pattern) == moment]
    wrong = pc.and_(doubtful, pc.invert(pc.is_in(texts, pa.array(right, texts.type))))
    return pc.if_else(wrong, pa.scalar(None, parsed.type), parsed)


def _normalize(texts: pa.Array) -> pa.Array:
    """Remove leading zeros and letter case, which strptime ignores."""
    return pc.replace_substring_regex(pc.utf8_lower(texts), r"(^|[^0-9])0+([0-9])", r"\1\2")


def _parse_in_python(text: str, pattern: str) -> datetime | None:
    pattern = re.sub("%.", lambda found: _IN_PYTHON.get(found[0], found[0]), pattern)
    try:
        return datetime.strptime(text.strip(), pattern)
    except ValueError:
        return None
