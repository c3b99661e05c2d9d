"""Keys of an upsert: checked, deduplicated, matched. Only key columns and row numbers are joined, never whole rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define

from dao.arrow.convert._views import without_views
from dao.errors import DataError

__all__ = [
    "Matcher",
    "check_comparable",
    "check_identifying",
    "check_keys",
    "comparable",
    "key_columns",
    "numbers",
    "placed",
    "precedes",
    "winners",
]

_ROW = "__dao_row"
_SOURCE = "__dao_source"


def key_columns(rows: pa.Table | pa.RecordBatch, keys: Sequence[str]) -> pa.Table:
    """The key columns in a comparable form: dictionaries and views decoded, ``-0.0`` replaced by ``0.0``."""
    return pa.table({name: comparable(rows.column(name)) for name in keys})


def comparable(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """A column in the comparable form that :func:`key_columns` returns."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return comparable(column.cast(kind.storage_type))
    if pa.types.is_dictionary(kind):
        return comparable(column.cast(kind.value_type))
    if pa.types.is_floating(kind):
        # Arrow has no arithmetic for half floats; adding 0.0 turns -0.0 into 0.0.
        wide = pa.float32() if pa.types.is_float16(kind) else kind
        return pc.add(column.cast(wide), pa.scalar(0.0, wide))
    if pa.types.is_decimal32(kind) or pa.types.is_decimal64(kind):
        return column.cast(pa.decimal128(kind.precision, kind.scale))
    plain = without_views(kind)
    return column if plain.equals(kind) else column.cast(plain)


def placed(columns: pa.Table) -> pa.Table:
    """The columns named by their places: Arrow takes a name to group or join by for a path if it begins with a point.

    >>> placed(pa.table({".a": [1], "b": [2]})).column_names
    ['0', '1']
    """
    return columns.rename_columns(list(map(str, range(columns.num_columns))))


# Grouping and joining use no Arrow threads: rows may be in memory owned by Python (see dao_files.formats._near).


def check_keys(keys: Sequence[str]) -> None:
    """Raise DataError if no keys are given."""
    if not keys:
        raise DataError("keys: found none, expected the columns that identify a row")


def winners(source: pa.Table, keys: Sequence[str], order_by: Sequence[str]) -> pa.Table:
    """Deduplicate a source by key: one row per key, in the order of the source.

    Args:
        source: the rows.
        keys: the key columns; like ``order_by``, spelled as in the source.
        order_by: of the rows of one key the greatest by these columns wins; null and NaN sort below every value, and
            of equal rows the last wins. If it is empty, no key may be repeated.

    Returns:
        The winning rows; ``source`` itself if no key is repeated.

    Raises:
        DataError: there are no keys, a column can't be compared, a key is null or NaN, or a key is repeated and
            ``order_by`` is empty.
    """
    check_keys(keys)
    check_comparable("keys", keys, source.schema)
    check_comparable("order_by", order_by, source.schema)
    check_identifying(source, keys)
    compared = placed(key_columns(source, keys))
    places = list(compared.column_names)
    numbered = compared.append_column(_ROW, numbers(source.num_rows))
    groups = numbered.group_by(places, use_threads=False).aggregate([(_ROW, "count"), (_ROW, "min"), (_ROW, "max")])
    if groups.num_rows == source.num_rows:
        return source
    if not order_by:
        raise _repeated_keys(groups, keys, source.num_rows)
    order = _order(source, order_by)
    rank = pc.sort_indices(order)  # the inverse permutation: the position of each row in the order
    ranked = compared.append_column(_ROW, rank.cast(pa.int64()))
    best = ranked.group_by(places, use_threads=False).aggregate([(_ROW, "max")]).column(f"{_ROW}_max")
    rows = order.take(best.combine_chunks())
    return source.take(rows.take(pc.sort_indices(rows)))


def _order(source: pa.Table, order_by: Sequence[str]) -> pa.Array:
    """The row numbers sorted ascending by some columns, null and NaN first, equal rows in their original order."""
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for position, name in enumerate(order_by):
        columns[f"present{position}"], columns[f"value{position}"] = _rank(source.column(name))
    columns[_ROW] = numbers(source.num_rows)
    return pc.sort_indices(pa.table(columns), sort_keys=[(name, "ascending") for name in columns])


def _rank(column: pa.ChunkedArray | pa.Array) -> tuple[Any, Any]:
    """Whether each row has a value to sort by, and the value; NaN counts as null."""
    values = comparable(column)
    present = pc.invert(pc.is_null(values, nan_is_null=pa.types.is_floating(values.type)))
    return present, pc.if_else(present, values, pa.scalar(None, values.type))


