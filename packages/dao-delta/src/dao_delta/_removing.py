"""Takes the rows for which a predicate is true out of a table's files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from dao.arrow.predicates import Predicate, filter_batch, mask, to_arrow
from dao.progress import advance
from dao_delta._facts import facts_of
from dao_delta._rewriting import ChangeFeed, Rewriting, in_threads
from dao_delta._stored import StoredFile, stored_files
from dao_files.lake import files_with_rows

__all__ = ["remove_rows"]


@frozen
class _Hits:
    """What a predicate is true for in a file.

    Attributes:
        file: the file.
        rows: how many rows it has.
        hits: for how many of them it is true.
    """

    file: StoredFile
    rows: int
    hits: int

    @property
    def whole(self) -> bool:
        """Whether it is true for all rows."""
        return 0 < self.hits == self.rows


def remove_rows(rewriting: Rewriting, predicate: Predicate) -> tuple[int, bool]:
    """Take out the rows for which a predicate is true: whole files where it is true for all of their rows.

    A predicate of partition columns alone reads no file.

    Args:
        rewriting: of the version.
        predicate: bound to the columns that the table has afterwards.

    Returns:
        How many rows went, and whether the feed has their changes, so that it must have all others of the commit.
    """
    found = _found(rewriting, predicate)
    whole = [one.file for one in found if one.whole]
    partly = [one.file for one in found if not one.whole and one.hits]
    _Filter(rewriting, predicate).rewrite(partly)
    if partly:
        rewriting.note_whole(whole, "delete")
    for file in whole:
        rewriting.remove(file)
    return sum(one.hits for one in found), bool(partly) and rewriting.snapshot.has_change_feed


def _found(rewriting: Rewriting, predicate: Predicate) -> list[_Hits]:
    snapshot = rewriting.snapshot
    chosen = [
        file
        for file, kept in zip(stored_files(snapshot), files_with_rows(facts_of(snapshot), predicate), strict=True)
        if kept and file.rows != 0
    ]
    if predicate.columns <= {*snapshot.partition_by}:
        sizes = [rewriting.stored.rows_of(file) - file.hidden for file in chosen]
        return [_Hits(file, rows, rows) for file, rows in zip(chosen, sizes, strict=True)]
    return in_threads(_Filter(rewriting, predicate).count, chosen)


class _Filter:
    """A predicate on the rows of files."""

    def __init__(self, rewriting: Rewriting, predicate: Predicate) -> None:
        self._rewriting = rewriting
        schema = rewriting.layout.schema
        self._needed = [name for name in schema.names if name in predicate.columns]
        self._true: Any = to_arrow(predicate, schema, guard_statistics=False)
        self._other = ~self._true | self._true.is_null()

    def count(self, file: StoredFile) -> _Hits:
        """For how many rows of a file it is true."""
        rows = hits = 0
        for batch in self._rewriting.stored.read(file, self._needed):
            rows += batch.num_rows
            hits += pc.sum(mask(pa.Table.from_batches([batch]), self._true)).as_py() or 0
        return _Hits(file, rows, hits)

    def rewrite(self, files: list[StoredFile]) -> None:
        """Write files again without the rows for which it is true."""
        in_threads(lambda group: self._rewriting.replace(group, self._kept), self._rewriting.together(files))

    def _kept(self, file: StoredFile, feed: ChangeFeed) -> Iterator[pa.RecordBatch]:
        for batch in self._rewriting.stored.read(file):
            advance(batch.num_rows, batch.nbytes)
            if feed.files is not None:
                feed.add(filter_batch(batch, self._true), "delete")
            yield filter_batch(batch, self._other)
