"""What a read of many files is to give, decided before any of them is opened; and how rows of one become rows of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
from attrs import frozen
from pyarrow import fs

from dao.arrow.convert import select_fields
from dao.errors import DataError
from dao_files.formats._contract import FileFormat, FileTask, Paths, Where
from dao_files.formats._partitions import partition_types, partition_values, surviving_files
from dao_files.formats._shape import shape_batch, unordered
from dao_files.formats._validity import refuse_bad_text

__all__ = ["DEFAULT_BATCH_SIZE", "OneFile", "Plan", "planned"]

DEFAULT_BATCH_SIZE = 131_072
"""Rows that a batch has at most where the caller does not say: what pyarrow's dataset scanner uses."""


@frozen
class Plan:
    """A read with everything decided that does not depend on a file's content.

    Attributes:
        format, filesystem, options: what reads, where, and how.
        paths: the files that can have rows wanted, in order.
        partitions: for each of them the values of its partition columns as text.
        whole: all columns, those of partitions where the caller's schema has them, else last.
        partition_schema: the columns of partitions.
        output: the columns to give.
        needed: those, and what the predicate looks at.
        predicate: a ``pyarrow.compute.Expression`` over ``whole``, or None.
        predicate_columns: the columns that it looks at.
        batch_size: rows of a batch at most.
        limit: rows at most, or None.
        declared: the schema that the caller gave for the files' rows.
        named: the names that their columns may have, or None.
    """

    format: FileFormat
    filesystem: fs.FileSystem
    options: Any
    paths: Sequence[str]
    partitions: Sequence[Mapping[str, str | None]]
    whole: pa.Schema
    partition_schema: pa.Schema
    output: pa.Schema
    needed: pa.Schema
    predicate: Any
    predicate_columns: frozenset[str]
    batch_size: int
    limit: int | None
    declared: pa.Schema | None
    named: frozenset[str] | None

    def of_file(self, index: int, left: int | None = None) -> OneFile:
        """What is wanted of one of the files.

        Args:
            index: its place in ``paths``.
            left: rows that are wanted at most, of all files that are not yet read; None for all.
        """
        fixed = partition_values(self.partitions[index], self.partition_schema)
        wanted = pa.schema([field for field in self.needed if field.name not in fixed])
        pushed = self.predicate if self.predicate_columns <= set(wanted.names) else None
        task = FileTask(
            schema=wanted,
            predicate=pushed,
            predicate_columns=self.predicate_columns if pushed is not None else frozenset(),
            batch_size=self.batch_size,
            rows=left if self.predicate is None else None,
            declared=self.declared,
            named=self.named,
        )
        is_exact = pushed is not None and self.format.filters_rows
        return OneFile(self, self.paths[index], task, fixed, None if is_exact else self.predicate)


@frozen
class OneFile:
    """What a plan wants of one file.

    Attributes:
        plan: the plan.
        path: the file.
        task: what its format is asked for.
        fixed: the values of its partition columns.
        residual: what rows must still meet that come from its format, or None.
    """

    plan: Plan
    path: str
    task: FileTask
    fixed: Mapping[str, Any]
    residual: Any

    def finished(self, batch: pa.RecordBatch, *, filtered: bool = False) -> pa.RecordBatch:
        """Rows as the plan gives them: shaped, filtered unless they are already, with partition columns.

        Raises:
            StoreError: a text that is not UTF-8.
            DataError: a value that its column's wanted type can't hold exactly.
        """
        refuse_bad_text(batch)
        if self.residual is None or filtered:
            return shape_batch(batch, self.plan.output, self.fixed)
        from dao.arrow.predicates import filter_batch

        whole = shape_batch(batch, self.plan.needed, self.fixed)
        return shape_batch(filter_batch(whole, self.residual), self.plan.output, {})


def planned(
    format: FileFormat,
    paths: Paths,
    filesystem: fs.FileSystem,
    options: Any,
    *,
    schema: pa.Schema | None = None,
    partitions: Sequence[Mapping[str, str | None]] | None = None,
    partition_schema: pa.Schema | None = None,
    columns: Sequence[str] | None = None,
    where: Where = None,
    batch_size: int | None = None,
    limit: int | None = None,
) -> Plan:
    """Decide; see :meth:`dao_files.formats.Format.scan` for what is given and raised."""
    paths = list(paths)
    _check_numbers(batch_size, limit)
    partition_schema = unordered(partition_types(paths, partitions, partition_schema))
    file_schema = format.infer_schema(paths, filesystem, options) if schema is None else schema
    file_schema = unordered(file_schema, format.keeps_order)
    fixed = set(partition_schema.names)
    whole = _with_partitions(file_schema if schema is not None else _without(file_schema, fixed), partition_schema)
    file_schema = _without(file_schema, fixed)
    try:
        predicate, predicate_columns = _compile(where, whole)
        output = select_fields(whole, columns)
    except DataError as error:
        error.message += format.advice(file_schema, options)
        raise
    needed = predicate_columns.union(output.names)
    rows = [dict(row) for row in partitions] if partitions is not None else [{} for _ in paths]
    kept = surviving_files(predicate, whole, partition_schema, rows)
    return Plan(
        format=format,
        filesystem=filesystem,
        options=options,
        paths=[paths[index] for index in kept],
        partitions=[rows[index] for index in kept],
        whole=whole,
        partition_schema=partition_schema,
        output=output,
        needed=pa.schema([field for field in whole if field.name in needed]),
        predicate=predicate,
        predicate_columns=predicate_columns,
        batch_size=batch_size or DEFAULT_BATCH_SIZE,
        limit=limit,
        declared=file_schema if schema is not None else None,
        named=frozenset(whole.names) if schema is not None and columns is None else None,
    )


def _without(schema: pa.Schema, names: Collection[str]) -> pa.Schema:
    return pa.schema([field for field in schema if field.name not in names])


def _with_partitions(schema: pa.Schema, partition_schema: pa.Schema) -> pa.Schema:
    """The partition columns where the schema has them, those that it lacks last."""
    partitions = {field.name: field for field in partition_schema}
    fields = [partitions.pop(field.name, field) for field in schema]
    return pa.schema([*fields, *partitions.values()])


def _check_numbers(batch_size: int | None, limit: int | None) -> None:
    for name, value, minimum in (("batch_size", batch_size, 1), ("limit", limit, 0)):
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
            raise DataError(f"{name}: found {value!r}, expected a whole number of at least {minimum}")


def _compile(where: Where, schema: pa.Schema) -> tuple[Any, frozenset[str]]:
    if where is None:
        return None, frozenset()
    from dao.arrow import predicates

    return predicates.arrow_filter(where, schema)
