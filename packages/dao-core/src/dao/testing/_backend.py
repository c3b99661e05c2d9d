"""What a backend's tests give the kit: an empty store, and hooks to inspect and disturb it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.data_store import DataStore

if TYPE_CHECKING:
    from dao.testing._faults import FaultPlan

__all__ = ["Backend"]

FaultHook = Callable[["FaultPlan"], AbstractContextManager[Any]]


def _no_references(kind: str, table: DataObject, name: str) -> object:
    raise AssertionError(f"a backend that has a {kind} gives the kit Backend.refer, or declares that it has none")


@frozen(kw_only=True)
class Backend:
    """An empty store of a backend, and hooks through which the kit inspects it.

    Attributes:
        store: an empty store. The kit writes to it freely.
        other: a second empty store of the same backend, at another place, for copies between two of them.
        table_type: the type of the backend's tables.
        file_type: the type of its files.
        directory_type: the type of its directories.
        table_properties: properties of every table in the tests, such as ``{"format": "parquet"}``.
        faults: makes the store's I/O fail as a plan says while the context is open; see :mod:`dao.testing._faults`.
        stream_buffer: bytes of Arrow memory that a stream of the backend may hold at any time, however large the table.
            The kit streams a table of twice that size, so make the backend's own buffers small for its tests.
        debris: lists leftovers in the storage that belong to no object: staged files, temporary tables,
            open uploads. Must be empty after every action, whether it succeeds or fails.
        refer: gives the newest version of a table a name: called with ``"tag"`` or ``"branch"``, the table, the name;
            needed by a backend that has any.
        secret_store: a store in whose options every secret is the text given; needed by a backend that has any.
    """

    store: DataStore
    other: DataStore
    table_type: type[DataObject] = TableObject
    file_type: type[DataObject] = FileObject
    directory_type: type[DataObject] = DirectoryObject
    table_properties: Mapping[str, Any] = field(factory=dict)
    faults: FaultHook | None = None
    stream_buffer: int = 24 << 20
    debris: Callable[[], Iterable[str]] | None = None
    refer: Callable[[str, DataObject, str], object] = _no_references
    secret_store: Callable[[str], DataStore] | None = None

    def table(self, name: str, /, store: DataStore | None = None, **properties: Any) -> DataObject:
        """A table object of the store; creates nothing in the store."""
        return self.table_type(name, store or self.store, **{**self.table_properties, **properties})

    def file(self, name: str, /, store: DataStore | None = None, **properties: Any) -> DataObject:
        """A file object of the store."""
        return self.file_type(name, store or self.store, **properties)

    def directory(self, name: str, /, store: DataStore | None = None, **properties: Any) -> DataObject:
        """A directory object of the store."""
        return self.directory_type(name, store or self.store, **properties)
