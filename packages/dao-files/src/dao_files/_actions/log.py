"""The log of a table: its version history in the file ``_dao_log.jsonl`` of its directory.

Each line is one version, the newest last. The file is part of the tree, so a version and its log entry are published in
one step. Other tools ignore it, since its name starts with ``_``.

The newest line also has the table's schema, the options that its files are read with (the delimiter of CSV, the text of
nulls) and a fingerprint of the files that it describes. So a table that DAO wrote
is opened without reading any data file, and preserves types that its files can't store (of CSV columns, partition
columns, tables without rows). Once another program adds or removes a file, the fingerprint differs: files that hold
their types are read by these then, and those of text formats by the schema still, which they must fit.

Before the versions are the calls with an idempotency key that the table remembers, see :mod:`dao_files._actions.done`.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field, frozen

from dao.errors import StoreError
from dao.increments import Position
from dao.results import Version
from dao_files._actions.done import KEPT, Done, find_done, is_done
from dao_files._storage.keys import join
from dao_files._storage.stored_json import check, items, moment, parse_object, value

if TYPE_CHECKING:
    import pyarrow as pa

    from dao_files._storage.storage import Snapshot

__all__ = ["LOG_NAME", "Log", "Record", "fingerprint_of"]

LOG_NAME = "_dao_log.jsonl"
"""The name of the file, at the top of a table's directory."""

_KEPT = 1000
"""The number of versions retained. The file is rewritten with each version, so it must not grow without bound."""


@frozen
class Record:
    """One version of a table.

    Attributes:
        version: the version number, from 1.
        timestamp: the time of the commit, in UTC.
        operation: the name of the operation.
        details: the operation's counts of rows, files and bytes.
        fingerprint: identifies the data files that the record describes; see :func:`fingerprint_of`. Newest version
            only.
        format: the format of the data files.
        partition_by: the partition columns.
        rows: the number of rows in all files, None if not counted.
        schema: the table's schema including partition columns, serialised by Arrow. Newest version only.
        options: the options without which the files can't be read back, except defaults; None where unknown, or if the
            format has none. Newest version only.
        positions: for each source of the table the version that it has got to. Newest version only.
    """

    version: int
    timestamp: datetime
    operation: str
    details: dict[str, Any] = field(factory=dict)
    fingerprint: str | None = None
    format: str | None = None
    partition_by: tuple[str, ...] = ()
    rows: int | None = None
    schema: bytes | None = field(default=None, repr=False)
    options: Mapping[str, Any] | None = None
    positions: Mapping[str, int] = field(factory=dict)

    def arrow_schema(self) -> pa.Schema | None:
        """Decode the schema, None where the record has none.

        Raises:
            StoreError: the schema is damaged.
        """
        if self.schema is None:
            return None
        import pyarrow as pa

        try:
            return pa.ipc.read_schema(pa.py_buffer(self.schema))
        except (pa.ArrowException, OSError) as error:
            raise _damage_error(LOG_NAME, "its schema can't be read") from error

    def as_version(self) -> Version:
        """Convert the record to an entry of ``history``."""
        return Version(self.version, self.timestamp, self.operation, dict(self.details))

    def _encode(self) -> str:
        fields: dict[str, Any] = {
            "version": self.version,
            "timestamp": self.timestamp.isoformat(),
            "operation": self.operation,
            "details": self.details,
            "fingerprint": self.fingerprint,
            "format": self.format,
            "partition_by": list(self.partition_by),
            "rows": self.rows,
            "schema": b64encode(self.schema).decode() if self.schema is not None else None,
            "positions": dict(self.positions),
        }
        kept = {name: value for name, value in fields.items() if value not in (None, [], {})}
        # No options are known to be none: that differs from not known.
        return json.dumps(kept if self.options is None else {**kept, "options": self.options})


def fingerprint_of(files: Iterable[tuple[str, int | None]]) -> str:
    """Compute a short fingerprint of a set of files, independent of their order.

    Args:
        files: path below the table's key and size in bytes of each data file.
    """
    return sha256("\n".join(f"{size} {path}" for path, size in sorted(files)).encode()).hexdigest()[:32]


