"""Small helpers of ``metadata``: plain values, fit for JSON."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
from pyarrow import fs

__all__ = ["column_facts", "file_bytes", "plain"]


def file_bytes(path: str, filesystem: fs.FileSystem) -> int | None:
    """The size of a file as stored."""
    size = filesystem.get_file_info(path).size
    return None if size is None else int(size)


def column_facts(schema: pa.Schema) -> list[dict[str, Any]]:
    """Name, type and nullability of each column."""
    return [{"name": field.name, "type": str(field.type), "nullable": field.nullable} for field in schema]


def plain(value: Any) -> Any:
    """A value as JSON has it: numbers, texts, booleans, None; the rest as text, bytes in hex.

    >>> plain(1.5), plain(float("nan")), plain(b"\\x00\\xff")
    (1.5, 'nan', '00ff')
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value.hex() if isinstance(value, bytes) else str(value)
