"""What an object declares of its columns, against the columns that a write would store.

A read by the object asks for what it declares, so a write that stores something else could never be read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from dao.arrow.convert import without_views
from dao.data_object import DataObject
from dao.errors import DataError
from dao_files._actions.tables import declared_schema
from dao_files.formats import Format

__all__ = ["refuse_contradictions", "refuse_unnamed"]


def refuse_contradictions(
    data_object: DataObject,
    stored: pa.Schema,
    given: pa.Schema,
    format: Format,
    options: Any,
    partition_by: Sequence[str] = (),
) -> None:
    """Refuse to write what a read by the object's ``schema``, or by an option such as ``types``, would refuse.

    Args:
        data_object: the object.
        stored: the schema of the table or file after the write.
        given: the schema of the data; what is in the object's own types is read back whatever the stored types are.
        format: the format.
        options: the format's options.
        partition_by: the columns that are not inside the files.

    Raises:
        DataError: such a column; the message has both types.
    """
    declared = declared_schema(data_object.get("schema"))
    if declared is not None:
        refuse_unnamed(stored, declared)
        for wanted in declared:
            _refuse_other_type(wanted, _field(stored, wanted.name), _field(given, wanted.name))
    inside = [field for field in stored if field.name not in partition_by]
    format.check_columns(pa.schema(inside), options)


def refuse_unnamed(stored: pa.Schema, declared: pa.Schema) -> None:
    """Refuse to change a table with columns that the schema doesn't name by which it is read.

    Raises:
        DataError: there are such columns; the message names them.
    """
    unnamed = [name for name in stored.names if name not in set(declared.names)]
    if unnamed:
        names = ", ".join(map(repr, unnamed))
        raise DataError(
            f"the schema doesn't name the columns {names} of the table, so reads by it would be refused: name them "
            "there, or leave them out"
        )


def _refuse_other_type(wanted: pa.Field, stored: pa.Field | None, given: pa.Field | None) -> None:
    if stored is None and wanted.nullable:
        return
    if stored is not None and (given is None or _fits(given, wanted) or _fits(stored, wanted)):
        return
    found = "absent" if stored is None else _describe(stored)
    raise DataError(
        f"column {wanted.name!r} would be {found}, but the object's schema declares {_describe(wanted)}, by which it "
        "would be read: write it as that, or change it in the object"
    )


def _field(schema: pa.Schema, name: str) -> pa.Field | None:
    return schema.field(name) if name in schema.names else None


def _fits(field: pa.Field, wanted: pa.Field) -> bool:
    same = without_views(field.type).equals(without_views(wanted.type))
    return same and (wanted.nullable or not field.nullable)


def _describe(field: pa.Field) -> str:
    return f"{field.type}{'' if field.nullable else ' not null'}"
