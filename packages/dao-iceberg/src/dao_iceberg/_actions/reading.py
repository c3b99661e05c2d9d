"""Reads rows of one snapshot, lazily, file by file.

Files that have the columns as the table has them, and no deletes, are read together by dao-files' Parquet scan, which
decodes them on all cores and filters as it goes. The others are read one by one by the same scan, mapped by field ids.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
from attrs import field, frozen

from dao.arrow.convert import select_fields
from dao.arrow.predicates import Predicate, bind, filter_table, parse, to_arrow
from dao.progress import advance
from dao.tables import Selection
from dao_files.formats import get_format
from dao_files.storage import in_parallel
from dao_iceberg._snapshots.planning import StoredFile, plan_files
from dao_iceberg._snapshots.stored import StoredFiles
from dao_iceberg._tables.client import Snapshot
from dao_iceberg._tables.mapping import Found

__all__ = ["count_rows", "read_rows", "stream_rows"]

_TOGETHER = 512
"""Files of a table that are opened before the first of them are read."""

_STREAMED = 8
"""Files of a stream that are opened ahead."""

_OPENERS = 8
_READERS = 2


def read_rows(snapshot: Snapshot, selection: Selection) -> pa.Table:
    """All selected rows.

    Raises:
        DataError: a column doesn't exist, or the predicate doesn't fit.
    """
    scan = _Scan.of(snapshot, selection)
    if selection.limit is not None or not scan.wanted.names:
        return stream_rows(snapshot, selection).read_all()
    tables = list(scan.tables())
    return pa.concat_tables(tables) if tables else scan.wanted.empty_table()


def stream_rows(snapshot: Snapshot, selection: Selection) -> pa.RecordBatchReader:
    """The selected rows as a stream, which reads files as it is read.

    Raises:
        DataError: a column doesn't exist, or the predicate doesn't fit.
        NotFoundError, StoreError: the first file is missing.
    """
    scan = _Scan.of(snapshot, selection)
    return pa.RecordBatchReader.from_batches(scan.wanted, scan.batches(selection.limit, selection.batch_size))


@frozen(eq=False)
class _Opened:
    """A file, and where the needed columns are in it."""

    file: StoredFile
    found: Sequence[Found]

    @property
    def is_plain(self) -> bool:
        """Whether all columns are as the table has them, and all rows are there."""
        return not self.file.has_deletes and all(one.is_plain for one in self.found)


@frozen(eq=False)
class _Scan:
    """A read of a snapshot.

    Attributes:
        stored: the files that may have such rows.
        wanted: the columns of the result.
        needed: their names, and those of the predicate.
        predicate: bound to the table's columns; None for all rows.
    """

    stored: StoredFiles
    wanted: pa.Schema
    needed: Sequence[str]
    predicate: Predicate | None
    schema: pa.Schema = field(init=False)
    skip: Any = field(init=False)

    @schema.default
    def _needed_schema(self) -> pa.Schema:
        return pa.schema([self.stored.schema.field(name) for name in self.needed])

    @skip.default
    def _expression(self) -> Any:
        return None if self.predicate is None else to_arrow(self.predicate, self.schema)

    @classmethod
    def of(cls, snapshot: Snapshot, selection: Selection) -> _Scan:
        wanted = pa.schema(select_fields(snapshot.schema, selection.columns))
        predicate = None if selection.where is None else bind(parse(selection.where), snapshot.schema)
        others = frozenset() if predicate is None else predicate.columns - set(wanted.names)
        files = plan_files(snapshot, predicate)
        return cls(StoredFiles(snapshot, files), wanted, [*wanted.names, *sorted(others)], predicate)

    def tables(self) -> Iterator[pa.Table]:
        """The rows, in tables of many."""
        for group in self._groups(_TOGETHER):
            if group[0].is_plain:
                keys = [self.stored.key_of(one.file) for one in group]
                found = get_format("parquet").read_table(
                    keys, self.stored.filesystem, selection=self._selection(), schema=self.schema
                )
                advance(rows=found.num_rows)
                yield found
            else:
                with closing(in_parallel(self._whole, group, _READERS)) as found:
                    yield from found

    def batches(self, limit: int | None, size: int | None) -> Iterator[pa.RecordBatch]:
        """The rows, in batches; the first file is opened at once."""
        groups = self._groups(1 if limit is not None else _STREAMED)
        first = next(groups, None)
        return self._streamed([] if first is None else [first], groups, limit, size)

    def _streamed(
        self, first: list[list[_Opened]], groups: Iterator[list[_Opened]], left: int | None, size: int | None
    ) -> Iterator[pa.RecordBatch]:
        from itertools import chain

        for group in chain(first, groups):
            if left == 0:
                return
            with closing(self._rows_of(group, size)) as batches:
                for batch in batches:
                    found = batch if left is None else batch.slice(0, left)
                    if left is not None:
                        left -= found.num_rows
                    advance(rows=found.num_rows)
                    yield found
                    if left == 0:
                        return

    def _rows_of(self, group: list[_Opened], size: int | None) -> Generator[pa.RecordBatch, None, None]:
        if group[0].is_plain:
            keys = [self.stored.key_of(one.file) for one in group]
            selection = self._selection(size)
            with get_format("parquet").scan(
                keys, self.stored.filesystem, selection=selection, schema=self.schema
            ) as reader:
                yield from reader
            return
        for one in group:
            for table in self._filtered(one):
                yield from _batches_of(table, size)

    def _whole(self, one: _Opened) -> pa.Table:
        tables = list(self._filtered(one))
        found = pa.concat_tables(tables) if tables else self.wanted.empty_table()
        advance(rows=found.num_rows)
        return found

    def _filtered(self, one: _Opened) -> Iterator[pa.Table]:
        columns = frozenset() if self.predicate is None else frozenset(self.predicate.columns)
        batches = self.stored.read(one.file, self.needed, found=one.found, skip=self.skip, skip_columns=columns)
        for batch in batches:
            rows = pa.Table.from_batches([batch])
            yield (rows if self.predicate is None else filter_table(rows, self.predicate)).select(self.wanted.names)

    def _selection(self, size: int | None = None) -> Selection:
        return Selection(columns=self.wanted.names, where=self.predicate, batch_size=size)

    def _groups(self, ahead: int) -> Iterator[list[_Opened]]:
        """The files in order, those that are read together in one list."""
        files = self.stored.files
        for begin in range(0, len(files), ahead):
            with closing(in_parallel(self._open, files[begin : begin + ahead], _OPENERS)) as opened:
                group: list[_Opened] = []
                for one in opened:
                    if group and group[0].is_plain != one.is_plain:
                        yield group
                        group = []
                    group.append(one)
            if group:
                yield group

    def _open(self, file: StoredFile) -> _Opened:
        fields = self.stored.fields(self.needed)
        try:
            return _Opened(file, self.stored.find(file, fields) if fields else ())
        except FileNotFoundError as error:
            raise self.stored.missing(file.path) from error


def _batches_of(table: pa.Table, size: int | None) -> Iterator[pa.RecordBatch]:
    if table.num_columns:
        yield from table.to_batches(max_chunksize=size)
        return
    step = size or max(table.num_rows, 1)
    for begin in range(0, table.num_rows, step):
        yield pa.RecordBatch.from_arrays([pa.nulls(min(step, table.num_rows - begin))], ["-"]).select([])


def count_rows(snapshot: Snapshot, where: Any) -> int:
    """How many rows a read would give: from the manifests alone where no row of a file is deleted."""
    if where is not None:
        return sum(
            batch.num_rows
            for batch in stream_rows(snapshot, Selection(columns=_narrowest(snapshot, where), where=where))
        )
    files = plan_files(snapshot)
    stored = StoredFiles(snapshot, files)
    with closing(in_parallel(stored.visible, files, _OPENERS)) as counts:
        return sum(counts)


def _narrowest(snapshot: Snapshot, where: Any) -> list[str]:
    """A column of the predicate, which is read anyway, or the narrowest."""
    used = sorted(bind(parse(where), snapshot.schema).columns)
    if used:
        return used[:1]
    fixed = {one.name: one.type.bit_width for one in snapshot.schema if pt.is_primitive(one.type)}
    return [min(fixed, key=fixed.__getitem__) if fixed else str(snapshot.schema.names[0])]
