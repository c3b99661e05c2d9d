"""How tables are partitioned and sorted: the terms that objects have as text, as Iceberg's specs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from attrs import frozen
from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import IdentityTransform, Transform, VoidTransform, parse_transform
from pyiceberg.types import DoubleType, FixedType, FloatType

from dao.errors import DataError

__all__ = ["Term", "parse_term", "partition_spec", "sort_order", "sort_terms", "terms_of"]

_CALL = re.compile(r"\s*(?P<name>[A-Za-z]+)\s*(?:\[(?P<width>\d+)\])?\s*\((?P<inside>.*)\)\s*", re.DOTALL)
_NUMBERED = ("bucket", "truncate")
_PLAIN = ("year", "month", "day", "hour")
_SORT = re.compile(r"(?P<term>.+?)(?:\s+(?P<way>asc|desc))?(?:\s+nulls\s+(?P<nulls>first|last))?\s*", re.I | re.DOTALL)
_SHORT = {"truncate": "trunc"}


@frozen
class Term:
    """A column, or a transform of it.

    Attributes:
        column: the column; a field inside of one with points.
        transform: Iceberg's name of the transform: ``identity``, ``bucket[16]``, ``day``...
    """

    column: str
    transform: str = "identity"

    @property
    def field_name(self) -> str:
        """The name of the partition field, as Java's and Spark's Iceberg give it."""
        if self.transform == "identity":
            return self.column
        kind = self.transform.partition("[")[0]
        return f"{self.column}_{_SHORT.get(kind, kind)}"

    def __str__(self) -> str:
        """The term as text, as :func:`parse_term` takes it."""
        kind, _, width = self.transform.rstrip("]").partition("[")
        if kind == "identity":
            return self.column
        return f"{kind}({width}, {self.column})" if width else f"{kind}({self.column})"


def parse_term(text: str) -> Term:
    """A term such as ``country``, ``bucket(16, id)``, ``truncate(4, name)`` or ``day(at)``; ``days(at)`` is one too.

    Raises:
        DataError: the text is none.

    >>> parse_term("bucket(16, id)"), str(parse_term("days(at)"))
    (Term(column='id', transform='bucket[16]'), 'day(at)')
    """
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"partition_by: found {text!r}, expected a column or a term such as 'day(at)'")
    found = _CALL.fullmatch(text)
    if found is None:
        return Term(text.strip())
    name, inside = found["name"].lower(), found["inside"].strip()
    if name.removesuffix("s") in _PLAIN and found["width"] is None:
        return Term(inside, name.removesuffix("s"))
    if name in (*_NUMBERED, "trunc"):
        name = "truncate" if name == "trunc" else name
        width, column = _width(found["width"], inside)
        if width:
            return Term(column, f"{name}[{width}]")
    raise DataError(
        f"partition_by: found {text!r}, expected a column, bucket(16, column), truncate(4, column), year(column), "
        "month(column), day(column) or hour(column)"
    )


def _width(given: str | None, inside: str) -> tuple[int, str]:
    if given is not None:
        return int(given), inside
    first, comma, second = (part.strip() for part in inside.partition(","))
    if comma and first.isdigit():
        return int(first), second
    first, comma, second = (part.strip() for part in inside.rpartition(","))
    return (int(second), first) if comma and second.isdigit() else (0, "")


def partition_spec(
    terms: Sequence[str], schema: Schema, spec_id: int = 0, first_id: int = PARTITION_FIELD_ID_START
) -> PartitionSpec:
    """The spec of a table.

    Args:
        terms: see :func:`parse_term`.
        schema: the table's columns.
        spec_id: its id.
        first_id: the id of its first field.

    Raises:
        DataError: a column is missing, a transform doesn't fit its type, or a term is repeated.
    """
    fields: list[PartitionField] = []
    for number, term in enumerate(map(parse_term, terms)):
        source = _source(schema, term, "partition_by")
        transform = _transform(term, source, "partition_by")
        if isinstance(transform, IdentityTransform) and isinstance(source.field_type, (FloatType, DoubleType)):
            raise DataError(f"partition_by: column {term.column!r} is {source.field_type}, whose NaN is no partition")
        if isinstance(transform, IdentityTransform) and isinstance(source.field_type, FixedType):
            # It writes lengths before such values in manifests, against Avro's specification, and expects them.
            raise DataError(
                f"partition_by: column {term.column!r} is {source.field_type}, and Iceberg's Java library can't read "
                "partitions by such values as they are; bucket(16, column) can be read by all"
            )
        fields.append(PartitionField(source.field_id, first_id + number, transform, term.field_name))
    names = [one.name for one in fields]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise DataError(f"partition_by: found {repeated!r} twice in {list(terms)}")
    for one in fields:
        if one.name in schema.column_names and not isinstance(one.transform, IdentityTransform):
            raise DataError(f"partition_by: the partition would have the name {one.name!r}, which is that of a column")
    return PartitionSpec(*fields, spec_id=spec_id)


def _source(schema: Schema, term: Term, argument: str) -> Any:
    try:
        return schema.find_field(term.column)
    except ValueError:
        names = ", ".join(schema.column_names)
        raise DataError(f"{argument}: found {term.column!r}, expected columns of the data: {names}") from None


def _transform(term: Term, source: Any, argument: str) -> Transform[Any, Any]:
    transform: Transform[Any, Any] = parse_transform(term.transform)
    if not source.field_type.is_primitive or not transform.can_transform(source.field_type):
        raise DataError(f"{argument}: column {term.column!r} is {source.field_type}, which {term} can't be made of")
    return transform


def terms_of(spec: PartitionSpec, schema: Schema) -> tuple[str, ...]:
    """The terms of a table's spec as text."""
    return tuple(
        str(Term(schema.find_column_name(one.source_id) or f"#{one.source_id}", str(one.transform)))
        for one in spec.fields
        if not isinstance(one.transform, VoidTransform)
    )


def sort_order(terms: Sequence[str], schema: Schema, order_id: int = 1) -> SortOrder:
    """The sort order of a table.

    Args:
        terms: see :func:`parse_term`; with ``asc`` or ``desc``, and ``nulls first`` or ``nulls last``, behind them.
        schema: the table's columns.
        order_id: its id.

    Raises:
        DataError: a column is missing, or a transform doesn't fit its type.
    """
    if not terms:
        return UNSORTED_SORT_ORDER
    return SortOrder(*(_sort_field(text, schema) for text in terms), order_id=order_id)


def sort_terms(order: SortOrder, schema: Schema) -> tuple[str, ...]:
    """The terms of a table's sort order as text."""
    return tuple(
        f"{Term(schema.find_column_name(one.source_id) or f'#{one.source_id}', str(one.transform))} "
        f"{one.direction.name.lower()} {one.null_order.name.lower().replace('_', ' ')}"
        for one in order.fields
    )


def _sort_field(text: str, schema: Schema) -> SortField:
    found = _SORT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise DataError(f"sort_by: found {text!r}, expected a column such as 'at desc nulls last'")
    term = parse_term(found["term"])
    source = _source(schema, term, "sort_by")
    descends = (found["way"] or "asc").lower() == "desc"
    nulls = (found["nulls"] or ("last" if descends else "first")).lower()
    return SortField(
        source.field_id,
        _transform(term, source, "sort_by"),
        SortDirection.DESC if descends else SortDirection.ASC,
        NullOrder.NULLS_LAST if nulls == "last" else NullOrder.NULLS_FIRST,
    )
