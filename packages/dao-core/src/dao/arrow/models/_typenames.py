"""Parser of type names, as written in catalogs and as printed by Arrow: ``bigint``, ``list<item: int32>``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from dao.errors import DataError, did_you_mean

__all__ = ["parse_field", "parse_type"]

_PLAIN: dict[str, Callable[[], pa.DataType]] = {
    "null": pa.null,
    "bool": pa.bool_, "boolean": pa.bool_,
    "int8": pa.int8, "int16": pa.int16, "int32": pa.int32, "int64": pa.int64,
    "uint8": pa.uint8, "uint16": pa.uint16, "uint32": pa.uint32, "uint64": pa.uint64,
    "tinyint": pa.int8, "byte": pa.int8, "smallint": pa.int16, "short": pa.int16, "int": pa.int32, "integer": pa.int32,
    "bigint": pa.int64, "long": pa.int64,
    "float16": pa.float16, "halffloat": pa.float16, "float32": pa.float32, "float": pa.float32, "real": pa.float32,
    "float64": pa.float64, "double": pa.float64, "double precision": pa.float64,
    "string": pa.string, "utf8": pa.string, "str": pa.string, "text": pa.string,
    "large_string": pa.large_string, "large_utf8": pa.large_string, "string_view": pa.string_view,
    "bytes": pa.binary, "blob": pa.binary, "bytea": pa.binary, "varbinary": pa.binary, "varbyte": pa.binary,
    "large_binary": pa.large_binary, "binary_view": pa.binary_view,
    "date": pa.date32, "date32": pa.date32, "date64": pa.date64,
    "datetime": lambda: pa.timestamp("us"), "timestamp_ntz": lambda: pa.timestamp("us"),
    "timestamp without time zone": lambda: pa.timestamp("us"), "time without time zone": lambda: pa.time64("us"),
    "timestamptz": lambda: pa.timestamp("us", "UTC"), "timestamp_ltz": lambda: pa.timestamp("us", "UTC"),
    "timestamp with time zone": lambda: pa.timestamp("us", "UTC"),
    "uuid": pa.string,
    "month_day_nano_interval": pa.month_day_nano_interval,
}  # fmt: skip
_SHOWN = 200
_MAX_DEPTH = 64
"""Levels of nesting that a type may have, as in Arrow's IPC format."""

_ALIASES = {"character varying": "varchar", "nvarchar": "varchar", "character": "char", "nchar": "char"}
_DATE_UNITS = {"date32": "day", "date64": "ms"}
_UNITS = {"0": "s", "3": "ms", "6": "us", "9": "ns"}
_TOKEN = re.compile(
    r"\s*(?:([<>()\[\],:=])|('(?:[^']|'')*')|([^\s<>()\[\],:='][^<>()\[\],:=']*[^\s<>()\[\],:=']|[^\s<>()\[\],:='])|$)"
)
_PARAMETRIC = (
    "binary", "char", "decimal", "decimal128", "decimal256", "decimal32", "decimal64", "dictionary", "duration",
    "fixed_size_binary", "fixed_size_list", "array", "large_list", "list", "list_view", "large_list_view", "map",
    "numeric", "struct", "time", "time32", "time64", "timestamp", "varchar", "extension",
)  # fmt: skip


def parse_type(name: str) -> pa.DataType:
    """Parse the name of a type to an Arrow type, case-insensitively.

    Arrow's own spellings are accepted as printed, including nested ones and ``not null``. From SQL and Spark:
    ``tinyint smallint int bigint``, ``float`` and ``real`` (32 bits, as in Arrow and Spark), ``double``,
    ``varchar varchar(20) char(3) text`` (a string; the length is dropped), ``binary blob bytea``,
    ``decimal(10, 2) numeric(10, 2)`` (without arguments: 38 digits, 18 after the point), ``date``, ``time timestamp
    datetime`` (microseconds, no zone; ``time(3) timestamp(3)`` milliseconds), ``timestamptz`` (microseconds, UTC),
    ``array<int>`` or ``int[]``, ``map<string, int>``, ``struct<a: int, b: string not null>``, ``uuid`` (a string).

    Raises:
        DataError: an unknown type (the message has the nearest names), or a syntax error.

    >>> parse_type("bigint"), parse_type("decimal(10, 2)"), parse_type("timestamp[us, tz=UTC]")
    (DataType(int64), Decimal128Type(decimal128(10, 2)), TimestampType(timestamp[us, tz=UTC]))
    >>> parse_type("list<struct<id: int64 not null, tags: text[]>>")
    ListType(list<item: struct<id: int64 not null, tags: list<item: string>>>)
    """
    return parse_field("", name).type


