"""Binding of a tree to a schema: names resolved, types checked, every literal coerced to its column's own type.

The result is a simpler, equivalent tree, which backends compile:

- a column is spelled as the schema spells it;
- a column is compared with literals of its own type only, so that no target casts: ``i < 1.5`` on integers becomes
  ``i <= 1``, a text that is compared with dates becomes a date;
- there is no ``Between``; ``In`` has a column and literals of its type (and NULL) only;
- equalities of one column in an OR are merged to one ``In``, inequalities in an AND to one ``Not(In)``;
- two columns are compared only if they have a common type, which the target has to cast both to (see `common_type`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow as pa

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._bounds import compare_float, compare_stretch, false_if_valid, stretch_of
from dao.arrow.predicates._coerce import coerce
from dao.arrow.predicates._lists import extremes, values_in_type
from dao.arrow.predicates._names import Names
from dao.arrow.predicates._operands import scalar_of
from dao.arrow.predicates._parse import MAX_DEPTH
from dao.arrow.predicates._tree import Column, Comparison, Kind, Literal, Literals, Predicate
from dao.arrow.predicates._types import Family, SqlType, common_type, sql_type
from dao.errors import DataError

__all__ = ["bind"]

_NULL = Literal(None, Kind.NULL)
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PLAIN = (Family.STRING, Family.BINARY)


def bind(predicate: Predicate, schema: pa.Schema) -> Predicate:
    """Bind a predicate to a schema: resolve its names, check its types, coerce its literals to the columns' types.

    Args:
        predicate: a tree that `parse` returned.
        schema: the schema of the data to filter.

    Returns:
        An equivalent tree, spelled and typed as the schema.

    Raises:
        DataError: an unknown or ambiguous column (the message has the nearest name), types that can't be compared, a
            literal that can't be coerced to the type of the comparison, a condition that isn't boolean, more than 100
            levels of nesting.

    >>> schema = pa.schema({"Id": pa.int32(), "day": pa.date32()})
    >>> from dao.arrow.predicates._parse import parse
    >>> print(bind(parse("ID < 1.5 AND day = '2026-01-31'"), schema))
    ("Id" <= 1) AND ("day" = CAST('2026-01-31' AS DATE))
    """
    if tree.depth(predicate) > MAX_DEPTH:
        raise DataError(f"the predicate is nested deeper than {MAX_DEPTH} levels")
    return _Binder(schema).condition(predicate)


class _Binder:
    def __init__(self, schema: pa.Schema) -> None:
        self._names = Names(schema)
        self._types: dict[tuple[str, ...], SqlType] = {}

    def condition(self, node: Predicate) -> Predicate:
        """Bind a node that is a condition, so that its value is a boolean."""
        handler = _CONDITIONS.get(type(node))
        return node if handler is None else handler(self, node)

    def conjunction(self, node: tree.And) -> Predicate:
        return tree.conjunction(_gather("<>", map(self.condition, node.operands)))

    def disjunction(self, node: tree.Or) -> Predicate:
        return tree.disjunction(_gather("=", map(self.condition, node.operands)))

    def negation(self, node: tree.Not) -> Predicate:
        return tree.Not(self.condition(node.operand))

    def truth(self, node: tree.IsBoolean) -> Predicate:
        return tree.IsBoolean(self.condition(node.operand), node.value)

    def bare_column(self, node: Column) -> Predicate:
        column = self.operand(node)
        if isinstance(column, Column) and self.type_of(column).family is not Family.BOOLEAN:
            raise DataError(
                f"where= uses the column {'.'.join(column.path)!r} as a condition, but it is "
                f"{self._names.find(column)[1]}, not a boolean: compare it with something"
            )
        return column

    def arrow(self, node: tree.ArrowExpression) -> Predicate:
        for name in sorted(node.column_names()):
            if self._names.find(Column(name))[0].path != (name,):
                raise DataError(f"the pyarrow Expression asks for {name!r}: Arrow needs a column's exact spelling")
        return node

    def bare_literal(self, node: Literal) -> Predicate:
        if node.kind not in (Kind.BOOLEAN, Kind.NULL):
            raise DataError(f"where= uses {tree.Predicate.__str__(node)} as a condition: compare a column with it")
        return node

    def is_null(self, node: tree.IsNull) -> Predicate:
        operand = self.operand(node.operand)
        if isinstance(operand, Literal):
            return Literal(operand.kind is Kind.NULL, Kind.BOOLEAN)
        return tree.IsNull(operand)

    def like(self, node: tree.Like) -> Predicate:
        operand = self.operand(node.operand)
        _check_pattern(node)
        if isinstance(operand, Literal):
            if operand.kind is Kind.NULL:
                return _NULL
            _check_encoding(operand.value)
        if self.type_of(operand).family is not Family.STRING:
            raise DataError(f"LIKE needs text on its left, and {operand} is {self.type_of(operand).family.value}")
        if node.pattern.kind is Kind.NULL:
            return _NULL
        return tree.Like(operand, node.pattern, node.escape, node.ignore_case)

    def comparison(self, node: Comparison) -> Predicate:
        left, right = self.compared(node.left, node.right), self.compared(node.right, node.left)
        return self.compare(node.op, left, right, self.common([left, right]))

    def between(self, node: tree.Between) -> Predicate:
        operand = self.operand(node.operand)
        low, high = self.compared(node.low, node.operand), self.compared(node.high, node.operand)
        common = self.common([operand, low, high])
        return tree.And((self.compare(">=", operand, low, common), self.compare("<=", operand, high, common)))

    def membership(self, node: tree.In) -> Predicate:
        operand = self.operand(node.operand)
        if isinstance(node.values, Literals) and isinstance(operand, Column):
            return self.column_in_list(operand, node.values)
        values = [value if isinstance(value, Literal) else self.compared(value, node.operand) for value in node.values]
        common = self.common([operand, *values])
        if common is None:
            return _NULL
        literals = [value for value in values if isinstance(value, Literal)]
        if not isinstance(operand, Column) or len(literals) < len(values):
            return tree.disjunction([self.compare("=", operand, value, common) for value in values])
        return self.column_in(operand, literals, common)

    def column_in_list(self, column: Column, literals: Literals) -> Predicate:
        """Bind an IN of a column and constants of one kind: in bulk if each is one value of the column's type."""
        few = extremes(literals)
        common = self.common([column, *few])
        assert common is not None  # a column has a type
        for literal in few:
            _coerced(column, literal, common)
        known = values_in_type(literals, self.type_of(column), common) if few else None
        if known is None:
            return self.column_in(column, literals, common)
        return tree.In(column, known) if known else false_if_valid(column)

    def column_in(self, column: Column, literals: Sequence[Literal], common: SqlType) -> Predicate:
        """Bind the equalities of a column with literals, merged to one IN if each is one value of the column's type."""
        gathered: dict[Literal, None] = {}
        others: list[Predicate] = []
        compare = self.literal_comparer(column, common)
        for literal in literals:
            equality = _NULL if literal.kind is Kind.NULL else compare("=", literal)
            if isinstance(equality, Literal):
                gathered[equality] = None
            elif isinstance(equality, Comparison) and isinstance(equality.right, Literal):
                gathered[equality.right] = None
            elif isinstance(equality, tree.And) and not isinstance(equality.operands[0], tree.IsNull):
                others.append(equality)
        inside = tree.In(column, gathered) if gathered else false_if_valid(column)
        return tree.disjunction([inside, *others])

    def operand(self, node: Predicate) -> Predicate:
        """Bind a node whose value may be of any type; a column of Arrow's null type becomes NULL."""
        if isinstance(node, Column):
            column, arrow = self._names.find(node)
            if pa.types.is_null(arrow):
                return _NULL
            if column.path not in self._types:
                self._types[column.path] = sql_type(arrow)
            return column
        return node if isinstance(node, Literal) else self.condition(node)

    def compared(self, node: Predicate, other: Predicate) -> Predicate:
        """Bind an operand; for an unknown name in the position of a value, the error suggests single quotes."""
        try:
            return self.operand(node)
        except DataError as error:
            if not (isinstance(node, Column) and len(node.path) == 1 and isinstance(other, Column)):
                raise
            text = Literal(node.path[0], Kind.STRING)
            raise DataError(f"{error}; if it is a text, write it in single quotes: {text}") from None

    def type_of(self, node: Predicate) -> SqlType:
        """The SQL type of a bound operand."""
        if isinstance(node, Column):
            return self._types[node.path]
        if isinstance(node, Literal):
            known = common_type([], [node])
            return known if known is not None else SqlType(Family.OTHER)
        return SqlType(Family.BOOLEAN)

    def common(self, operands: Sequence[Predicate]) -> SqlType | None:
        literals = [operand for operand in operands if isinstance(operand, Literal)]
        others = [operand for operand in operands if not isinstance(operand, Literal)]
        try:
            return common_type(map(self.type_of, others), literals)
        except DataError as error:
            shown = ", ".join(str(operand) for operand in operands[:4])
            raise DataError(f"where= compares {shown}: {error}") from None

    def compare(self, operator: str, left: Predicate, right: Predicate, common: SqlType | None) -> Predicate:
        if isinstance(left, Literal) and isinstance(right, Literal):
            return _fold(operator, left, right, common)
        if isinstance(left, Literal):
            return self.compare(_FLIPPED.get(operator, operator), right, left, common)
        if isinstance(right, Literal) and right.kind is Kind.NULL:
            return _compare_null(operator, left)
        assert common is not None  # a column has a type
        if isinstance(right, Literal):
            compare = self.literal_comparer(left, common)
            if operator in tree.DISTINCT:
                equal = tree.IsBoolean(compare("=", right), True)
                return equal if operator == "IS NOT DISTINCT FROM" else tree.Not(equal)
            return compare(operator, right)
        self.check_pair(left, right, common)
        return Comparison(operator, left, right)

    def literal_comparer(self, left: Predicate, common: SqlType) -> Callable[[str, Literal], Predicate]:
        """Make the function that compares a column, or a condition, with a literal."""
        column = self.type_of(left)
        if column.family in _PLAIN:
            kind = Kind.STRING if column.family is Family.STRING else Kind.BINARY
            if common.family is not column.family:
                raise DataError(f"where= compares {left}, which is {column.family.value}, with {common.family.value}")
            return lambda operator, literal: Comparison(operator, left, Literal(_coerced(left, literal, common), kind))
        if column.family is Family.FLOAT:
            return lambda operator, literal: compare_float(operator, left, _coerced(left, literal, common), column)
        return lambda operator, literal: compare_stretch(
            operator, left, stretch_of(_coerced(left, literal, common), common, column)
        )

    def check_pair(self, left: Predicate, right: Predicate, common: SqlType) -> None:
        """Refuse a pair whose common type differs from that of the whole IN or BETWEEN: results could differ."""
        pair = self.common([left, right])
        if common.family is Family.FLOAT and pair != common:
            raise DataError(
                f"where= compares {left} and {right} with a float in one IN or BETWEEN: compare them separately"
            )


