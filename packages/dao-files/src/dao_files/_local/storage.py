"""A folder as a file storage; its guarantees are those of :class:`dao_files.storage.Storage`.

Only DAO's own writers are isolated from each other; concurrent writes of other programs below the root go unnoticed.
Replacing uses hard links and atomic swaps where the filesystem has them, and fallbacks elsewhere. No access leaves the
root, even if another program replaces directories by symbolic links meanwhile: see :mod:`dao_files._local.handles`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from urllib.parse import unquote, urlsplit

from attrs import define, field

from dao.errors import AlreadyExistsError, DaoError, DataError, NotFoundError, StoreError
from dao_files._local.change import FolderChange
from dao_files._local.errors import translate_os_error
from dao_files._local.handles import Folder, is_link_error
from dao_files._local.likeness import narrow
from dao_files._local.publishing import OwnPlace
from dao_files._local.snapshot import FolderSnapshot
from dao_files._local.walk import Found, real_key, walk

if TYPE_CHECKING:
    from dao.results import FileInfo
    from dao_files._storage.storage import Kind, Snapshot

__all__ = ["LocalStorage"]

T = TypeVar("T")

_LINK_TRIES = 10
"""The attempts to resolve a key while other programs replace its directories by links."""

_LONGEST_PART = 255
"""The maximum bytes of one part of a path, on every common filesystem."""

_LONGEST_PATH = 4095
"""The maximum bytes of a path that other programs can open on Linux; handles could exceed it, and hide files from
them."""


@define(slots=False)
class LocalStorage:
    """See :class:`dao_files.storage.Storage`.

    Attributes:
        root: the folder, an absolute path.
        create: create the root on the first write.
        fsync: flush writes to disk before they are published.
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

    @property
    def uri(self) -> str:
        """See :attr:`dao_files.storage.Storage.uri`."""
        return PurePosixPath(self._root).as_uri()

    def key_of(self, uri: str) -> str | None:
        """See :meth:`dao_files.storage.Storage.key_of`."""
        parts = urlsplit(uri)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
            return None
        path = unquote(parts.path)
        for root in (self.root, self._root):
            if path.startswith(f"{root}/"):
                return path[len(root) + 1 :]
        return None

    def _ready(self) -> None:
        """Create the root if allowed; else raise an error if it is missing."""
        if self.create:
            with suppress(FileExistsError, NotADirectoryError):  # opening it gives the better error
                os.makedirs(self._root, exist_ok=True)
            return
        try:
            self._top().close()
        except FileNotFoundError as error:
            raise NotFoundError(f"the root {self.root!r} is not there, and create=False forbids to make it") from error

    def _found(self, key: str, look: Callable[[Folder, str], T]) -> T:
        """Call ``look`` with the root and the key without links, once interrupted replacements there are completed."""
        if not self.create:
            self._ready()
        try:
            top = self._top()
        except FileNotFoundError as error:
            raise self._missing(key) from error
        with top:
            return self._looked_up(top, key, look)

    def _looked_up(self, top: Folder, key: str, look: Callable[[Folder, str], T]) -> T:
        last, links = False, 0
        while True:
            try:
                return look(top, self._real_key(top, key))
            except (FileNotFoundError, NotADirectoryError) as error:
                # Retry once in any case: a writer without a swap may have been between its two renames.
                if last:
                    raise self._missing(key) from error
                last = not OwnPlace(top, self.lock_timeout).recover(key)
            except OSError as error:  # a directory was replaced by a link since the key was resolved
                links += 1
                if not is_link_error(error) or links == _LINK_TRIES:
                    raise

    def _missing(self, key: str) -> NotFoundError:
        return NotFoundError(f"{key!r} is not there" if key else "the store is empty")

    def _top(self) -> Folder:
        try:
            return Folder.at(self._root)
        except NotADirectoryError as error:
            raise StoreError(
                f"the root {self.root!r} is not a folder, or is below a file: `root` must name a folder, and files in "
                "it are objects"
            ) from error

    def _real_key(self, top: Folder, key: str) -> str:
        long = next((part for part in key.split("/") if len(part.encode()) > _LONGEST_PART), None)
        if long is not None:
            raise DataError(f"a part of key {key[:80]!r}... has {len(long.encode())} bytes, more than {_LONGEST_PART}")
        length = len(f"{top.path}/{key}".encode())
        if length > _LONGEST_PATH:
            raise DataError(
                f"key {key[:80]!r}... is too long: with its root it has {length} bytes, more than {_LONGEST_PATH}"
            )
        return real_key(top, key) if key else ""

    def kind(self, key: str, wanted: Kind | None = None) -> Kind | None:
        """See :meth:`dao_files.storage.Storage.kind`."""
        try:
            return self._found(key, lambda top, real: self._kind_of(top, key, real))
        except NotFoundError:
            return None

    def _kind_of(self, top: Folder, key: str, real: str) -> Kind:
        if not stat.S_ISDIR(top.stat(real).st_mode):
            return "file"
        if next(_below(top, key, real), None) is None:
            raise FileNotFoundError(errno.ENOENT, "no file is below it", key)
        return "directory"

    def snapshot(self, key: str, wanted: Kind | None = None) -> FolderSnapshot:
        """See :meth:`dao_files.storage.Storage.snapshot`."""
        return self._found(key, lambda top, real: self._taken(top, key, real))

    def _taken(self, top: Folder, key: str, real: str) -> FolderSnapshot:
        snapshot = FolderSnapshot(top, key, real)
        if not snapshot.files:
            snapshot.close()
            raise FileNotFoundError(errno.ENOENT, "no file is below it", key)
        return snapshot

    def list(self, key: str) -> Iterator[FileInfo]:
        """See :meth:`dao_files.storage.Storage.list`."""
        try:
            yield from self._listed(key)
        except DaoError:
            raise
        except OSError as error:  # errors during iteration have no other translation
            raise translate_os_error(error) or error from error

    def _listed(self, key: str) -> Iterator[FileInfo]:
        if not key:
            try:
                self._top().close()
            except FileNotFoundError:
                return
        kind = self.kind(key) if key else "directory"
        if kind is None:
            raise NotFoundError(f"{key!r} is not there")
        if kind == "file":
            snapshot = self.snapshot(key)
            yield from snapshot.files
            snapshot.close()
            return
        with self._top() as top:
            for found in _below(top, key, self._real_key(top, key)):
                yield found.info

    @contextmanager
    def _writing(self, *keys: str) -> Iterator[tuple[OwnPlace, tuple[str, ...]]]:
        """Lock keys for writing; yields the store's internal folder, and the keys without links."""
        self._ready()
        with self._top() as top:
            own = OwnPlace(top, self.lock_timeout)
            real = tuple(self._real_key(top, key) for key in keys)
            with own.locked(*real):
                yield own, real

    @contextmanager
    def change(self, key: str, *, tree: bool, blind: bool = False) -> Iterator[FolderChange]:
        """See :meth:`dao_files.storage.Storage.change`."""
        with ExitStack() as stack:
            own, (real,) = stack.enter_context(self._writing(key))
            base = self._base(real)
            if base is not None:
                stack.callback(base.close)
            yield stack.enter_context(FolderChange(own, real, base, tree=tree, fsync=self.fsync))

    def _base(self, key: str) -> FolderSnapshot | None:
        try:
            return self.snapshot(key)
        except NotFoundError:
            return None

    def delete(self, key: str, wanted: Kind | None = None) -> None:
        """See :meth:`dao_files.storage.Storage.delete`."""
        with self._writing(key) as (own, (real,)):
            if self.kind(real) is None:
                raise NotFoundError(f"{key!r} is not there")
            grave = own.unused_place()
            own.top.rename(real, grave)
            own.discard(grave)

    def move(
        self, source: str, target: str, *, replace: Callable[[Snapshot], bool], wanted: Kind | None = None
    ) -> None:
        """See :meth:`dao_files.storage.Storage.move`."""
        with self._writing(source, target) as (own, (old, new)):
            if self.kind(old) is None:
                raise NotFoundError(f"{source!r} is not there")
            taken = self._base(new)
            if taken is None:
                own.make_parents(new)
                own.top.rename(old, new)  # both keys are locked; a link and an unlink would be two steps
                return
            with closing(taken), closing(self.snapshot(old)) as moved:
                if not replace(taken):
                    raise AlreadyExistsError(f"{target!r} is already there")
                narrow(moved, taken)
            own.discard(own.replace_in_two_steps(new, old))

    def translate(self, error: Exception) -> DaoError | None:
        """See :meth:`dao_files.storage.Storage.translate`."""
        return translate_os_error(error)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "root": self.root,
            "create": self.create,
            "fsync": self.fsync,
            "lock_timeout": self.lock_timeout,
        }


def _below(top: Folder, key: str, real: str) -> Iterator[Found]:
    directory = top.open(real, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield from walk(directory, key, real, top.path, skip_foreign=True)
    finally:
        os.close(directory)
