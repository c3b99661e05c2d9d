"""What actions give back besides data: what was written, what is there, and what happened before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, overload

from attrs import field, frozen

from dao.display import Displayed, table_of

__all__ = ["FileInfo", "Listing", "Version", "WriteResult"]


@frozen
class WriteResult(Displayed):
    """What a write-like action did. What a backend can't know is ``None``, never a guess.

    Attributes:
        rows_inserted: rows that are new.
        rows_updated: rows that took the place of older ones with the same key.
        rows_deleted: rows that are gone and have no successor.
        bytes: bytes written to the store.
        files: files written to the store.
        version_before: the version, snapshot or commit before the action.
        version_after: the one it made.
        interface: the name of the interface that did it.
    """

    rows_inserted: int | None = None
    rows_updated: int | None = None
    rows_deleted: int | None = None
    bytes: int | None = None
    files: int | None = None
    version_before: str | int | None = None
    version_after: str | int | None = None
    interface: str | None = None


@frozen
class FileInfo(Displayed):
    """One file in a store.

    Attributes:
        key: where it is, from the store's root, with ``/`` between the parts.
        size: bytes.
        modified: when it was last written, in UTC.
        etag: the store's own mark of its content, where it has one.
        version: the store's name for this version of it, where it keeps versions.
    """

    key: str
    size: int | None = None
    modified: datetime | None = None
    etag: str | None = None
    version: str | None = None


@frozen
class Version(Displayed):
    """One entry of an object's history.

    Attributes:
        version: the version, snapshot or commit, as ``version=`` takes it where the format has time travel.
        timestamp: when it was made, in UTC.
        operation: what made it, such as ``overwrite`` or ``upsert``.
        details: what else the format recorded: rows, files, who did it.
    """

    version: str | int | None
    timestamp: datetime | None = None
    operation: str | None = None
    details: dict[str, Any] = field(factory=dict)


class Listing(Sequence[FileInfo]):
    """The files that ``list`` found, fetched from the store as they are looked at.

    Iterate over it to see them page by page; ``len()``, indexing and comparison fetch the rest. What was
    fetched is kept, so it may be iterated again. The first page is fetched at once: an error that the store
    gives is raised by ``list``, not later.

    >>> listing = Listing(iter([FileInfo("a.csv", 12), FileInfo("b.csv", 7)]))
    >>> [info.key for info in listing]
    ['a.csv', 'b.csv']
    >>> len(listing), listing[0].size
    (2, 12)
    """

    def __init__(self, infos: Iterable[FileInfo]) -> None:
        self._rest: Iterator[FileInfo] = iter(infos)
        self._seen: list[FileInfo] = []
        self._fetch(1)

    def _fetch(self, upto: int | None = None) -> None:
        while upto is None or len(self._seen) < upto:
            info = next(self._rest, None)
            if info is None:
                return
            self._seen.append(info)

    def __iter__(self) -> Iterator[FileInfo]:
        position = 0
        while True:
            self._fetch(position + 1)
            if position >= len(self._seen):
                return
            yield self._seen[position]
            position += 1

    def __len__(self) -> int:
        self._fetch()
        return len(self._seen)

    @overload
    def __getitem__(self, index: int) -> FileInfo: ...
    @overload
    def __getitem__(self, index: slice) -> list[FileInfo]: ...
    def __getitem__(self, index: int | slice) -> FileInfo | list[FileInfo]:
        self._fetch()
        return self._seen[index]

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, (Listing, list)) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Callable[[Iterable[FileInfo]], Listing], tuple[list[FileInfo]]]:
        return Listing, (list(self),)

    _SHOWN = 20

    def _rows(self) -> tuple[list[list[str]], bool]:
        self._fetch(self._SHOWN + 1)
        shown = self._seen[: self._SHOWN]
        rows = [
            [
                i.key,
                "" if i.size is None else f"{i.size:,}",
                f"{i.modified or '':%Y-%m-%d %H:%M:%S}" if i.modified else "",
            ]
            for i in shown
        ]
        return rows, len(self._seen) > self._SHOWN

    def __repr__(self) -> str:
        rows, more = self._rows()
        return table_of(["key", "bytes", "modified"], rows).text() + ("\n..." if more else "")

    def _repr_html_(self) -> str:
        rows, more = self._rows()
        return table_of(["key", "bytes", "modified"], rows).html() + ("..." if more else "")
