"""A folder as a file storage: see :class:`dao.files.storage.Storage` for what it promises.

Only DAO's own writers are kept from each other; another program that writes below the root at the same time is not
seen. Replacing needs hard links and a swap of names from the filesystem, and makes do without them. Nothing guards
against a program that exchanges directories for symbolic links while a call is running.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from urllib.parse import unquote, urlsplit

from attrs import define, field

from dao.errors import AlreadyExistsError, DaoError, DataError, NotFoundError
from dao.files.keys import OWN_FOLDER
from dao.local.change import FolderChange
from dao.local.errors import translate_os_error
from dao.local.publishing import OwnPlace
from dao.local.snapshot import FolderSnapshot, check_inside, is_folder, walk

if TYPE_CHECKING:
    from dao.files.storage import Kind
    from dao.results import FileInfo

__all__ = ["LocalStorage"]

T = TypeVar("T")

_LONGEST_PART = 255
"""Bytes of one part of a path, on every filesystem in use."""


@define(slots=False)
class LocalStorage:
    """See :class:`dao.files.storage.Storage`.

    Attributes:
        root: the folder, an absolute path.
        create: make the root when it is first written to.
        fsync: make what is written last through a power loss before it is published.
        lock_timeout: seconds to wait for other writers.
    """

    root: str
    create: bool = True
    fsync: bool = False
    lock_timeout: float = field(default=60.0)

    conflict_timeout: ClassVar[float] = 0.0

    @cached_property
    def _root(self) -> str:
        return os.path.realpath(self.root)

    @cached_property
    def _own(self) -> OwnPlace:
        return OwnPlace(self._root, os.path.join(self._root, OWN_FOLDER), self.lock_timeout)

    @property
    def uri(self) -> str:
        """See :attr:`dao.files.storage.Storage.uri`."""
        return PurePosixPath(self._root).as_uri()

    def key_of(self, uri: str) -> str | None:
        """See :meth:`dao.files.storage.Storage.key_of`."""
        parts = urlsplit(uri)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
            return None
        path = unquote(parts.path)
        for root in (self.root, self._root):
            if path.startswith(f"{root}/"):
                return path[len(root) + 1 :]
        return None

    def _path(self, key: str) -> str:
        if not key:
            return self._root
        long = next((part for part in key.split("/") if len(part.encode()) > _LONGEST_PART), None)
        if long is not None:
            raise DataError(f"a part of key {key[:80]!r}... has {len(long.encode())} bytes, more than {_LONGEST_PART}")
        path = f"{self._root}/{key}"
        return check_inside(path, key, self._root)

    def _real_key(self, key: str) -> str:
        """The key without the symbolic links that it goes through: one thing must have one lock."""
        return self._path(key)[len(self._root) + 1 :]

    def _ready(self) -> None:
        if self.create:
            os.makedirs(self._root, exist_ok=True)
        elif not is_folder(self._root):
            raise NotFoundError(f"the root {self.root!r} is not there, and create=False forbids to make it")

    def _found(self, key: str, look: Callable[[str], T]) -> T:
        """What ``look`` finds at a key's path, once nothing there is unfinished."""
        if not self.create and not is_folder(self._root):
            self._ready()
        last = False
        while True:
            try:
                return look(self._path(key))
            except (FileNotFoundError, NotADirectoryError) as error:
                # Once more in any case: a writer without a swap may have been between its two renames.
                if last:
                    raise NotFoundError(f"{key!r} is not there" if key else "the store is empty") from error
                last = not self._own.recover(key)

    def kind(self, key: str, wanted: Kind | None = None) -> Kind | None:
        """See :meth:`dao.files.storage.Storage.kind`."""
        try:
            return self._found(key, lambda path: self._kind_of(key, path))
        except NotFoundError:
            return None

    def _kind_of(self, key: str, path: str) -> Kind:
        if not stat.S_ISDIR(os.stat(path).st_mode):
            return "file"
        if next(walk(path, key, self._root), None) is None:
            raise FileNotFoundError(path)
        return "directory"

    def snapshot(self, key: str, wanted: Kind | None = None) -> FolderSnapshot:
        """See :meth:`dao.files.storage.Storage.snapshot`."""
        return self._found(key, lambda path: self._taken(key, path))

    def _taken(self, key: str, path: str) -> FolderSnapshot:
        snapshot = FolderSnapshot(key, path, self._root)
        if not snapshot.files:
            snapshot.close()
            raise FileNotFoundError(path)
        return snapshot

    def list(self, key: str) -> Iterator[FileInfo]:
        """See :meth:`dao.files.storage.Storage.list`."""
        if not key and not is_folder(self._root):
            return
        kind = self.kind(key) if key else "directory"
        if kind is None:
            raise NotFoundError(f"{key!r} is not there")
        if kind == "file":
            snapshot = self.snapshot(key)
            yield from snapshot.files
            snapshot.close()
            return
        yield from walk(self._path(key), key, self._root)

    @contextmanager
    def change(self, key: str, *, tree: bool, blind: bool = False) -> Iterator[FolderChange]:
        """See :meth:`dao.files.storage.Storage.change`."""
        self._ready()
        key = self._real_key(key)
        path = self._path(key)
        with ExitStack() as stack:
            stack.enter_context(self._own.locked(key))
            base = self._base(key)
            change = FolderChange(self._own, key, path, base, tree=tree, fsync=self.fsync)
            yield stack.enter_context(change)

    def _base(self, key: str) -> FolderSnapshot | None:
        try:
            return self.snapshot(key)
        except NotFoundError:
            return None

    def delete(self, key: str, wanted: Kind | None = None) -> None:
        """See :meth:`dao.files.storage.Storage.delete`."""
        self._ready()
        key = self._real_key(key)
        with self._own.locked(key):
            if self.kind(key) is None:
                raise NotFoundError(f"{key!r} is not there")
            grave = self._own.unused_place()
            os.rename(self._path(key), grave)
            self._own.discard(grave)

    def move(self, source: str, target: str, *, replace: bool, wanted: Kind | None = None) -> None:
        """See :meth:`dao.files.storage.Storage.move`."""
        self._ready()
        source, target = self._real_key(source), self._real_key(target)
        with self._own.locked(source, target):
            if self.kind(source) is None:
                raise NotFoundError(f"{source!r} is not there")
            taken = self.kind(target) is not None
            if taken and not replace:
                raise AlreadyExistsError(f"{target!r} is already there")
            old, new = self._path(source), self._path(target)
            self._own.make_parents(new)
            if taken:
                self._own.discard(self._own.replace_in_two_steps(target, new, old))
            else:
                os.rename(old, new)  # both keys are locked; a link and an unlink would be two steps

    def translate(self, error: Exception) -> DaoError | None:
        """See :meth:`dao.files.storage.Storage.translate`."""
        return translate_os_error(error)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "root": self.root,
            "create": self.create,
            "fsync": self.fsync,
            "lock_timeout": self.lock_timeout,
        }
