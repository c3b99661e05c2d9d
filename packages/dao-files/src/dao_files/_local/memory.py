"""Memory as a file storage: an immutable mapping of keys to contents, replaced by each change.

A snapshot is the mapping at one moment; a change creates the next one. Contents are shared, never copied: by snapshots,
by copies of tables, and by unchanged files of a changed table.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Condition
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Self
from urllib.parse import unquote, urlsplit

from attrs import define, field

from dao.errors import AlreadyExistsError, DaoError, DataError, NotFoundError, StoreError, TransientError
from dao.progress import advance
from dao.results import FileInfo

if TYPE_CHECKING:
    from dao_files._storage.storage import Kind, Snapshot

__all__ = ["MemoryStorage"]


@define
class _Content:
    """A file: its bytes, or a ``pyarrow.Buffer`` of memory that Arrow allocated."""

    data: Any
    modified: datetime

    @property
    def size(self) -> int:
        return len(self.data) if isinstance(self.data, bytes) else int(self.data.size)

    def buffer(self) -> Any:
        """The content in Arrow's own memory: copied on first use, and kept instead of the bytes."""
        if isinstance(self.data, bytes):
            from dao_files.formats._near import arrow_buffer

            self.data = arrow_buffer(self.data)
        return self.data

    def __getstate__(self) -> tuple[bytes, datetime]:
        # a buffer would be unpickled over Python's memory
        return bytes(self.data), self.modified

    def __setstate__(self, state: tuple[bytes, datetime]) -> None:
        self.data, self.modified = state


_Contents = Mapping[str, _Content]


def _within(key: str, base: str) -> bool:
    return not base or key == base or key.startswith(f"{base}/")


@define(slots=False)
class MemoryStorage:
    """See :class:`dao_files.storage.Storage`.

    Attributes:
        lock_timeout: seconds to wait for other writers of a key.
        contents: all files.
    """

    lock_timeout: float = 60.0
    contents: _Contents = field(factory=lambda: MappingProxyType({}), repr=lambda contents: f"<{len(contents)} files>")
    _held: list[str] = field(factory=list, init=False, repr=False)
    _changed: Condition = field(factory=Condition, init=False, repr=False)

    uri = "memory://"
    default_format: ClassVar[str] = "arrow"
    conflict_timeout: ClassVar[float] = 0.0

    def key_of(self, uri: str) -> str | None:
        """See :meth:`dao_files.storage.Storage.key_of`."""
        parts = urlsplit(uri)
        if parts.scheme != "memory" or parts.query or parts.fragment:
            return None
        return unquote(f"{parts.netloc}{parts.path}").lstrip("/")

    def kind(self, key: str, wanted: Kind | None = None) -> Kind | None:
        """See :meth:`dao_files.storage.Storage.kind`."""
        contents = self.contents
        if key in contents:
            return "file"
        return "directory" if any(_within(one, key) for one in contents) else None

    def snapshot(self, key: str, wanted: Kind | None = None) -> MemorySnapshot:
        """See :meth:`dao_files.storage.Storage.snapshot`."""
        found = _below(self.contents, key)
        if not found:
            raise NotFoundError(f"{key!r} is not there" if key else "the store is empty")
        return MemorySnapshot(key, found)

    def list(self, key: str) -> Iterator[FileInfo]:
        """See :meth:`dao_files.storage.Storage.list`."""
        if key or self.contents:
            yield from self.snapshot(key).files

    @contextmanager
    def change(self, key: str, *, tree: bool, blind: bool = False) -> Iterator[MemoryChange]:
        """See :meth:`dao_files.storage.Storage.change`."""
        with self._locked(key):
            found = _below(self.contents, key)
            with MemoryChange(self, key, MemorySnapshot(key, found) if found else None, tree=tree) as change:
                yield change

    @contextmanager
    def _locked(self, *keys: str) -> Iterator[None]:
        deadline = time.monotonic() + self.lock_timeout
        with self._changed:
            while any(_within(key, held) or _within(held, key) for key in keys for held in self._held):
                if not self._changed.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    raise TransientError(
                        f"another writer has been busy at {keys[0]!r} for more than {self.lock_timeout:g} s "
                        "(lock_timeout)"
                    )
            self._held.extend(keys)
        try:
            yield
        finally:
            with self._changed:
                for key in keys:
                    self._held.remove(key)
                self._changed.notify_all()

    def swap(self, new: Mapping[str, _Contents]) -> None:
        """Replace everything at some keys atomically.

        Args:
            new: for each key, all the new content at and below it.

        Raises:
            DataError: a part of a key is a file.
        """
        with self._changed:
            rest = {one: content for one, content in self.contents.items() if not any(_within(one, key) for key in new)}
            for key in (key for key, contents in new.items() if contents):
                parts = key.split("/")
                above = next((one for n in range(1, len(parts)) if (one := "/".join(parts[:n])) in rest), None)
                if above is not None:
                    raise DataError(f"{key!r} can't be made: {above!r} is a file")
                rest |= new[key]
            self.contents = MappingProxyType(rest)

    def delete(self, key: str, wanted: Kind | None = None) -> None:
        """See :meth:`dao_files.storage.Storage.delete`."""
        with self._locked(key):
            if self.kind(key) is None:
                raise NotFoundError(f"{key!r} is not there")
            self.swap({key: {}})

    def move(
        self, source: str, target: str, *, replace: Callable[[Snapshot], bool], wanted: Kind | None = None
    ) -> None:
        """See :meth:`dao_files.storage.Storage.move`."""
        with self._locked(source, target):
            found = _below(self.contents, source)
            if not found:
                raise NotFoundError(f"{source!r} is not there")
            taken = _below(self.contents, target)
            if taken and not replace(MemorySnapshot(target, taken)):
                raise AlreadyExistsError(f"{target!r} is already there")
            moved = {f"{target}{key[len(source) :]}": content for key, content in found.items()}
            self.swap({source: {}, target: moved})

    def translate(self, error: Exception) -> DaoError | None:
        """See :meth:`dao_files.storage.Storage.translate`."""
        return StoreError("there is not enough memory") if isinstance(error, MemoryError) else None

    def __getstate__(self) -> dict[str, Any]:
        return {"lock_timeout": self.lock_timeout, "contents": dict(self.contents)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["lock_timeout"], MappingProxyType(state["contents"]))  # type: ignore[misc]


