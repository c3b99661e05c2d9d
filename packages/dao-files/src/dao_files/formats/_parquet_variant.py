"""VARIANT columns of Parquet: pyarrow (26) reads them as the struct of their parts, and can't write them.

Written as that struct, the column would have another type for every engine that supports VARIANT. So the fields are
marked in their metadata when they are read, and writers refuse marked fields.
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
    """Mark each column of a schema that is a VARIANT or contains one.

    Args:
        schema: the Arrow schema of a file.
        stored: its Parquet schema, a ``pyarrow.parquet.ParquetSchema``.
    """
    if "metadata: " not in types_text(schema) or not any(_has_parts(field.type) for field in schema):
        return schema
    found = _variant_columns(str(stored))
    fields = [
        field.with_metadata({**(field.metadata or {}), **VARIANT_MARK}) if index in found else field
        for index, field in enumerate(schema)
    ]
    return pa.schema(fields, metadata=schema.metadata)


def _has_parts(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind) and kind.get_field_index("metadata") >= 0:
        return True
    return any(_has_parts(kind.field(index).type) for index in range(kind.num_fields))


def _variant_columns(stored: str) -> set[int]:
    """Find the indices of columns with a VARIANT group in the printed schema: pyarrow shows groups nowhere else."""
    index, found = -1, set()
    for line in stored.splitlines():
        if line.startswith("  ") and line[2:3] not in (" ", "}"):
            index += 1
        if _VARIANT.search(line):
            found.add(index)
    return found
