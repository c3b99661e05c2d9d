"""The base class of all nodes, and the constants: a single one, or many of one kind, stored as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, overload

from attrs import field, frozen

from dao.display import even_half_made

__all__ = ["Kind", "Literal", "Literals", "Predicate", "walk"]


class Kind(Enum):
    """The kinds of literals, each with the Python type of its value."""

    NULL = "NULL"  # None
    BOOLEAN = "BOOLEAN"  # bool
    INTEGER = "INTEGER"  # int, of any size
    DECIMAL = "DECIMAL"  # decimal.Decimal, finite, of at most 38 digits
    DOUBLE = "DOUBLE"  # float, NaN and infinities too
    STRING = "VARCHAR"  # str
    BINARY = "BLOB"  # bytes
    DATE = "DATE"  # datetime.date
    TIME = "TIME"  # datetime.time, without a zone
    TIMESTAMP = "TIMESTAMP"  # datetime.datetime without a zone
    TIMESTAMP_NS = "TIMESTAMP_NS"  # int, nanoseconds since 1970-01-01 without a zone
    TIMESTAMPTZ = "TIMESTAMP WITH TIME ZONE"  # datetime.datetime in UTC


class Predicate:
    """The base class of all nodes. Nodes are immutable, hashable and picklable; equal trees compare equal.

    ``str(node)`` is standard SQL that `parse` turns into an equal tree.
    """

    __slots__ = ()

    def children(self) -> tuple[Predicate, ...]:
        """The direct child nodes, in the order of the SQL text."""
        return ()

    @property
    def columns(self) -> frozenset[str]:
        """The names of all top-level columns in the tree, as written (after `bind`, as the schema spells them)."""
        return frozenset().union(*(node.column_names() for node in walk(self)))

    def column_names(self) -> frozenset[str]:
        """The names of the top-level columns that this node itself refers to, excluding its children."""
        return frozenset()

    def __str__(self) -> str:
        from dao.arrow.predicates._dialects import dialect_named
        from dao.arrow.predicates._sql import sql_text  # the text is made of nodes, and nodes show themselves as text

        return sql_text(self, None, dialect_named("duckdb"))


def _literal_value(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return value


def _comparable(value: Any) -> Any:
    return "NaN" if isinstance(value, float) and value != value else value


@even_half_made
@frozen
class Literal(Predicate):
    """A typed constant. A NaN literal equals another, as NaN equals NaN in the predicate language.

    Attributes:
        value: the value, of the Python type that belongs to `kind`; a datetime with a zone is converted to UTC.
        kind: the literal's SQL type.
    """

    value: bool | int | Decimal | float | str | bytes | date | time | datetime | None = field(
        converter=_literal_value, eq=_comparable
    )
    kind: Kind


def _values(values: Iterable[Any]) -> tuple[Any, ...]:
    given = tuple(values)
    return tuple(map(_literal_value, given)) if datetime in set(map(type, given)) else given


def _comparable_values(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(_comparable, values)) if float in set(map(type, values)) else values


@even_half_made
@frozen
class Literals(Predicate, Sequence[Literal]):
    """A sequence of `Literal` of one kind, possibly with NULLs: the list of an IN.

    The values are stored as plain Python values, so that a list of 100,000 doesn't need 100,000 nodes; code for long
    lists uses `values` directly.

    Attributes:
        values: values of the Python type that belongs to `kind`, datetimes with a zone in UTC; None is NULL.
        kind: the SQL type of the values that aren't NULL; `Kind.NULL` if all are.
    """

    values: tuple[Any, ...] = field(converter=_values, eq=_comparable_values)
    kind: Kind

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, place: int) -> Literal: ...
    @overload
    def __getitem__(self, place: slice) -> Literals: ...
    def __getitem__(self, place: int | slice) -> Literal | Literals:
        if isinstance(place, slice):
            return Literals(self.values[place], self.kind)
        return self._literal(self.values[place])

    def __iter__(self) -> Iterator[Literal]:
        return map(self._literal, self.values)

    def _literal(self, value: Any) -> Literal:
        return Literal(value, Kind.NULL if value is None else self.kind)

    @property
    def has_null(self) -> bool:
        """Whether one of the values is NULL."""
        return None in self.values


def walk(predicate: Predicate) -> Iterator[Predicate]:
    """Yield a predicate and all its descendants, parents first; iterative, so that no depth overflows the stack."""
    waiting = [predicate]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children()))
