"""Values that an Arrow array can hold in memory and that its type does not allow, or that have no text form."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from dao.errors import DataError, StoreError

__all__ = ["refuse_bad_text", "refuse_far_years", "refuse_invalid", "refuse_unusable"]

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31 from 1970-01-01
_FIRST_NS = -((1 << 63) // 1_000_000_000) * 1_000_000_000  # the first whole second, before which Arrow reads no text
_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


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


def refuse_bad_text(batch: pa.RecordBatch) -> None:
    """Make sure that the texts that a file gave are UTF-8, nested ones and those of dictionaries included.

    Raises:
        StoreError: one is not; the message names the column.
    """
    for place, field in enumerate(batch.schema):
        for texts in _texts(batch.column(place)) if _has_text(field.type) else ():
            try:
                texts.validate(full=True)
            except pa.ArrowInvalid as error:
                raise StoreError(f"column {field.name!r} has a text that is not UTF-8: {error}") from error


def _has_text(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        return _has_text(kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _has_text(kind.value_type)
    return _is_text(kind) or any(_has_text(kind.field(place).type) for place in range(kind.num_fields))


def _texts(array: pa.Array) -> Iterator[pa.Array]:
    """The arrays of texts inside an array that has some. Others are not looked at: pyarrow can't look at all."""
    kind = array.type
    if _is_text(kind):
        yield array
    elif isinstance(kind, pa.BaseExtensionType):
        yield from _texts(array.storage)
    elif pa.types.is_dictionary(kind):
        yield from _texts(array.dictionary)
    elif pa.types.is_struct(kind) or pa.types.is_union(kind):
        for place in range(kind.num_fields):
            if _has_text(kind.field(place).type):
                yield from _texts(array.field(place))
    elif pa.types.is_map(kind):
        if _has_text(kind.key_type):
            yield from _texts(array.keys)
        if _has_text(kind.item_type):
            yield from _texts(array.items)
    else:
        yield from _texts(array.values)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def refuse_far_years(array: pa.Array, format_name: str) -> None:
    """Make sure that dates and timestamps lie in the years that ISO 8601 texts have, in UTC where they have a zone.

    Arrow writes others as ``<value out of range: ...>``, or as texts that it does not read again.

    Raises:
        DataError: one is before the year 1 or after the year 9999.
    """
    kind = array.type
    if pa.types.is_date32(kind):
        raw, per_day = pa.int32(), 1
    elif pa.types.is_date64(kind):
        raw, per_day = pa.int64(), _PER_DAY["ms"]
    elif pa.types.is_timestamp(kind):
        raw, per_day = pa.int64(), _PER_DAY[kind.unit]
    else:
        return
    bounds = pc.min_max(array.view(raw)).as_py()
    for value in (bounds["min"], bounds["max"]):
        if value is not None and not _FIRST_DAY <= value // per_day <= _LAST_DAY:
            raise DataError(
                f"{format_name} holds the years 1 to 9999, found {value:,} as {kind}, which is in the year "
                f"{1970 + value // per_day / 365.2425:.0f} or near; Parquet, Avro and Arrow IPC hold others"
            )
    if kind == pa.timestamp("ns", getattr(kind, "tz", None)) and (bounds["min"] or 0) < _FIRST_NS:
        raise DataError(
            f"{format_name} holds nanoseconds from 1677-09-21 00:12:44 on, found {bounds['min']:,} as {kind}"
        )


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
