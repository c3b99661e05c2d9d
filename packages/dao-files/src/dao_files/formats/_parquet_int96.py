"""INT96 timestamps: which of them a read in one unit, or a write, would change.

Arrow decodes INT96 in a given unit without checks: it cuts what is below the unit, and wraps what is beyond its range.
So columns of INT96 are also decoded in milliseconds, which hold every INT96, and in nanoseconds, which wrap but cut
nothing: modulo 2^64 the difference of the two is what lies below the millisecond, exactly. Files without such columns
are read as ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dao.arrow.convert import make_list_type
from dao.errors import DataError

__all__ = ["WITNESSES", "int96_leaves", "refuse_changed", "refuse_unreadable", "witnessed"]

WITNESSES = ("ms", "ns")
"""The units that a column of INT96 is decoded in to be checked."""

_UNITS = ("us", "ms", "s", "ns")
"""The units that a read can ask for, the most useful first."""

_BELOW_MS = {"s": 10**6, "ms": 10**6, "us": 10**3, "ns": 1}
"""By unit: the nanoseconds of a millisecond that it divides by, which a value may not have a part of."""

_EPOCH = 2_440_588
"""The Julian day of 1970-01-01: INT96 counts days from the year -4713, and Arrow reads the first one as 1970."""

_MOST_DAYS = (1 << 31) - _EPOCH
"""The days since 1970 from which on a day is one before the first: the count is signed, Arrow reads it unsigned."""

_MS_OF = dict.fromkeys(("s", "ms"), _MOST_DAYS * 86_400_000 - 1) | {"us": (1 << 63) // 10**3, "ns": (1 << 63) // 10**6}
"""By unit: the whole milliseconds since 1970 that its range ends within."""


def int96_leaves(schema: pq.ParquetSchema) -> list[str]:
    """Return the paths of the leaves of type INT96."""
    leaves = map(schema.column, range(len(schema)))
    return [leaf.path for leaf in leaves if leaf.physical_type == "INT96"]


def witnessed(
    batches: Iterator[pa.RecordBatch],
    opened: Sequence[AbstractContextManager[pq.ParquetFile]],
    unit: str,
    leaves: Sequence[str],
    **arguments: Any,
) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a row group once their INT96 timestamps are known to be exact.

    Args:
        batches: the batches.
        opened: the file, to be opened once for each unit of ``WITNESSES``.
        unit: the unit in which the batches were decoded.
        leaves: the paths of their columns of INT96.
        arguments: those of ``ParquetFile.iter_batches`` by which the batches are decoded, but the columns.

    Raises:
        DataError: a timestamp isn't exact in the unit, or beyond its range.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(one) for one in opened]
        witnesses = zip(*(file.iter_batches(columns=list(leaves), **arguments) for file in files), strict=True)
        seen = checked = 0
        for batch in batches:
            seen += batch.num_rows
            while checked < seen and (pair := next(witnesses, None)) is not None:
                refuse_changed(pair, unit)
                checked += pair[0].num_rows
            yield batch


def refuse_changed(witnesses: Sequence[Any], unit: str) -> None:
    """Check that INT96 timestamps are the same ones in a unit.

    Args:
        witnesses: a table or record batch of the columns, decoded in each of ``WITNESSES``.
        unit: the unit.

    Raises:
        DataError: a timestamp with digits below the unit, or beyond its range; the message names a unit that fits.
    """
    names = witnesses[0].schema.names
    for name, *pair in zip(names, *(witness.columns for witness in witnesses), strict=True):
        chunks = zip(*((one.chunks if isinstance(one, pa.ChunkedArray) else [one]) for one in pair), strict=True)
        found = [leaves for chunk in chunks for leaves in zip(*map(_timestamps, chunk), strict=True)]
        # a column may have timestamps of another kind too, whose unit is the same in both
        found = [leaves for leaves in found if tuple(leaf.type.unit for leaf in leaves) == WITNESSES]
        if all(_are_exact(leaves, unit) for leaves in found):
            continue
        fitting = next((one for one in _UNITS if all(_are_exact(leaves, one) for leaves in found)), None)
        advice = f"int96_unit={fitting!r} reads them" if fitting else "no unit holds them all, columns= leaves them out"
        raise DataError(
            f"column {name!r}: it has INT96 timestamps with digits below {unit!r} or beyond its range, which "
            f"int96_unit={unit!r} would change; {advice}"
        )


def _are_exact(witnesses: Sequence[pa.Array], unit: str) -> bool:
    whole, wrapped = (one.cast(pa.int64()) for one in witnesses)
    below = pc.subtract(wrapped, pc.multiply(whole, 10**6))
    wrong = _has_rest(below, _BELOW_MS[unit])
    if unit == "s":
        wrong = pc.or_(wrong, _has_rest(whole, 10**3))
    outside = pc.or_(pc.less(whole, -_MS_OF[unit] - 1), pc.greater(whole, _MS_OF[unit]))
    wrong = pc.or_(wrong, outside)
    if unit == "ns":  # at the ends of the range, less than a millisecond outside: the sign tells
        wrong = pc.or_(wrong, pc.not_equal(pc.less(whole, 0), pc.less(wrapped, 0)))
    return not pc.any(wrong).as_py()


def _has_rest(values: pa.Array, divisor: int) -> pa.Array:
    return pc.not_equal(pc.multiply(pc.divide(values, divisor), divisor), values)


def _timestamps(array: pa.Array) -> Iterator[pa.Array]:
    """Yield the timestamps of an array, at any depth of nesting."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_timestamp(array.type):
        yield array
    elif pa.types.is_struct(array.type):
        for index in range(array.type.num_fields):
            yield from _timestamps(array.field(index))
    elif pa.types.is_map(array.type):
        yield from _timestamps(array.keys)
        yield from _timestamps(array.items)
    elif make_list_type(array.type, lambda item: item) is not None:
        yield from _timestamps(array.flatten())


def refuse_unreadable(batch: pa.RecordBatch, unit: str) -> None:
    """Check that timestamps can be written as INT96 and read back in a unit.

    Raises:
        DataError: digits below the unit, a time beyond its range, or one before the first day of INT96.
    """
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            column.cast(_in_unit(column.type, unit))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"column {name!r}: INT96 timestamps are read in the unit {unit!r}, which not all have ({error}): "
                "leave int96_timestamps out, or declare another int96_unit as a property of the object"
            ) from error
        for leaf in _timestamps(column):
            first = pc.min(leaf.cast(pa.timestamp("s"), safe=False).cast(pa.int64())).as_py()
            if first is not None and first < (1 - _EPOCH) * 86_400:
                raise DataError(
                    f"column {name!r}: INT96 timestamps begin in the year -4713, and one is before: leave "
                    "int96_timestamps out"
                )


def _in_unit(kind: pa.DataType, unit: str) -> pa.DataType:
    """The type with all its timestamps in a unit."""
    if pa.types.is_timestamp(kind):
        return pa.timestamp(unit, kind.tz)
    if pa.types.is_struct(kind):
        return pa.struct([child.with_type(_in_unit(child.type, unit)) for child in kind])
    if pa.types.is_map(kind):
        return pa.map_(kind.key_field, kind.item_field.with_type(_in_unit(kind.item_type, unit)))
    return make_list_type(kind, lambda item: item.with_type(_in_unit(item.type, unit))) or kind
