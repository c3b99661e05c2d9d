"""Values that an Arrow array can hold in memory and that its type does not allow, and types of no use."""

from __future__ import annotations

import pyarrow as pa

from dao.errors import DataError

__all__ = ["VARIANT_MARK", "refuse_invalid", "refuse_unusable", "refuse_variants"]

VARIANT_MARK = {b"PARQUET:logical_type": b"VARIANT"}
"""The metadata of a field that was a Parquet VARIANT where it was read, see :func:`refuse_variants`."""


def refuse_invalid(batch: pa.RecordBatch) -> None:
    """Make sure that every value is one of its column's type, before any of them is written.

    Arrow does not check what arrays are made of: texts that are not UTF-8, times beyond a day, dictionary indices
    beyond the dictionary.

    Raises:
        DataError: one is not; the message names the column.
    """
    for place, field in enumerate(batch.schema):
        try:
            batch.select([place]).validate(full=True)
        except pa.ArrowInvalid as error:
            found = str(error).removeprefix("In column 0: Invalid: ")
            raise DataError(
                f"column {field.name!r} has a value that its type {field.type} does not allow: {found}"
            ) from error


def refuse_unusable(schema: pa.Schema) -> None:
    """Make sure that pyarrow can do something with every type, nested ones included.

    pyarrow (26) has no Python class for the intervals of months alone and of days and milliseconds: any look at one
    ends in a KeyError. It reads back no dictionary of extension values that it wrote, and lists of the fixed size 0 end
    the process.

    Raises:
        DataError: such a type; the message names the column.
    """
    for field in schema:
        kind = _unusable(field.type)
        if kind is not None:
            raise DataError(
                f"column {field.name!r}: pyarrow can do nothing with the type {kind} but read it, so it can be had as "
                "Arrow data alone; columns= leaves the column out"
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
    return next((found for place in range(kind.num_fields) if (found := _unusable(kind.field(place).type))), None)


def refuse_variants(schema: pa.Schema) -> None:
    """Make sure that no column was a VARIANT where it was read.

    Raises:
        DataError: one was; the message names it.
    """
    for field in schema:
        if VARIANT_MARK.items() <= (field.metadata or {}).items():
            raise DataError(
                f"column {field.name!r} is a Parquet VARIANT, which can be read and not be written; columns= leaves it "
                "out, and without its field's metadata it is written as the struct of its parts"
            )
