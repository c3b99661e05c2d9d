"""What a file storage must provide so that every action works over it.

A storage holds files under keys: text with ``/`` between the parts, from the store's root. It knows nothing of formats,
tables and objects. The actions in :mod:`dao_files` are built from the few operations below and from nothing else, so a
storage that keeps these promises gives a whole interface.

Two promises carry all others:

* **A snapshot does not change.** What :meth:`Storage.snapshot` found is what can be read from it, whatever is written
  or deleted meanwhile.
* **A change is published whole or not at all**, in one step, also when the process is killed. Nobody sees a part of it.

A storage that can keep writers of a key waiting does so. One that can't, such as an object store, finds out at the end:
publishing raises ConflictError, and the actions look anew at what is there and try again for
:attr:`Storage.conflict_timeout`. The same holds for a snapshot whose files can't be kept from being deleted: reading
from it raises ConflictError, and what reads whole tables begins again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Literal, Protocol

from dao.errors import DaoError
from dao.results import FileInfo

__all__ = ["Change", "Kind", "Snapshot", "Storage"]

Kind = Literal["file", "directory"]


class Snapshot(Protocol):
    """One file, or all files below one key, as they were at one moment. Close it to let go of them."""

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
        """Open one of its files for reading, from its start. Needs no Arrow."""

    def filesystem(self) -> Any:
        """A ``pyarrow.fs.FileSystem`` on which its keys are paths; it keeps the snapshot open as long as it lives."""

    def close(self) -> None:
        """Let go of it. Files that are open stay readable. May be called twice."""


class Change(Protocol):
    """A change of one key that is being prepared. Nothing of it is visible before :meth:`publish`.

    Other writers of the key wait, or :meth:`publish` finds that one of them was faster. Leaving it without
    :meth:`publish`, for whatever reason, undoes everything.
    """

    @property
    def base(self) -> Snapshot | None:
        """What is at the key now, None where nothing is; valid until the change is left."""

    def create(self, path: str, *, native: bool = False, unique: bool = False) -> Any:
        """Open a new file for writing; close it before :meth:`publish`.

        Args:
            path: where it goes, below the change's key; empty for the one file of a change with ``tree=False``.
            native: give a ``pyarrow.NativeFile`` instead of a Python binary file.
            unique: its name bears a new token, so that nobody else has ever made such a file, or will.
        """

    def keep(self, key: str) -> None:
        """Take a file of ``base`` over, unchanged and without copying it where that can be avoided."""

    def copy_in(self, snapshot: Snapshot, key: str, path: str) -> int:
        """Copy a file of a snapshot of the same storage to ``path``, and give back its size in bytes."""

    def size(self, path: str) -> int:
        """The bytes of a file that :meth:`create` made and that was closed."""

    def publish(self) -> None:
        """Make it what everybody sees, in one step: what was at the key is replaced.

        Raises:
            AlreadyExistsError: ``base`` is None and something has appeared since; also a ConflictError.
            ConflictError: another writer has published since ``base`` was taken.
        """

    def renew(self) -> None:
        """After a ConflictError: take ``base`` anew. What was created stays; :meth:`keep` begins from nothing."""


class Storage(Protocol):
    """Files under keys. Safe between threads; can be pickled.

    Keys come checked by :func:`dao_files.storage.check_key`. The key ``""`` is the root: it can be listed and read.

    Optional: ``default_format`` is the name of the format of new tables for which nobody says one; without it that is
    Parquet.
    """

    @property
    def uri(self) -> str:
        """The root's own URI without a ``/`` at its end, such as ``s3://bucket/prefix``."""

    @property
    def conflict_timeout(self) -> float:
        """Seconds for which an action is tried again after its first ConflictError; 0 where there are none."""

    def key_of(self, uri: str) -> str | None:
        """The key that a URI names, None where it names nothing of this storage."""

    def kind(self, key: str, wanted: Kind | None = None) -> Kind | None:
        """What is at a key, None where nothing is. A directory without any file in it is nothing.

        ``wanted`` is what the caller expects. A storage where a file and a directory can have the same key looks for
        that one first; others need not care.
        """

    def snapshot(self, key: str, wanted: Kind | None = None) -> Snapshot:
        """Everything that is at a key now; ``wanted`` as for :meth:`kind`.

        Raises:
            NotFoundError: there is nothing.
        """

    def list(self, key: str) -> Iterator[FileInfo]:
        """The file at a key, or all files below it in the order of their names, looked up as they are asked for.

        Raises:
            NotFoundError: there is nothing, except at the root.
        """

    def change(self, key: str, *, tree: bool, blind: bool = False) -> AbstractContextManager[Change]:
        """Prepare a change of a key: of all files below it (``tree``), or of the one file at it.

        ``blind`` says that the change will be made of nothing that is there now, so that a single file may be replaced
        whoever wrote it since.

        Raises:
            TransientError: another writer had the key for longer than the storage waits.
        """

    def delete(self, key: str, wanted: Kind | None = None) -> None:
        """Delete what is at a key, in one step; ``wanted`` as for :meth:`kind`.

        Raises:
            NotFoundError: there is nothing.
        """

    def move(self, source: str, target: str, *, replace: bool, wanted: Kind | None = None) -> None:
        """Give what is at ``source`` another key, in one step; ``wanted`` as for :meth:`kind`.

        Raises:
            NotFoundError: there is nothing at ``source``.
            AlreadyExistsError: something is at ``target``, and ``replace`` is False.
        """

    def translate(self, error: Exception) -> DaoError | None:
        """A driver's error in DAO's words, None for one that it doesn't know."""