def _gather(operator: str, operands: Iterable[Predicate]) -> list[Predicate]:
    """Merge ``a = 1 OR a = 2 OR b`` to ``a IN (1, 2) OR b``, and ``<>`` in an AND to NOT IN: one lookup per row."""
    points: dict[Column, list[Literal]] = {}
    result: list[Predicate] = []
    for operand in operands:
        match operand:
            case Comparison(op, Column() as column, Literal() as literal) if op == operator:
                points.setdefault(column, []).append(literal)
            case _:
                result.append(operand)
    for column, literals in points.items():
        if len(literals) == 1:
            result.append(Comparison(operator, column, literals[0]))
        else:
            inside = tree.In(column, dict.fromkeys(literals))
            result.append(inside if operator == "=" else tree.Not(inside))
    return result


def _coerced(left: Predicate, literal: Literal, common: SqlType) -> Any:
    try:
        return coerce(literal, common)
    except DataError as error:
        raise DataError(f"where= compares {left} with {literal}: {error}") from None


def _check_pattern(node: tree.Like) -> None:
    pattern: Any = node.pattern.value
    _check_encoding(pattern)
    if pattern is None or node.escape is None:
        return
    if (len(pattern) - len(pattern.rstrip(node.escape))) % 2:
        raise DataError(f"the LIKE pattern {pattern!r} ends with its escape character {node.escape!r}")


