"""Partition values, which a log keeps as texts; see the Delta protocol, "Partition Value Serialization"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.types as pt

from dao.errors import StoreError

__all__ = ["partition_folder", "partition_value"]

_NULL = "__HIVE_DEFAULT_PARTITION__"


def partition_folder(texts: Mapping[str, str | None]) -> str:
    """The folders of the files of a partition, outermost first.

    All but letters, digits and ``-._`` is percent-encoded, and the log encodes the ``%`` of that once more: so every
    engine spells the path in one way only. deltalake does the same, but for ``~``, and can't compact such files.

    >>> partition_folder({"country": "DE", "note": "a/b", "x": None})
    'country=DE/note=a%2Fb/x=__HIVE_DEFAULT_PARTITION__'
    """
    return "/".join(f"{_name(name)}={_NULL if text is None else _encoded(text)}" for name, text in texts.items())


def _name(name: str) -> str:
    """A column's name; also with a leading dot, which would hide the folder."""
    return f"%2E{_encoded(name[1:])}" if name.startswith(".") else _encoded(name)


def _encoded(text: str) -> str:
    return quote(text, safe="").replace("~", "%7E")


def partition_value(text: str | None, kind: pa.DataType) -> Any:
    """The value that a text stands for.

    Raises:
        StoreError: it stands for none of this type.

    >>> partition_value("2021-03-01 12:30:00.000001", pa.timestamp("us", "UTC"))
    datetime.datetime(2021, 3, 1, 12, 30, 0, 1, tzinfo=datetime.timezone.utc)
    """
    if text is None or text == "":
        return None
    try:
        return _parsed(text, kind)
    except (ValueError, ArithmeticError) as error:
        raise StoreError(f"the log has the partition value {text!r}, expected {kind}") from error


def _parsed(text: str, kind: pa.DataType) -> Any:
    if pt.is_string(kind):
        return text
    if pt.is_binary(kind):
        return text.encode()
    if pt.is_boolean(kind):
        return bool(("false", "true").index(text.lower()))
    if pt.is_integer(kind):
        return int(text)
    if pt.is_decimal(kind):
        return Decimal(text)
    if pt.is_date(kind):
        return date.fromisoformat(text)
    if pt.is_timestamp(kind):
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=found.tzinfo or UTC) if kind.tz else found.replace(tzinfo=None)
    return float(text)
