"""The history that a table carries inside its own directory, in the file ``_dao_log.jsonl``.

Each line is one version, the newest last. The file is part of the tree, so a version and its history are published in
one step. Other tools ignore it, since its name starts with ``_``.

The newest line also tells the table's schema, and which files it is true for. So a table that DAO wrote is opened
without looking into any file, and keeps types that its files can't hold (a CSV's, a partition column's, those of a
table without rows). As soon as another program adds or removes a file, that part is not believed any more.
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
from dao.results import Version
from dao_files._storage.keys import join
from dao_files._storage.stored_json import check, items, moment, parse_object, value

if TYPE_CHECKING:
    import pyarrow as pa

    from dao_files._storage.storage import Snapshot

__all__ = ["LOG_NAME", "Log", "Record", "fingerprint_of"]

LOG_NAME = "_dao_log.jsonl"
"""The name of the file, at the top of a table's directory."""

_KEPT = 1000
"""The number of versions kept. The file is rewritten with each version, so it must not grow without bound."""


@frozen
class Record:
    """One version of a table.

    Attributes:
        version: counted from 1.
        timestamp: when it was made, in UTC.
        operation: what made it.
        details: rows, files, bytes: whatever the operation counted.
        fingerprint: which data files the rest is true for; see :func:`fingerprint_of`. Newest version only.
        format: their format.
        partition_by: the partition columns.
        rows: the rows in all files, None if not counted.
        schema: the whole schema, in Arrow's own serialised form.
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

    def arrow_schema(self) -> pa.Schema | None:
        """The schema, None where the record has none.

        Raises:
            StoreError: it is damaged.
        """
        if self.schema is None:
            return None
        import pyarrow as pa

        try:
            return pa.ipc.read_schema(pa.py_buffer(self.schema))
        except (pa.ArrowException, OSError) as error:
            raise _damage_error(LOG_NAME, "its schema can't be read") from error

    def as_version(self) -> Version:
        """The record as ``history`` shows it."""
        return Version(self.version, self.timestamp, self.operation, dict(self.details))

    def _line(self) -> str:
        told: dict[str, Any] = {
            "version": self.version,
            "timestamp": self.timestamp.isoformat(),
            "operation": self.operation,
            "details": self.details,
            "fingerprint": self.fingerprint,
            "format": self.format,
            "partition_by": list(self.partition_by),
            "rows": self.rows,
            "schema": b64encode(self.schema).decode() if self.schema is not None else None,
        }
        return json.dumps({name: value for name, value in told.items() if value not in (None, [], {})})


def fingerprint_of(files: Iterable[tuple[str, int | None]]) -> str:
    """A short fingerprint of a set of files.

    Args:
        files: path below the table's key, and bytes, of each data file.
    """
    return sha256("\n".join(f"{size} {path}" for path, size in sorted(files)).encode()).hexdigest()[:32]


@define(slots=False)
class Log:
    """All versions of a table; empty if another program wrote it. Most calls only need the newest.

    Attributes:
        key: the file's key, for messages.
        lines: the file's lines, the oldest version first.
    """

    key: str = LOG_NAME
    lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, snapshot: Snapshot) -> Log:
        """The log of a tree.

        Raises:
            StoreError: it is no text.
        """
        key = join(snapshot.key, LOG_NAME)
        if snapshot.is_file or all(info.key != key for info in snapshot.files):
            return cls()
        with snapshot.open(key) as file:
            content = file.read()
        try:
            return cls(key, tuple(content.decode().splitlines()))
        except ValueError as error:
            raise _damage_error(key, str(error)) from error

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """All versions.

        Raises:
            StoreError: a line is damaged.
        """
        return tuple(map(self._parsed, self.lines))

    @cached_property
    def newest(self) -> Record | None:
        """The current version.

        Raises:
            StoreError: its line is damaged.
        """
        return self._parsed(self.lines[-1]) if self.lines else None

    def _parsed(self, line: str) -> Record:
        try:
            return _record(parse_object(line))
        except ValueError as error:
            raise _damage_error(self.key, str(error)) from error

    @property
    def version(self) -> int | None:
        """The number of the newest version."""
        return self.newest.version if self.newest is not None else None

    def next_version(self) -> int:
        """The number of the next version."""
        return (self.version or 0) + 1

    def followed_by(self, record: Record) -> bytes:
        """The content of the file once ``record`` is the newest version."""
        *older, newest = self.lines or ("",)
        if self.newest is not None:
            newest = evolve(self.newest, fingerprint=None, schema=None)._line()
        kept = [line for line in (*older, newest) if line][-_KEPT + 1 :]
        return "".join(f"{line}\n" for line in (*kept, record._line())).encode()


def _damage_error(name: str, reason: str) -> StoreError:
    return StoreError(f"{name} is damaged: {reason[:200]}; the table can be read once it is removed")


def _record(told: Mapping[str, Any]) -> Record:
    version, rows, schema = check(told.get("version"), int, "version"), value(told, "rows", int), told.get("schema")
    if version < 1 or (rows or 0) < 0:
        raise ValueError(f"version {version}, rows {rows}: less than there can be")
    return Record(
        version=version,
        timestamp=moment(told.get("timestamp"), "timestamp"),
        operation=check(told.get("operation"), str, "operation"),
        details=value(told, "details", dict) or {},
        fingerprint=value(told, "fingerprint", str),
        format=value(told, "format", str),
        partition_by=tuple(check(name, str, "partition_by") for name in items(told, "partition_by")),
        rows=rows,
        schema=b64decode(check(schema, str, "schema"), validate=True) if schema is not None else None,
    )
