"""Records with named fields: attrs, dataclass, pydantic and NamedTuple instances as mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from dao.arrow.convert._recognise import per_type

__all__ = ["field_names", "row_values"]


def row_values(row: Any) -> Mapping[Any, Any]:
    """Return one row as a mapping: the row itself, or the fields of a record with their values."""
    if isinstance(row, Mapping):
        return row
    return {name: getattr(row, name) for name in field_names(type(row))}


@per_type
def field_names(kind: Any) -> tuple[str, ...]:
    """The field names of a record class, in the order of declaration."""
    if hasattr(kind, "__attrs_attrs__"):
        return tuple(a.name for a in kind.__attrs_attrs__)
    if is_dataclass(kind):
        return tuple(f.name for f in fields(kind))
    return tuple(kind.model_fields if hasattr(kind, "model_fields") else kind._fields)
