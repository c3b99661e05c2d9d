"""Takes rows out of a table's files: those for which a predicate is true, or that a function selects."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from typing import Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from dao.arrow.predicates import Predicate, mask, to_arrow
from dao.progress import advance
from dao_files.lake._rewriting import Feed, Rewriting, in_threads, together

__all__ = ["Removed", "remove_rows", "remove_selected"]

F = TypeVar("F")


@frozen
class _Hits(Generic[F]):
    """How much of a file goes.

    Attributes:
        file: the file.
        rows: how many rows it has.
        hits: how many of them go.
    """

    file: F
    rows: int
    hits: int

    @property
    def whole(self) -> bool:
        """Whether all rows go."""
        return 0 < self.hits == self.rows


@frozen
class Removed:
    """What was taken out.

    Attributes:
        rows: how many rows.
        noted: whether the feed has their changes, so that it must have all others of the commit.
    """

    rows: int
    noted: bool


def remove_rows(
    rewriting: Rewriting[F],
    predicate: Predicate,
    files: Sequence[F],
    may_match: Sequence[bool],
    partitions: Collection[str] = (),
) -> Removed:
    """Take out the rows for which a predicate is true: whole files where it is true for all of their rows.

    A predicate of partition columns alone reads no file.

    Args:
        rewriting: of the version.
        predicate: bound to the columns that the table has afterwards.
        files: the files of the version.
        may_match: for each whether it may have such a row, see :func:`dao_files.lake.files_with_rows`.
        partitions: the columns that have one value in each file.
    """
    chosen = [file for file, kept in zip(files, may_match, strict=True) if kept]
    if predicate.columns <= {*partitions}:
        sizes = [rewriting.rows_of(file) for file in chosen]
        found = [_Hits(file, rows, rows) for file, rows in zip(chosen, sizes, strict=True)]
        return _remove(rewriting, found, _of_predicate(rewriting, predicate))
    return remove_selected(rewriting, _of_predicate(rewriting, predicate), predicate.columns, chosen)


def remove_selected(
    rewriting: Rewriting[F],
    select: Callable[[pa.RecordBatch], pa.Array],
    columns: Collection[str],
    files: Sequence[F],
) -> Removed:
    """Take out the rows that a function selects: whole files where it selects all of their rows.

    Args:
        rewriting: of the version.
        select: says for each row of a batch, in some or all columns, whether it goes; never null.
        columns: the columns that it needs.
        files: the files that may have such rows.
    """
    found = in_threads(_Selected(rewriting, select, columns).count, files)
    return _remove(rewriting, found, select)


def _of_predicate(rewriting: Rewriting[F], predicate: Predicate) -> Callable[[pa.RecordBatch], pa.Array]:
    true = to_arrow(predicate, rewriting.schema, guard_statistics=False)
    return lambda batch: pc.fill_null(mask(pa.Table.from_batches([batch]), true).combine_chunks(), False)


def _remove(
    rewriting: Rewriting[F], found: Sequence[_Hits[F]], select: Callable[[pa.RecordBatch], pa.Array]
) -> Removed:
    whole = [one.file for one in found if one.whole]
    partly = [one.file for one in found if not one.whole and one.hits]
    _Selected(rewriting, select).rewrite(partly)
    if partly:
        rewriting.note_whole(whole, "delete")
    for file in whole:
        rewriting.remove(file)
    return Removed(sum(one.hits for one in found), bool(partly) and rewriting.feed().is_kept)


class _Selected(Generic[F]):
    """Those of the rows of files that go."""

    def __init__(
        self,
        rewriting: Rewriting[F],
        select: Callable[[pa.RecordBatch], pa.Array],
        columns: Collection[str] = (),
    ) -> None:
        self._rewriting = rewriting
        self._select = select
        self._needed = [name for name in rewriting.schema.names if name in columns]

    def count(self, file: F) -> _Hits[F]:
        """How many rows of a file go."""
        rows = hits = 0
        for batch in self._rewriting.read(file, self._needed):
            rows += batch.num_rows
            hits += pc.sum(self._select(batch)).as_py() or 0
        return _Hits(file, rows, hits)

    def rewrite(self, files: list[F]) -> None:
        """Write files again without the rows that go."""
        groups = together(self._rewriting, files, lambda file: file)
        in_threads(lambda group: self._rewriting.replace(group, lambda feed: self._kept(group, feed)), groups)

    def _kept(self, files: Sequence[F], feed: Feed) -> Iterator[pa.RecordBatch]:
        for batch in chain.from_iterable(map(self._rewriting.read, files)):
            advance(batch.num_rows, batch.nbytes)
            goes = self._select(batch)
            if feed.is_kept:
                feed.add(batch.filter(goes), "delete")
            yield batch.filter(pc.invert(goes))
