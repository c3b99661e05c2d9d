"""A change of a tree: files are written to their final paths, not yet referenced; then the manifest is replaced.

New files have unique names, so they can't collide. A file that must have a certain name
(one that is copied or handed in) waits below ``.dao/`` until the manifest names it, and is then moved to its place;
one whose name bears a token goes to its place under another token, and the manifest knows it by its own name.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Lock
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from attrs import evolve

from dao.errors import ConflictError, DataError, NotFoundError, StoreError, TransientError
from dao.progress import advance
from dao_files._actions.log import LOG_NAME
from dao_files._storage.keys import check_key, join
from dao_files._storage.names import bears_token, with_new_token
from dao_files._storage.storage import Snapshot
from dao_files.manifest._commit import OutcomeUnknown, claim, commit
from dao_files.manifest._manifest import FOLDER, Manifest
from dao_files.manifest._sinks import Sink, native_sink
from dao_files.manifest._snapshot import TreeSnapshot
from dao_files.manifest._tidying import GARBAGE_AFTER, Tidying
from dao_files.manifest._transport import Stat, Transport
from dao_files.manifest._view import View, below, is_within, territory

__all__ = ["TreeChange"]

_TRIES = 20
"""Times that a tree inside of a tree is emptied before giving up on one that others write to all the time."""


class TreeChange:
    """See :class:`dao_files.storage.Change`.

    A folder that belongs to a tree above it is changed by replacing that one's manifest. Trees inside of the tree are
    kept or emptied whole, one after the other once the change is published: S3 can't change two manifests in one step.

    Args:
        transport: the store.
        key: the tree, or the folder.
    """

    def __init__(self, transport: Transport, key: str) -> None:
        self._transport = transport
        self._key = key
        self._folder = f"{FOLDER}{uuid4().hex}/"
        self._lock = Lock()
        self._sinks: dict[str, Sink] = {}
        self._new: dict[str, str] = {}
        self._made: dict[str, Stat] = {}
        self._keep_what_is_new = False
        self.renew()

    def renew(self) -> None:
        """See :meth:`dao_files.storage.Change.renew`."""
        self._view, self._inside = territory(self._transport, self._key)
        self._tree = self._view.key
        self._look_after_what_is_new()
        self.base = self._base()
        self._kept: dict[str, str] = {}
        self._log: bytes | None = None

    def _base(self) -> TreeSnapshot | None:
        view = self._view
        if self._inside:
            view = View(self._key, files={path[len(self._inside) + 1 :]: view.files[path] for path in self._there()})
        return TreeSnapshot(self._transport, view) if view.is_there else None

    def _there(self) -> list[str]:
        """The paths of the files that this change is about, from the tree's own place."""
        return [path for path in self._view.files if not self._inside or is_within(path, [self._inside])]

    def _path(self, path: str) -> str:
        """A path below the change's key as one below the tree's."""
        return join(self._inside, path)

    def _look_after_what_is_new(self) -> None:
        """Check that no other writer has deleted, or is about to delete, the files of this change.

        If other programs have deleted the manifest, it counts already; but it is nothing that was there.

        Raises:
            ConflictError: another writer has.
        """
        if not self._made:
            return
        oldest = datetime.now(UTC) - GARBAGE_AFTER + timedelta(hours=1)
        safe = {
            stat.key
            for stat in (*self._view.dead, *self._view.files.values())
            if stat.modified is None or stat.modified > oldest
        }
        lost = [path for path in self._made if join(self._tree, self._new[path]) not in safe]
        if lost:
            raise ConflictError(
                f"{join(self._tree, lost[0])!r} was written too long ago, or deleted meanwhile, and others have "
                f"changed {self._key!r} since: write again"
            )
        own = set(self._new.values())
        others = {path: stat for path, stat in self._view.files.items() if self._view.place_of(stat) not in own}
        self._view = evolve(self._view, files=others)

    def create(self, path: str, *, native: bool = False, unique: bool = False) -> Any:
        """See :meth:`dao_files.storage.Change.create`."""
        sink: Any = _LogSink(self) if path == LOG_NAME else self._sink(path, unique)
        return native_sink(sink) if native else sink

    def _sink(self, path: str, unique: bool) -> Sink:
        place = self._reserved(path, unique=unique)
        writer = self._transport.writer(join(self._tree, place))
        sink = Sink(writer, lambda: self._completed(path, writer.written))
        self._sinks[path] = sink
        return sink

    def _reserved(self, path: str, *, unique: bool = False) -> str:
        """Where a new file goes, from the tree's own place."""
        full = self._path(check_key(path))
        with self._lock:
            if full in self._new:
                raise DataError(f"two files are to be written to {path!r}")
            self._refuse_nested(full)
            self._claim()
            place = full if unique else with_new_token(full) if bears_token(full) else f"{self._folder}{full}"
            self._new[full] = place
            return place

    def _refuse_nested(self, path: str) -> None:
        if is_within(path, self._view.nested):
            raise DataError(
                f"{join(self._tree, path)!r} is inside of a table or directory of its own: write to that one, or "
                f"delete it before {self._key!r} is written"
            )

    def _claim(self) -> None:
        """Ensure that there is a manifest before there are files that it must not name."""
        if self._view.manifest is None:
            self._view = claim(self._transport, self._view)

    def _completed(self, path: str, stat: Stat) -> None:
        self._sinks.pop(path, None)
        self._made[self._path(path)] = stat

    def keep(self, key: str) -> None:
        """See :meth:`dao_files.storage.Change.keep`."""
        path = below(key, self._tree)
        self._kept[path] = self._view.place_of(self._view.files[path])

    def copy_in(self, snapshot: Snapshot, key: str, path: str) -> int:
        """See :meth:`dao_files.storage.Change.copy_in`: copied by the store, nothing passes by here.

        Raises:
            ConflictError: it was replaced or deleted meanwhile.
        """
        stat: Stat = snapshot.stat(key)  # type: ignore[attr-defined]  # the storage's own snapshots have it
        place = self._reserved(path)
        try:
            copied = self._transport.copy(stat.key, join(self._tree, place), version=stat.version)
            same = bears_token(stat.key) or self._transport.head(stat.key).etag == stat.etag
        except NotFoundError as error:
            raise ConflictError(f"{key!r} was deleted while it was being copied") from error
        if copied.size != stat.size or not same:
            raise ConflictError(f"{key!r} was replaced while it was being copied")
        self._completed(path, copied)
        advance(0, stat.size)
        return stat.size

    def size(self, path: str) -> int:
        """See :meth:`dao_files.storage.Change.size`."""
        return self._made[self._path(path)].size

    def take_log(self, content: bytes | None) -> None:
        """Take over the content of the tree's log, which is published inside of the manifest."""
        self._log = content

    def publish(self) -> None:
        """See :meth:`dao_files.storage.Change.publish`."""
        emptied = self._emptied()
        tidying = self._published(GARBAGE_AFTER)
        with suppress(StoreError):
            tidying.carry_out(self._transport, self._view)
        for folder in emptied:
            _empty(self._transport, join(self._tree, folder))

    def sweep(self, older_than: timedelta) -> Sequence[Stat]:
        """Publish the tree as it is, so that no writer goes on with what is garbage, and delete that.

        Args:
            older_than: the age at which unreferenced files are garbage.

        Returns:
            The objects that are gone.
        """
        self._kept = {path: self._view.place_of(self._view.files[path]) for path in self._there()}
        self._log = self._view.log
        tidying = self._published(older_than)
        tidying.carry_out(self._transport, self._view)
        return tidying.useless

    def _published(self, older_than: timedelta) -> Tidying:
        with self._lock:
            self._claim()
        old = self._view
        if old.manifest is None:
            raise ConflictError(f"{self._key!r} was changed by another writer meanwhile")
        about = set(self._there())
        rest = {path: old.place_of(stat) for path, stat in old.own_files.items() if path not in about}
        kept = {path: place for path, place in self._kept.items() if not is_within(path, old.nested)}
        files = {**rest, **kept, **self._new}
        etags = {path: stat.etag for path, stat in self._made.items()}
        tidying = Tidying.of(old, old.manifest, files, etags, older_than)
        log = old.log if self._inside else self._log
        manifest = old.manifest.followed_by(uuid4().hex, files, tidying.gone, tidying.busy, log)
        self._commit(old, manifest)
        return tidying

    def _emptied(self) -> list[str]:
        """The trees inside that are to be emptied.

        Raises:
            DataError: one is to be changed in part, or written into.
        """
        for path in self._new:
            self._refuse_nested(path)
        emptied = []
        for folder in self._view.nested:
            there = {path for path in self._there() if is_within(path, [folder])}
            kept = there & self._kept.keys()
            if kept and kept != there:
                raise DataError(f"{join(self._tree, folder)!r} is a table or directory of its own: change that one")
            if there and not kept:
                emptied.append(folder)
        return emptied

    def _commit(self, old: View, manifest: Manifest) -> None:
        self._keep_what_is_new = True  # whatever happens: only these two say for sure that nothing is published
        try:
            self._view = commit(self._transport, old, manifest)
        except (ConflictError, TransientError) as error:
            self._keep_what_is_new = isinstance(error, OutcomeUnknown)
            raise

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
                self._transport.delete([join(self._tree, place) for place in self._new.values()])


def _empty(transport: Transport, key: str) -> None:
    """Delete a tree inside of another one.

    Raises:
        StoreError: it could not be deleted; the change of the tree around it is published all the same.
    """
    for _ in range(_TRIES):
        with suppress(ConflictError), TreeChange(transport, key) as change:
            if change.base is not None:
                change.publish()
            return
    raise TransientError(f"{key!r} is written to all the time, and could not be deleted")


class _LogSink(Sink):
    """A sink for the tree's log: it stays in memory, and goes into the manifest."""

    def __init__(self, change: TreeChange) -> None:
        self._content = bytearray()
        super().__init__(_Memory(self._content), lambda: change.take_log(bytes(self._content)))


class _Memory:
    """A :class:`~dao_files.manifest.Writer` into memory."""

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
