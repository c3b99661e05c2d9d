"""A change of a tree: files are put to their final places, where nobody counts them yet; then the manifest is replaced.

New files have names that nobody else uses, so they can't be in anybody's way. A file that must have a certain name
(one that is copied or handed in) waits below ``.dao/`` until the manifest names it, and is then moved to its place.
What was replaced is deleted afterwards; the manifest remembers what of it may still be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Lock
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from dao.errors import ConflictError, DataError, StoreError
from dao.files.keys import check_key, join
from dao.files.log import LOG_NAME
from dao.files.names import bears_token
from dao.files.storage import Snapshot
from dao.progress import advance
from dao_s3.transport import Stat, Transport
from dao_s3.tree.commit import OutcomeUnknown, claim, commit
from dao_s3.tree.manifest import FOLDER, Gone, Manifest
from dao_s3.tree.sinks import Sink, native_sink
from dao_s3.tree.snapshot import TreeSnapshot
from dao_s3.tree.view import View, look

__all__ = ["TreeChange"]

_GARBAGE_AFTER = timedelta(days=1)
"""The age at which an object that no change has made its own is taken for what a killed writer left behind."""


class TreeChange:
    """See :class:`dao.files.storage.Change`.

    Args:
        transport: the store.
        key: the tree.
    """

    def __init__(self, transport: Transport, key: str) -> None:
        self._transport = transport
        self._key = key
        self._folder = f"{FOLDER}{uuid4().hex}/"
        self._lock = Lock()
        self._sinks: dict[str, Sink] = {}
        self._new: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._keep_what_is_new = False
        self.renew()

    def renew(self) -> None:
        """See :meth:`dao.files.storage.Change.renew`."""
        self._view = look(self._transport, self._key)
        self.base = TreeSnapshot(self._transport, self._view) if self._view.files else None
        self._kept: dict[str, str] = {}
        self._log: bytes | None = None

    def create(self, path: str, *, native: bool = False) -> Any:
        """See :meth:`dao.files.storage.Change.create`."""
        sink: Any = _LogSink(self) if path == LOG_NAME else self._sink(path)
        return native_sink(sink) if native else sink

    def _sink(self, path: str) -> Sink:
        place = self._reserved(path)
        sink = Sink(self._transport.writer(join(self._key, place)), lambda: self._completed(path, sink.size))
        self._sinks[path] = sink
        return sink

    def _reserved(self, path: str) -> str:
        """Where a new file goes, from the tree's own place."""
        check_key(path)
        with self._lock:
            if path in self._new:
                raise DataError(f"two files are to be written to {path!r}")
            self._claim()
            place = path if bears_token(path) and path not in self._view.files else f"{self._folder}{path}"
            self._new[path] = place
            return place

    def _claim(self) -> None:
        """See to it that there is a manifest before there are files that it shall not name."""
        if self._view.manifest is None:
            self._view = claim(self._transport, self._view)

    def _completed(self, path: str, size: int) -> None:
        self._sinks.pop(path, None)
        self._sizes[path] = size

    def keep(self, key: str) -> None:
        """See :meth:`dao.files.storage.Change.keep`."""
        path = key[len(self._key) + 1 :]
        self._kept[path] = self._place_of(self._view.files[path])

    def _place_of(self, stat: Stat) -> str:
        return stat.key[len(self._key) + 1 :]

    def copy_in(self, snapshot: Snapshot, key: str, path: str) -> int:
        """See :meth:`dao.files.storage.Change.copy_in`: copied by the store, nothing passes by here."""
        stat: Stat = snapshot.stat(key)  # type: ignore[attr-defined]  # the storage's own snapshots have it
        place = self._reserved(path)
        copied = self._transport.copy(stat.key, join(self._key, place), version=stat.version)
        if copied.size != stat.size:
            raise ConflictError(f"{key!r} was replaced while it was being copied")
        self._completed(path, stat.size)
        advance(0, stat.size)
        return stat.size

    def size(self, path: str) -> int:
        """See :meth:`dao.files.storage.Change.size`."""
        return self._sizes[path]

    def take_log(self, content: bytes | None) -> None:
        """Take over the content of the tree's log, which is published inside of the manifest."""
        self._log = content

    def publish(self) -> None:
        """See :meth:`dao.files.storage.Change.publish`."""
        with self._lock:
            self._claim()
        old = self._view
        if old.manifest is None:
            raise ConflictError(f"{self._key!r} was changed by another writer meanwhile")
        files = {**self._kept, **self._new}
        replaced = [stat for stat in old.files.values() if self._place_of(stat) not in files.values()]
        former = _former(old)
        gone = {self._place_of(stat): Gone.of(stat) for stat in (*former, *replaced)}
        manifest = old.manifest.followed_by(uuid4().hex, files, gone, self._log)
        try:
            self._view = commit(self._transport, old, manifest)
        except OutcomeUnknown:
            self._keep_what_is_new = True
            raise
        self._new = {}
        self._tidy(manifest, [*replaced, *former, *_garbage(old)])

    def _tidy(self, manifest: Manifest, garbage: Iterable[Stat]) -> None:
        """Move what waits to its place, and delete what doesn't count any more.

        The change is published. What fails here costs space and nothing else, and is done by the next change.
        """
        with suppress(StoreError):
            waiting = self._settle(manifest)
            useless = [stat for stat in garbage if self._place_of(stat) not in manifest.files]
            # Other programs may have put files of the same names there meanwhile, but not of DAO's.
            sure = [stat.key for stat in useless if bears_token(stat.key)]
            doubtful = [stat for stat in useless if not bears_token(stat.key)]
            self._transport.delete([*sure, *self._unchanged(doubtful), *waiting])

    def _unchanged(self, stats: Iterable[Stat]) -> list[str]:
        known = {stat.key: Gone.of(stat) for stat in stats}
        if not known:
            return []
        return [stat.key for stat in self._transport.list(f"{self._key}/") if known.get(stat.key) == Gone.of(stat)]

    def _settle(self, manifest: Manifest) -> list[str]:
        """Copy the files that wait below ``.dao/`` to their places; gives what may be deleted then."""
        waiting = {path: place for path, place in manifest.files.items() if path != place}
        if not waiting:
            return []
        for path, place in waiting.items():
            self._transport.copy(join(self._key, place), join(self._key, path))
        files = {path: path for path in manifest.files}
        settled = manifest.followed_by(uuid4().hex, files, manifest.gone, manifest.log)
        commit(self._transport, self._view, settled)
        return [join(self._key, place) for place in waiting.values()]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sink in list(self._sinks.values()):
            sink.abort()
        if self._new and not self._keep_what_is_new:
            # What can't be deleted now is garbage that a later change finds.
            with suppress(StoreError):
                self._transport.delete([join(self._key, place) for place in self._new.values()])


def _former(view: View) -> list[Stat]:
    """What earlier changes have replaced and not managed to delete."""
    gone: Mapping[str, Gone] = view.manifest.gone if view.manifest is not None else {}
    start = len(view.key) + 1
    return [stat for stat in view.dead if gone.get(stat.key[start:]) == Gone.of(stat)]


def _garbage(view: View) -> list[Stat]:
    """What no change has made its own for so long that its writer must have been killed."""
    oldest = datetime.now(UTC) - _GARBAGE_AFTER
    return [stat for stat in view.dead if stat.modified is not None and stat.modified < oldest]


class _LogSink(Sink):
    """A sink for the tree's log: it stays in memory, and goes into the manifest."""

    def __init__(self, change: TreeChange) -> None:
        self._content = bytearray()
        super().__init__(_Memory(self._content), lambda: change.take_log(bytes(self._content)))


class _Memory:
    """A :class:`~dao_s3.transport.Writer` into memory."""

    def __init__(self, content: bytearray) -> None:
        self._content = content
        self.closed = False

    @property
    def written(self) -> Stat:
        return Stat("", len(self._content))

    def write(self, data: Any, /) -> int:
        self._content += data
        return memoryview(data).nbytes

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True
