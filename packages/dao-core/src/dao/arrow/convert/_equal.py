"""Whether types are the same."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as pt

__all__ = ["same_type"]


def same_type(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether two types are the same, metadata aside.

    To pyarrow (26) maps with an extension type inside, such as UUIDs, are the same also if only one allows null values.
    An array of the one in a table of the other ends the process when it is written to Parquet.
    """
    if not found.equals(wanted):
        return False
    if pt.is_map(found):
        pairs = [(found.key_field, wanted.key_field), (found.item_field, wanted.item_field)]
    elif pt.is_struct(found):
        pairs = list(zip(found, wanted, strict=True))
    elif pt.is_nested(found) and hasattr(found, "value_field"):
        pairs = [(found.value_field, wanted.value_field)]
    else:
        return True
    return all(one.nullable == other.nullable and same_type(one.type, other.type) for one, other in pairs)
