"""Reading of a row group: the projected columns, their byte ranges, and the rows, whole or batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import cached_property, partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define, evolve

from dao.errors import StoreError
from dao_files._workers import WORKERS, in_parallel, run, submitted
from dao_files.formats._contract import FileTask
from dao_files.formats._parquet_int96 import WITNESSES, refuse_changed, witnessed
from dao_files.formats._parquet_source import ParquetSource, Range
from dao_files.formats._parquet_texts import decode_dictionaries, repeating_texts

__all__ = ["RowGroup", "fetch_ahead"]

_REQUESTS = 4
"""Concurrent requests of one stream."""

_LARGE = 4 << 20
"""Decoded bytes of a row group from which decoding on several cores pays."""


@define(slots=False)
class RowGroup:
    """One row group of a file, with the task to read it by.

    Attributes:
        source: the file.
        index: the index of the row group in the file.
        task: the projection and predicate of the file.
    """

    source: ParquetSource
    index: int
    task: FileTask

    @property
    def rows(self) -> int:
        """The number of its rows, by the footer."""
        return int(self.source.metadata.row_group(self.index).num_rows)

    @cached_property
    def columns(self) -> list[str] | None:
        """The names of the projected columns, in the file's order; None for all."""
        names, wanted = self.source.schema.names, self.task.schema.names
        if wanted == names:
            return None
        chosen = set(wanted)
        return [name for name in names if name in chosen]

    @cached_property
    def texts(self) -> list[str]:
        """The columns that are read as dictionaries and then decoded to plain texts."""
        return repeating_texts(self.source, self.index, self.columns)

    @cached_property
    def ranges(self) -> list[Range]:
        """The byte ranges to fetch; none of a local file."""
        return [] if self.source.near else self.source.ranges(self.index, self.columns)

    @property
    def requests(self) -> list[Callable[[], Any]]:
        """See :class:`dao_files.formats._whole.Piece`."""
        return [partial(self.source.fetch, one) for one in self.ranges]

    @property
    def weight(self) -> int:
        """See :class:`dao_files.formats._whole.Piece`."""
        return sum(length for _, length in self.ranges)

    @contextmanager
    def opened(
        self, fetched: Sequence[Any] | None, buffer: int = 0, dictionaries: Sequence[str] = ()
    ) -> Iterator[pq.ParquetFile]:
        """Open the file for Arrow's reader, over the fetched bytes or, without them, with buffered reads.

        Args:
            fetched: the results of the requests.
            buffer: bytes of a column chunk per read; 0 for all of them. Only used without fetched bytes.
            dictionaries: columns to read as dictionaries, in addition to the columns of the options.
        """
        if fetched:
            with self.source.over(dict(zip(self.ranges, fetched, strict=True)), dictionaries) as parquet:
                yield parquet
        else:
            with self.source.opened(buffer, dictionaries) as parquet:
                yield parquet

    def batches(self, fetched: Sequence[Any] | None, rows: int, buffer: int) -> Iterator[pa.RecordBatch]:
        """Decode the row group batch by batch.

        Args:
            fetched: the results of the requests; None to read while decoding.
            rows: the most rows of a batch.
            buffer: see :meth:`opened`.

        Raises:
            StoreError: rows are missing.
            DataError: an INT96 timestamp isn't exact in the unit of the options.
        """
        settings = {"batch_size": rows, "row_groups": [self.index], "use_threads": False}
        with self.opened(fetched, buffer) as parquet:
            batches = parquet.iter_batches(columns=self.columns, **settings)
            if leaves := self._int96_of(self.columns):
                opened = [one.opened(fetched, buffer) for one in self._witnesses()]
                batches = witnessed(batches, opened, self.source.options.int96_unit, leaves, **settings)
            found = 0
            for batch in batches:
                found += batch.num_rows
                yield batch
        self.check(found)

    def _int96_of(self, columns: Sequence[str] | None) -> list[str]:
        """Return the leaves of type INT96 of some columns, None for all."""
        leaves = self.source.footer.int96
        if not leaves or columns is None:
            return leaves
        chosen = set(columns)
        return [path for path in leaves if path in chosen or path.split(".")[0] in chosen]

    def _witnesses(self) -> list[RowGroup]:
        """Return the row group by the units that show whether its INT96 timestamps are exact."""
        return [evolve(self, source=self.source.in_unit(unit)) for unit in WITNESSES]

    def read(self, fetched: Sequence[Any], *, alone: bool) -> tuple[pa.Table, bool]:
        """Decode the row group; see :meth:`dao_files.formats._whole.Piece.read`.

        The predicate is applied here if the file stores its columns with the task's types: its columns are decoded
        first, and the others only if any row matches. If other cores are idle, all columns are decoded together.
        """
        if not self._can_filter():
            return self._decode(fetched, self.columns, alone), False
        from dao.arrow.predicates import mask

        names = self.source.schema.names if self.columns is None else self.columns
        first = [name for name in names if alone or name in self.task.predicate_columns]
        inputs = self._decode(fetched, first, alone)
        matches = mask(inputs.select(sorted(self.task.predicate_columns)), self.task.predicate)
        if not pc.any(matches).as_py():
            schema = pa.schema([self.source.schema.field(name) for name in names])
            return pa.Table.from_batches([], schema), True
        found = {name: inputs.column(name) for name in first}
        if len(first) < len(names):
            others = self._decode(fetched, [name for name in names if name not in found], alone)
            found |= {name: others.column(name) for name in others.column_names}
        return pa.table({name: found[name] for name in names}).filter(matches), True

    def _can_filter(self) -> bool:
        """Check whether the predicate can be evaluated on the columns with the types of the file."""
        schema, columns = self.source.schema, self.task.predicate_columns
        if self.task.predicate is None or not columns:
            return False
        return columns <= set(schema.names) and all(
            schema.field(name).type == self.task.schema.field(name).type for name in columns
        )

    def _decode(self, fetched: Sequence[Any], columns: list[str] | None, alone: bool) -> pa.Table:
        """Decode some columns, or all for None; on several cores by our own threads, not Arrow's."""
        names = self.source.schema.names if columns is None else columns
        large = self.source.metadata.row_group(self.index).total_byte_size >= _LARGE
        if not (alone and large and len(names) > 1):
            return self._decode_part(fetched, columns)
        shares = [names[start::WORKERS] for start in range(min(WORKERS, len(names)))]
        found = {}
        with closing(in_parallel(partial(self._decode_part, fetched), shares)) as parts:
            for share, part in zip(shares, parts, strict=True):
                found.update({name: part.column(name) for name in share})
        return pa.table({name: found[name] for name in names})

    def _decode_part(self, fetched: Sequence[Any], columns: list[str] | None) -> pa.Table:
        chosen = None if columns is None else set(columns)
        texts = [name for name in self.texts if chosen is None or name in chosen]
        with self.opened(fetched, dictionaries=texts) as parquet:
            found = parquet.read_row_group(self.index, columns=columns, use_threads=False)
        self.check(found.num_rows)
        if leaves := self._int96_of(columns):
            witnesses = [one._read_leaves(fetched, leaves) for one in self._witnesses()]
            refuse_changed(witnesses, self.source.options.int96_unit)
        return decode_dictionaries(found, texts)

    def _read_leaves(self, fetched: Sequence[Any], leaves: list[str]) -> pa.Table:
        with self.opened(fetched) as parquet:
            return parquet.read_row_group(self.index, columns=leaves, use_threads=False)

    def check(self, found: int) -> None:
        """Compare the number of decoded rows with the footer: where values are missing, pyarrow silently returns fewer.

        Raises:
            StoreError: the numbers differ.
        """
        if found != self.rows:
            raise StoreError(f"row group {self.index} holds {found} rows where the footer says {self.rows}")


def fetch_ahead(groups: Sequence[RowGroup], most: int) -> Generator[tuple[RowGroup, list[Any] | None], None, None]:
    """Yield the row groups with their fetched bytes, prefetching the next row group.

    Args:
        groups: the row groups in the order in which they will be read.
        most: the most bytes of two row groups in memory at the same time. A larger row group comes with None: its
            caller reads it in small pieces while decoding.
    """
    with ThreadPoolExecutor(_REQUESTS, thread_name_prefix="dao-fetch") as pool:
        requested: list[Future[Any]] | None = None
        started = -1
        for index, group in enumerate(groups):
            if started < index:
                requested = _start_fetching(pool, group, most)
            own = requested
            fetched = None if own is None else [one.result() for one in own]
            if index + 1 < len(groups) and group.weight + groups[index + 1].weight <= most:
                requested, started = _start_fetching(pool, groups[index + 1], most), index + 1
            yield group, fetched
            del fetched, own


def _start_fetching(pool: ThreadPoolExecutor, group: RowGroup, most: int) -> list[Future[Any]] | None:
    return None if group.weight > most else [submitted(pool, run, one) for one in group.requests]
