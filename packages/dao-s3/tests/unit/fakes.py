"""An object store in memory that keeps the promises of :class:`dao_files.manifest.Transport`, and counts requests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

from attrs import define, evolve, field

from dao.errors import ConflictError, NotFoundError, TransientError
from dao.testing._faults import FaultPlan, Verdict
from dao_files.manifest._transport import ObjectSettings, Stat, Upload


@define(slots=False)
class FakeTransport:
    """Each request goes through :attr:`plan`, as requests of a real store go through a proxy."""

    objects: dict[str, tuple[Stat, bytes]] = field(factory=dict)
    plan: FaultPlan = field(factory=FaultPlan)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ignored_conflicts: int = 0
    lock: Any = field(factory=RLock, repr=False)

    uri = "s3://fake/root"
    scheme = "s3"

    def _send(self, name: str, request: Callable[[], Any]) -> Any:
        verdict = self.plan.verdict(name)
        if verdict is Verdict.FAIL:
            raise TransientError(f"{name} failed")
        with self.lock:
            answer = request()
        if verdict is Verdict.LOSE:
            raise TransientError(f"the answer to {name} was lost")
        return answer

    def _found(self, key: str, etag: str | None = None) -> tuple[Stat, bytes]:
        if key not in self.objects:
            raise NotFoundError(f"{key!r} is not there")
        stat, content = self.objects[key]
        if etag is not None and stat.etag != etag:
            raise ConflictError(f"{key!r} is another one")
        return stat, content

    def head(self, key: str, *, version: str | None = None) -> Stat:
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
        content = self._send(f"get {key}", lambda: self._found(key, etag)[1])
        return content[start : None if length is None else start + length]

    def chunks(
        self, key: str, *, start: int = 0, etag: str | None = None, version: str | None = None
    ) -> Iterator[bytes]:
        content = self.get(key, start=start, etag=etag)
        return iter([content[at : at + 1000] for at in range(0, len(content), 1000)])

    def put(
        self,
        key: str,
        data: Any,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        return self._send(f"put {key}", lambda: self._put(key, bytes(data), if_absent, if_match, settings))

    def _put(
        self, key: str, content: bytes, if_absent: bool, if_match: str | None, settings: ObjectSettings | None
    ) -> Stat:
        if self.ignored_conflicts and (if_absent or if_match):
            self.ignored_conflicts -= 1
            raise ConflictError("409: two requests at the same moment")
        if if_absent and key in self.objects:
            raise ConflictError(f"{key!r} is there")
        if if_match is not None:
            self._found(key, if_match)
        settings = settings or ObjectSettings()
        stat = Stat(
            key,
            len(content),
            hashlib.md5(content).hexdigest(),
            self.clock(),
            metadata=settings.metadata,
            facts={"content_type": settings.content_type or "application/octet-stream"},
        )
        self.objects[key] = (stat, content)
        return stat

    def writer(
        self,
        key: str,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> FakeWriter:
        return FakeWriter(
            lambda content: self.put(key, content, if_absent=if_absent, if_match=if_match, settings=settings)
        )

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[Stat]:
        found = self._send(f"list {prefix}", lambda: sorted(self.objects, key=str.encode))
        for key in found:
            if key.startswith(prefix) and (after is None or key > after) and key in self.objects:
                yield evolve(self.objects[key][0], metadata={}, facts={})

    def folders(self, prefix: str) -> tuple[list[str], list[Stat]]:
        stats = list(self.list(prefix))
        rests = [stat.key[len(prefix) :] for stat in stats]
        folders = sorted({f"{prefix}{rest.partition('/')[0]}/" for rest in rests if "/" in rest})
        return folders, [stat for stat, rest in zip(stats, rests, strict=True) if "/" not in rest]

    def delete(self, keys: Iterable[str]) -> None:
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
        def request() -> Stat:
            stat, content = self._found(source)
            kept = ObjectSettings(metadata=stat.metadata, content_type=stat.facts.get("content_type"))
            return self._put(target, content, if_absent, None, settings or kept)

        return self._send(f"copy {target}", request)

    def versions(self, key: str) -> list[Stat]:
        return [self.head(key)]

    def open_uploads(self, prefix: str = "") -> list[Upload]:
        return []

    def abort_upload(self, upload: Upload) -> None:
        raise NotFoundError(f"{upload} is not there")

    def presign(self, key: str, *, method: str, expires: timedelta, version: str | None = None) -> str:
        return f"https://fake/{key}?{method}&{expires.total_seconds():g}"

    def close(self) -> None:
        pass

    def __getstate__(self) -> dict[str, Any]:
        return {"objects": self.objects}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)


class FakeWriter:
    """Sends everything when it is closed."""

    def __init__(self, put: Callable[[bytes], Stat]) -> None:
        self._put = put
        self._content = bytearray()
        self.closed = False

    def write(self, data: Any, /) -> int:
        self._content += data
        return memoryview(data).nbytes

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.written = self._put(bytes(self._content))

    def abort(self) -> None:
        self.closed = True
