"""The protocol of file storages, on which all actions are built.

A storage holds files under keys: text with ``/`` between the parts, from the store's root. It doesn't know about
formats, tables and objects. The actions in :mod:`dao_files` use only the operations below, so a storage with these
guarantees is enough for a complete interface.

There are two central guarantees:

* **A snapshot does not change.** What :meth:`Storage.snapshot` finds stays readable, whatever is written or deleted
  meanwhile.
* **A change is published as a whole or not at all**, in one step, even if the process is killed. It is never partly
  visible.

A storage with locks makes writers of a key wait. One without, such as an object store, detects conflicts at the end:
publishing raises ConflictError, and the actions retry on the current state for up to
:attr:`Storage.conflict_timeout`. Likewise, a snapshot whose files can't be protected from deletion raises ConflictError
when read, and reads of whole tables are retried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Literal, Protocol

from dao.errors import DaoError
from dao.results import FileInfo

__all__ = ["Change", "Kind", "Snapshot", "Storage"]

Kind = Literal["file", "directory"]


class Snapshot(Protocol):
    """One file, or all files below one key, at one moment. Close it to release them."""

    @property
    def key(self) -> str:
        """The key it was taken of."""

    @property
    def is_file(self) -> bool:
        """True for one file, False for a directory."""

    @property
    def files(self) -> Sequence[FileInfo]:
        """The files in the order of their keys, as texts or folder by folder; for one file just that one."""

    def open(self, key: str) -> BinaryIO:
        """Open one of its files for reading. Needs no Arrow."""

    def filesystem(self) -> Any:
        """A ``pyarrow.fs.FileSystem`` whose paths are its keys; it keeps the snapshot open."""

    def close(self) -> None:
        """Release it. Open files stay readable. May be called twice."""


class Change(Protocol):
    """A change of one key under preparation. Nothing of it is visible before :meth:`publish`.

    Other writers of the key wait, or :meth:`publish` detects that one of them came first. Leaving the context without
    :meth:`publish`, for any reason, discards everything.
    """

    @property
    def base(self) -> Snapshot | None:
        """The current content of the key, None if there is none; valid until the context ends."""

    def create(self, path: str, *, native: bool = False, unique: bool = False) -> Any:
        """Open a new file for writing; close it before :meth:`publish`.

        Args:
            path: its path below the change's key; empty for the single file of a change with ``tree=False``.
            native: return a ``pyarrow.NativeFile`` instead of a Python binary file.
            unique: its name has a new token, so that it never collides with another file.
        """

    def keep(self, key: str) -> None:
        """Keep a file of ``base`` unchanged, without copying it if possible."""

    def copy_in(self, snapshot: Snapshot, key: str, path: str) -> int:
        """Copy a file of a snapshot of the same storage to ``path``, and return its size in bytes."""

    def size(self, path: str) -> int:
        """The size in bytes of a closed file from :meth:`create`."""

    def publish(self) -> None:
        """Publish the change in one step, replacing the content of the key.

        Raises:
            AlreadyExistsError: ``base`` is None and something has appeared since; also a ConflictError.
            ConflictError: another writer has published since ``base`` was taken.
        """

    def renew(self) -> None:
        """After a ConflictError: refresh ``base``. Created files stay; calls of :meth:`keep` are forgotten."""


class Storage(Protocol):
    """Files under keys. Safe between threads; can be pickled.

    Callers check keys by :func:`dao_files.storage.check_key`. The key ``""`` is the root: it can be listed and read.

    Optional: ``default_format`` names the format of new tables without a declared one; by default Parquet.
    """

    @property
    def uri(self) -> str:
        """The root's own URI without a ``/`` at its end, such as ``s3://bucket/prefix``."""

    @property
    def conflict_timeout(self) -> float:
        """Seconds for which actions are retried after a first ConflictError; 0 if there are no conflicts."""

    def key_of(self, uri: str) -> str | None:
        """The key that a URI names, None if the URI is outside this storage."""

    def kind(self, key: str, wanted: Kind | None = None) -> Kind | None:
        """The kind of content at a key, None if there is none. An empty directory doesn't count.

        ``wanted`` is the kind that the caller expects. A storage where a file and a directory can have the same key
        checks that kind first; others may ignore it.
        """

    def snapshot(self, key: str, wanted: Kind | None = None) -> Snapshot:
        """Take a snapshot of everything at a key; ``wanted`` as for :meth:`kind`.

        Raises:
            NotFoundError: there is nothing.
        """

    def list(self, key: str) -> Iterator[FileInfo]:
        """The file at a key, or all files below it sorted by name, listed lazily.

        Raises:
            NotFoundError: there is nothing, except at the root.
        """

    def change(self, key: str, *, tree: bool, blind: bool = False) -> AbstractContextManager[Change]:
        """Prepare a change of a key: of all files below it (``tree``), or of the single file at it.

        ``blind`` means that the change doesn't depend on the current content, so that a single file may be replaced
        regardless of concurrent writes.

        Raises:
            TransientError: another writer held the key for longer than the storage waits.
        """

    def delete(self, key: str, wanted: Kind | None = None) -> None:
        """Delete the content of a key in one step; ``wanted`` as for :meth:`kind`.

        Raises:
            NotFoundError: there is nothing.
        """

    def move(
        self, source: str, target: str, *, replace: Callable[[Snapshot], bool], wanted: Kind | None = None
    ) -> None:
        """Move the content of ``source`` to another key in one step; ``wanted`` as for :meth:`kind`.

        Args:
            source: the key.
            target: the other key.
            replace: decides by a snapshot of ``target``, if there is something, whether it is replaced. It is asked
                while no other writer can change the target, or the move fails if one does; what it raises passes.
            wanted: the kind of ``source``.

        Raises:
            NotFoundError: there is nothing at ``source``.
            AlreadyExistsError: ``target`` exists, and ``replace`` returned False.
        """

    def translate(self, error: Exception) -> DaoError | None:
        """Translate a driver's error to a DaoError, None for an unknown error."""
