"""Hive's names of types, such as ``map<string,array<decimal(10,2)>>``, to Arrow types."""

from __future__ import annotations

import re
from contextlib import suppress

import pyarrow as pa

from dao.arrow.models import parse_type
from dao.errors import DataError

__all__ = ["arrow_type"]

_DEEPEST = 50
"""The maximum nesting of a type: real tables have less, and deeper types crash libraries."""

_HIVE_ONLY = {"void": "null", "timestamp with local time zone": "timestamptz"}
"""Names that :func:`dao.arrow.models.parse_type` does not have, by others for the same."""

_WITH_LENGTH = ("char", "varchar", "timestamp")
_DECIMALS = ("decimal", "dec", "numeric")
_WORDS = re.compile(
    r"\s*(double\s+precision\b|timestamp\s+with\s+(?:local\s+)?time\s+zone\b|[a-z_]\w*)\s*", re.IGNORECASE | re.ASCII
)
_ARGUMENTS = re.compile(r"\(\s*(\d{1,9})\s*(?:,\s*(\d{1,9})\s*)?\)\s*")
_QUOTED_NAME = re.compile(r"\s*`((?:[^`]|``)+)`\s*")
_NAME = re.compile(r"\s*([^:<>,`]+?)\s*(?=:)")
_SPACE = re.compile(r"\s*")
_COMMENT = re.compile(r"\s*comment\s+'(?:[^'\\]|\\.)*'\s*", re.IGNORECASE)


def arrow_type(text: str) -> pa.DataType:
    """The Arrow type of a Hive type. Spark's and Trino's names of the same types are accepted too.

    The names of a struct's fields are used as written, with or without backquotes.

    Raises:
        DataError: it isn't a type, or has no Arrow equivalent, such as a union; the message has the position.

    >>> str(arrow_type("array<struct<id:bigint,price:decimal(10,2)>>"))
    'list<item: struct<id: int64, price: decimal128(10, 2)>>'
    """
    parser = _Parser(text)
    found = parser.type()
    parser.end()
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def type(self) -> pa.DataType:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._fault(f"more than {_DEEPEST} levels of nesting")
        words = self._match(_WORDS)
        if words is None:
            raise self._fault("a type is expected")
        name = " ".join(words[1].lower().split())
        found = self._nested(name) if name in ("array", "map", "struct") else self._plain(name)
        self._depth -= 1
        return found

    def end(self) -> None:
        if self._at < len(self._text):
            raise self._fault("it goes on after its end")

    def _plain(self, name: str) -> pa.DataType:
        arguments = self._match(_ARGUMENTS)
        if name in _DECIMALS:
            # Hive's own default is (10, 0).
            precision, scale = (int(a or 0) for a in arguments.groups()) if arguments else (10, 0)
            if not 1 <= precision <= 38 or scale > precision:
                raise self._fault(f"decimal({precision},{scale}) has no precision of 1 to 38, or a scale beyond it")
            return pa.decimal128(precision, scale)
        if arguments is None or name in _WITH_LENGTH:
            # A timestamp is in microseconds, as in Spark, Trino and Iceberg: in nanoseconds it would end in 2262.
            with suppress(DataError):
                return parse_type(_HIVE_ONLY.get(name, name))
        raise self._fault(f"{name!r} is no type that Arrow has")

    def _nested(self, name: str) -> pa.DataType:
        self._expect("<")
        found = self._struct() if name == "struct" else self._array() if name == "array" else self._map()
        self._expect(">")
        self._match(_SPACE)
        return found

    def _array(self) -> pa.DataType:
        return pa.list_(self.type())

    def _map(self) -> pa.DataType:
        key = self.type()
        if pa.types.is_null(key):
            raise self._fault("a map's keys can't be null")
        self._expect(",")
        return pa.map_(key, self.type())

    def _struct(self) -> pa.DataType:
        fields: list[pa.Field] = []
        while not self._text.startswith(">", self._at):
            if fields:
                self._expect(",")
            fields.append(self._field())
        return pa.struct(fields)

    def _field(self) -> pa.Field:
        quoted = self._match(_QUOTED_NAME)
        name = quoted or self._match(_NAME)
        if name is None:
            raise self._fault("a field's name is expected")
        self._expect(":")
        kind = self.type()
        self._match(_COMMENT)
        return pa.field(name[1].replace("``", "`") if quoted else name[1], kind)

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found

    def _expect(self, mark: str) -> None:
        if not self._text.startswith(mark, self._at):
            raise self._fault(f"{mark!r} is expected")
        self._at += len(mark)

    def _fault(self, problem: str) -> DataError:
        shown = self._text if len(self._text) <= 200 else f"{self._text[:200]}..."
        return DataError(f"Hive type {shown!r}: {problem}, at character {self._at + 1}")
