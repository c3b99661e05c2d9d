"""JSON in which every number keeps its digits, read and written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

__all__ = ["decoder", "json_text", "parsed"]


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _integer(digits: str) -> int | Decimal:
    """An integer; -0 keeps its sign, which a column of floats has."""
    return Decimal(digits) if digits == "-0" else int(digits)


decoder = json.JSONDecoder(parse_float=Decimal, parse_int=_integer, parse_constant=_refuse)


def parsed(text: str) -> Any:
    """A JSON document.

    Raises:
        ValueError: it is none.
    """
    found, end = decoder.raw_decode(text, len(text) - len(text.lstrip()))
    if text[end:].strip():
        raise ValueError("more than one document")
    return found


def json_text(value: Any) -> str:
    """A value as JSON; bytes are hexadecimal digits, moments their ISO text.

    >>> json_text({"a": [1, Decimal("1.50"), None, True], "ü": "x"})
    '{"a":[1,1.50,null,true],"ü":"x"}'
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no number of JSON")
        return str(value)
    if isinstance(value, float):
        return json.dumps(value, allow_nan=False)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json_text(str(name))}:{json_text(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(json_text, value)) + "]"
    if isinstance(value, bytes):
        return json.dumps(value.hex())
    if isinstance(value, datetime):
        return json.dumps(value.isoformat(" "))
    if isinstance(value, date | time):
        return json.dumps(value.isoformat())
    raise ValueError(f"a {type(value).__name__} is no value of JSON")
