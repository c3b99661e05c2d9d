"""Translation of a predicate to a pyiceberg expression, for a table's scan or delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal, Inexact
from functools import reduce
from typing import Any

import pyarrow as pa

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._bind import bind
from dao.arrow.predicates._leaves import two_valued
from dao.arrow.predicates._parse import parse
from dao.arrow.predicates._tree import Column, Kind, Literal, Predicate
from dao.errors import DataError

__all__ = ["to_iceberg"]

_ALL_DIGITS = Context(prec=77, traps=[Inexact])


def to_iceberg(predicate: Any, schema: pa.Schema) -> Any:
    """Translate a predicate to a `pyiceberg.expressions.BooleanExpression` that keeps the same rows as in DuckDB.

    NaN and NULL are tested explicitly, since Iceberg leaves their comparison to the engine.

    Args:
        predicate: a tree, or anything else that `parse` accepts.
        schema: the schema of the table, in Arrow's types.

    Raises:
        DataError: the predicate doesn't fit the schema, or has a condition that Iceberg can't express: two columns
            compared, LIKE other than ``'text%'``, ILIKE, timestamps in nanoseconds, a pyarrow Expression, a comparison
            of conditions. `split` separates such conditions.
        ImportError: pyiceberg is not installed.

    >>> schema = pa.schema({"id": pa.int64(), "name": pa.string()})
    >>> to_iceberg("price IN (1)", pa.schema({"price": pa.decimal128(9, 2)})).literal
    DecimalLiteral(Decimal('1.00'))
    >>> to_iceberg("id > 5 AND name IS NOT NULL", schema).left
    GreaterThan(term=Reference(name='id'), literal=LongLiteral(5))
    """
    from pyiceberg import expressions

    maker = _Maker(expressions, schema)
    return two_valued(bind(parse(predicate), schema), maker.leaf, maker.all_of, maker.any_of)


class _Maker:
    def __init__(self, expressions: Any, schema: pa.Schema) -> None:
        self._to = expressions
        self._schema = schema

    def all_of(self, parts: Sequence[Any]) -> Any:
        return reduce(self._to.And, parts)

    def any_of(self, parts: Sequence[Any]) -> Any:
        return reduce(self._to.Or, parts)

    def leaf(self, node: Predicate, wanted: bool) -> Any:
        make = _LEAVES.get(type(node))
        if make is None:
            raise _no_expression(node)
        return make(self, node, wanted)

    def literal(self, node: Literal, _wanted: bool) -> Any:
        return self._to.AlwaysTrue() if node.value else self._to.AlwaysFalse()

    def column(self, node: Column, wanted: bool) -> Any:
        return self._to.EqualTo(_name(node), wanted)

    def nullness(self, node: tree.IsNull, wanted: bool) -> Any:
        if not isinstance(node.operand, Column):
            raise _no_expression(node)
        return (self._to.IsNull if wanted else self._to.NotNull)(_name(node.operand))

    def comparison(self, node: tree.Comparison, _wanted: bool) -> Any:
        if not (isinstance(node.left, Column) and isinstance(node.right, Literal)) or node.op in tree.DISTINCT:
            raise _no_expression(node)
        name, value = _name(node.left), _value(node.right, node)
        if node.right.kind is Kind.DOUBLE:
            return self.with_floats(node.op, name, value)
        made = getattr(self._to, _OPERATORS[node.op])(name, value)
        return self._to.And(made, self._to.NotNull(name)) if node.op == "<>" else made

    def with_floats(self, operator: str, name: str, value: float) -> Any:
        """Compare a float column: NaN equals NaN and is above all numbers; Iceberg accepts no NaN as a literal."""
        to = self._to
        nan, valid, number = to.IsNaN(name), to.NotNull(name), to.And(to.NotNaN(name), to.NotNull(name))
        if value != value:
            return {"=": nan, ">=": nan, "<>": number, "<": number, "<=": valid, ">": to.AlwaysFalse()}[operator]
        made = getattr(to, _OPERATORS[operator])(name, value)
        if operator in (">", ">="):
            return to.Or(made, nan)
        return to.And(made, valid) if operator == "<>" else to.And(made, number)

    def membership(self, node: tree.In, wanted: bool) -> Any:
        assert isinstance(node.operand, Column)  # bind leaves no other
        if not wanted and tree.has_null(node):
            return self._to.AlwaysFalse()
        name = _name(node.operand)
        if any(isinstance(value, Literal) and value.kind is Kind.TIMESTAMP_NS for value in node.values):
            raise _no_expression(node)
        values = [_in_scale(value, self._type(node.operand)) for value in tree.constants(node)]
        numbers = [value for value in values if value == value]
        floats = any(isinstance(value, float) for value in values)
        parts = [self._to.In(name, numbers) if wanted else self._to.NotIn(name, numbers)] if numbers else []
        if len(numbers) < len(values):
            parts.append(self._to.IsNaN(name) if wanted else self._to.NotNaN(name))
        elif floats and wanted:
            parts = [self._to.And(part, self._to.NotNaN(name)) for part in parts]
        if not parts:
            return self._to.AlwaysFalse() if wanted else self._to.NotNull(name)
        return self.any_of(parts) if wanted else self.all_of([*parts, self._to.NotNull(name)])

    def _type(self, column: Column) -> pa.DataType:
        arrow = self._schema.field(column.path[0]).type
        for name in column.path[1:]:
            arrow = arrow.field(name).type
        return arrow

    def like(self, node: tree.Like, wanted: bool) -> Any:
        prefix = _prefix(node)
        if prefix is None or not isinstance(node.operand, Column):
            raise _no_expression(node)
        name = _name(node.operand)
        if wanted:
            return self._to.StartsWith(name, prefix)
        return self._to.And(self._to.NotStartsWith(name, prefix), self._to.NotNull(name))


def _in_scale(value: Any, arrow: pa.DataType) -> Any:
    """A decimal with as many digits behind the point as its column's: pyiceberg takes no other."""
    if not isinstance(value, Decimal):
        return value
    return value.quantize(Decimal(1).scaleb(-arrow.scale), context=_ALL_DIGITS)


def _name(column: Column) -> str:
    return ".".join(column.path)


def _value(literal: Literal, node: Predicate) -> Any:
    if literal.kind is Kind.TIMESTAMP_NS:
        raise _no_expression(node)
    return literal.value


def _prefix(node: tree.Like) -> str | None:
    """The text before a single ``%`` at the end of the pattern; None for any other pattern."""
    pattern = str(node.pattern.value)
    characters: list[str] = []
    for index, character in enumerate(pattern):
        if character == node.escape or character == "_":
            return None
        if character == "%":
            return "".join(characters) if index == len(pattern) - 1 and not node.ignore_case else None
        characters.append(character)
    return None


def _no_expression(node: Predicate) -> DataError:
    return DataError(f"Iceberg has no expression for {node}: split() separates what a target can't evaluate")


_OPERATORS = {
    "=": "EqualTo",
    "<>": "NotEqualTo",
    "<": "LessThan",
    "<=": "LessThanOrEqual",
    ">": "GreaterThan",
    ">=": "GreaterThanOrEqual",
}
_LEAVES: dict[type, Callable[[_Maker, Any, bool], Any]] = {
    Literal: _Maker.literal,
    Column: _Maker.column,
    tree.IsNull: _Maker.nullness,
    tree.Comparison: _Maker.comparison,
    tree.In: _Maker.membership,
    tree.Like: _Maker.like,
}
