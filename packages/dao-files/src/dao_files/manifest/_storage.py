"""An object store as a file storage; its guarantees are those of :class:`dao_files.storage.Storage`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakValueDictionary

from attrs import define, field

from dao.errors import (
    AlreadyExistsError,
    DaoError,
    DataError,
    NotFoundError,
    UnsupportedError,
)
from dao.results import FileInfo
from dao_files._storage.names import bears_token
from dao_files.manifest._listing import iter_listed
from dao_files.manifest._moving import move_object, move_tree
from dao_files.manifest._object_change import ObjectChange
from dao_files.manifest._snapshot import ObjectSnapshot, TreeSnapshot, info_of
from dao_files.manifest._transport import Stat, Transport
from dao_files.manifest._tree_change import TreeChange
from dao_files.manifest._view import below, look, tree_of

if TYPE_CHECKING:
    from dao_files._storage.storage import Kind, Snapshot, Storage

__all__ = ["ManifestStorage"]

_LONGEST_KEY = 1024
"""Bytes of a key in S3, prefix included."""


class _KeyLock:
    """A lock that can be referred to weakly."""

    def __init__(self) -> None:
        self.lock = Lock()


@define(slots=False)
class ManifestStorage:
    """See :class:`dao_files.storage.Storage`.

    Attributes:
        transport: sends the requests.
        conflict_timeout: seconds for which an action is tried again when another writer was faster, and for which
            threads of this process wait for each other before they try as other processes do.
    """

    transport: Transport
    conflict_timeout: float = 60.0
    _locks: WeakValueDictionary[str, _KeyLock] = field(factory=WeakValueDictionary, init=False, repr=False, eq=False)
    _guard: Lock = field(factory=Lock, init=False, repr=False, eq=False)
    _process: int = field(factory=os.getpid, init=False, repr=False, eq=False)

    @property
    def uri(self) -> str:
        """See :attr:`dao_files.storage.Storage.uri`."""
        return self.transport.uri

    def key_of(self, uri: str) -> str | None:
        """See :meth:`dao_files.storage.Storage.key_of`. There is no percent-encoding: keys are taken exactly."""
        beginning = f"{self.uri}/"
        return uri[len(beginning) :] if uri.startswith(beginning) else None

    def checked(self, key: str) -> str:
        """Check the length of a key and return it.

        Raises:
            DataError: it is.
        """
        prefix = self.uri.split("/", 3)[3:]
        size = len("/".join([*prefix, key]).encode())
        if size > _LONGEST_KEY:
            raise DataError(
                f"key {key[:80]!r}... has {size:,} bytes with the store's prefix, more than {_LONGEST_KEY:,}"
            )
        return key

    def kind(self, key: str, wanted: Kind | None = None) -> Kind | None:
        """See :meth:`dao_files.storage.Storage.kind`."""
        self.checked(key)
        for kind in _order(key, wanted):
            if kind == "file" and self.stat_of(key) is not None:
                return "file"
            if kind == "directory" and next(iter_listed(self.transport, key), None) is not None:
                return "directory"
        return None

    def stat_of(self, key: str) -> Stat | None:
        """The object of a key, None if it doesn't exist.

        A file of a tree may be in an object of another name, until it is moved to its own place or, copied, for good.
        """
        try:
            return self.transport.head(key) if key else None
        except NotFoundError:
            tree = tree_of(self.transport, key.rpartition("/")[0]) if bears_token(key) else None
            return None if tree is None else look(self.transport, tree).files.get(below(key, tree))

    def snapshot(self, key: str, wanted: Kind | None = None) -> ObjectSnapshot | TreeSnapshot:
        """See :meth:`dao_files.storage.Storage.snapshot`."""
        self.checked(key)
        for kind in _order(key, wanted):
            if kind == "file" and (stat := self.stat_of(key)) is not None:
                return ObjectSnapshot(self.transport, stat)
            if kind == "directory" and (view := look(self.transport, key)).is_there:
                return TreeSnapshot(self.transport, view)
        raise NotFoundError(f"{key!r} is not there" if key else "the store is empty")

    def list(self, key: str) -> Iterator[FileInfo]:
        """See :meth:`dao_files.storage.Storage.list`."""
        self.checked(key)
        found = False
        for info in iter_listed(self.transport, key):
            found = True
            yield info
        stat = self.stat_of(key) if not found else None
        if stat is not None:
            yield info_of(stat)
        elif key and not found:
            raise NotFoundError(f"{key!r} is not there")

    @contextmanager
    def change(self, key: str, *, tree: bool, blind: bool = False) -> Iterator[TreeChange | ObjectChange]:
        """See :meth:`dao_files.storage.Storage.change`. Threads of one process wait for each other here."""
        self.checked(key)
        with self._locked(key), self._begun(key, tree, blind) as change:
            yield change

    def _begun(self, key: str, tree: bool, blind: bool) -> TreeChange | ObjectChange:
        return TreeChange(self.transport, key) if tree else ObjectChange(self.transport, key, blind=blind)

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        """Serialize threads of this process: not required, but avoids conflicts."""
        held = self._lock_of(key)
        acquired = held.lock.acquire(timeout=self.conflict_timeout)
        try:
            yield
        finally:
            if acquired:
                held.lock.release()

    def _lock_of(self, key: str) -> _KeyLock:
        if self._process != os.getpid():  # after a fork, locks held by threads of the parent are never released here
            self._guard, self._locks, self._process = Lock(), WeakValueDictionary(), os.getpid()
        with self._guard:
            lock = self._locks.get(key)
            if lock is None:
                lock = self._locks[key] = _KeyLock()
            return lock

    def delete(self, key: str, wanted: Kind | None = None) -> None:
        """See :meth:`dao_files.storage.Storage.delete`."""
        kind = self.kind(key, wanted)
        if kind is None:
            raise NotFoundError(f"{key!r} is not there")
        if kind == "file":
            stat = self.stat_of(key)
            self.transport.delete([stat.key if stat is not None else key])
            return
        with self.change(key, tree=True) as change:
            if change.base is None:
                raise NotFoundError(f"{key!r} is not there")
            change.publish()

    def move(
        self, source: str, target: str, *, replace: Callable[[Snapshot], bool], wanted: Kind | None = None
    ) -> None:
        """See :meth:`dao_files.storage.Storage.move`. In between, or after a crash, it is in both places."""
        self.checked(target)
        with self._locked_pair(source, target):
            snapshot = self.snapshot(source, wanted)
            kind: Kind = "file" if snapshot.is_file else "directory"
            if isinstance(snapshot, ObjectSnapshot):
                taken = self.kind(target, kind) is not None
                if taken and not replace(self.snapshot(target, kind)):
                    raise AlreadyExistsError(f"{target!r} is already there")
                move_object(self.transport, source, target, replace=taken)
            else:
                move_tree(self.transport, source, target, replace=replace)

    @contextmanager
    def _locked_pair(self, source: str, target: str) -> Iterator[None]:
        first, second = sorted((source, target))
        with self._locked(first), self._locked(second):
            yield

    def at(self, version: str) -> Storage:
        """The storage with single objects as they were at a version; only good for reading."""
        return cast("Storage", OlderObjects(self, version))

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()

    def translate(self, error: Exception) -> DaoError | None:
        """See :meth:`dao_files.storage.Storage.translate`: transports raise DAO's errors themselves."""
        return None

    def __getstate__(self) -> dict[str, Any]:
        return {"transport": self.transport, "conflict_timeout": self.conflict_timeout}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


class OlderObjects:
    """A storage that can only be read: each object as it was at a version. See :meth:`ManifestStorage.at`."""

    def __init__(self, storage: ManifestStorage, version: str) -> None:
        self._storage = storage
        self._version = version
        self.conflict_timeout = storage.conflict_timeout

    def snapshot(self, key: str, wanted: Kind | None = None) -> ObjectSnapshot:
        """The object at a key as it was.

        Raises:
            NotFoundError: there is no such version.
            UnsupportedError: it isn't a single object that is wanted.
        """
        if wanted != "file":
            raise UnsupportedError(
                f"version= asks for an older version of {key!r}: single files have them where the bucket keeps them, "
                "directories and tables don't"
            )
        stat = self._storage.transport.head(self._storage.checked(key), version=self._version)
        return ObjectSnapshot(self._storage.transport, stat)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


def _order(key: str, wanted: Kind | None) -> tuple[Kind, Kind]:
    """Where to look first: names of files mostly have a dot."""
    first_file = wanted == "file" if wanted is not None else "." in key.rpartition("/")[2]
    return ("file", "directory") if first_file else ("directory", "file")
