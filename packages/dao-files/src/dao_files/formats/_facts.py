"""Helpers of ``metadata``: JSON-compatible values."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
from pyarrow import fs

__all__ = ["column_facts", "file_bytes", "plain"]


def file_bytes(path: str, filesystem: fs.FileSystem) -> int | None:
    """Return the size of a file in bytes, as stored; None where the filesystem does not know it."""
    size = filesystem.get_file_info(path).size
    return None if size is None else int(size)


def column_facts(schema: pa.Schema) -> list[dict[str, Any]]:
    """List the name, type and nullability of each column."""
    return [{"name": field.name, "type": str(field.type), "nullable": field.nullable} for field in schema]


def plain(value: Any) -> Any:
    """Convert a value to a JSON-compatible one: numbers, texts, booleans and None unchanged, bytes in hex, else text.

    >>> plain(1.5), plain(float("nan")), plain(b"\\x00\\xff")
    (1.5, 'nan', '00ff')
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value.hex() if isinstance(value, bytes) else str(value)