def parse_field(column: str, name: str) -> pa.Field:
    """Parse the name of a column's type to a field, nullable unless it ends with ``not null``.

    Args:
        column: the column's name; may be empty.
        name: the name of its type.

    Raises:
        DataError: as for :func:`parse_type`; the message names the column.
    """
    parser = _Parser(name)
    try:
        kind, nullable = parser.type()
        parser.end()
    except (ValueError, pa.ArrowException) as error:
        at = f"column {column!r}: " if column else ""
        shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
        raise DataError(f"{at}{shown!r} is not a type: {error}") from error
    return pa.field(column, kind, nullable)


class _Parser:
    """A recursive-descent parser of one type name; its methods raise ValueError with the fault."""

    def __init__(self, text: str) -> None:
        self.tokens = [m.group().strip() for m in _TOKEN.finditer(text) if m.group().strip()]
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def expect(self, token: str) -> None:
        found = self.next()
        if found != token:
            raise ValueError(f"{token!r} is missing" + (f" before {found!r}" if found else " at the end"))

    def end(self) -> None:
        if self.peek():
            raise ValueError(f"{self.peek()!r} is unexpected")

    def type(self) -> tuple[pa.DataType, bool]:
        """Parse a type and its nullability."""
        word = self.next()
        name, nullable = _without_not_null(word)
        if not name:
            raise ValueError("it is empty")
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {_MAX_DEPTH} levels")
        kind = self.trailing_lists(self.named(name.lower()))
        self.depth -= 1
        if nullable and self.peek().lower() == "not null":
            self.next()
            nullable = False
        return kind, nullable

    def trailing_lists(self, kind: pa.DataType) -> pa.DataType:
        depth = self.depth
        while self.tokens[self.at : self.at + 2] == ["[", "]"]:
            self.at += 2
            depth += 1
            if depth > _MAX_DEPTH:
                raise ValueError(f"it is nested deeper than {_MAX_DEPTH} levels")
            kind = pa.list_(kind)
        return kind

    def named(self, name: str) -> pa.DataType:
        name = _ALIASES.get(name, name)
        if name in _PLAIN:
            if name in _DATE_UNITS and self.peek() == "[" and self.arguments() != [_DATE_UNITS[name]]:
                raise ValueError(f"its unit is {name}[{_DATE_UNITS[name]}]")
            return _PLAIN[name]()
        maker = getattr(self, f"_{name}", None) if name in _PARAMETRIC else None
        if maker is None:
            raise ValueError(did_you_mean(name, [*_PLAIN, *_PARAMETRIC]))
        return maker()

    def arguments(self) -> list[str]:
        """Parse the arguments in brackets or parentheses, separated by commas; empty if none or ``[]`` follow."""
        closing = {"[": "]", "(": ")"}.get(self.peek())
        if closing is None or self.tokens[self.at : self.at + 2] == ["[", "]"]:
            return []
        self.next()
        parts = [""]
        while (token := self.next()) != closing:
            if not token:
                raise ValueError(
                    f"{closing!r} is missing at the end; a comma ends it in YAML's {{...}}: quote it there"
                )
            if token == ",":
                parts.append("")
            else:
                parts[-1] += token
        return parts

    def numbers(self, least: int, most: int) -> list[int]:
        parts = self.arguments()
        if not least <= len(parts) <= most or not all(re.fullmatch(r"-?\d+", p) for p in parts):
            raise ValueError(f"it takes {least if least == most else f'{least} to {most}'} numbers, such as (10, 2)")
        return [int(p) for p in parts]

    def child(self) -> pa.Field:
        """Parse ``name: type`` inside angle brackets, or a type without a name, which is named ``item``."""
        name = "item"
        if self.tokens[self.at + 1 : self.at + 2] == [":"]:
            name = self.next()
            self.next()
        kind, nullable = self.type()
        return pa.field(name, kind, nullable)

    # One method per parametric name.

    def _binary(self) -> pa.DataType:
        size = self.numbers(0, 1)
        return pa.binary(size[0]) if size else pa.binary()

    def _fixed_size_binary(self) -> pa.DataType:
        return pa.binary(self.numbers(1, 1)[0])

    def _varchar(self) -> pa.DataType:
        length = self.arguments()
        if len(length) > 1 or not all(re.fullmatch(r"(?i)\d+|max", part) for part in length):
            raise ValueError("it takes a length, such as (20)")
        return pa.string()

    _char = _varchar

    def _decimal(self) -> pa.DataType:
        digits = self.numbers(0, 2) or [38, 18]
        precision, scale = (*digits, 0)[:2]
        return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)

    _numeric = _decimal

    def _decimal32(self) -> pa.DataType:
        return pa.decimal32(*self.numbers(2, 2))

    def _decimal64(self) -> pa.DataType:
        return pa.decimal64(*self.numbers(2, 2))

    def _decimal128(self) -> pa.DataType:
        return pa.decimal128(*self.numbers(2, 2))

    def _decimal256(self) -> pa.DataType:
        return pa.decimal256(*self.numbers(2, 2))

    def _timestamp(self) -> pa.DataType:
        unit, *zone = self.arguments() or ["us"]
        unit = _UNITS.get(unit, unit)
        if unit not in ("s", "ms", "us", "ns") or len(zone) > 1:
            raise ValueError(
                "it takes a unit and perhaps a zone, such as timestamp[us, tz=UTC], or a precision of 0, 3, 6 or 9"
            )
        zone_name = zone[0].removeprefix("tz=") if zone else None
        if self.peek().lower() in ("with time zone", "without time zone"):
            zone_name = "UTC" if self.next().lower() == "with time zone" else None
        return pa.timestamp(unit, zone_name)

    def _time(self) -> pa.DataType:
        precision = self.arguments() or ["6"]
        unit = _UNITS.get(precision[0])
        if unit is None or len(precision) > 1:
            raise ValueError("it takes a precision of 0, 3, 6 or 9 digits of a second, such as (3)")
        if self.peek().lower() == "without time zone":
            self.next()
        return pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit)

    def unit(self) -> str:
        arguments = self.arguments()
        if len(arguments) != 1:
            raise ValueError("it takes a unit, such as [us]")
        return arguments[0]

    def _time32(self) -> pa.DataType:
        return pa.time32(self.unit())

    def _time64(self) -> pa.DataType:
        return pa.time64(self.unit())

    def _duration(self) -> pa.DataType:
        return pa.duration(self.unit())

    def _one_child(self) -> pa.Field:
        self.expect("<")
        child = self.child()
        self.expect(">")
        return child

    def _list(self) -> pa.DataType:
        return pa.list_(self._one_child())

    _array = _list

    def _large_list(self) -> pa.DataType:
        return pa.large_list(self._one_child())

    def _list_view(self) -> pa.DataType:
        return pa.list_view(self._one_child())

    def _large_list_view(self) -> pa.DataType:
        return pa.large_list_view(self._one_child())

    def _fixed_size_list(self) -> pa.DataType:
        child = self._one_child()
        return pa.list_(child, self.numbers(1, 1)[0])

    def _struct(self) -> pa.DataType:
        self.expect("<")
        fields = []
        while self.peek() != ">":
            fields.append(self.child())
            if self.peek() == ",":
                self.next()
            elif self.peek() != ">":
                raise ValueError("'>' or ',' is missing after a field")
        self.next()
        return pa.struct(fields)

    def _map(self) -> pa.DataType:
        self.expect("<")
        key, _ = self.type()
        self.expect(",")
        value, nullable = self.type()
        value_name = "value"
        if self.peek() == "(":
            value_name = self.arguments()[0].strip("'")
        keys_sorted = self.peek() == ","
        if keys_sorted:
            self.next()
            if self.next() != "keys_sorted":
                raise ValueError("a map takes a key and a value, such as map<string, int64>")
        self.expect(">")
        return pa.map_(key, pa.field(value_name, value, nullable), keys_sorted=keys_sorted)

    def _dictionary(self) -> pa.DataType:
        self.expect("<")
        named: dict[str, Any] = {"indices": pa.int32(), "ordered": "0"}
        while True:
            name = "values"
            if self.tokens[self.at + 1 : self.at + 2] == ["="]:
                name = self.next()
                self.next()
            named[name] = self.next() if name == "ordered" else self.type()[0]
            if self.next() != ",":
                break
        if set(named) != {"values", "indices", "ordered"} or self.tokens[self.at - 1 : self.at] != [">"]:
            raise ValueError("a dictionary is written dictionary<values=string, indices=int32, ordered=0>")
        return pa.dictionary(named["indices"], named["values"], ordered=named["ordered"] == "1")

    def _extension(self) -> pa.DataType:
        self.expect("<")
        name = self.next()
        self.expect(">")
        if name != "arrow.uuid":
            raise ValueError("of the extension types only extension<arrow.uuid> has a name here")
        return pa.uuid()


def _without_not_null(word: str) -> tuple[str, bool]:
    """Strip ``not null`` from the end of a word: the rest, and whether the type is nullable."""
    cut = re.sub(r"(?i)\s+not\s+null$", "", word)
    return (cut, cut == word) if word.lower() != "not null" else ("", True)
