"""Fields of text files as values of columns: what Redshift takes, cuts, rounds and refuses.

https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-conversion.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, InvalidOperation

from dao_redshift.testing._bulk._columns import Column
from dao_redshift.testing._bulk._conversion import BadValue, Conversion
from dao_redshift.testing._bulk._json_text import json_text, parsed
from dao_redshift.testing._bulk._moments import date_text, time_text, timestamp_text

__all__ = ["BOOLEANS", "TEXTS", "converted"]

TEXTS = ("varchar", "bpchar", "text")
BOOLEANS = {
    **dict.fromkeys(("t", "true", "y", "yes", "1"), "t"),
    **dict.fromkeys(("f", "false", "n", "no", "0"), "f"),
}
_BITS = {"int2": (15, "Short"), "int4": (31, "Integer"), "int8": (63, "Long")}
_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:inf|infinity)|nan", re.IGNORECASE)
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_LARGEST_REAL = 3.4028235677973366e38  # what rounds to infinity


def converted(text: str | None, column: Column, conversion: Conversion) -> str | None:
    """A field as a text that PostgreSQL reads into the very value; None for NULL.

    Raises:
        BadValue: the column can't have it.
    """
    value = None if text is None or text == conversion.null else _value(text, column, conversion)
    if value is None and column.not_null:
        raise BadValue(1213, "Missing data for not-null field")
    return value


def _value(text: str, column: Column, conversion: Conversion) -> str | None:
    if column.type in TEXTS:
        return _text(text, column, conversion)
    if not text.strip():
        return None
    if column.type in _BITS:
        return _integer(text.strip(), *_BITS[column.type])
    if column.type in ("date", "timestamp", "timestamptz"):
        try:
            if column.type == "date":
                return date_text(text, conversion)
            return timestamp_text(text, conversion, zoned=column.type == "timestamptz")
        except BadValue:
            if conversion.any_date:
                return None
            raise
    if column.type == "numeric":
        return _decimal(text.strip(), column, conversion)
    return _OTHERS[column.type](text.strip()) if column.type in _OTHERS else _unknown(column)


def _unknown(column: Column) -> str:
    raise BadValue(1223, f"Invalid data type {column.declared}")


def _text(text: str, column: Column, conversion: Conversion) -> str | None:
    text = _valid(text, conversion)
    if (conversion.empty_as_null and not text) or (conversion.blanks_as_null and not text.strip()):
        return None
    if conversion.trim and column.type != "bpchar":
        text = text.rstrip()
    if column.type == "bpchar":
        if not text.isascii():
            wrong = next(letter for letter in text if not letter.isascii()).encode().hex(" ")
            raise BadValue(
                1220, f"Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: {wrong}"
            )
        if len(text) > (column.length or 0):
            text = text.rstrip(" ")
    encoded, length = text.encode(), column.length or 0
    if len(encoded) > length:
        if not conversion.truncate:
            raise BadValue(1204, "String length exceeds DDL length")
        return encoded[:length].decode(errors="ignore")
    return text


def _valid(text: str, conversion: Conversion) -> str:
    """A text whose bytes were UTF-8; others were read as surrogates."""
    if text.isascii():
        pass
    elif wrong := re.search("[\udc80-\udcff]+", text):
        if conversion.mark is None:
            shown = wrong[0].encode(errors="surrogateescape").hex(" ")
            raise BadValue(
                1220,
                f"String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex sequence: {shown} (error 3)",
            )
        text = re.sub("[\udc80-\udcff]", lambda _: conversion.mark or "", text)
    if "\0" in text:
        raise BadValue(
            1220, "String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex sequence: 00 (error 1)"
        )
    return text


def _digit_fault(text: str, kind: str) -> BadValue:
    sign = 1 if text[:1] in ("+", "-") else 0
    at = next((index for index in range(sign, len(text)) if not text[index].isdigit()), len(text) - 1)
    return BadValue(1207, f"Invalid digit, Value '{text[at]}', Pos {at}, Type: {kind}")


def _integer(text: str, bits: int, kind: str) -> str:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise _digit_fault(text, kind)
    if len(text) > 40 or not -(2**bits) <= int(text) < 2**bits:
        raise BadValue(1222, f"Overflow, Value '{text[:40]}', Type: {kind}")
    return str(int(text))


def _decimal(text: str, column: Column, conversion: Conversion) -> str:
    if not _DECIMAL.fullmatch(text):
        raise BadValue(1207, _digit_fault(text.replace(".", "0", 1), "Decimal").reason)
    if column.modifier < 0:
        return text
    step = Decimal(1).scaleb(-column.scale)
    try:
        number = Decimal(text).quantize(step, ROUND_HALF_UP if conversion.round else ROUND_DOWN, context=_WIDE)
    except InvalidOperation:
        number = Decimal("Infinity")
    if abs(number) >= Decimal(1).scaleb(column.precision - column.scale):
        raise BadValue(1204, f"Numeric data overflow (result precision), Value '{text[:40]}', Type: Decimal")
    return f"{number:f}"


def _float(text: str, largest: float, kind: str) -> str:
    if not _FLOAT.fullmatch(text):
        raise BadValue(1208, f"Invalid digit, Value '{text[:1]}', Pos 0, Type: {kind}")
    number = float(text)
    named = text.lstrip("+-")[:1].lower() in ("i", "n")
    if not named and (math.isinf(number) or abs(number) >= largest):
        raise BadValue(1204, f"Overflow, Value '{text[:40]}', Type: {kind}")
    if kind == "Double":
        return repr(number)
    return "0" if number and abs(number) < 7.1e-46 else text  # which PostgreSQL refuses as too small


def _boolean(text: str) -> str:
    found = BOOLEANS.get(text.lower())
    if found is None:
        raise BadValue(1210, "Unknown boolean format")
    return found


def _super(text: str) -> str | None:
    try:
        document = parsed(text)
        return None if document is None else json_text(document)
    except (ValueError, RecursionError):
        raise BadValue(1224, "Invalid JSON format. The value is no JSON document") from None


def _bytes(text: str) -> str:
    if len(text) % 2 or not re.fullmatch("[0-9a-fA-F]*", text):
        raise BadValue(1219, "Invalid hexadecimal digit, Type: Varbyte")
    return "\\x" + text


_WIDE = Context(prec=200)
_OTHERS: dict[str, Callable[[str], str | None]] = {
    "float4": lambda text: _float(text, _LARGEST_REAL, "Float4"),
    "float8": lambda text: _float(text, math.inf, "Double"),
    "bool": _boolean,
    "jsonb": _super,
    "bytea": _bytes,
    "time": time_text,
    "timetz": lambda text: time_text(text, zoned=True),
}
