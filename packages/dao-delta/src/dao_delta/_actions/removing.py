"""Takes the rows for which a predicate is true out of a version's files."""

from __future__ import annotations

from dao.arrow.predicates import Predicate
from dao_delta._actions.rewriting import Rewriting
from dao_delta._snapshots.facts import facts_of
from dao_delta._snapshots.stored import stored_files
from dao_files.lake import Removed, files_with_rows, remove_rows

__all__ = ["remove_stored"]


def remove_stored(rewriting: Rewriting, predicate: Predicate) -> Removed:
    """See :func:`dao_files.lake.remove_rows`; the predicate is bound to the columns that the table has afterwards."""
    snapshot = rewriting.snapshot
    files = stored_files(snapshot)
    may_match = files_with_rows(facts_of(snapshot), predicate)
    kept = [kept and file.rows != 0 for file, kept in zip(files, may_match, strict=True)]
    return remove_rows(rewriting, predicate, files, kept, snapshot.partition_by)
