"""An object store in memory: for tests, and as an example of a transport."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import md5
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, evolve, field

from dao.errors import ConflictError, NotFoundError
from dao_files.manifest._base import BaseTransport
from dao_files.manifest._transport import ObjectSettings, Stat

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["MemoryTransport"]

T = TypeVar("T")


@define(slots=False, eq=False)
class MemoryTransport(BaseTransport):
    """See :class:`dao_files.manifest.Transport`. ETags are MD5 sums, as on S3; pickles include the objects.

    A class of a test that makes requests fail, or counts them, replaces :meth:`_send`.

    Attributes:
        objects: each one's stat and content by its key.
        clock: gives the time of a write, in UTC.

    >>> store = MemoryTransport()
    >>> stat = store.put("a/b", b"content", if_absent=True)
    >>> bytes(store.get("a/b", start=3, etag=stat.etag)), [found.key for found in store.list("a/")]
    (b'tent', ['a/b'])
    """

    objects: dict[str, tuple[Stat, bytes]] = field(factory=dict)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _lock: Any = field(factory=RLock, init=False, repr=False)

    uri = "memory://objects"

    def _send(self, name: str, request: Callable[[], T]) -> T:
        """Make one request.

        Args:
            name: what is asked for, such as ``put a/b``.
            request: does it, in one step.
        """
        with self._lock:
            return request()

    def _found(self, key: str, etag: str | None = None) -> tuple[Stat, bytes]:
        if key not in self.objects:
            raise NotFoundError(f"{key!r} is not there")
        stat, content = self.objects[key]
        if etag is not None and stat.etag != etag:
            raise ConflictError(f"{key!r} is another one: its ETag is {stat.etag}, not {etag}")
        return stat, content

    def head(self, key: str, *, version: str | None = None) -> Stat:
        """See :meth:`dao_files.manifest.Transport.head`."""
        self.refuse_version(version)
        return self._send(f"head {key}", lambda: self._found(key)[0])

    def get(
        self,
        key: str,
        *,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> bytes:
        """See :meth:`dao_files.manifest.Transport.get`."""
        self.refuse_version(version)
        content = self._send(f"get {key}", lambda: self._found(key, etag)[1])
        return content[start : None if length is None else start + length]

    def put(
        self,
        key: str,
        data: Buffer,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        """See :meth:`dao_files.manifest.Transport.put`."""
        return self._send(f"put {key}", lambda: self._put(key, bytes(data), if_absent, if_match, settings))

    def _put(
        self, key: str, content: bytes, if_absent: bool, if_match: str | None, settings: ObjectSettings | None
    ) -> Stat:
        if if_absent and key in self.objects:
            raise ConflictError(f"{key!r} is there")
        if if_match is not None:
            self._found(key, if_match)
        settings = settings or ObjectSettings()
        self.refuse_settings(evolve(settings, metadata={}, content_type=None))
        stat = Stat(
            key,
            len(content),
            md5(content, usedforsecurity=False).hexdigest(),
            self.clock(),
            metadata=settings.metadata,
            facts={"content_type": settings.content_type or "application/octet-stream"},
        )
        self.objects[key] = (stat, content)
        return stat

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[Stat]:
        """See :meth:`dao_files.manifest.Transport.list`."""
        for key in self._send(f"list {prefix}", lambda: sorted(self.objects, key=str.encode)):
            if key.startswith(prefix) and (after is None or key.encode() > after.encode()):
                found = self.objects.get(key)
                if found is not None:
                    yield evolve(found[0], metadata={}, facts={})

    def delete(self, keys: Iterable[str]) -> None:
        """See :meth:`dao_files.manifest.Transport.delete`."""
        wanted = list(keys)
        if wanted:
            self._send("delete", lambda: [self.objects.pop(key, None) for key in wanted])

    def copy(
        self,
        source: str,
        target: str,
        *,
        version: str | None = None,
        if_absent: bool = False,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        """See :meth:`dao_files.manifest.Transport.copy`."""
        self.refuse_version(version)

        def request() -> Stat:
            stat, content = self._found(source)
            kept = ObjectSettings(metadata=stat.metadata, content_type=stat.facts.get("content_type"))
            return self._put(target, content, if_absent, None, settings or kept)

        return self._send(f"copy {target}", request)

    def __getstate__(self) -> dict[str, Any]:
        return {"objects": self.objects}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]
