"""Schema checks and schema evolution: the schema that a table has after rows of another schema are added."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from dao._arguments import SCHEMA_MODES
from dao.arrow.convert._cast import check_names
from dao.arrow.convert._exact import describe, may_cast
from dao.arrow.convert._select import find_names
from dao.errors import DataError
from dao.tables._widening import widened

__all__ = ["EVOLVE", "check_schema_mode", "reconcile", "would_evolve"]


EVOLVE = "schema_mode='evolve' would change the table to hold it"
"""The end of an error's message where ``schema_mode='evolve'`` would have worked."""


def check_schema_mode(mode: str) -> None:
    """Raise DataError if ``mode`` is not a ``schema_mode``."""
    if mode not in SCHEMA_MODES:
        raise DataError(f"schema_mode: found {mode!r}, expected 'strict' or 'evolve'")


def reconcile(table: pa.Schema, data: pa.Schema, mode: str, keys: Sequence[str] = ()) -> pa.Schema:
    """Return the schema of a table after rows of another schema are added to it.

    Args:
        table: the table's schema.
        data: the schema of the new rows.
        mode: ``strict``: the same columns in any order, with types that can be cast without loss; the table's schema
            is unchanged. ``evolve``: new columns are appended as nullable ones, missing columns are filled with nulls,
            and a type widens where the data's has values that it can't hold, and another holds the values of both.
            Where there is none the table's type is unchanged, and the values are cast as for ``strict``.
        keys: the keys of an upsert: the data must have them in every mode.

    Raises:
        DataError: the schemas don't fit; the message names the columns, and says what would have worked.
    """
    check_schema_mode(mode)
    find_names(data, keys, "keys")
    if mode == "evolve":
        return _evolve(table, data)
    try:
        check_names(data.names, table.names)
        _check_types(table, data)
    except DataError as error:
        raise DataError(f"{error.message}; {_way_out(table, data)}") from error
    return table


def _check_types(table: pa.Schema, data: pa.Schema) -> None:
    for field in table:
        given = data.field(field.name).type
        reason = may_cast(given, field.type)
        if reason is not None:
            raise _unfit(field, given, reason)


def _unfit(field: pa.Field, given: pa.DataType, reason: str) -> DataError:
    return DataError(
        f"column {field.name!r} of the data is {describe(given)}, and the table's is {describe(field.type)}: {reason}"
    )


def _way_out(table: pa.Schema, data: pa.Schema) -> str:
    """What the message suggests for data that doesn't fit: to evolve the table if that works, else to cast."""
    try:
        _evolve(table, data)
    except DataError:
        return "cast the data, or overwrite the table"
    return EVOLVE


def would_evolve(table: pa.Schema, data: pa.Schema) -> bool:
    """Whether ``evolve`` accepts the data and ``strict`` doesn't: other columns, or values that need wider types."""
    try:
        evolved = _evolve(table, data)
    except DataError:
        return False
    return not evolved.equals(table) or set(data.names) < set(table.names)


def _evolve(table: pa.Schema, data: pa.Schema) -> pa.Schema:
    if len(set(data.names)) < len(data.names):
        check_names(data.names, list(dict.fromkeys(data.names)))
    _check_letter_case(table, data)
    fields = [_join(field, data) for field in table]
    known = set(table.names)
    fields += [field.with_nullable(True) for field in data if field.name not in known]
    return pa.schema(fields, metadata=table.metadata)


def _check_letter_case(table: pa.Schema, data: pa.Schema) -> None:
    """Check that no new column has the name of a column that the data lacks, in another letter case.

    Many engines can't tell the two apart, and the values would be spread over both.
    """
    lacking = {name.casefold(): name for name in table.names if name not in data.names}
    for name in data.names:
        if name not in table.names and name.casefold() in lacking:
            raise DataError(
                f"column {name!r} of the data is {lacking[name.casefold()]!r} in the table: they differ in letter case "
                "alone; rename it"
            )


def _join(field: pa.Field, data: pa.Schema) -> pa.Field:
    if field.name not in data.names:
        if not field.nullable:
            raise DataError(f"column {field.name!r} is missing from the data, and the table allows no nulls in it")
        return field
    other = data.field(field.name)
    kind = widened(field.type, other.type)
    reason = may_cast(other.type, kind)
    if reason is not None:
        raise _unfit(field, other.type, f"{reason}, and no type holds all values of both")
    return pa.field(field.name, kind, field.nullable or other.nullable, field.metadata)
