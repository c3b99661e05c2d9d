"""VARIANT columns of Parquet: pyarrow (26) reads them as the struct of their parts, and can't write them.

Written as that struct, the column would be another one for every engine that knows the type. So fields that have it are
marked when they are read, in their metadata, and writers refuse what is marked.
"""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from dao.arrow.convert import VARIANT_MARK
from dao_files.formats._shape import types_text

__all__ = ["mark_variants"]

_VARIANT = re.compile(r"\(Variant\(\d+\)\) \{$")


def mark_variants(schema: pa.Schema, stored: Any) -> pa.Schema:
    """The schema with the mark at each column that is a VARIANT or holds one.

    Args:
        schema: the Arrow schema of a file.
        stored: its Parquet schema, a ``pyarrow.parquet.ParquetSchema``.
    """
    if "metadata: " not in types_text(schema) or not any(_has_parts(field.type) for field in schema):
        return schema
    found = _places(str(stored))
    fields = [
        field.with_metadata({**(field.metadata or {}), **VARIANT_MARK}) if place in found else field
        for place, field in enumerate(schema)
    ]
    return pa.schema(fields, metadata=schema.metadata)


def _has_parts(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind) and kind.get_field_index("metadata") >= 0:
        return True
    return any(_has_parts(kind.field(place).type) for place in range(kind.num_fields))


def _places(stored: str) -> set[int]:
    """The columns that have a VARIANT group, by the printed schema: pyarrow shows groups nowhere else."""
    place, found = -1, set()
    for line in stored.splitlines():
        if line.startswith("  ") and line[2:3] not in (" ", "}"):
            place += 1
        if _VARIANT.search(line):
            found.add(place)
    return found
