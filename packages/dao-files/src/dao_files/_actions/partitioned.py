"""Writing of rows into Hive partitions, in any order, in bounded memory.

Rows are buffered per partition until they fill a row group. If all buffers together exceed their budget, the largest
are flushed. A partition is one file unless too many files are open: then the least recently written file is completed,
and later rows of its partition go to another file.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field

from dao.arrow.convert import without_views
from dao.errors import DataError
from dao.memory import Budget, current
from dao.progress import advance
from dao_files._actions.parts import OpenPart, Part, PartWriter
from dao_files._workers import in_parallel
from dao_files.formats import hive_path
from dao_files.formats._kinds import is_bytes
from dao_files.formats._partitions import partition_values

__all__ = ["check_partition_columns", "encode_folders", "split", "write_partitions"]

_GROUP_BYTES = 8 << 20
"""Bytes of Arrow memory from which the buffer of a partition is flushed."""

_PIECE_ROWS = 1 << 20


def check_partition_columns(schema: pa.Schema, partition_by: Sequence[str]) -> None:
    """Check that a schema can be partitioned by some of its columns.

    Raises:
        DataError: a column's type has no text form, a column's name can't be a folder's, or no column would be left for
            the files.
    """
    for name in partition_by:
        kind = _value_type(schema.field(name).type)
        if not _has_text_form(kind):
            raise DataError(f"partition_by: column {name!r} is {kind}, which has no text form to name a folder by")
        if not name or "\0" in name:
            raise DataError(f"partition_by: a folder can't be named by the column {name!r}")
    if partition_by and len(partition_by) == len(schema.names):
        raise DataError("partition_by: all columns are named, so none is left for the files")


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _has_text_form(kind: pa.DataType) -> bool:
    """Check whether values of a type can be converted to text and back."""
    if pa.types.is_null(kind):
        return True
    if pa.types.is_nested(kind) or is_bytes(kind) or isinstance(kind, pa.BaseExtensionType):
        return False
    try:
        pa.array([], kind).cast(pa.string()).cast(kind)
    except pa.ArrowNotImplementedError:
        return False
    return True


def split(batch: pa.RecordBatch, partition_by: Sequence[str]) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield the folders of each partition and its rows, in their order, without the partition columns.

    Raises:
        DataError: a value that doesn't round-trip through a folder's name.

    >>> batch = pa.record_batch({"d": ["x", None, "x"], "v": [1, 2, 3]})
    >>> [(folder, rows.column("v").to_pylist()) for folder, rows in split(batch, ["d"])]
    [('d=x', [1, 3]), ('d=__HIVE_DEFAULT_PARTITION__', [2])]
    """
    kept = batch.select([name for name in batch.schema.names if name not in partition_by])
    columns = [encode_folders(batch.column(name), name) for name in partition_by]
    codes = _combine(columns)
    encoded = codes.dictionary_encode()
    groups = len(encoded.dictionary)
    if groups == 0:
        return
    if groups > 1:
        order = pc.array_sort_indices(encoded.indices)  # stable, so each partition's rows stay in order
        kept = _take(kept, order)
    counts = {row["values"]: row["counts"] for row in pc.value_counts(encoded.indices).to_pylist()}
    start = 0
    for group in range(groups):
        code = encoded.dictionary[group].as_py()
        yield hive_path(_decode_values(partition_by, columns, code)), kept.slice(start, counts[group])
        start += counts[group]


_LARGE = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}


def _take(rows: pa.RecordBatch, order: pa.Array) -> pa.RecordBatch:
    """Reorder rows. Arrow has no `take` for views, which polars exports, so these are cast to plain types and back."""
    kinds = [_LARGE.get(column.type) or without_views(column.type) for column in rows.columns]
    if kinds == rows.schema.types:
        return rows.take(order)
    schema = pa.schema([part.with_type(kind) for part, kind in zip(rows.schema, kinds, strict=True)])
    return rows.cast(schema).take(order).cast(rows.schema)


def encode_folders(column: pa.Array, name: str) -> pa.DictionaryArray:
    """Encode a partition column as a dictionary of the folders' texts, in which a null has a code of its own.

    Raises:
        DataError: a value that doesn't round-trip through its text.
    """
    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    if pa.types.is_string_view(plain.type) or pa.types.is_decimal(plain.type):
        plain = plain.cast(pa.string())  # Arrow has no dictionaries of all of them
    encoded = plain.dictionary_encode(null_encoding="encode")
    texts = encoded.dictionary.cast(pa.string())
    _check_round_trip(texts, pa.field(name, _value_type(column.type)))
    return pa.DictionaryArray.from_arrays(encoded.indices, texts)


def _check_round_trip(texts: pa.Array, field: pa.Field) -> None:
    """Check that each text round-trips through its value, which years beyond 9999 don't."""
    if pa.types.is_integer(field.type) or pa.types.is_string(field.type) or pa.types.is_null(field.type):
        return
    for text in texts.drop_null().to_pylist():
        try:
            value = partition_values({field.name: text}, pa.schema([field]))[field.name]
        except DataError:
            parsed = None
        else:
            parsed = pa.repeat(value, 1).cast(pa.string())[0].as_py()
        if parsed != text:
            raise DataError(
                f"partition_by: column {field.name!r} holds {text}, which can't be read from a folder's name as "
                f"{field.type}: partition by another column, or cast it to text"
            )


