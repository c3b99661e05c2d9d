"""A change of one key of a folder: prepared aside, then put in its place in one step.

A tree is prepared whole: new files are written, unchanged ones are hard links to the old tree's files, so that taking
them over costs nothing. Then old and new tree are swapped. The alternative, a list of valid files that each reader
consults, would need no links, but then other tools (Spark, DuckDB, plain pyarrow) would read replaced files too: here
the directory itself is the truth.
"""

from __future__ import annotations

import errno
import os
import shutil
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dao.errors import AlreadyExistsError, DataError
from dao.files.keys import check_key
from dao.local.publishing import OwnPlace, flush
from dao.progress import advance

if TYPE_CHECKING:
    from dao.files.storage import Snapshot
    from dao.local.snapshot import FolderSnapshot

__all__ = ["FolderChange"]

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EACCES}
"""What a filesystem answers that can't link a file, or that has linked it too often: then it is copied."""


class FolderChange:
    """See :class:`dao.files.storage.Change`. The key is locked by whoever makes one."""

    def __init__(
        self, own: OwnPlace, key: str, path: str, base: FolderSnapshot | None, *, tree: bool, fsync: bool
    ) -> None:
        self.base = base
        self._own = own
        self._key = key
        self._path = path
        self._fsync = fsync
        self._staged, self._mark = own.stage(tree=tree)
        self._tree = tree
        self._rubbish = self._staged
        self._new: list[str] = []

    def create(self, path: str, *, native: bool = False, unique: bool = False) -> Any:
        """See :meth:`dao.files.storage.Change.create`."""
        place = self._place(path)
        if native:
            import pyarrow as pa

            return pa.OSFile(place, "wb")
        return open(place, "wb" if not path else "xb")

    def _place(self, path: str) -> str:
        if not self._tree:
            self._new.append(self._staged)
            return self._staged
        place = os.path.join(self._staged, *check_key(path).split("/"))
        if os.path.lexists(place):
            raise DataError(f"two files are to be written to {path!r}")
        os.makedirs(os.path.dirname(place), exist_ok=True)
        self._new.append(place)
        return place

    def keep(self, key: str) -> None:
        """See :meth:`dao.files.storage.Change.keep`."""
        if self.base is None:
            raise ValueError("there is nothing to keep")
        source = os.path.realpath(self.base.locate(key))
        place = os.path.join(self._staged, key[len(self._key) + 1 :])
        os.makedirs(os.path.dirname(place), exist_ok=True)
        try:
            os.link(source, place)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            shutil.copy2(source, place)
            self._new.append(place)

    def copy_in(self, snapshot: Snapshot, key: str, path: str) -> int:
        """See :meth:`dao.files.storage.Change.copy_in`. The copy is one: nothing is shared with the original."""
        place = self._place(path)
        with snapshot.open(key) as source, open(place, "wb") as target:
            _copy(source.fileno(), target.fileno())
        return os.path.getsize(place)

    def size(self, path: str) -> int:
        """See :meth:`dao.files.storage.Change.size`."""
        return os.path.getsize(os.path.join(self._staged, path) if path else self._staged)

    def publish(self) -> None:
        """See :meth:`dao.files.storage.Change.publish`."""
        if self._fsync:
            self._flush_staged()
        self._own.make_parents(self._path)
        if self.base is None:
            self._own.create(self._path, self._staged)
        elif os.path.lexists(self._path):
            self._rubbish = self._own.replace(self._key, self._path, self._staged)
        else:
            raise AlreadyExistsError(f"{self._key!r} was moved or deleted by another program meanwhile")
        if self._fsync:
            flush(os.path.dirname(self._path))

    def renew(self) -> None:
        """See :meth:`dao.files.storage.Change.renew`: the key is locked, so there is nothing new to see."""

    def _flush_staged(self) -> None:
        for place in self._new:
            flush(place)
        if self._tree:
            for folder, _, _ in os.walk(self._staged):
                flush(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.base is not None:
            self.base.close()
        os.close(self._mark)
        # What was prepared and not published, or what was replaced.
        self._own.discard(self._rubbish)


def _copy(source: int, target: int) -> None:
    """Copy all of a file inside the kernel; on filesystems that can, without copying the blocks."""
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
