"""Results of actions besides data: write results, listings, and histories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, overload

from attrs import field, fields, frozen

from dao.display import WIDTH, Displayed, TableView, even_half_made, moment, size, table_of, thousands

__all__ = ["FileInfo", "History", "Listed", "Listing", "TableInfo", "Version", "WriteResult"]


def _unchanging(details: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(details))


@even_half_made
@frozen
class WriteResult(Displayed):
    """The result of a write-like action. What a backend can't know is ``None``, never a guess.

    ``print`` it for one readable line; its repr has every field.

    >>> print(WriteResult(rows_inserted=336776, files=12, bytes=4101332, version_after=4, interface="local"))
    WriteResult(inserted 336,776 rows in 12 files, 4.1 MB, version 4, by local)

    Attributes:
        rows_inserted: rows that are new.
        rows_updated: rows that took the place of older ones with the same key.
        rows_deleted: rows that are gone and have no successor.
        bytes: bytes written to the store.
        files: files written to the store.
        version_before: the version, snapshot or commit before the action.
        version_after: the one it made.
        interface: the name of the interface that did it.
        details: what else the backend knows, by its own names; it can't be changed.
    """

    rows_inserted: int | None = None
    rows_updated: int | None = None
    rows_deleted: int | None = None
    bytes: int | None = None
    files: int | None = None
    version_before: str | int | None = None
    version_after: str | int | None = None
    interface: str | None = None
    details: Mapping[str, Any] = field(
        factory=dict, converter=_unchanging, hash=False, repr=lambda one: repr(dict(one))
    )

    def __str__(self) -> str:
        told = ", ".join(filter(None, [self._told_rows(), size(self.bytes), self._told_version()]))
        by = f"by {self.interface}" if self.interface else ""
        return f"WriteResult({', '.join(filter(None, [told or 'nothing known', by, _list_details(self.details)]))})"

    def _told_rows(self) -> str:
        done = {"inserted": self.rows_inserted, "updated": self.rows_updated, "deleted": self.rows_deleted}
        known = {verb: rows for verb, rows in done.items() if rows is not None}
        # That nothing was deleted is worth saying only where nothing else was done either.
        worth = {verb: rows for verb, rows in known.items() if rows} or known
        told = ", ".join(_count_text(rows, "row", f"{verb} ") for verb, rows in worth.items())
        files = _count_text(self.files, "file") if self.files is not None else ""
        return f"{told} in {files}" if told and files else told or files

    def _told_version(self) -> str:
        before, after = self.version_before, self.version_after
        if after is None or before == after:
            return f"version {before}" if before is not None else ""
        return f"version {after}" if before is None else f"version {before} -> {after}"

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy can't be pickled.
        values = [getattr(self, f.name) for f in fields(WriteResult)]
        return WriteResult, (*values[:-1], dict(self.details))

    def _shown(self) -> Iterable[tuple[str, Any]]:
        return [
            *(("rows " + verb, getattr(self, f"rows_{verb}")) for verb in ("inserted", "updated", "deleted")),
            ("bytes", self.bytes),
            ("files", self.files),
            # As text: a snapshot's number is a name, and takes no separators.
            ("version before", None if self.version_before is None else str(self.version_before)),
            ("version after", None if self.version_after is None else str(self.version_after)),
            ("interface", self.interface),
            ("details", _list_details(self.details) or None),
        ]


def _list_details(details: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in details.items() if value is not None)


def _count_text(number: int, noun: str, before: str = "") -> str:
    return f"{before}{thousands(number)} {noun}{'' if number == 1 else 's'}"


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
class TableInfo(Displayed):
    """One table, view or schema in a store that holds tables rather than files.

    Attributes:
        key: where it is, from the store's root, with ``.`` between the parts: ``sales.orders``.
        kind: ``table``, ``view`` or ``schema``.
        rows: how many rows it has, where that is known without counting.
        size: bytes, where they are known.
        modified: when it was last changed, in UTC.
    """

    key: str
    kind: str = "table"
    rows: int | None = None
    size: int | None = None
    modified: datetime | None = None


Listed = FileInfo | TableInfo
"""One entry of a listing."""


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


@even_half_made
class Listing(Sequence[Listed]):
    """What ``list`` found, files or tables, fetched from the store as they are looked at.

    Iterate over it to see them page by page; ``len()``, indexing and comparison fetch the rest. What was
    fetched is kept, so it may be iterated again. The first page is fetched at once: an error that the store
    gives is raised by ``list``, not later.

    >>> listing = Listing(iter([FileInfo("a.csv", 12), FileInfo("b.csv", 7)]))
    >>> [info.key for info in listing]
    ['a.csv', 'b.csv']
    >>> len(listing), listing[0].size
    (2, 12)
    """

    def __init__(self, infos: Iterable[Listed]) -> None:
        self._rest: Iterator[Listed] = iter(infos)
        self._seen: list[Listed] = []
        self._translate: Callable[[Exception], Exception] | None = None
        self._fetch(1)

    def translating(self, translate: Callable[[Exception], Exception]) -> Listing:
        """The same listing, whose later errors are what ``translate`` makes of them."""
        self._translate = translate
        return self

    def _next(self) -> Listed | None:
        try:
            return next(self._rest, None)
        except Exception as error:
            meant = self._translate(error) if self._translate is not None else error
            if meant is error:
                raise
            raise meant from error

    def _fetch(self, upto: int | None = None) -> None:
        while upto is None or len(self._seen) < upto:
            info = self._next()
            if info is None:
                return
            self._seen.append(info)

    def __iter__(self) -> Iterator[Listed]:
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
    def __getitem__(self, index: int) -> Listed: ...
    @overload
    def __getitem__(self, index: slice) -> list[Listed]: ...
    def __getitem__(self, index: int | slice) -> Listed | list[Listed]:
        self._fetch()
        return self._seen[index]

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, (Listing, list)) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Callable[[Iterable[Listed]], Listing], tuple[list[Listed]]]:
        return Listing, (list(self),)

    _SHOWN = 20

    def _view(self) -> tuple[TableView, str]:
        self._fetch(self._SHOWN + 1)
        shown = self._seen[: self._SHOWN]
        if not shown:
            return table_of([""], []), "nothing"
        files = all(isinstance(info, FileInfo) for info in shown)
        noun = "file" if files else "table"
        sizes = [info.size for info in shown if info.size is not None]
        total = f", {size(sum(sizes))}" if len(sizes) == len(shown) else ""
        more = len(self._seen) > self._SHOWN
        foot = f"the first {self._SHOWN} {noun}s; there are more" if more else _count_text(len(shown), noun) + total
        return _files(shown) if files else _tables(shown), foot

    def __repr__(self) -> str:
        view, foot = self._view()
        return "\n".join(filter(None, [view.text(), foot]))

    def _repr_html_(self) -> str:
        view, foot = self._view()
        return f"{view.html() if view.rows else ''}<p>{foot}</p>"


def _files(infos: Iterable[Listed]) -> TableView:
    return table_of(["key", "bytes", "modified"], [(i.key, i.size, moment(i.modified) or None) for i in infos])


def _tables(infos: Iterable[Listed]) -> TableView:
    rows = [
        (i.key, getattr(i, "kind", "file"), getattr(i, "rows", None), i.size, moment(i.modified) or None) for i in infos
    ]
    return table_of(["key", "kind", "rows", "bytes", "modified"], rows)


class History(list[Version]):
    """The versions of an object, the newest first: a list that reads as a table.

    >>> History([Version(4, None, "upsert", {"rows": 12})])
    version  operation  details
    4        upsert     rows=12
    """

    def _view(self) -> TableView:
        rows = [
            (
                "" if entry.version is None else str(entry.version),
                moment(entry.timestamp),
                entry.operation or "",
                ", ".join(f"{name}={value}" for name, value in entry.details.items() if value is not None),
            )
            for entry in self
        ]
        heads = ("version", "made", "operation", "details")
        # A column that no entry has anything for is left out; versions always stay.
        kept = [at for at in range(len(heads)) if at == 0 or any(row[at] for row in rows)]
        return table_of([heads[at] for at in kept], [[row[at] for at in kept] for row in rows])

    def text(self, width: int = WIDTH) -> str:
        """The versions as text, whose lines fit the width where their words allow."""
        return self._view().text(width) if self else "no versions"

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self._view().html() if self else "<p>no versions</p>"
