"""Commits a change of a tree: writes its log, and publishes everything at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import evolve

from dao.results import FileInfo, WriteResult
from dao_files._actions.contents import is_shown
from dao_files._actions.log import LOG_NAME, Log, Record, fingerprint_of

if TYPE_CHECKING:
    import pyarrow as pa

    from dao_files._actions.parts import Part
    from dao_files._storage.storage import Change

__all__ = ["commit", "log_of", "sizes"]


def log_of(change: Change) -> Log:
    """The history of the tree that a change replaces; empty if there is none."""
    return Log.of(change.base) if change.base is not None else Log()


def commit(
    change: Change,
    log: Log,
    operation: str,
    *,
    new: Sequence[tuple[str, int]],
    kept: Iterable[FileInfo] = (),
    key: str = "",
    format: str | None = None,
    partition_by: Sequence[str] = (),
    schema: pa.Schema | None = None,
    rows: int | None = None,
    inserted: int | None = None,
    updated: int | None = None,
    deleted: int | None = None,
    like: Record | None = None,
) -> WriteResult:
    """Keep unchanged files, write the log and publish.

    Args:
        change: the change, its new files complete.
        log: the history so far.
        operation: what made the version.
        new: path below the key, and bytes, of each new file.
        kept: files of the base that stay, hidden ones too; the log itself is left out here.
        key: the tree's key.
        format: the format of the data files, where they are a table's.
        partition_by: the partition columns.
        schema: the table's whole schema.
        rows: the rows that the table has now.
        inserted: rows that are new.
        updated: rows that took the place of older ones.
        deleted: rows that are gone.
        like: the record of another table that this one is a copy of, and that tells the rest.

    Returns:
        What was done.
    """
    names = dict(new)
    for info in kept:
        path = info.key[len(key) + 1 :]
        if path != LOG_NAME:
            change.keep(info.key)
            names[path] = info.size or 0
    counted = {"rows_inserted": inserted, "rows_updated": updated, "rows_deleted": deleted}
    written = sum(size for _, size in new)
    details: dict[str, Any] = {name: count for name, count in counted.items() if count is not None}
    record = Record(
        version=log.next_version(),
        timestamp=datetime.now(UTC),
        operation=operation,
        details={**details, "files": len(new), "bytes": written},
        fingerprint=fingerprint_of((path, size) for path, size in names.items() if is_shown(path, size)),
        format=format,
        partition_by=tuple(partition_by),
        rows=rows,
        schema=schema.serialize().to_pybytes() if schema is not None else None,
    )
    if like is not None:
        record = _as_told(record, like)
    with change.create(LOG_NAME) as file:
        file.write(log.followed_by(record))
    change.publish()
    return WriteResult(
        rows_inserted=inserted,
        rows_updated=updated,
        rows_deleted=deleted,
        bytes=written,
        files=len(new),
        version_before=log.version,
        version_after=record.version,
    )


def sizes(parts: Iterable[Part]) -> list[tuple[str, int]]:
    """Path and bytes of part files, as :func:`commit` takes them."""
    return [(part.path, part.size) for part in parts]


def _as_told(record: Record, like: Record) -> Record:
    """Copy a table's history to its copy, if the files are the same."""
    if like.fingerprint != record.fingerprint:
        return record
    return evolve(record, format=like.format, partition_by=like.partition_by, rows=like.rows, schema=like.schema)
