"""Parsing of lists of ``(column, operator, value)`` tuples, the form of pyarrow and pandas, to a tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from dao.arrow.predicates import _tree as tree
from dao.errors import DataError, did_you_mean

__all__ = ["literal", "parse_dnf"]

_OPERATORS = {"=": "=", "==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ALL_OPERATORS = (*_OPERATORS, "in", "not in")
_FORM = "give a list of (column, operator, value) tuples, all of which must hold, or a list of such lists, one of which"


def parse_dnf(where: Sequence[Any]) -> tree.Predicate:
    """Parse a list of tuples (AND) or a list of lists of tuples (OR of ANDs) to a tree.

    A column's name isn't split at dots; a field in a struct is a tuple of names: ``(("a", "b"), "=", 1)``. A comparison
    with None is NULL, as in SQL, so it keeps no row.

    Raises:
        DataError: another shape, an unknown operator, or a value of a type that has no literal.
    """
    if not where:
        raise DataError(f"where={_shown(where)} is empty: leave where= out to get all rows, or {_FORM}")
    if all(isinstance(item, tuple) for item in where):
        return tree.conjunction(map(_condition, where))
    if all(isinstance(item, list) and item for item in where):
        groups = [_group(item) for item in where]
        return tree.disjunction(groups)
    raise DataError(f"where={_shown(where)} is not understood: {_FORM}")


def _shown(value: Any) -> str:
    """The value's repr, truncated; a list may be nested deeper than repr can recurse."""
    try:
        return f"{value!r:.200}"
    except RecursionError:
        return f"a {type(value).__name__} that is nested too deeply to be shown"


def _group(conditions: list[Any]) -> tree.Predicate:
    if not all(isinstance(item, tuple) for item in conditions):
        raise DataError(f"where= has {_shown(conditions)} in its outer list: {_FORM}")
    return tree.conjunction(map(_condition, conditions))


def _condition(given: tuple[Any, ...]) -> tree.Predicate:
    if len(given) != 3:
        raise DataError(f"where= has the tuple {_shown(given)}: {_FORM}")
    name, operator, value = given
    column = _column(name, given)
    spelled = " ".join(operator.lower().split()) if isinstance(operator, str) else operator
    if spelled in ("in", "not in"):
        values = _values(value, given)
        inside = tree.In(column, values) if values else tree.Literal(False, tree.Kind.BOOLEAN)
        return tree.Not(inside) if spelled == "not in" else inside
    if spelled not in _OPERATORS:
        raise DataError(f"where= has the operator {_shown(operator)} in {_shown(given)}; {_hint(operator)}")
    return tree.Comparison(_OPERATORS[spelled], column, literal(value))


def _hint(operator: Any) -> str:
    return did_you_mean(operator, _ALL_OPERATORS) if isinstance(operator, str) else f"known: {_ALL_OPERATORS}"


def _column(name: Any, given: tuple[Any, ...]) -> tree.Column:
    parts = (name,) if isinstance(name, str) else name
    if isinstance(parts, tuple) and parts and all(isinstance(part, str) for part in parts):
        return tree.Column(parts)
    raise DataError(
        f"where= has the column {_shown(name)} in {_shown(given)}: give a name, or a tuple of names for a struct"
    )


def _values(value: Any, given: tuple[Any, ...]) -> Sequence[tree.Literal]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise DataError(f"where= has {_shown(given)}: 'in' and 'not in' take a list, tuple or set of values")
    items: list[Any] = _numpy_items(value) or list(value)
    types = set(map(type, items))
    if isinstance(value, (set, frozenset)):  # sorted, so that equal sets give equal trees in every process
        items.sort(key=None if types in ({int}, {str}, {bytes}) else repr)
    kinds = {_EXACT_KINDS.get(kind) for kind in types - {type(None)}}
    if len(kinds) == 1 and (kind := kinds.pop()) is not None:
        return tree.Literals(items, kind)
    return [literal(item) for item in items]


