"""Which data files may have rows with some keys, or rows for which a predicate is true, by what is known of them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from attrs import frozen

from dao.arrow.predicates import (
    And,
    ArrowExpression,
    Between,
    Column,
    Comparison,
    In,
    IsNull,
    Literal,
    Literals,
    Or,
    Predicate,
    conjunction,
    disjunction,
    mask,
    split,
    to_arrow,
)
from dao_files.lake._bounds import Bounds, in_order, texts_or_numbers

__all__ = ["FileFacts", "files_with_keys", "files_with_rows"]

_ORDERED = ("=", "<", "<=", ">", ">=")

_MOST = 64
"""Values of an IN that are asked for one by one; of more the range."""


@frozen(eq=False)
class FileFacts:
    """What a table's log says of its data files.

    Attributes:
        count: how many there are.
        schema: the table's columns.
        partitions: columns with one value in all rows of a file: that value by file, in the column's type.
        bounds: the bounds of another column in a type, by its name; None where there are none to rely on.
    """

    count: int
    schema: pa.Schema
    partitions: Mapping[str, pa.Array]
    bounds: Callable[[str, pa.DataType], Bounds | None]


def files_with_keys(facts: FileFacts, keys: pa.Table) -> list[bool]:
    """Whether each file may have a row with one of some keys.

    Args:
        facts: of the files.
        keys: the keys: columns of the table, in its types and in comparable form, without nulls.
    """
    columns = [one for name in keys.column_names if (one := _key_column(facts, name, keys.column(name))) is not None]
    return [
        all(one.may_be_in(number) for one in columns) and (len(columns) < 2 or _together(columns, number))
        for number in range(facts.count)
    ]


@frozen(eq=False)
class _KeyColumn:
    """A key column.

    Attributes:
        values: the values of the keys, in the order of the keys.
        ordered: the same, ascending.
        least: of each file; None where it isn't known.
        greatest: of each file; None where it isn't known.
        reached: whether a value may be equal to the greatest.
        nulls: whether each file has only null in it, so that no key can be in it.
    """

    values: Any
    ordered: pa.Array
    least: Sequence[Any]
    greatest: Sequence[Any]
    reached: bool
    nulls: Sequence[bool]

    def may_be_in(self, number: int) -> bool:
        """Whether one of the values is within the bounds of a file."""
        if self.nulls[number]:
            return False
        low, high = self.least[number], self.greatest[number]
        count = len(self.ordered)
        first = 0 if low is None else bisect_left(range(count), low, key=lambda place: self.ordered[place].as_py())
        if first == count:
            return False
        value = self.ordered[first].as_py()
        return high is None or value < high or (self.reached and value == high)

    def inside(self, number: int) -> pa.ChunkedArray | None:
        """Which of the values are within the bounds of a file; None for all."""
        kind = self.values.type
        tests = []
        if self.least[number] is not None:
            tests.append(pc.greater_equal(self.values, pa.scalar(self.least[number], kind)))
        if self.greatest[number] is not None:
            above = pc.less_equal if self.reached else pc.less
            tests.append(above(self.values, pa.scalar(self.greatest[number], kind)))
        return None if not tests else tests[0] if len(tests) == 1 else pc.and_(*tests)


def _key_column(facts: FileFacts, name: str, keys: pa.ChunkedArray) -> _KeyColumn | None:
    nulls = [False] * facts.count
    if name in facts.partitions:
        found = facts.partitions[name].cast(keys.type)
        nulls = found.is_null().to_pylist()
        bounds: Bounds | None = Bounds(found, found)
    else:
        bounds = facts.bounds(name, keys.type)
    if bounds is None:
        return None
    values = in_order(keys)
    if pt.is_decimal(values.type):
        values = values.cast(bounds.least.type)
    ordered = pc.unique(values)
    ordered = ordered.take(pc.sort_indices(ordered))
    least, greatest = texts_or_numbers(bounds.least), texts_or_numbers(bounds.greatest)
    return _KeyColumn(values, ordered, least, greatest, bounds.reached, nulls)


def _together(columns: Sequence[_KeyColumn], number: int) -> bool:
    """Whether all values of a single key may be in a file."""
    tests = [test for one in columns if (test := one.inside(number)) is not None]
    if not tests:
        return True
    every = tests[0]
    for test in tests[1:]:
        every = pc.and_(every, test)
    return bool(pc.any(every).as_py())


def files_with_rows(facts: FileFacts, predicate: Predicate) -> list[bool]:
    """Whether each file may have a row for which a predicate is true.

    Where it is of partition columns alone, it is true for all rows of these files.

    Args:
        facts: of the files.
        predicate: bound to the table's columns.
    """
    relaxed = _Relaxed(facts)
    pushed, _ = split(predicate, relaxed.can)
    weaker = relaxed.relax(pushed)
    table = relaxed.table()
    found = mask(table, to_arrow(weaker, table.schema, guard_statistics=False))
    return [kept is True for kept in found.to_pylist()]


class _Relaxed:
    """Turns a predicate on rows into one on files, which have a column for each partition column and each bound."""

    def __init__(self, facts: FileFacts) -> None:
        self._facts = facts
        self._columns: dict[str, pa.Array] = {"": pa.nulls(facts.count), **facts.partitions}

    def table(self) -> pa.Table:
        """The files."""
        return pa.table(self._columns)

    def can(self, node: Predicate) -> bool:
        """Whether a condition can be asked of files."""
        if self._of_partitions(node) or isinstance(node, (And, Or)):
            return True
        name, values = _column_and_values(node)
        return name is not None and bool(values) and self._have_bounds(name, values, node)

    def _of_partitions(self, node: Predicate) -> bool:
        return node.columns <= self._facts.partitions.keys() and not isinstance(node, ArrowExpression)

    def _have_bounds(self, name: str, values: Sequence[Literal], node: Predicate) -> bool:
        if name not in self._facts.schema.names or self._bounds(name) is None:
            return False
        if not pt.is_floating(self._facts.schema.field(name).type):
            return all(one.value is not None for one in values)
        # NaN is above all numbers and in no bound.
        below = not (isinstance(node, Comparison) and node.op in (">", ">="))
        return below and all(isinstance(one.value, (int, float)) and math.isfinite(one.value) for one in values)

    def _bounds(self, name: str) -> Bounds | None:
        return self._facts.bounds(name, self._facts.schema.field(name).type)

    def relax(self, node: Predicate) -> Predicate:
        """The condition on files that is true if the given one may be true for a row."""
        if self._of_partitions(node):
            return node
        if isinstance(node, And):
            return conjunction(map(self.relax, node.operands))
        if isinstance(node, Or):
            return disjunction(map(self.relax, node.operands))
        name, values = _column_and_values(node)
        assert name is not None
        if isinstance(node, Comparison):
            op, (value,) = node.op, values
            return conjunction(
                [
                    *([self._least(name, "<" if op == "<" else "<=", value)] if op in ("=", "<", "<=") else []),
                    *([self._greatest(name, value)] if op in ("=", ">", ">=") else []),
                ]
            )
        if isinstance(node, Between) or (isinstance(node, In) and len(node.values) > _MOST):
            low, high = values
            return conjunction([self._least(name, "<=", high), self._greatest(name, low)])
        return disjunction(
            conjunction([self._least(name, "<=", value), self._greatest(name, value)]) for value in values
        )

    def _least(self, name: str, op: str, value: Literal) -> Predicate:
        bounds = self._bounds(name)
        assert bounds is not None
        return self._bound(f"\1least {name}", bounds.least, op, value)

    def _greatest(self, name: str, value: Literal) -> Predicate:
        bounds = self._bounds(name)
        assert bounds is not None
        return self._bound(f"\1greatest {name}", bounds.greatest, ">=" if bounds.reached else ">", value)

    def _bound(self, name: str, values: pa.Array, op: str, value: Literal) -> Predicate:
        self._columns[name] = values
        return disjunction([IsNull(Column(name)), Comparison(op, Column(name), value)])


def _column_and_values(node: Predicate) -> tuple[str | None, Sequence[Literal]]:
    """The column and the values of a condition that compares a column with constants; None for any other."""
    match node:
        case Comparison(op=op, left=Column(path=(name,)), right=Literal() as value) if op in _ORDERED:
            return name, (value,)
        case Between(operand=Column(path=(name,)), low=Literal() as low, high=Literal() as high):
            return name, (low, high)
        case In(operand=Column(path=(name,)), values=values):
            return name, _listed(values)
    return None, ()


def _listed(values: Literals | Sequence[Predicate]) -> Sequence[Literal]:
    """The values of an IN; of a long one the least and the greatest alone."""
    found = [one for one in values if isinstance(one, Literal)]
    if len(found) < len(values) or any(one.value is None for one in found):
        return ()
    return found if len(found) <= _MOST else _ends(found)


def _ends(values: Sequence[Literal]) -> Sequence[Literal]:
    return min(values, key=_value), max(values, key=_value)


def _value(literal: Literal) -> Any:
    return literal.value