@define(slots=False)
class Log:
    """All versions of a table; empty if another program wrote it. Lines are decoded on demand.

    Attributes:
        key: the file's key, for messages.
        lines: the lines of versions, the oldest first.
        done: the lines of the calls that are remembered by their idempotency keys, the oldest first.
    """

    key: str = LOG_NAME
    lines: tuple[str, ...] = ()
    done: tuple[str, ...] = ()

    @classmethod
    def of(cls, snapshot: Snapshot) -> Log:
        """Read the log of a tree.

        Raises:
            StoreError: the file is not text.
        """
        key = join(snapshot.key, LOG_NAME)
        if snapshot.is_file or all(info.key != key for info in snapshot.files):
            return cls()
        with snapshot.open(key) as file:
            return cls.decode(key, file.read())

    @classmethod
    def decode(cls, key: str, content: bytes) -> Log:
        """Split the content of the file into its lines.

        Raises:
            StoreError: it is not text.
        """
        try:
            lines = content.decode().splitlines()
        except ValueError as error:
            raise _damage_error(key, str(error)) from error
        done = tuple(line for line in lines if is_done(line))
        return cls(key, tuple(line for line in lines if not is_done(line)) if done else tuple(lines), done)

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """All versions.

        Raises:
            StoreError: a line is damaged.
        """
        return tuple(map(self._parse, self.lines))

    @cached_property
    def newest(self) -> Record | None:
        """The current version.

        Raises:
            StoreError: its line is damaged.
        """
        return self._parse(self.lines[-1]) if self.lines else None

    def _parse(self, line: str) -> Record:
        try:
            return _decode_record(parse_object(line))
        except ValueError as error:
            raise _damage_error(self.key, str(error)) from error

    @property
    def version(self) -> int | None:
        """The number of the newest version."""
        return self.newest.version if self.newest is not None else None

    def newest_of(self, format: str) -> Record | None:
        """The current version, if its files are of a format, even if other programs have changed some since."""
        return self.newest if self.newest is not None and self.newest.format == format else None

    def spelling(self, format: str) -> Mapping[str, Any] | None:
        """The options with which files of a format were written, even if other programs have changed files since.

        None where they are unknown.
        """
        newest = self.newest_of(format)
        return newest.options if newest is not None else None

    def position(self, source: str) -> Position | None:
        """The position that the table has of a source."""
        version = None if self.newest is None else self.newest.positions.get(source)
        return None if version is None else Position(source, version)

    def next_version(self) -> int:
        """The number of the next version."""
        return (self.version or 0) + 1

    def find_done(self, key: str) -> Done | None:
        """Find the call that was done with an idempotency key, None if it isn't remembered.

        Raises:
            StoreError: its line is damaged.
        """
        try:
            return find_done(self.done, key)
        except ValueError as error:
            raise _damage_error(self.key, str(error)) from error

    def followed_by(self, record: Record, done: Done | None = None) -> bytes:
        """Encode the content of the file with ``record`` appended as the newest version.

        Args:
            record: the version.
            done: the call that made it, if it is to be remembered.
        """
        *older, newest = self.lines or ("",)
        if self.newest is not None:
            newest = evolve(self.newest, fingerprint=None, schema=None, options=None, positions={})._encode()
        kept = [line for line in (*older, newest) if line][-_KEPT + 1 :]
        return self._encode([*kept, record._encode()], done)

    def remembering(self, done: Done) -> bytes:
        """Encode the content of the file with the same versions and a further call that changed no row."""
        return self._encode(self.lines, done)

    def _encode(self, versions: Iterable[str], done: Done | None) -> bytes:
        remembered = self.done if done is None else (*self.done, done.encode())[-KEPT:]
        return "".join(f"{line}\n" for line in (*remembered, *versions)).encode()


def _damage_error(name: str, reason: str) -> StoreError:
    return StoreError(f"{name} is damaged: {reason[:200]}; the table can be read once it is removed")


def _decode_record(entry: Mapping[str, Any]) -> Record:
    version, rows, schema = check(entry.get("version"), int, "version"), value(entry, "rows", int), entry.get("schema")
    options = entry.get("options")
    if version < 1 or (rows or 0) < 0:
        raise ValueError(f"version {version}, rows {rows}: expected at least 1 and 0")
    return Record(
        version=version,
        timestamp=moment(entry.get("timestamp"), "timestamp"),
        operation=check(entry.get("operation"), str, "operation"),
        details=value(entry, "details", dict) or {},
        fingerprint=value(entry, "fingerprint", str),
        format=value(entry, "format", str),
        partition_by=tuple(check(name, str, "partition_by") for name in items(entry, "partition_by")),
        rows=rows,
        schema=b64decode(check(schema, str, "schema"), validate=True) if schema is not None else None,
        options=check(options, dict, "options") if options is not None else None,
        positions={
            source: check(at, int, "positions") for source, at in (value(entry, "positions", dict) or {}).items()
        },
    )
