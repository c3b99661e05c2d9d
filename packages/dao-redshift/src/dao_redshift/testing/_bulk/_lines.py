"""Records of text files: delimited, CSV and of fixed width, with their lines for errors.

https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-format.html
"""

from __future__ import annotations

import bz2
import codecs
import csv
import re
import zlib
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
from attrs import frozen

from dao_redshift.testing._bulk._conversion import BadValue
from dao_redshift.testing._bulk._faults import internal
from dao_redshift.testing._bulk._storage import BulkStorage, Place
from dao_redshift.testing._statements import Copy, RedshiftError

__all__ = ["Record", "records_of", "texts_of"]

_ENCODINGS = {"UTF8": "utf-8", "UTF16": "utf-16", "UTF16LE": "utf-16-le", "UTF16BE": "utf-16-be"}
_LONGEST_LINE = 4 * 2**20


@frozen
class Record:
    """A record of a file.

    Attributes:
        number: of its line, or its first; counts from 1.
        line: the line.
        fields: the texts of its fields, None for NULL; or what is wrong with the line.
    """

    number: int
    line: str
    fields: list[str | None] | BadValue


def texts_of(copy: Copy, place: Place, storage: BulkStorage) -> Iterator[str]:
    """A file's text as it comes, decompressed and decoded; bytes that are no UTF-8 are surrogates.

    Raises:
        RedshiftError: it isn't compressed as the COPY says, or S3 refuses.
    """
    encoding = str(copy.options.get("ENCODING", "UTF8"))
    if encoding not in _ENCODINGS:
        raise RedshiftError(f"ENCODING {encoding} is not supported by this gateway: it has {', '.join(_ENCODINGS)}")
    errors = "surrogateescape" if encoding == "UTF8" else "strict"
    decoder = codecs.getincrementaldecoder(_ENCODINGS[encoding])(errors)
    first = True
    try:
        for chunk in _decompressed(copy, storage.chunks(place)):
            text = decoder.decode(chunk)
            yield text.removeprefix("\ufeff") if first else text
            first = first and not text
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise internal(f"The file {place.url} has another encoding than {encoding}", 1221) from None
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise internal(f"The file {place.url} can't be decompressed: {error}", 8001) from None


def _decompressed(copy: Copy, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if "GZIP" in copy.options:
        return _members(chunks, lambda: zlib.decompressobj(31))
    if "BZIP2" in copy.options:
        return _members(chunks, bz2.BZ2Decompressor)
    if "ZSTD" in copy.options:
        return _zstd(chunks)
    return chunks


def _members(chunks: Iterator[bytes], new: Callable[[], zlib._Decompress | bz2.BZ2Decompressor]) -> Iterator[bytes]:
    """The members of a compressed file, one after another."""
    member = new()
    for chunk in chunks:
        rest = chunk
        while rest:
            if member.eof:
                member = new()
            yield member.decompress(rest)
            rest = member.unused_data if member.eof else b""
    if not member.eof:
        raise EOFError("it ends too early")


def _zstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.PythonFile(_Chunks(chunks), mode="r"), "zstd") as stream:
        while part := stream.read(_LONGEST_LINE):
            yield part


class _Chunks:
    """Chunks as a file that is read once."""

    closed = False

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, b""

    def read(self, size: int) -> bytes:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._left = chunk
        part, self._left = self._left[:size], self._left[size:]
        return part

    def close(self) -> None:
        """Nothing: an object has no connection of its own."""


def records_of(copy: Copy, texts: Iterator[str], count: int) -> Iterator[Record]:
    """The records of a file for `count` columns.

    Raises:
        RedshiftError: the widths of columns are wrong.
    """
    lines = _numbered(copy, _lines(texts))
    if copy.format == "CSV":
        return _csv(copy, lines, count)
    if copy.format == "FIXEDWIDTH":
        return _fixed(_widths(str(copy.options["FIXEDWIDTH"]), count), lines)
    return _delimited(copy, lines, count)


def _lines(texts: Iterator[str]) -> Iterator[str]:
    """Lines with their line ends."""
    left = ""
    for text in texts:
        parts = (left + text).split("\n")
        left = parts.pop()
        for part in parts:
            yield part + "\n"
    if left:
        yield left


