"""The options of CSV, with the names that pandas, pyarrow and DuckDB use."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from dao.display import even_half_made
from dao.errors import DataError
from dao_files.formats._compression import compression_option
from dao_files.formats._options import (
    READING,
    SPELLING,
    WRITING,
    Check,
    boolean,
    character,
    integer,
    one_of,
    optional,
    spelled_as,
    texts,
    tuple_of,
    valid,
)

__all__ = ["CsvOptions"]


def _is_encoding(value: Any) -> bool:
    try:
        return isinstance(value, str) and codecs.lookup(value) is not None
    except LookupError:
        return False


def _formats(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple_of(value)


def _types(value: Any) -> Any:
    """Convert a mapping of column names to types into one of Arrow types."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise DataError(f"option 'types': found {value!r}, expected a mapping of column names to types, or None")
    from dao.arrow.models import schema_of

    return {column.name: column.type for column in schema_of(value)} if value else None


_header = Check("True, False or a list of column names", lambda value: boolean.accepts(value) or texts.accepts(value))
_filled = Check("a list of at least one text", lambda value: texts.accepts(value) and len(value) > 0)


@even_half_made
@frozen
class CsvOptions:
    """Options of CSV.

    Attributes:
        delimiter: the character between values; None (default) is a tab for names ending in ``.tsv``, else a comma.
        quote: the character around values with special characters; None for files without quoting.
        escape: the character that makes the next one literal; None (default): quotes are doubled.
        header: True (default): the first line has the column names. False: no such line; columns are named by
            ``schema=``, else ``f0``, ``f1``... A list of names: no such line, and these are the names.
        skip_rows: reading: lines to skip before the header. Writing: 1 with a list of names writes a header line; any
            other value but 0 is an error.
        comment: lines that start with this character are skipped; writing quotes texts that have it.
        skip_blank_lines: skip blank lines (default); False: a blank line is a row, which writing a null into a file
            of one column needs.
        encoding: the character encoding, by Python's name.
        null_values: texts that are null when unquoted; null is written as the first. Default: only the empty text, so
            that ``NA`` stays a text.
        true_values, false_values: texts of true and false; the first is written.
        quoted_nulls: whether a quoted text of ``null_values`` is null too. None (default): in columns that are not
            text, where no other value is possible; True: in all columns; False: in none.
        decimal_point: the character before a number's decimals.
        thousands: reading: the thousands separator of numbers; None (default) for none.
        date_format, timestamp_format: strptime formats, one or a list tried in order; the first is written. Default:
            ISO 8601.
        types: reading: a mapping of column names to types, as ``schema=`` takes them; the other columns are inferred.
            Only names of the file's columns are accepted.
        infer_types: reading: False reads all columns as text except those of ``types``; an error where ``schema=`` or
            a table that remembers its types has another type.
        infer_rows: reading: the fewest rows per file that types are inferred from; None (default) for all, which reads
            the files once more. A later value that does not fit is an error. ``schema=`` needs no inference.
        max_record_bytes: reading: the largest size of a row in bytes (default 64 MiB, at most 1 GiB).
        compression: ``"infer"`` (default) from the file name; ``gzip``, ``zstd``, ``bz2``, ``lz4``, ``xz`` or None.
        quoting: writing: ``"needed"`` (default) quotes texts that need it (the empty text too, unlike null),
            ``"all"`` all values but null, ``"none"`` nothing: a text that needs quotes is an error.
        line_terminator: writing: ``"\\n"`` (default) or ``"\\r\\n"``; both are read.
    """

    delimiter: str | None = field(
        metadata=spelled_as(lambda value: value or ","),  # a table's own files are never named .tsv
        default=None,
        validator=valid(optional(character)),
    )
    quote: str | None = field(metadata=SPELLING, default='"', validator=valid(optional(character)))
    escape: str | None = field(metadata=SPELLING, default=None, validator=valid(optional(character)))
    header: bool | tuple[str, ...] = field(
        metadata=SPELLING, default=True, converter=tuple_of, validator=valid(_header)
    )
    skip_rows: int = field(metadata=SPELLING, default=0, validator=valid(integer(0)))
    comment: str | None = field(metadata=SPELLING, default=None, validator=valid(optional(character)))
    skip_blank_lines: bool = field(metadata=SPELLING, default=True, validator=valid(boolean))
    encoding: str = field(
        metadata=spelled_as(lambda value: codecs.lookup(value).name),
        default="utf-8",
        validator=valid(Check("the name of a character encoding, such as 'latin-1'", _is_encoding)),
    )
    null_values: tuple[str, ...] = field(metadata=SPELLING, default=("",), converter=tuple_of, validator=valid(texts))
    true_values: tuple[str, ...] = field(
        metadata=SPELLING, default=("true", "True", "TRUE"), converter=tuple_of, validator=valid(_filled)
    )
    false_values: tuple[str, ...] = field(
        metadata=SPELLING, default=("false", "False", "FALSE"), converter=tuple_of, validator=valid(_filled)
    )
    quoted_nulls: bool | None = field(metadata=SPELLING, default=None, validator=valid(optional(boolean)))
    decimal_point: str = field(metadata=SPELLING, default=".", validator=valid(character))
    thousands: str | None = field(metadata=READING, default=None, validator=valid(optional(character)))
    date_format: tuple[str, ...] | None = field(
        metadata=SPELLING, default=None, converter=_formats, validator=valid(optional(_filled))
    )
    timestamp_format: tuple[str, ...] | None = field(
        metadata=SPELLING, default=None, converter=_formats, validator=valid(optional(_filled))
    )
    types: Mapping[str, Any] | None = field(metadata=READING, default=None, converter=_types)
    infer_types: bool = field(metadata=READING, default=True, validator=valid(boolean))
    infer_rows: int | None = field(metadata=READING, default=None, validator=valid(optional(integer(1))))
    max_record_bytes: int = field(metadata=READING, default=64 << 20, validator=valid(integer(1, 1 << 30)))
    compression: str | None = field(default="infer", validator=valid(compression_option))
    quoting: str = field(metadata=WRITING, default="needed", validator=valid(one_of("needed", "all", "none")))
    line_terminator: str = field(metadata=WRITING, default="\n", validator=valid(one_of("\n", "\r\n")))

    def __attrs_post_init__(self) -> None:
        both = [text for text in self.true_values if text in self.false_values]
        if both:
            raise DataError(f"options 'true_values' and 'false_values' both have {both[0]!r}")
        for name, mark in {"decimal_point": self.decimal_point, "thousands": self.thousands}.items():
            if mark is not None and mark in "0123456789+-eE":
                raise DataError(f"option {name!r}: found {mark!r}, expected one that is no part of numbers")
        if self.thousands is not None and self.thousands == self.decimal_point:
            raise DataError(f"options 'thousands' and 'decimal_point' are both {self.thousands!r}")
        special = {"delimiter": self.delimiter, "quote": self.quote, "escape": self.escape}
        for name, value in special.items():
            if value in ("\n", "\r"):
                raise DataError(f"option {name!r}: found {value!r}, expected a character that does not end lines")
            for other, second in special.items():
                if name < other and value is not None and value == second:
                    raise DataError(f"options {name!r} and {other!r} are both {value!r}, expected different characters")

    def delimiter_of(self, path: str) -> str:
        """Return the delimiter for a file at ``path``."""
        if self.delimiter is not None:
            return self.delimiter
        from dao.file_formats import strip_compression

        return "\t" if strip_compression(path).lower().endswith(".tsv") else ","
