"""The input of the kit from a backend's tests: an empty store, and hooks to inspect it and to inject faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    raise AssertionError(f"a backend with {kind} support sets Backend.refer, or declares the feature absent")


def _no_branches(table: DataObject, name: str) -> object:
    raise AssertionError("a backend with branches sets Backend.drop_branch, or declares them absent")


@frozen(kw_only=True)
class Backend:
    """An empty store of a backend, and hooks with which the kit inspects it.

    Attributes:
        store: an empty store, which the kit writes to.
        other: a second empty store of the same backend, at another location, for copies between stores.
        table_type: the type of the backend's tables.
        file_type: the type of its files.
        directory_type: the type of its directories.
        table_properties: properties of every table in the tests, such as ``{"format": "parquet"}``.
        faults: a function that takes a :class:`FaultPlan` and returns a context manager: while it is open, the store's
            I/O fails according to the plan, see :func:`patched`. None if fault_injection is declared absent.
        stream_buffer: the maximum bytes of Arrow memory that a stream of the backend may hold at any time, regardless
            of the table's size. The kit streams a table of twice that size, written with this as its ``memory_limit=``
            where the backend holds to one; else make the backend's own buffers small for its tests.
        debris: returns the leftovers in the storage that belong to no object: staged files, temporary tables, open
            uploads. There must be none after every action, whether it succeeds or fails. None skips these checks.
        refer: names the newest version of a table; called with ``"tag"`` or ``"branch"``, the table and the name.
            Required of backends with tags or branches.
        drop_branch: removes a branch of a table; called with the table and the name. Required of backends with
            branches.
        rename_column: renames a column of a table, without writing its rows again where the format can; called with the
            table, the old name and the new one. None skips these checks: no column can be renamed.
        declare: makes an empty table past DAO, as another program would: called with the table, and the declared type
            of its one column ``value``. Required of backends with `declared_types`.
        declared_types: the declared types of such tables, narrower than those that the backend itself gives, compared
            by other rules, or unknown to it; each with values that it keeps. Empty where there are no such types.
        misfits: makes tables past DAO whose column ``value`` holds something that its type hasn't in Arrow, such as an
            infinite date; returns them by what was put there. None by default.
        secret_store: makes a store with the given text in every secret option. Required of backends with such options;
            the kit fails if the store doesn't hold the text.
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
    drop_branch: Callable[[DataObject, str], object] = _no_branches
    rename_column: Callable[[DataObject, str, str], object] | None = None
    declare: Callable[[DataObject, str], object] | None = None
    declared_types: Mapping[str, Sequence[Any]] = field(factory=dict)
    misfits: Callable[[], Mapping[str, DataObject]] = dict
    secret_store: Callable[[str], DataStore] | None = None

    def table(self, name: str, /, store: DataStore | None = None, **properties: Any) -> DataObject:
        """Make a table object of ``store`` (by default of :attr:`store`); nothing is created in the store."""
        return self.table_type(name, store or self.store, **{**self.table_properties, **properties})

    def file(self, name: str, /, store: DataStore | None = None, **properties: Any) -> DataObject:
        """Make a file object of ``store`` (by default of :attr:`store`); nothing is created in the store."""
        return self.file_type(name, store or self.store, **properties)

    def directory(self, name: str, /, store: DataStore | None = None, **properties: Any) -> DataObject:
        """Make a directory object of ``store`` (by default of :attr:`store`); nothing is created in the store."""
        return self.directory_type(name, store or self.store, **properties)