def precedes(rows: pa.Table | pa.RecordBatch, others: pa.Table | pa.RecordBatch, order_by: Sequence[str]) -> pa.Array:
    """Compare two tables row by row: is the row of ``rows`` older, that is below the other in the order of ``winners``?

    Args:
        rows: the rows.
        others: as many rows, with the same types in the columns of ``order_by``.
        order_by: the columns to compare by, see :func:`winners`; if it is empty, no row is older.

    Returns:
        A boolean per row, never null.

    >>> rows, others = pa.table({"at": [1, 5, None, 2]}), pa.table({"at": [2, 5, 1, None]})
    >>> precedes(rows, others, ["at"]).to_pylist()
    [True, False, True, False]
    """
    older = pa.repeat(pa.scalar(False), rows.num_rows)
    for name in reversed(order_by):
        (present, value), (other_present, other) = _rank(rows.column(name)), _rank(others.column(name))
        below = pc.or_(pc.less(present, other_present), pc.fill_null(pc.less(value, other), False))
        equal = pc.or_(pc.invert(pc.or_(present, other_present)), pc.fill_null(pc.equal(value, other), False))
        older = pc.or_(below, pc.and_(equal, older))
    return _array(older)


def numbers(count: int) -> pa.Array:
    """The row numbers 0 to ``count - 1``, as int64."""
    if count == 0:
        return pa.array([], pa.int64())
    return pc.subtract(pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), count)), 1)


def check_comparable(argument: str, names: Sequence[str], schema: pa.Schema) -> None:
    """Raise DataError if one of the columns can't be compared."""
    for name in names:
        kind = schema.field(name).type
        plain = kind.value_type if pa.types.is_dictionary(kind) else kind
        if pa.types.is_nested(plain):
            raise DataError(f"{argument}: column {name!r} is {kind}, which can't be compared; use plain columns")


def check_identifying(source: pa.Table, keys: Sequence[str]) -> None:
    """Raise DataError if a key is null or NaN."""
    for name in keys:
        column = source.column(name)
        floating = pa.types.is_floating(column.type)
        missing = pc.is_null(column, nan_is_null=True) if floating else pc.is_null(column)
        row = pc.index(missing, True).as_py()
        if row >= 0:
            what = "NaN" if floating and column[row].is_valid else "null"
            raise DataError(f"key column {name!r} is {what} in row {row} of the data, so it identifies no row")


def _repeated_keys(groups: pa.Table, keys: Sequence[str], rows: int) -> DataError:
    several = groups.filter(pc.greater(groups.column(f"{_ROW}_count"), 1))
    first = several.slice(pc.index(several.column(f"{_ROW}_min"), pc.min(several.column(f"{_ROW}_min"))).as_py(), 1)
    example = ", ".join(f"{name}={first.column(str(place))[0]}" for place, name in enumerate(keys))
    places = f"rows {first.column(f'{_ROW}_min')[0]} and {first.column(f'{_ROW}_max')[0]}"
    return DataError(
        f"{rows - groups.num_rows} rows of the data repeat a key, such as {example} in {places}: "
        "remove them, or choose the winners with order_by="
    )


@define
class Matcher:
    """A lookup of the keys of an upsert's source in other rows.

    Attributes:
        keys: the names of the key columns.
        source: the source's key columns in comparable form; keys are unique and not null.
    """

    keys: Sequence[str]
    source: pa.Table

    @classmethod
    def of(cls, source: pa.Table, keys: Sequence[str]) -> Matcher:
        """Make a matcher for the keys of a source, as :func:`winners` returns it: unique, none null."""
        return cls(keys, key_columns(source, keys).combine_chunks())

    def match(self, rows: pa.RecordBatch | pa.Table) -> pa.Array:
        """Find for each row the source row with the same key: its row number as int64, null if there is none."""
        found = key_columns(rows, self.keys)
        if len(self.keys) == 1:
            column, known = found.column(0).combine_chunks(), self.source.column(0).combine_chunks()
            return pc.index_in(_array(column), value_set=_array(known)).cast(pa.int64())
        known = self.source.select(list(self.keys))
        left = placed(found).append_column(_ROW, numbers(found.num_rows))
        right = placed(known).append_column(_SOURCE, numbers(known.num_rows))
        both = left.join(right, list(map(str, range(len(self.keys)))), join_type="inner", use_threads=False)
        pairs = both.select([_ROW, _SOURCE]).combine_chunks()
        positions = pc.index_in(left.column(_ROW), value_set=_array(pairs.column(_ROW)))
        return _array(pairs.column(_SOURCE)).take(_array(positions))

    def bounds(self, schema: pa.Schema) -> pc.Expression:
        """Make a predicate that is true for every row with a key of the source, to prune files by their statistics.

        Args:
            schema: the schema of the rows that the predicate will be evaluated on.
        """
        condition = pc.scalar(True)
        for name in self.keys:
            kind = schema.field(name).type
            if pa.types.is_boolean(kind) or pa.types.is_float16(kind) or isinstance(kind, pa.BaseExtensionType):
                continue  # a range of booleans prunes nothing, and Arrow can't compare the others
            try:
                limits = pc.min_max(self.source.column(name))
            except pa.ArrowNotImplementedError:  # statistics of such a column couldn't be compared either
                continue
            condition = condition & (pc.field(name) >= limits["min"]) & (pc.field(name) <= limits["max"])
        return condition


def _array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
