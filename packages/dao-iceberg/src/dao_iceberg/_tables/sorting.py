"""Sorts rows by a table's order, as the Iceberg specification has it: "Sorting"."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from attrs import define, field
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import VoidTransform

from dao.tables import numbers
from dao_iceberg._tables.transforms import transformed

__all__ = ["FileOrder", "sorted_rows"]

_WAYS = {SortDirection.ASC: "ascending", SortDirection.DESC: "descending"}
_NULLS = {NullOrder.NULLS_FIRST: "at_start", NullOrder.NULLS_LAST: "at_end"}


def sorted_rows(rows: pa.Table, columns: Schema, order: SortOrder) -> pa.Table:
    """The rows in an order; equal ones stay as they are.

    Args:
        rows: in the table's columns.
        columns: the table's columns.
        order: the order.
    """
    if rows.num_rows < 2 or order.is_unsorted:
        return rows
    places = _places(_keys(rows, columns, order), order)
    return rows if places.equals(numbers(rows.num_rows).cast(pa.uint64())) else rows.take(places)


def _places(keys: pa.Table, order: SortOrder) -> pa.Array:
    """The numbers of rows in an order."""
    given = [
        (str(place), _WAYS[one.direction], _NULLS[one.null_order])
        for place, one in enumerate(order.fields)
        if str(place) in keys.schema.names
    ]
    return pc.sort_indices(keys, sort_keys=given)


def _keys(rows: pa.Table, columns: Schema, order: SortOrder) -> pa.Table:
    """What rows are compared by, a column for each term of an order."""
    made = {
        str(place): _key(rows, columns, one)
        for place, one in enumerate(order.fields)
        if not isinstance(one.transform, VoidTransform)
    }
    return pa.table(made)


def _key(rows: pa.Table, columns: Schema, one: SortField) -> pa.Array:
    values = transformed(rows, columns, one.source_id, one.transform)
    return _ranks(values) if pt.is_floating(values.type) else values


def _ranks(values: pa.Array) -> pa.Array:
    """Numbers in the order of floats: -NaN, -Infinity, ... -0, 0, ... Infinity, NaN. Nulls stay."""
    bits = values.cast(pa.float64()).view(pa.int64())
    return pc.if_else(pc.less(bits, 0), pc.bit_wise_xor(bits, (1 << 63) - 1), bits)


@define(eq=False)
class FileOrder:
    """Whether the row groups of a file, each of which is sorted, are in order too.

    Attributes:
        columns: the table's columns.
        order: the order.
        holds: whether they are, so far.
    """

    columns: Schema
    order: SortOrder
    holds: bool = True
    _last: pa.Table | None = field(default=None, init=False)

    def add(self, rows: pa.Table) -> None:
        """Look at the next row group."""
        if not self.holds or not rows.num_rows:
            return
        keys = _keys(pa.concat_tables([rows.slice(0, 1), rows.slice(rows.num_rows - 1)]), self.columns, self.order)
        if self._last is not None:
            both: Any = pa.concat_tables([self._last, keys.slice(0, 1)]).combine_chunks()
            self.holds = _places(both, self.order).to_pylist() == [0, 1]
        self._last = keys.slice(1)