def _below(contents: _Contents, key: str) -> _Contents:
    return {one: contents[one] for one in sorted(contents) if _within(one, key)}


class MemorySnapshot:
    """See :class:`dao_files.storage.Snapshot`."""

    def __init__(self, key: str, contents: _Contents) -> None:
        self.key = key
        self.contents = contents
        self.is_file = key in contents
        self.files = tuple(FileInfo(one, content.size, content.modified) for one, content in contents.items())

    def open(self, key: str) -> BinaryIO:
        """See :meth:`dao_files.storage.Snapshot.open`."""
        return io.BytesIO(self._content(key).data)

    def _content(self, key: str) -> _Content:
        try:
            return self.contents[key]
        except KeyError:
            raise FileNotFoundError(key) from None

    def _open_native(self, key: str) -> Any:
        import pyarrow as pa

        return pa.BufferReader(self._content(key).buffer())

    def filesystem(self) -> Any:
        """See :meth:`dao_files.storage.Snapshot.filesystem`."""
        from dao_files._storage.filesystem import filesystem_of

        return filesystem_of(self, self._open_native, near=True)

    def close(self) -> None:
        """See :meth:`dao_files.storage.Snapshot.close`."""


class MemoryChange:
    """See :class:`dao_files.storage.Change`. The caller holds the key's lock."""

    def __init__(self, storage: MemoryStorage, key: str, base: MemorySnapshot | None, *, tree: bool) -> None:
        self.base = base
        self._storage = storage
        self._key = key
        self._tree = tree
        self._sinks: dict[str, Any] = {}
        self._contents: dict[str, _Content] = {}

    def _new_key(self, path: str) -> str:
        from dao_files._storage.keys import check_key, join

        key = join(self._key, check_key(path)) if self._tree else self._key
        if key in self._sinks or key in self._contents:
            raise DataError(f"two files are to be written to {path!r}")
        return key

    def create(self, path: str, *, native: bool = False, unique: bool = False) -> Any:
        """See :meth:`dao_files.storage.Change.create`."""
        key = self._new_key(path)
        if native:
            import pyarrow as pa

            self._sinks[key] = pa.BufferOutputStream()
        else:
            self._sinks[key] = _KeptBytes()
        return self._sinks[key]

    def keep(self, key: str) -> None:
        """See :meth:`dao_files.storage.Change.keep`."""
        if self.base is None:
            raise ValueError("there is nothing to keep")
        self._contents[key] = self.base.contents[key]

    def copy_in(self, snapshot: Snapshot, key: str, path: str) -> int:
        """See :meth:`dao_files.storage.Change.copy_in`."""
        assert isinstance(snapshot, MemorySnapshot)
        content = _Content(snapshot.contents[key].data, datetime.now(UTC))
        self._contents[self._new_key(path)] = content
        advance(0, content.size)
        return content.size

    def _finished(self, key: str) -> _Content:
        sink = self._sinks.pop(key, None)
        if sink is not None:
            self._contents[key] = _Content(sink.getvalue(), datetime.now(UTC))
        return self._contents[key]

    def size(self, path: str) -> int:
        """See :meth:`dao_files.storage.Change.size`."""
        return self._finished(f"{self._key}/{path}" if path else self._key).size

    def publish(self) -> None:
        """See :meth:`dao_files.storage.Change.publish`."""
        for key in list(self._sinks):
            self._finished(key)
        self._storage.swap({self._key: self._contents})

    def renew(self) -> None:
        """See :meth:`dao_files.storage.Change.renew`: the key is locked, so nothing can have changed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sinks.clear()


class _KeptBytes(io.BytesIO):
    """A ``BytesIO`` that keeps its content when closed."""

    _content: bytes | None = None

    def close(self) -> None:
        if self._content is None:
            self._content = super().getvalue()
        super().close()

    def getvalue(self) -> bytes:
        return super().getvalue() if self._content is None else self._content
