"""One scan over many files: what every format shares. Formats read single files; this orders, shapes and filters.

The reader is a Python generator behind ``RecordBatchReader.from_batches``: errors keep their type (an Arrow C stream
would turn them into text), files open one after another, and at most one file's reader is alive.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pyarrow as pa
from attrs import frozen
from pyarrow import fs

from dao.arrow.formats.base import FileTask
from dao.arrow.formats.faults import reading
from dao.arrow.formats.partitions import partition_types, partition_values, surviving_files
from dao.arrow.formats.readahead import read_ahead
from dao.arrow.formats.shape import conform, select_fields
from dao.errors import DataError

if TYPE_CHECKING:
    from dao.arrow.formats.base import Format, Paths, Where

__all__ = ["DEFAULT_BATCH_SIZE", "close_reader", "scan"]

DEFAULT_BATCH_SIZE = 131_072
"""Rows that a batch has at most where the caller does not say: what pyarrow's dataset scanner uses."""

_generators: WeakKeyDictionary[pa.RecordBatchReader, Generator[pa.RecordBatch, None, None]] = WeakKeyDictionary()


@frozen
class _Plan:
    """A scan with everything decided that does not depend on a file's content."""

    format: Format
    filesystem: fs.FileSystem
    options: Any
    whole: pa.Schema
    partition_schema: pa.Schema
    output: pa.Schema
    needed: pa.Schema
    predicate: Any
    predicate_columns: frozenset[str]
    batch_size: int
    limit: int | None
    declared: pa.Schema | None


def scan(
    format: Format,
    paths: Paths,
    filesystem: fs.FileSystem,
    options: Any,
    *,
    schema: pa.Schema | None,
    partitions: Sequence[Mapping[str, str | None]] | None,
    partition_schema: pa.Schema | None,
    columns: Sequence[str] | None,
    where: Where,
    batch_size: int | None,
    limit: int | None,
) -> pa.RecordBatchReader:
    """See :meth:`dao.arrow.formats.base.Format.scan`."""
    paths = list(paths)
    _check_numbers(batch_size, limit)
    partition_schema = partition_types(paths, partitions, partition_schema)
    file_schema = format.infer_schema(paths, filesystem, options) if schema is None else schema
    file_schema = pa.schema([field for field in file_schema if field.name not in partition_schema.names])
    whole = pa.schema([*file_schema, *partition_schema])
    predicate, predicate_columns = _compile(where, whole)
    output = select_fields(whole, columns)
    plan = _Plan(
        format=format,
        filesystem=filesystem,
        options=options,
        whole=whole,
        partition_schema=partition_schema,
        output=output,
        needed=pa.schema([f for f in whole if f.name in output.names or f.name in predicate_columns]),
        predicate=predicate,
        predicate_columns=predicate_columns,
        batch_size=batch_size or DEFAULT_BATCH_SIZE,
        limit=limit,
        declared=file_schema if schema is not None else None,
    )
    rows = [dict(row) for row in partitions] if partitions is not None else [{} for _ in paths]
    generator = read_ahead(_batches(plan, paths, rows))
    reader = pa.RecordBatchReader.from_batches(output, generator)
    _generators[reader] = generator
    return reader


def close_reader(reader: pa.RecordBatchReader) -> None:
    """Close a reader and the file that it has open, now.

    ``RecordBatchReader.close`` of a reader that is fed by Python does nothing (pyarrow 26), so this stops the feeding
    generator first. Any other reader is just closed.
    """
    generator = _generators.pop(reader, None)
    if generator is not None:
        generator.close()
    reader.close()


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

    parsed = predicates.parse(where)
    return predicates.to_arrow(parsed, schema), frozenset(parsed.columns)


def _batches(
    plan: _Plan, paths: list[str], partitions: list[dict[str, str | None]]
) -> Generator[pa.RecordBatch, None, None]:
    left = plan.limit
    kept = surviving_files(plan.predicate, plan.whole, plan.partition_schema, partitions)
    for index in kept:
        if left == 0:
            return
        with reading(paths[index]), closing(_file_batches(plan, paths[index], partitions[index], left)) as batches:
            for batch in batches:
                piece = batch if left is None else batch.slice(0, left)
                if left is not None:
                    left -= piece.num_rows
                yield piece
                if left == 0:
                    return


def _file_batches(
    plan: _Plan, path: str, partition: dict[str, str | None], left: int | None
) -> Generator[pa.RecordBatch, None, None]:
    """The finished batches of one file: shaped, filtered, with partition columns."""
    fixed = partition_values(partition, plan.partition_schema)
    wanted = pa.schema([field for field in plan.needed if field.name not in fixed])
    pushed = plan.predicate if plan.predicate_columns <= set(wanted.names) else None
    task = FileTask(
        schema=wanted,
        predicate=pushed,
        batch_size=plan.batch_size,
        rows=left if plan.predicate is None else None,
        declared=plan.declared,
    )
    residual = plan.predicate
    if pushed is not None and plan.format.filters_rows:
        residual = None
    batches = plan.format.read_file(path, plan.filesystem, plan.options, task)
    with closing(batches):
        for batch in batches:
            yield from _finish(plan, batch, fixed, residual)


def _finish(plan: _Plan, batch: pa.RecordBatch, fixed: Mapping[str, Any], residual: Any) -> Iterator[pa.RecordBatch]:
    whole = conform(batch, plan.needed if residual is not None else plan.output, fixed)
    if residual is not None:
        whole = whole.filter(residual)
        whole = conform(whole, plan.output, {})
    for start in range(0, whole.num_rows, plan.batch_size):
        yield whole.slice(start, plan.batch_size)
