"""Checks of values: invalid UTF-8 of read files, and dates and times without a text form."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from dao.errors import DataError, StoreError
from dao_files.formats._kinds import is_text

__all__ = ["refuse_bad_text", "refuse_far_years"]

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31 from 1970-01-01
_FIRST_NS = -((1 << 63) // 1_000_000_000) * 1_000_000_000  # the first whole second that Arrow parses from text
_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def refuse_bad_text(batch: pa.RecordBatch) -> None:
    """Check that all texts of a batch are UTF-8, including nested texts and dictionaries.

    Raises:
        StoreError: a text is not UTF-8; the message names the column.
    """
    for index, field in enumerate(batch.schema):
        for texts in _text_arrays(batch.column(index)) if _has_text(field.type) else ():
            try:
                texts.validate(full=True)
            except pa.ArrowInvalid as error:
                raise StoreError(f"column {field.name!r} has a text that is not UTF-8: {error}") from error


def _has_text(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        return _has_text(kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _has_text(kind.value_type)
    return is_text(kind) or any(_has_text(kind.field(index).type) for index in range(kind.num_fields))


def _text_arrays(array: pa.Array) -> Iterator[pa.Array]:
    """Yield the text arrays inside an array that has some; others are skipped, as pyarrow can't access all types."""
    kind = array.type
    if is_text(kind):
        yield array
    elif isinstance(kind, pa.BaseExtensionType):
        yield from _text_arrays(array.storage)
    elif pa.types.is_dictionary(kind):
        yield from _text_arrays(array.dictionary)
    elif pa.types.is_struct(kind) or pa.types.is_union(kind):
        for index in range(kind.num_fields):
            if _has_text(kind.field(index).type):
                yield from _text_arrays(array.field(index))
    elif pa.types.is_map(kind):
        if _has_text(kind.key_type):
            yield from _text_arrays(array.keys)
        if _has_text(kind.item_type):
            yield from _text_arrays(array.items)
    else:
        yield from _text_arrays(array.values)


def refuse_far_years(array: pa.Array, format_name: str) -> None:
    """Refuse dates and timestamps (in UTC if zoned) outside the years of ISO 8601 texts.

    Arrow formats others as ``<value out of range: ...>``, or as texts that it can't parse.

    Raises:
        DataError: a value before the year 1 or after the year 9999, or nanoseconds before 1677-09-21 00:12:44.
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