def _numbered(copy: Copy, lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    header = copy.options.get("IGNOREHEADER", 0)
    skip_blank = "IGNOREBLANKLINES" in copy.options
    for number, line in enumerate(lines, start=1):
        if number > int(str(header)) and not (skip_blank and not line.strip("\r\n")):
            yield number, line


def _fitted(fields: list[str | None], count: int, copy: Copy) -> list[str | None] | BadValue:
    if len(fields) == count + 1 and not fields[-1]:
        fields = fields[:-1]  # a delimiter at the end of the line
    if len(fields) > count:
        return BadValue(1202, "Extra column(s) found")
    if len(fields) < count:
        if "FILLRECORD" not in copy.options:
            return BadValue(1214, "Delimiter not found")
        fields = fields + [""] * (count - len(fields))
    return fields


def _csv(copy: Copy, lines: Iterator[tuple[int, str]], count: int) -> Iterator[Record]:
    taken: list[tuple[int, str]] = []

    def source() -> Iterator[str]:
        for numbered in lines:
            taken.append(numbered)
            yield numbered[1]

    quote = str(copy.options.get("QUOTE", '"'))
    delimiter = str(copy.options.get("DELIMITER", ","))
    csv.field_size_limit(_LONGEST_LINE)
    reader = csv.reader(source(), delimiter=delimiter, quotechar=quote, strict=True)
    while True:
        taken.clear()
        found: list[str] | None
        try:
            found = next(reader)
        except StopIteration:
            return
        except csv.Error:
            found = None
        line = taken[0][1] if len(taken) == 1 else "".join(text for _, text in taken)
        line = line.rstrip("\r\n")
        fields: list[str | None] | BadValue
        try:
            if found is None or (quote in line and any(one[:1].isspace() for one in found)):
                found = _quoted_fields(line, delimiter, quote)
            fields = _fitted([*found] or [""], count, copy)
        except BadValue as fault:
            fields = fault
        yield Record(taken[0][0], line, fields)


def _quoted_fields(line: str, delimiter: str, quote: str) -> list[str]:
    """The fields of a line of CSV in which white space beside quotation marks is none of a field.

    Raises:
        BadValue: something follows a closing mark, or there is none.
    """
    mark = re.escape(quote)
    quoted = re.compile(rf"\s*{mark}((?:[^{mark}]|{mark}{mark})*){mark}\s*")
    fields, at = [], 0
    while True:
        if found := quoted.match(line, at):
            fields.append(found[1].replace(quote * 2, quote))
            at = found.end()
        else:
            stop = line.find(delimiter, at)
            stop = len(line) if stop < 0 else stop
            fields.append(line[at:stop])
            at = stop
            if fields[-1].lstrip().startswith(quote):
                raise BadValue(1216, "Invalid quote formatting for CSV")
        if at >= len(line):
            return fields
        if line[at] != delimiter:
            raise BadValue(1216, "Invalid quote formatting for CSV")
        at += 1


def _fixed(widths: list[int], lines: Iterator[tuple[int, str]]) -> Iterator[Record]:
    for number, line in lines:
        text = line.rstrip("\r\n")
        fields: list[str | None] = []
        at = 0
        for width in widths:
            fields.append(text[at : at + width])
            at += width
        yield Record(number, text, BadValue(1202, "Extra column(s) found") if len(text) > at else fields)


def _widths(spelled: str, count: int) -> list[int]:
    parts = [part.rpartition(":")[2].strip() for part in spelled.split(",")]
    if not all(part.isdigit() and int(part) for part in parts) or len(parts) != count:
        raise RedshiftError(
            f"FIXEDWIDTH has to say the widths of {count} columns, such as 'a:3,b:10'; found {spelled!r}"
        )
    return [int(part) for part in parts]


def _delimited(copy: Copy, lines: Iterator[tuple[int, str]], count: int) -> Iterator[Record]:
    delimiter = str(copy.options.get("DELIMITER", "|"))
    escape, quotes = "ESCAPE" in copy.options, "REMOVEQUOTES" in copy.options
    for number, line in lines:
        text = line.rstrip("\n")
        while escape and line.endswith("\n") and _ends_escaped(text):
            following = next(lines, None)
            if following is None:
                break
            line = following[1]
            text = f"{text}\n{line.rstrip(chr(10))}"
        if text.endswith("\r") and not (escape and _ends_escaped(text[:-1])):
            text = text[:-1]
        fields: list[str | None] | BadValue
        try:
            is_plain = not (escape and "\\" in text) and not (quotes and ('"' in text or "'" in text))
            found: list[str | None] = [*text.split(delimiter)] if is_plain else _fields(text, delimiter, escape, quotes)
            fields = _fitted(found, count, copy)
        except BadValue as fault:
            fields = fault
        yield Record(number, text, fields)


def _ends_escaped(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _fields(text: str, delimiter: str, escape: bool, quotes: bool) -> list[str | None]:
    """The fields of a line under ESCAPE or REMOVEQUOTES.

    Raises:
        BadValue: a quotation mark has no end.
    """
    fields: list[str | None] = []
    at = 0
    while True:
        mark = text[at : at + 1]
        quoted = quotes and mark in ("'", '"') and mark != ""
        field, at = _field(text, at + quoted, mark if quoted else delimiter, escape)
        if quoted:
            if at >= len(text):
                raise BadValue(1214, "Delimiter not found")
            at += 1  # the closing mark
            rest, at = _field(text, at, delimiter, escape)
            field += rest
        fields.append(field)
        if at >= len(text):
            return fields
        at += 1


def _field(text: str, at: int, end: str, escape: bool) -> tuple[str, int]:
    """The field that ends with `end`, and where that is."""
    if not escape:
        stop = text.find(end, at)
        stop = len(text) if stop < 0 else stop
        return text[at:stop], stop
    if text[at : at + 2] == "\\N" and text[at + 2 : at + 3] in ("", end):
        return "\\N", at + 2
    taken = []
    while at < len(text) and text[at] != end:
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        taken.append(text[at])
        at += 1
    return "".join(taken), at
