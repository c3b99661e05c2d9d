"""Commits of a tree: the new log and all files are published in one step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import evolve

from dao.increments import Position
from dao.results import FileInfo, WriteResult
from dao_files._actions.contents import below, is_shown
from dao_files._actions.log import LOG_NAME, Log, Record, fingerprint_of
from dao_files._actions.options import stored_spelling

if TYPE_CHECKING:
    import pyarrow as pa

    from dao_files._actions.keyed import Keyed  # needs Arrow, and files are committed as bytes without it
    from dao_files._actions.parts import Part
    from dao_files._storage.storage import Change
    from dao_files.formats import Format

__all__ = ["commit", "commit_nothing", "part_sizes", "read_log"]


_REPLACING = ("overwrite", "copy")
"""The operations after which none of the table's former rows is left."""


def read_log(change: Change) -> Log:
    """Read the log of the tree that a change replaces; empty if there is none."""
    return Log.of(change.base) if change.base is not None else Log()


def commit(
    change: Change,
    log: Log,
    operation: str,
    *,
    new: Sequence[tuple[str, int]],
    kept: Iterable[FileInfo] = (),
    key: str = "",
    format: Format | None = None,
    options: Any = None,
    partition_by: Sequence[str] = (),
    schema: pa.Schema | None = None,
    rows: int | None = None,
    inserted: int | None = None,
    updated: int | None = None,
    deleted: int | None = None,
    like: Record | None = None,
    keyed: Keyed | None = None,
    position: Position | None = None,
) -> WriteResult:
    """Keep unchanged files, write the log and publish the change.

    Args:
        change: the change, whose new files are complete.
        log: the log before the change.
        operation: the name of the operation, for the log.
        new: path below the key and size in bytes of each new file.
        kept: files of the base that remain, including hidden ones; an old log among them is ignored.
        key: the tree's key.
        format: the format of the data files; None for files that are not a table.
        options: the options that the data files are written with.
        partition_by: the partition columns.
        schema: the table's schema, including partition columns.
        rows: the number of rows of the table after the change, None if unknown.
        inserted: the number of new rows.
        updated: the number of replaced rows.
        deleted: the number of deleted rows.
        like: the record of the table that this one is a copy of, or that it adds files to: what it says of its files
            is taken over.
        keyed: the call, if it is to be remembered by its idempotency key.
        position: the position that the table has got to with this change, if there is one.

    Returns:
        The counts, bytes and versions of the commit.

    Raises:
        ConflictError, AlreadyExistsError: another writer has published in the meantime.
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
        format=format.name if format is not None else None,
        options=stored_spelling(options) if options is not None else None,
        partition_by=tuple(partition_by),
        rows=rows,
        schema=schema.serialize().to_pybytes() if schema is not None else None,
        positions=_positions(log, operation, position),
    )
    if like is not None:
        record = _take_over(record, like)
    done = None if keyed is None else keyed.done(record.version, record.timestamp)
    with change.create(LOG_NAME) as file:
        file.write(log.followed_by(record, done))
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


def commit_nothing(change: Change, log: Log, keyed: Keyed | None) -> WriteResult:
    """Return the result of a call that changes no row; with an idempotency key the table remembers that it was made.

    Raises:
        ConflictError: another writer has published in the meantime.
    """
    if keyed is not None and change.base is not None:
        for info in change.base.files:
            if below(info.key, change.base.key) != LOG_NAME:
                change.keep(info.key)
        with change.create(LOG_NAME) as file:
            file.write(log.remembering(keyed.done(log.version, datetime.now(UTC))))
        change.publish()
    return WriteResult(0, 0, 0, 0, 0, log.version, log.version)


def part_sizes(parts: Iterable[Part]) -> list[tuple[str, int]]:
    """List the paths and sizes in bytes of part files, as :func:`commit` takes them."""
    return [(part.path, part.size) for part in parts]


def _positions(log: Log, operation: str, position: Position | None) -> dict[str, int]:
    """The table's positions after a change; those of rows that are all replaced are gone."""
    before = {} if log.newest is None or operation in _REPLACING else log.newest.positions
    return {**before, **({} if position is None else {position.source: position.version})}


def _take_over(record: Record, like: Record) -> Record:
    """Take over what another record says of its files: as the table's whole, if the files are equal.

    Else as what is known of some of them, as if another program had changed the others: the record then describes no
    files, but their options and the types of their partitions remain known.
    """
    equal = like.fingerprint is not None and like.fingerprint == record.fingerprint
    return evolve(
        record,
        fingerprint=record.fingerprint if equal else None,
        format=like.format,
        options=like.options,
        partition_by=like.partition_by,
        rows=like.rows if equal else None,
        schema=like.schema,
    )
