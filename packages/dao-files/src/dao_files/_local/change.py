"""A change of one key of a folder: staged first, then published in one step.

The whole tree is staged: new files are written, unchanged ones are hard links to the old tree's files, which costs
nothing. Then old and new tree are swapped. The alternative, a list of valid files that each reader
consults, would need no links, but then other tools (Spark, DuckDB, plain pyarrow) would read replaced files too: here
the directory itself is the truth.
"""

from __future__ import annotations

import errno
import os
import stat
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from dao.errors import AlreadyExistsError, DataError
from dao.progress import advance
from dao_files._local.handles import Folder, descriptor_path
from dao_files._local.likeness import protect_like
from dao_files._local.protection import Protection, protect_new
from dao_files._local.publishing import OwnPlace
from dao_files._storage.keys import check_key

if TYPE_CHECKING:
    from dao_files._local.snapshot import FolderSnapshot
    from dao_files._storage.storage import Snapshot

__all__ = ["FolderChange"]

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EACCES}
"""The errors of a filesystem without hard links, or with too many links to a file: the file is then copied."""


class FolderChange:
    """See :class:`dao_files.storage.Change`. The caller holds the key's lock."""

    def __init__(self, own: OwnPlace, key: str, base: FolderSnapshot | None, *, tree: bool, fsync: bool) -> None:
        self.base = base
        self._own = own
        self._key = key
        self._fsync = fsync
        self._path, self._mark = own.stage(tree=tree)
        self._staged = Folder(self._path, self._mark)
        self._tree = tree
        self._rubbish = self._path
        self._new: list[str] = []
        self._made = Protection.of(os.fstat(self._mark))
        os.fchmod(self._mark, 0o700 if tree else 0o600)

    def create(self, path: str, *, native: bool = False, unique: bool = False) -> Any:
        """See :meth:`dao_files.storage.Change.create`."""
        file = self._new_file(path)
        if not native:
            return os.fdopen(file, "wb")
        import pyarrow as pa

        try:
            return pa.OSFile(descriptor_path(file), "wb")
        finally:
            os.close(file)

    def _new_file(self, path: str) -> int:
        """Create an empty file and return its descriptor."""
        if not self._tree:
            os.ftruncate(self._mark, 0)
            os.lseek(self._mark, 0, os.SEEK_SET)
            return os.dup(self._mark)
        check_key(path)
        self._staged.folder(os.path.dirname(path), make=True).close()
        try:
            file = self._staged.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            raise DataError(f"two files are to be written to {path!r}") from None
        self._new.append(path)
        return file

    def keep(self, key: str) -> None:
        """See :meth:`dao_files.storage.Change.keep`."""
        if self.base is None:
            raise ValueError("there is nothing to keep")
        path = key[len(self._key) + 1 :]
        self._staged.folder(os.path.dirname(path), make=True).close()
        try:
            self.base.link(key, self._staged, path)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            facts = self.base.inside[key]
            with self.base.open(key) as source, os.fdopen(self._new_file(path), "wb") as target:
                _copy(source.fileno(), target.fileno())
                Protection.of(facts).give(target.fileno())
                os.utime(target.fileno(), ns=(facts.st_atime_ns, facts.st_mtime_ns))

    def copy_in(self, snapshot: Snapshot, key: str, path: str) -> int:
        """See :meth:`dao_files.storage.Change.copy_in`. The copy shares nothing with the original.

        Only users who may read the original can read the copy.
        """
        file = self._new_file(path)
        with snapshot.open(key) as source, os.fdopen(file, "wb") as target:
            _copy(source.fileno(), target.fileno())
            size = os.fstat(file).st_size
            if self.base is None:
                self._narrow(snapshot, source.fileno(), file)
        return size

    def size(self, path: str) -> int:
        """See :meth:`dao_files.storage.Change.size`."""
        return (self._staged.stat(path) if path else os.fstat(self._mark)).st_size

    def publish(self) -> None:
        """See :meth:`dao_files.storage.Change.publish`."""
        if self._fsync:
            self._flush_staged()
        self._own.make_parents(self._key)
        self._protect()
        if self.base is None:
            self._own.create(self._key, self._path)
        elif self._own.top.has(self._key):
            self._rubbish = self._own.replace(self._key, self._path)
        else:
            raise AlreadyExistsError(f"{self._key!r} was moved or deleted by another program meanwhile")
        if self._fsync:
            self._own.top.flush(os.path.dirname(self._key))

    def renew(self) -> None:
        """See :meth:`dao_files.storage.Change.renew`: the key is locked, so nothing can have changed."""

    def _flush_staged(self) -> None:
        for path in self._new:
            self._staged.flush(path)
        if not self._tree:
            os.fsync(self._mark)
        else:
            for *_, directory in os.fwalk(".", dir_fd=self._mark):
                os.fsync(directory)

    def _narrow(self, snapshot: Snapshot, source: int, file: int) -> None:
        facts = os.fstat(source)
        if self._tree:
            Protection.of(os.fstat(file)).within(facts.st_mode).give(file)
            facts = cast("FolderSnapshot", snapshot).facts
        if stat.S_ISDIR(facts.st_mode) == self._tree:
            self._made = self._made.within(facts.st_mode | 0o700 if self._tree else facts.st_mode)

    def _protect(self) -> None:
        """Set the final modes and owners of staged files."""
        if self.base is not None:
            protect_like(self.base, self._staged, self._new, tree=self._tree)
        else:
            protect_new(self._staged, self._made, self._own.top.stat(os.path.dirname(self._key)), tree=self._tree)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.base is not None:
            self.base.close()
        self._staged.close()
        # The unpublished staged content, or the replaced one.
        self._own.discard(self._rubbish)


def _copy(source: int, target: int) -> None:
    """Copy a whole file inside the kernel; as a reflink on filesystems that support it."""
    copied = 1
    while copied:
        try:
            copied = os.copy_file_range(source, target, 1 << 26)
            advance(0, copied)
        except (AttributeError, OSError):  # not on macOS, nor across some filesystems
            with open(source, "rb", closefd=False) as read, open(target, "wb", closefd=False) as written:
                while chunk := read.read(1 << 20):
                    written.write(chunk)
                    advance(0, len(chunk))
            return
