"""Columns that changed their names from one schema of a table to another: ids tell which is which."""

from __future__ import annotations

from collections.abc import Iterator

from pyiceberg.schema import Schema
from pyiceberg.types import IcebergType, ListType, MapType, NestedField, StructType

__all__ = ["renamed"]


def renamed(before: Schema, after: Schema) -> dict[str, str]:
    """What columns that aren't those of their names before were called then; see :func:`dao.tables.mark_renamed`.

    Args:
        before: the columns then.
        after: the columns now.
    """
    by_id = {one.field_id: one for one in before.fields}
    names = {one.name for one in before.fields}
    found: dict[str, str] = {}
    for column in after.fields:
        old = by_id.get(column.field_id)
        if old is not None and old.name != column.name:
            found[column.name] = old.name
        elif column.name in names if old is None else _has_renamed(old, column):
            found[column.name] = column.name
    return found


def _has_renamed(before: NestedField, after: NestedField) -> bool:
    """Whether a field inside of a column has another name than before, or is another one under its name."""
    old, new = dict(_inside(before.field_type)), dict(_inside(after.field_type))
    was = {number: path for path, number in old.items()}
    return any(old.get(path, number) != number or was.get(number, path) != path for path, number in new.items())


def _inside(kind: IcebergType, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    """The fields inside of a type: the names that lead to each, and its id."""
    fields: tuple[NestedField, ...] = ()
    if isinstance(kind, StructType):
        fields = kind.fields
    elif isinstance(kind, ListType):
        fields = (kind.element_field,)
    elif isinstance(kind, MapType):
        fields = (kind.key_field, kind.value_field)
    for one in fields:
        yield (*at, one.name), one.field_id
        yield from _inside(one.field_type, (*at, one.name))
