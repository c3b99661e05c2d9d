"""What is held of one column while its rows pass."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.profiles._bins import Bins
from dao.profiles._distinct import Distinct
from dao.profiles._records import ColumnProfile
from dao.tables._matching import comparable

__all__ = ["Column"]


class Column:
    """The counts of one column; batches are taken in one after another."""

    def __init__(self, field: pa.Field) -> None:
        self._field = field
        empty = pa.array([], field.type)
        self._nested = pt.is_nested(_stored(field.type)) or pt.is_null(field.type)
        self._kind = None if self._nested else _numbered(comparable(empty)).type
        self._floats = self._kind is not None and pt.is_floating(self._kind)
        self._distinct = None if self._nested else Distinct(self._kind)
        self._bins = self._start_bins()
        self._nulls = self._nan = 0
        self._min: Any = None
        self._max: Any = None

    def _start_bins(self) -> Bins | None:
        kind = self._kind
        if kind is None:
            return None
        whole = pt.is_integer(kind) or pt.is_boolean(kind)
        return Bins(whole=whole) if whole or self._floats or pt.is_decimal(kind) else None

    def add(self, values: pa.Array) -> None:
        """Take in the column of a batch."""
        if self._distinct is None:
            self._nulls += values.null_count
            return
        known = comparable(values)
        known = _numbered(known.drop_null())
        self._nulls += len(values) - len(known)
        if self._floats:
            real = known.filter(pc.invert(pc.is_nan(known)))
            self._nan += len(known) - len(real)
            known = real
        if len(known):
            self._distinct.add(known)
            self._order(known)
            if self._bins is not None:
                self._bins.add(_finite_doubles(known))

    def _order(self, known: pa.Array) -> None:
        try:
            limits = pc.min_max(known)
        except pa.ArrowNotImplementedError:  # such as months, days and nanoseconds, which have no order
            return
        ends = [end for end in (self._min, self._max, limits["min"], limits["max"]) if end is not None]
        limits = pc.min_max(pa.array([end.as_py() for end in ends], known.type))
        self._min, self._max = limits["min"], limits["max"]

    def profile(self) -> ColumnProfile:
        """What is known of the column now."""
        return ColumnProfile(
            self._field.name,
            str(self._field.type),
            self._nulls,
            self._nan if self._floats else None,
            None if self._distinct is None else self._distinct.number,
            self._distinct is None or self._distinct.exact,
            self._value(self._min),
            self._value(self._max),
            None if self._bins is None else self._bins.histogram(),
        )

    def _value(self, found: Any) -> Any:
        if found is None:
            return None
        kind = _stored(self._field.type)
        if not pt.is_temporal(kind):
            return found.as_py()
        try:
            return found.cast(pa.int32() if kind.bit_width == 32 else pa.int64()).cast(kind).as_py()
        except (ValueError, OverflowError):  # a year that Python's dates don't have, or nanoseconds
            return f"{found} ({kind})"


def _stored(kind: pa.DataType) -> pa.DataType:
    """The type of the values themselves."""
    if isinstance(kind, pa.BaseExtensionType):
        return _stored(kind.storage_type)
    return _stored(kind.value_type) if pt.is_dictionary(kind) else kind


def _numbered(values: pa.Array) -> pa.Array:
    """Dates, times and durations as the numbers that they are stored as: those have an order everywhere."""
    kind = values.type
    if not pt.is_temporal(kind) or pt.is_interval(kind):
        return values
    return values.view(pa.int32() if kind.bit_width == 32 else pa.int64())


def _finite_doubles(values: pa.Array) -> pa.Array:
    if pt.is_boolean(values.type):
        values = values.cast(pa.int8())
    doubles = values.cast(pa.float64(), safe=False)
    return doubles.filter(pc.is_finite(doubles))
