"""Takes the rows for which a predicate is true out of a table's files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from dao.arrow.predicates import Predicate, filter_batch, mask, to_arrow
from dao.progress import advance
from dao_files.lake._rewriting import Feed, Rewriting, in_threads, together

__all__ = ["Removed", "remove_rows"]

F = TypeVar("F")


@frozen
class _Hits(Generic[F]):
    """What a predicate is true for in a file.

    Attributes:
        file: the file.
        rows: how many rows it has.
        hits: for how many of them it is true.
    """

    file: F
    rows: int
    hits: int

    @property
    def whole(self) -> bool:
        """Whether it is true for all rows."""
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
    else:
        found = in_threads(_Filter(rewriting, predicate).count, chosen)
    whole = [one.file for one in found if one.whole]
    partly = [one.file for one in found if not one.whole and one.hits]
    _Filter(rewriting, predicate).rewrite(partly)
    if partly:
        rewriting.note_whole(whole, "delete")
    for file in whole:
        rewriting.remove(file)
    return Removed(sum(one.hits for one in found), bool(partly) and rewriting.feed().is_kept)


class _Filter(Generic[F]):
    """A predicate on the rows of files."""

    def __init__(self, rewriting: Rewriting[F], predicate: Predicate) -> None:
        self._rewriting = rewriting
        schema = rewriting.schema
        self._needed = [name for name in schema.names if name in predicate.columns]
        self._true: Any = to_arrow(predicate, schema, guard_statistics=False)
        self._other = ~self._true | self._true.is_null()

    def count(self, file: F) -> _Hits[F]:
        """For how many rows of a file it is true."""
        rows = hits = 0
        for batch in self._rewriting.read(file, self._needed):
            rows += batch.num_rows
            hits += pc.sum(mask(pa.Table.from_batches([batch]), self._true)).as_py() or 0
        return _Hits(file, rows, hits)

    def rewrite(self, files: list[F]) -> None:
        """Write files again without the rows for which it is true."""
        groups = together(self._rewriting, files, lambda file: file)
        in_threads(lambda group: self._rewriting.replace(group, lambda feed: self._kept(group, feed)), groups)

    def _kept(self, files: Sequence[F], feed: Feed) -> Iterator[pa.RecordBatch]:
        for batch in chain.from_iterable(map(self._rewriting.read, files)):
            advance(batch.num_rows, batch.nbytes)
            if feed.is_kept:
                feed.add(filter_batch(batch, self._true), "delete")
            yield filter_batch(batch, self._other)
