"""The scan over many files that all formats share: formats read single files; the scan orders, shapes and filters.

The reader is a Python generator behind ``RecordBatchReader.from_batches``: errors keep their type (an Arrow C stream
would turn them into text), files open one after another, and at most one file's reader is alive.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from weakref import WeakKeyDictionary

import pyarrow as pa

from dao.errors import DataError
from dao.memory import current, kept, shown
from dao_files.formats._faults import reading
from dao_files.formats._readahead import read_ahead
from dao_files.formats._scan_plan import Plan

__all__ = ["close_reader", "scan"]

_generators: WeakKeyDictionary[pa.RecordBatchReader, Generator[pa.RecordBatch, None, None]] = WeakKeyDictionary()


def scan(plan: Plan) -> pa.RecordBatchReader:
    """Execute a plan lazily; see :meth:`dao_files.formats.Format.scan`."""
    generator = kept(read_ahead(_batches(plan)))
    reader = pa.RecordBatchReader.from_batches(plan.output, generator)
    _generators[reader] = generator
    return reader


def close_reader(reader: pa.RecordBatchReader) -> None:
    """Close a reader and its open file before returning.

    ``RecordBatchReader.close`` of a reader over a Python generator does nothing (pyarrow 26), so the generator is
    closed first. Any other reader is just closed.

    Args:
        reader: a reader of :meth:`~dao_files.formats.Format.scan`, or any other.
    """
    generator = _generators.pop(reader, None)
    if generator is not None:
        generator.close()
    reader.close()


def _batches(plan: Plan) -> Generator[pa.RecordBatch, None, None]:
    left = plan.limit
    for index in range(len(plan.paths)):
        if left == 0:
            return
        with reading(plan.paths[index]), closing(_file_batches(plan, index, left)) as batches:
            for batch in batches:
                piece = batch if left is None else batch.slice(0, left)
                if left is not None:
                    left -= piece.num_rows
                yield piece
                if left == 0:
                    return


def _file_batches(plan: Plan, index: int, left: int | None) -> Generator[pa.RecordBatch, None, None]:
    """Yield the shaped and filtered batches of one file."""
    wanted = plan.of_file(index, left)
    batches = plan.format.read_file(wanted.path, plan.filesystem, plan.options, wanted.task)
    with closing(batches):
        for batch in batches:
            _refuse_larger(batch, wanted.path)
            whole = wanted.finish(batch)
            for start in range(0, whole.num_rows, plan.batch_size):
                yield whole.slice(start, plan.batch_size)


def _refuse_larger(batch: pa.RecordBatch, path: str) -> None:
    """Refuse a batch that exceeds the memory limit, as the file can't be read in smaller ones.

    Raises:
        DataError: the batch exceeds the limit.
    """
    limit = current().limit
    if limit is not None and batch.nbytes > limit:
        raise DataError(
            f"memory_limit={shown(limit)}: {path!r} is read in pieces, one of which takes {shown(batch.nbytes)}: a "
            f"limit of {shown(_PIECES * batch.nbytes)} reads it"
        )


_PIECES = 4
"""Batches in memory at the same time while a stream is read."""
