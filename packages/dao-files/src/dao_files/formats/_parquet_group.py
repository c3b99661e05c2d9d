"""A row group to be read: which columns of it, which bytes these are, and its rows whole or batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import cached_property, partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define

from dao.errors import StoreError
from dao_files._workers import WORKERS, in_parallel, run, submitted
from dao_files.formats._contract import FileTask
from dao_files.formats._parquet_source import ParquetSource, Range
from dao_files.formats._parquet_texts import repeating_texts, written_out

__all__ = ["RowGroup", "fetched_ahead"]

_REQUESTS = 4
"""Requests at the same time for one stream."""

_LARGE = 4 << 20
"""Bytes that a row group has in memory from where on several cores are worth their while."""


@define(slots=False)
class RowGroup:
    """One row group of a file.

    Attributes:
        source: the file.
        place: which of its row groups.
        task: what is wanted of the file.
    """

    source: ParquetSource
    place: int
    task: FileTask

    @property
    def rows(self) -> int:
        """Its rows."""
        return int(self.source.metadata.row_group(self.place).num_rows)

    @cached_property
    def columns(self) -> list[str] | None:
        """The names of the columns wanted, in the file's order; None for all."""
        names, wanted = self.source.schema.names, self.task.schema.names
        if wanted == names:
            return None
        chosen = set(wanted)
        return [name for name in names if name in chosen]

    @cached_property
    def texts(self) -> list[str]:
        """The columns that are read as dictionaries and then written out."""
        return repeating_texts(self.source, self.place, self.columns)

    @cached_property
    def ranges(self) -> list[Range]:
        """What is to be fetched; nothing of a file that is near."""
        return [] if self.source.near else self.source.ranges(self.place, self.columns)

    @property
    def requests(self) -> list[Callable[[], Any]]:
        """See :class:`dao_files.formats.Piece`."""
        return [partial(self.source.fetch, one) for one in self.ranges]

    @property
    def weight(self) -> int:
        """See :class:`dao_files.formats.Piece`."""
        return sum(length for _, length in self.ranges)

    @contextmanager
    def opened(
        self, fetched: Sequence[Any] | None, buffer: int = 0, dictionaries: Sequence[str] = ()
    ) -> Iterator[pq.ParquetFile]:
        """Its file for Arrow's reader, over what was fetched; where nothing was, so many bytes are read at once.

        Args:
            fetched: what the requests gave.
            buffer: bytes of a column chunk that are read at once; 0 for all of them.
            dictionaries: columns to read as dictionaries, beside those of the options.
        """
        if fetched:
            with self.source.over(dict(zip(self.ranges, fetched, strict=True)), dictionaries) as parquet:
                yield parquet
        else:
            with self.source.opened(buffer, dictionaries) as parquet:
                yield parquet

    def read(self, fetched: Sequence[Any], *, alone: bool) -> tuple[pa.Table, bool]:
        """See :meth:`dao_files.formats.Piece.read`.

        Rows are left out already where the predicate means what the file holds: its columns are decoded first, and the
        others only if any row is wanted. Where there are cores for all columns, they are decoded together.
        """
        if not self._can_filter():
            return self._decoded(fetched, self.columns, alone), False
        from dao.arrow.predicates import mask

        names = self.source.schema.names if self.columns is None else self.columns
        first = [name for name in names if alone or name in self.task.predicate_columns]
        looked_at = self._decoded(fetched, first, alone)
        kept = mask(looked_at.select(sorted(self.task.predicate_columns)), self.task.predicate)
        if not pc.any(kept).as_py():
            schema = pa.schema([self.source.schema.field(name) for name in names])
            return pa.Table.from_batches([], schema), True
        found = {name: looked_at.column(name) for name in first}
        if len(first) < len(names):
            others = self._decoded(fetched, [name for name in names if name not in found], alone)
            found |= {name: others.column(name) for name in others.column_names}
        return pa.table({name: found[name] for name in names}).filter(kept), True

    def _can_filter(self) -> bool:
        """Whether the predicate can be asked of the columns as the file has them."""
        schema, looked_at = self.source.schema, self.task.predicate_columns
        if self.task.predicate is None or not looked_at:
            return False
        return looked_at <= set(schema.names) and all(
            schema.field(name).type == self.task.schema.field(name).type for name in looked_at
        )

    def _decoded(self, fetched: Sequence[Any], columns: list[str] | None, alone: bool) -> pa.Table:
        """Some of its columns, or all for None; decoded by our threads, not Arrow's, where several cores may do it."""
        names = self.source.schema.names if columns is None else columns
        large = self.source.metadata.row_group(self.place).total_byte_size >= _LARGE
        if not (alone and large and len(names) > 1):
            return self._part(fetched, columns)
        shares = [names[start::WORKERS] for start in range(min(WORKERS, len(names)))]
        found = {}
        with closing(in_parallel(partial(self._part, fetched), shares)) as parts:
            for share, part in zip(shares, parts, strict=True):
                found.update({name: part.column(name) for name in share})
        return pa.table({name: found[name] for name in names})

    def _part(self, fetched: Sequence[Any], columns: list[str] | None) -> pa.Table:
        chosen = None if columns is None else set(columns)
        texts = [name for name in self.texts if chosen is None or name in chosen]
        with self.opened(fetched, dictionaries=texts) as parquet:
            found = parquet.read_row_group(self.place, columns=columns, use_threads=False)
        self.check(found.num_rows)
        return written_out(found, texts)

    def check(self, found: int) -> None:
        """Make sure that so many rows are all: where values are missing, pyarrow gives fewer without a word.

        Raises:
            StoreError: they aren't.
        """
        if found != self.rows:
            raise StoreError(f"row group {self.place} holds {found} rows where the footer says {self.rows}")


def fetched_ahead(groups: Sequence[RowGroup], most: int) -> Generator[tuple[RowGroup, list[Any] | None], None, None]:
    """The row groups one after another with what was fetched of them, the next one's fetched meanwhile.

    Args:
        groups: in the order in which they will be read.
        most: bytes of two of them that may be in memory at the same time. A larger one comes with None: it is to be
            read in small pieces, as it is decoded.
    """
    with ThreadPoolExecutor(_REQUESTS, thread_name_prefix="dao-fetch") as pool:
        coming: list[Future[Any]] | None = None
        begun = -1
        for place, group in enumerate(groups):
            if begun < place:
                coming = _begin(pool, group, most)
            mine = coming
            fetched = None if mine is None else [one.result() for one in mine]
            if place + 1 < len(groups) and group.weight + groups[place + 1].weight <= most:
                coming, begun = _begin(pool, groups[place + 1], most), place + 1
            yield group, fetched
            del fetched, mine


def _begin(pool: ThreadPoolExecutor, group: RowGroup, most: int) -> list[Future[Any]] | None:
    return None if group.weight > most else [submitted(pool, run, one) for one in group.requests]
