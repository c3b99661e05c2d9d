"""Checks for values that an Arrow array can hold but its type forbids, and for types that pyarrow can't handle."""

from __future__ import annotations

import pyarrow as pa

from dao.errors import DataError

__all__ = ["VARIANT_MARK", "refuse_invalid", "refuse_unusable", "refuse_variants"]

VARIANT_MARK = {b"PARQUET:logical_type": b"VARIANT"}
"""The metadata of a field that was read from a Parquet VARIANT, see :func:`refuse_variants`."""


def refuse_invalid(batch: pa.RecordBatch) -> None:
    """Check that every value of a batch is valid for its column's type, before the batch is written.

    Arrow doesn't check the content of arrays: text that isn't UTF-8, times of 24:00 or later, dictionary indices out of
    the dictionary's range.

    Raises:
        DataError: a value is invalid; the message names the column.
    """
    for index, field in enumerate(batch.schema):
        try:
            batch.select([index]).validate(full=True)
        except pa.ArrowInvalid as error:
            found = str(error).removeprefix("In column 0: Invalid: ")
            raise DataError(
                f"column {field.name!r} has a value that its type {field.type} does not allow: {found}"
            ) from error


def refuse_unusable(schema: pa.Schema) -> None:
    """Check that pyarrow can handle every type of a schema, nested ones included.

    pyarrow (26) has no Python class for the intervals of months alone and of days and milliseconds: any access raises a
    KeyError. It can't read back a dictionary of extension values that it wrote, and fixed-size lists of size 0 crash
    the process.

    Raises:
        DataError: a column has such a type; the message names the column.
    """
    for field in schema:
        kind = _unusable(field.type)
        if kind is not None:
            raise DataError(
                f"column {field.name!r}: pyarrow can read the type {kind} but not process it, so it is available as "
                "Arrow data only; columns= leaves the column out"
            )


def _unusable(kind: pa.DataType) -> pa.DataType | None:
    if str(kind) in ("month_interval", "day_time_interval"):
        return kind
    if pa.types.is_fixed_size_list(kind) and kind.list_size == 0:
        return kind
    if isinstance(kind, pa.BaseExtensionType):
        return _unusable(kind.storage_type)
    if pa.types.is_dictionary(kind) and isinstance(kind.value_type, pa.BaseExtensionType):
        return kind
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _unusable(kind.value_type)
    return next((found for index in range(kind.num_fields) if (found := _unusable(kind.field(index).type))), None)


def refuse_variants(schema: pa.Schema) -> None:
    """Check that no column was read from a Parquet VARIANT, a type that can't be written.

    Raises:
        DataError: a column was; the message names it.
    """
    for field in schema:
        if VARIANT_MARK.items() <= (field.metadata or {}).items():
            raise DataError(
                f"column {field.name!r} is a Parquet VARIANT, which can be read and not be written; columns= leaves it "
                "out, and without its field's metadata it is written as the struct of its parts"
            )
