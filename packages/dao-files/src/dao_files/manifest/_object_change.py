"""A change of one object: one request, or one multipart upload, that is completed at the end and under a condition."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from dao.errors import AlreadyExistsError, ConflictError, NotFoundError
from dao.progress import advance
from dao_files._storage.storage import Snapshot
from dao_files.manifest._once import OnceWriter, copy_once
from dao_files.manifest._sinks import Held, native_sink
from dao_files.manifest._snapshot import ObjectSnapshot
from dao_files.manifest._transport import Stat, Transport

__all__ = ["ObjectChange"]


class ObjectChange:
    """See :class:`dao_files.storage.Change`.

    Args:
        transport: the store.
        key: the object.
        blind: replace whatever is there; it isn't looked at.
    """

    def __init__(self, transport: Transport, key: str, *, blind: bool) -> None:
        self._transport = transport
        self._key = key
        self._blind = blind
        self._sink: Held | None = None
        self._original: Stat | None = None
        self.base: ObjectSnapshot | None = None
        self.renew()

    def renew(self) -> None:
        """See :meth:`dao_files.storage.Change.renew`."""
        if self._blind:
            return
        try:
            self.base = ObjectSnapshot(self._transport, self._transport.head(self._key))
        except NotFoundError:
            self.base = None

    def create(self, path: str, *, native: bool = False, unique: bool = False) -> Any:
        """See :meth:`dao_files.storage.Change.create`."""
        self._sink = Held(self._writer())
        return native_sink(self._sink) if native else self._sink

    def _writer(self) -> Any:
        if self._blind:
            return OnceWriter(self._transport, self._key)
        match = self.base.stat(self._key).etag if self.base is not None else None
        return OnceWriter(self._transport, self._key, if_absent=self.base is None, if_match=match)

    def keep(self, key: str) -> None:
        """See :meth:`dao_files.storage.Change.keep`: a single object has nothing to keep."""
        raise ValueError(f"{key!r} is all there is")

    def copy_in(self, snapshot: Snapshot, key: str, path: str) -> int:
        """See :meth:`dao_files.storage.Change.copy_in`; the copy is made when it is published."""
        assert isinstance(snapshot, ObjectSnapshot)
        self._original = snapshot.stat(key)
        return self._original.size

    def size(self, path: str) -> int:
        """See :meth:`dao_files.storage.Change.size`."""
        assert self._sink is not None
        return self._sink.size

    def publish(self) -> None:
        """See :meth:`dao_files.storage.Change.publish`."""
        try:
            if self._original is not None:
                self._copy(self._original)
            elif self._sink is not None:
                self._sink.publish()
        except ConflictError as error:
            if self.base is None and not self._blind:
                raise AlreadyExistsError(f"{self._key!r} has appeared meanwhile") from error
            raise

    def _copy(self, original: Stat) -> None:
        if self._blind:
            self._transport.copy(original.key, self._key, version=original.version)
        else:
            copy_once(self._transport, original.key, self._key, version=original.version)
        advance(0, original.size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sink is not None:
            self._sink.abort()