def _combine(columns: list[pa.DictionaryArray]) -> pa.Array:
    """Combine the codes of all columns into one number per row."""
    codes = columns[0].indices.cast(pa.int64())
    for column in columns[1:]:
        codes = pc.add(pc.multiply_checked(codes, len(column.dictionary)), column.indices.cast(pa.int64()))
    return codes


def _decode_values(names: Sequence[str], columns: list[pa.DictionaryArray], code: int) -> dict[str, Any]:
    indices = []
    for column in reversed(columns[1:]):
        code, index = divmod(code, len(column.dictionary))
        indices.append(index)
    indices.append(code)
    return {
        name: column.dictionary[index].as_py()
        for name, column, index in zip(names, columns, reversed(indices), strict=True)
    }


def write_partitions(parts: PartWriter, batches: Iterable[pa.RecordBatch], partition_by: Sequence[str]) -> list[Part]:
    """Write rows into the files of their partitions; returns no parts if there are no rows."""
    with _Partitions(parts) as partitions:
        for batch in batches:
            advance(batch.num_rows, batch.nbytes)
            for start in range(0, batch.num_rows, _PIECE_ROWS):
                for folder, rows in split(batch.slice(start, _PIECE_ROWS), partition_by):
                    partitions.add(folder, rows)
                partitions.relieve()
        partitions.finish()
    return partitions.done


@define
class _Buffer:
    batches: list[pa.RecordBatch] = field(factory=list)
    size: int = 0


@define
class _Partitions:
    """Buffered rows and open files per folder."""

    parts: PartWriter
    done: list[Part] = field(factory=list)
    buffers: dict[str, _Buffer] = field(factory=dict)
    size: int = 0
    open: OrderedDict[str, OpenPart] = field(factory=OrderedDict)
    budget: Budget = field(factory=current)

    def add(self, folder: str, rows: pa.RecordBatch) -> None:
        buffer = self.buffers.setdefault(folder, _Buffer())
        buffer.batches.append(rows)
        buffer.size += rows.nbytes
        self.size += rows.nbytes

    def relieve(self) -> None:
        """Write folders with enough rows; if the buffers are too large, free half of them."""
        group, most = min(_GROUP_BYTES, self.budget.group), self.budget.waiting
        ready = [folder for folder, buffer in self.buffers.items() if buffer.size >= group]
        if self.size - sum(self.buffers[folder].size for folder in ready) > most:
            ready = self._largest(self.size - most // 2)
        if ready:
            self._write(ready)
            self._compact()

    def _largest(self, wanted: int) -> list[str]:
        chosen = []
        for folder in sorted(self.buffers, key=lambda one: -self.buffers[one].size):
            if wanted <= 0:
                break
            chosen.append(folder)
            wanted -= self.buffers[folder].size
        return chosen

    def _write(self, folders: Sequence[str]) -> None:
        most = self.budget.open_files
        for some in (folders[at : at + most] for at in range(0, len(folders), most)):
            self._make_room(some)
            jobs = ((self._open_part(folder), self._take_buffer(folder)) for folder in some)
            for _ in in_parallel(_write_group, jobs):
                pass

    def _make_room(self, folders: Sequence[str]) -> None:
        """Complete the least recently written files until the files of ``folders`` can be opened."""
        needed = set(folders)
        new = len(needed - self.open.keys())
        for folder in list(self.open):
            if len(self.open) + new <= self.budget.open_files:
                return
            if folder not in needed:
                self._complete([folder])

    def _open_part(self, folder: str) -> OpenPart:
        if folder not in self.open:
            self.open[folder] = self.parts.open(self.parts.new_path(folder))
        self.open.move_to_end(folder)
        return self.open[folder]

    def _take_buffer(self, folder: str) -> list[pa.RecordBatch]:
        buffer = self.buffers.pop(folder)
        self.size -= buffer.size
        return buffer.batches

    def _compact(self) -> None:
        """Copy buffered rows: they are slices of larger batches, which they would retain in memory."""
        for buffer in self.buffers.values():
            schema = buffer.batches[0].schema
            columns = zip(*(batch.columns for batch in buffer.batches), strict=True)
            buffer.batches = [pa.RecordBatch.from_arrays([pa.concat_arrays(c) for c in columns], schema=schema)]

    def _complete(self, folders: Sequence[str]) -> None:
        jobs = [self.open[folder] for folder in folders]
        self.done += in_parallel(lambda part: part.finish(self.parts.change), jobs)
        for folder in folders:
            del self.open[folder]

    def finish(self) -> None:
        """Flush all buffers and complete all files."""
        self._write(list(self.buffers))
        self._complete(list(self.open))
        self.done.sort(key=lambda part: part.path)

    def __enter__(self) -> _Partitions:
        return self

    def __exit__(self, *_: object) -> None:
        for part in self.open.values():
            part.abort()


def _write_group(job: tuple[OpenPart, list[pa.RecordBatch]]) -> None:
    part, batches = job
    for batch in pa.Table.from_batches(batches).combine_chunks().to_batches():
        part.write(batch)
    part.writer.flush()
