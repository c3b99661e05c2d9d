"""The plan of a scan over many files, made before their rows are read, and the conversion of one file's rows by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
from attrs import frozen
from pyarrow import fs

from dao.arrow.convert import select_fields
from dao.errors import DataError
from dao.tables import Selection
from dao_files.formats._contract import FileFormat, FileTask, Paths, Where
from dao_files.formats._partitions import partition_types, partition_values, prune_files
from dao_files.formats._shape import refuse_nulls, shape_batch, types_text, without_order
from dao_files.formats._validity import refuse_bad_text

__all__ = ["DEFAULT_BATCH_SIZE", "OneFile", "Plan", "plan_scan"]

DEFAULT_BATCH_SIZE = 131_072
"""The default of the most rows of a batch, as in pyarrow's dataset scanner."""


_DECLARE = "; the files have several types of this column: schema= with a decimal or text type reads all of them"


@frozen
class Plan:
    """A plan of a scan: all decisions that are independent of the rows of a file.

    Attributes:
        format, filesystem, options: the format, the filesystem and the options to read with.
        paths: the files that may have matching rows, in order.
        partitions: the values of the partition columns of each file, as text.
        whole: all columns; partition columns at their position in the caller's schema, else last.
        partition_schema: the partition columns.
        output: the projected columns.
        needed: the projected columns and the columns of the predicate.
        predicate: a ``pyarrow.compute.Expression`` over ``whole``, or None.
        predicate_columns: the names of the columns that the predicate reads.
        batch_size: the most rows of a batch.
        limit: the most rows to return, or None.
        declared: the caller's schema of the files' rows, or None.
        named: the column names that a file may have, or None for any.
        remembered: True where the caller's schema is the one that a table remembers.
        requires: True where that schema has columns to return that may not be null, at any depth.
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
    remembered: bool
    requires: bool

    def of_file(self, index: int, left: int | None = None) -> OneFile:
        """Derive the scan of one file.

        Args:
            index: the index of the file in ``paths``.
            left: the most rows still to return, of this and all later files; None for all.

        Raises:
            DataError: a partition value that doesn't fit its column's type.
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
            remembered=self.remembered,
        )
        is_exact = pushed is not None and self.format.filters_rows
        return OneFile(self, self.paths[index], task, fixed, None if is_exact else self.predicate)


@frozen
class OneFile:
    """The scan of one file of a plan.

    Attributes:
        plan: the plan.
        path: the file.
        task: the request to the format.
        fixed: the values of the file's partition columns.
        residual: the predicate that the rows of the format must still be filtered by, or None.
    """

    plan: Plan
    path: str
    task: FileTask
    fixed: Mapping[str, Any]
    residual: Any

    def finish(self, batch: pa.RecordBatch, *, filtered: bool = False) -> pa.RecordBatch:
        """Convert a batch of the file to rows of the plan: shaped, filtered unless already, with partition columns.

        Raises:
            StoreError: a text that is not UTF-8.
            DataError: a value that its column's type in the plan can't hold exactly, or a null that the caller's
                schema doesn't allow.
        """
        refuse_bad_text(batch)
        try:
            shaped = self._shape(batch, filtered)
        except DataError as error:
            if self.plan.declared is None:  # so the type is one that pyarrow found for those of all files
                error.message += _DECLARE
            raise
        if self.plan.requires:
            refuse_nulls(shaped)
        return shaped

    def _shape(self, batch: pa.RecordBatch, filtered: bool) -> pa.RecordBatch:
        if self.residual is None or filtered:
            return shape_batch(batch, self.plan.output, self.fixed)
        from dao.arrow.predicates import filter_batch

        whole = shape_batch(batch, self.plan.needed, self.fixed)
        return shape_batch(filter_batch(whole, self.residual), self.plan.output, {})


def plan_scan(
    format: FileFormat,
    paths: Paths,
    filesystem: fs.FileSystem,
    options: Any,
    selection: Selection,
    *,
    schema: pa.Schema | None = None,
    partitions: Sequence[Mapping[str, str | None]] | None = None,
    partition_schema: pa.Schema | None = None,
    remembered: bool = False,
) -> Plan:
    """Plan a scan; see :meth:`dao_files.formats.Format.scan` for arguments and errors."""
    paths = list(paths)
    _check_numbers(selection.batch_size, selection.limit)
    partition_schema = without_order(partition_types(paths, partitions, partition_schema))
    file_schema = format.infer_schema(paths, filesystem, options) if schema is None else schema
    file_schema = without_order(file_schema, format.keeps_order)
    fixed = set(partition_schema.names)
    whole = _with_partitions(file_schema if schema is not None else _drop_columns(file_schema, fixed), partition_schema)
    file_schema = _drop_columns(file_schema, fixed)
    format.check_columns(file_schema, options)
    try:
        predicate, predicate_columns = _compile(selection.where, whole)
        output = select_fields(whole, selection.columns)
    except DataError as error:
        error.message += format.advice(file_schema, options)
        raise
    needed = predicate_columns.union(output.names)
    rows = [dict(row) for row in partitions] if partitions is not None else [{} for _ in paths]
    kept = prune_files(predicate, whole, partition_schema, rows)
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
        batch_size=selection.batch_size or DEFAULT_BATCH_SIZE,
        limit=selection.limit,
        declared=file_schema if schema is not None else None,
        named=frozenset(whole.names) if remembered or (schema is not None and selection.columns is None) else None,
        remembered=remembered,
        requires=schema is not None and "not null" in types_text(output),
    )


def _drop_columns(schema: pa.Schema, names: Collection[str]) -> pa.Schema:
    return pa.schema([field for field in schema if field.name not in names])


def _with_partitions(schema: pa.Schema, partition_schema: pa.Schema) -> pa.Schema:
    """Replace the partition columns that the schema has, and append the others."""
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
