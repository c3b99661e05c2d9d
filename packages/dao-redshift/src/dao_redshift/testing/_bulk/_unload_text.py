"""The text files that an UNLOAD writes: delimited, CSV, JSON and of fixed width.

https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html
"""

from __future__ import annotations

import bz2
import json
import re
import zlib
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import pyarrow as pa

from dao_redshift.testing._bulk._result import ResultColumn
from dao_redshift.testing._statements import RedshiftError, Unload

__all__ = ["TextFile", "line_format"]

_CHARACTERS = ("varchar", "bpchar", "text", "name", "char")
_NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8", "oid")

LineFormat = Callable[[Iterable[tuple[str | None, ...]]], str]
"""Lines for rows."""


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class TextFile:
    """A text file: rows become lines, which are compressed on their way."""

    def __init__(self, file: Any, unload: Unload, lines: LineFormat, header: str, largest: int) -> None:
        self._file, self._lines, self._largest = file, lines, largest
        self._compressor: _Compressor | None = None
        self._zstd: Any = None
        if "GZIP" in unload.options:
            self._compressor = zlib.compressobj(wbits=31)
        elif "BZIP2" in unload.options:
            self._compressor = bz2.BZ2Compressor()
        elif "ZSTD" in unload.options:
            self._zstd = pa.CompressedOutputStream(pa.PythonFile(file, mode="w"), "zstd")
        self._put(header)

    @property
    def full(self) -> bool:
        return bool(self._file.size >= self._largest)

    def write(self, batch: pa.RecordBatch) -> None:
        self._put(self._lines(zip(*(column.to_pylist() for column in batch.columns), strict=True)))

    def _put(self, text: str) -> None:
        content = text.encode()
        if not content:
            return
        if self._zstd is not None:
            self._zstd.write(content)
        elif self._compressor is not None:
            if compressed := self._compressor.compress(content):
                self._file.write(compressed)
        else:
            self._file.write(content)

    def close(self) -> None:
        if self._zstd is not None:
            self._zstd.close()
        elif self._compressor is not None:
            self._file.write(self._compressor.flush())


def line_format(unload: Unload, columns: tuple[ResultColumn, ...]) -> tuple[LineFormat, str]:
    """How rows of these columns become lines, and the header.

    Raises:
        RedshiftError: the widths of columns are wrong, or JSON has two columns of a name.
    """
    if unload.format == "JSON":
        return _json(columns), ""
    if "FIXEDWIDTH" in unload.options:
        return _fixed(unload, columns), ""
    make = _csv_field(unload) if unload.format == "CSV" else _delimited_field(unload)
    delimiter = str(unload.options.get("DELIMITER", "," if unload.format == "CSV" else "|"))
    null = str(unload.options.get("NULL", ""))
    nulls = ["null" if column.type == "jsonb" else null for column in columns]
    everything = unload.format == "CSV" or "ADDQUOTES" in unload.options
    makes = [make if everything or column.type in (*_CHARACTERS, "jsonb") else _same for column in columns]

    def lines(rows: Iterable[tuple[str | None, ...]]) -> str:
        return "".join(
            delimiter.join(
                nothing if value is None else one(value) for value, one, nothing in zip(row, makes, nulls, strict=True)
            )
            + "\n"
            for row in rows
        )

    header = lines([tuple(column.name for column in columns)]) if "HEADER" in unload.options else ""
    return lines, header


def _same(value: str) -> str:
    return value


def _csv_field(unload: Unload) -> Callable[[str], str]:
    delimiter = str(unload.options.get("DELIMITER", ","))
    special = re.compile(rf"[\"\r\n{re.escape(delimiter)}]")
    return lambda value: '"' + value.replace('"', '""') + '"' if special.search(value) else value


def _delimited_field(unload: Unload) -> Callable[[str], str]:
    delimiter = str(unload.options.get("DELIMITER", "|"))
    quotes = "ADDQUOTES" in unload.options
    marks = "\"'" if quotes else ""
    escaped = re.compile(f"[\\\\\r\n{re.escape(delimiter)}{marks}]")
    escapes = "ESCAPE" in unload.options

    def make(value: str) -> str:
        text = escaped.sub(lambda found: "\\" + found[0], value) if escapes else value
        return f'"{text}"' if quotes else text

    return make


def _fixed(unload: Unload, columns: tuple[ResultColumn, ...]) -> LineFormat:
    spelled = str(unload.options["FIXEDWIDTH"])
    parts = [part.rpartition(":")[2].strip() for part in spelled.split(",")]
    if not all(part.isdigit() for part in parts) or len(parts) != len(columns):
        raise RedshiftError(f"FIXEDWIDTH has to say the widths of {len(columns)} columns, such as 'a:3,b:10'", "42601")
    widths = [int(part) for part in parts]
    null = str(unload.options.get("NULL", ""))

    def line(row: tuple[str | None, ...]) -> str:
        made = ""
        for value, width, column in zip(row, widths, columns, strict=True):
            text = null if value is None else value
            if value is None and len(text) > width and column.type not in _CHARACTERS:
                text = ""
            if len(text) > width:
                raise RedshiftError(
                    f"column {column.name} has a value of {len(text)} characters; FIXEDWIDTH says {width}", "22001"
                )
            made += text.ljust(width)
        return made + "\n"

    return lambda rows: "".join(map(line, rows))


def _json(columns: tuple[ResultColumn, ...]) -> LineFormat:
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        raise RedshiftError("UNLOAD to JSON needs columns with names of their own", "42701")
    if wrong := next((column for column in columns if column.type == "bytea"), None):
        raise RedshiftError(f"UNLOAD to JSON is not supported for column {wrong.name} of the type VARBYTE")
    keys = [json.dumps(name, ensure_ascii=False) for name in names]
    bare = [column.type in _NUMBERS or column.type == "jsonb" for column in columns]

    def value_of(value: str | None, is_bare: bool) -> str:
        if value is None:
            return "null"
        return value if is_bare and value not in _NO_JSON else json.dumps(value, ensure_ascii=False)

    def line(row: tuple[str | None, ...]) -> str:
        pairs = zip(keys, row, bare, strict=True)
        return "{" + ",".join(f"{key}:{value_of(value, is_bare)}" for key, value, is_bare in pairs) + "}\n"

    return lambda rows: "".join(map(line, rows))


_NO_JSON = ("NaN", "Infinity", "-Infinity")