def _numpy_items(value: Any) -> list[Any] | None:
    """The items of a NumPy array of booleans or numbers, which ``tolist`` converts exactly; None for other values."""
    plain = type(value).__module__ == "numpy" and getattr(getattr(value, "dtype", None), "kind", "") in tuple("biuf")
    return value.tolist() if plain else None


def literal(value: Any) -> tree.Literal:
    """Convert a Python value, or a scalar of numpy, pandas or pyarrow, to a literal.

    Raises:
        DataError: a type that has no literal, a decimal of more than 38 digits, or a zone on a time or on a timestamp
            with nanoseconds.
    """
    kind = _EXACT_KINDS.get(type(value))
    if kind is not None:
        return tree.Literal(value, kind)
    return _other_literal(value)


def _other_literal(value: Any) -> tree.Literal:
    if type(value).__name__ in ("NaTType", "NAType"):  # pandas' NULLs
        return tree.Literal(None, tree.Kind.NULL)
    if isinstance(value, datetime):
        return _datetime_literal(value)
    if isinstance(value, Decimal):
        if not value.is_finite() or max(len(value.as_tuple().digits), abs(value.adjusted()) + 1) > 38:
            raise DataError(f"the value {value} has no DECIMAL literal: it needs to be finite, with at most 38 digits")
        return tree.Literal(value, tree.Kind.DECIMAL)
    if isinstance(value, time):
        if value.tzinfo is not None:
            raise DataError(f"the value {value!r} has a zone: give a time of day without one")
        return tree.Literal(value, tree.Kind.TIME)
    if isinstance(value, (bytearray, memoryview)):
        return tree.Literal(bytes(value), tree.Kind.BINARY)
    for base, kind in _EXACT_KINDS.items():
        if isinstance(value, base):
            return tree.Literal(value if base is date else _plain(base, value), kind)
    return _numpy_literal(value)


def _plain(base: Any, value: Any) -> Any:
    """Convert a value of a subclass, such as a str enum's member, to the base type, never by its own ``__str__``."""
    return str.__str__(value) if base is str else base(value)


def _datetime_literal(value: datetime) -> tree.Literal:
    nanosecond = getattr(value, "nanosecond", 0)  # pandas.Timestamp
    plain = value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value
    if plain.tzinfo is not None:
        if nanosecond:
            raise DataError(f"the value {value!r} has a zone and nanoseconds: round it to microseconds")
        return tree.Literal(plain, tree.Kind.TIMESTAMPTZ)
    if nanosecond:
        from dao.arrow.predicates._temporal import nanoseconds

        return tree.Literal(nanoseconds(plain) + nanosecond, tree.Kind.TIMESTAMP_NS)
    return tree.Literal(plain, tree.Kind.TIMESTAMP)


def _numpy_literal(value: Any) -> tree.Literal:
    module = type(value).__module__
    if module == "numpy" and hasattr(value, "item"):
        if type(value).__name__ == "datetime64":
            return _datetime64_literal(value)
        return literal(value.item())
    if module.startswith("pyarrow") and hasattr(value, "as_py"):
        return literal(value.as_py())
    raise DataError(
        f"the value {_shown(value)} of type {type(value).__name__} has no SQL literal: give None, bool, int, float, "
        "Decimal, str, bytes, date, datetime or time"
    )


def _datetime64_literal(value: Any) -> tree.Literal:
    count = value.astype("datetime64[ns]").astype("int64").item()
    if count == -(2**63):
        return tree.Literal(None, tree.Kind.NULL)
    if count % 1000:
        return tree.Literal(count, tree.Kind.TIMESTAMP_NS)
    from dao.arrow.predicates._temporal import datetime_of_nanoseconds

    return tree.Literal(datetime_of_nanoseconds(count, zoned=False), tree.Kind.TIMESTAMP)


_EXACT_KINDS: dict[type, tree.Kind] = {
    type(None): tree.Kind.NULL,
    bool: tree.Kind.BOOLEAN,
    int: tree.Kind.INTEGER,
    float: tree.Kind.DOUBLE,
    str: tree.Kind.STRING,
    bytes: tree.Kind.BINARY,
    date: tree.Kind.DATE,
}