def _check_encoding(text: Any) -> None:
    """Refuse a text with a lone surrogate: LIKE makes no scalar of it, which would refuse it later."""
    if isinstance(text, str):
        scalar_of(text, pa.large_string())


def _compare_null(operator: str, operand: Predicate) -> Predicate:
    if operator == "IS NOT DISTINCT FROM":
        return tree.IsNull(operand)
    if operator == "IS DISTINCT FROM":
        return tree.Not(tree.IsNull(operand))
    return _NULL


def _fold(operator: str, left: Literal, right: Literal, common: SqlType | None) -> Literal:
    """Evaluate a comparison of two literals."""
    nulls = (left.kind is Kind.NULL) + (right.kind is Kind.NULL)
    if nulls:
        if operator in tree.DISTINCT:
            return Literal((operator == "IS DISTINCT FROM") == (nulls == 1), Kind.BOOLEAN)
        return _NULL
    assert common is not None  # neither is NULL
    first, second = _sortable(coerce(left, common)), _sortable(coerce(right, common))
    order = (first > second) - (first < second)
    return Literal(_HOLDS[operator](order), Kind.BOOLEAN)


def _sortable(value: Any) -> Any:
    if isinstance(value, float):
        return (value != value, 0.0 if value != value else value)
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


_HOLDS: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "<>": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
    "IS NOT DISTINCT FROM": lambda order: order == 0,
    "IS DISTINCT FROM": lambda order: order != 0,
}
_CONDITIONS: dict[type, Callable[[_Binder, Any], Predicate]] = {
    tree.And: _Binder.conjunction,
    tree.Or: _Binder.disjunction,
    tree.Not: _Binder.negation,
    tree.IsBoolean: _Binder.truth,
    tree.IsNull: _Binder.is_null,
    tree.Like: _Binder.like,
    tree.Comparison: _Binder.comparison,
    tree.Between: _Binder.between,
    tree.In: _Binder.membership,
    tree.ArrowExpression: _Binder.arrow,
    Column: _Binder.bare_column,
    Literal: _Binder.bare_literal,
}
