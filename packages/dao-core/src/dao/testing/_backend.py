"""What a backend tells the kit: how to reach a store of it, and, as data, what it can't do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.data_store import DataStore
from dao.errors import ConfigError, did_you_mean
from dao.interface import ACTIONS

if TYPE_CHECKING:
    from dao.testing._faults import FaultPlan

__all__ = ["ACTIONS_CHECKED", "FEATURES", "MODES", "Absence", "Backend", "Capabilities"]

ACTIONS_CHECKED = tuple(action for action in ACTIONS if action != "run")
"""The actions whose meaning is the same everywhere; ``run`` is what only one interface has."""

MODES = ("error", "append", "overwrite", "overwrite_partitions", "ignore")
"""What ``mode=`` of a write may be."""

FEATURES: Mapping[str, str] = {
    "files": "a file object takes and gives bytes just as they are",
    "foreign_files": "a table is the files of its directory, those that other programs put there too",
    "partitions": "the property partition_by lays a table out by the values of columns",
    "schema_evolution": "schema_mode='evolve' lets a write add columns",
    "time_travel": "version= reads an older version that history() names",
    "atomic_create": "of many who create one object at once, one wins and the others hear AlreadyExistsError",
    "concurrent_appends": "no append that was acknowledged is lost or doubled, however many write at once",
    "lazy_streams": "read_stream and write_stream hold a few batches at a time, not the table",
    "synchronous": "every action can be called, not only awaited",
    "fault_injection": "the backend's tests give the kit a hook that makes its I/O fail: Backend.faults",
}
"""What a backend may lack beside actions, modes and types, with what each one promises."""


@frozen
class Absence:
    """One thing that a backend says it can't do.

    Attributes:
        kind: ``action``, ``mode``, ``feature``, ``type`` or ``exactness``.
        name: which.
        reason: why, in a sentence for users.
    """

    kind: str
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.reason}"


def _known(names: Callable[[], Iterable[str]]) -> Callable[[Any, Any, Mapping[str, str]], None]:
    def check(_instance: Any, attribute: Any, given: Mapping[str, str]) -> None:
        allowed = tuple(names()) if given else ()
        for name, reason in given.items():
            if name not in allowed:
                raise ConfigError(f"{attribute.name} has an unknown {name!r}: {did_you_mean(name, allowed)}")
            if not reason:
                raise ConfigError(f"{attribute.name}[{name!r}] needs a reason: users will read it")

    return check


def _known_in_tables(name: str) -> Callable[[Any, Any, Mapping[str, str]], None]:
    # Looked up late: they need pyarrow, which declaring capabilities doesn't.
    return _known(lambda: getattr(import_module("dao.testing._tables"), name))


@frozen(kw_only=True)
class Capabilities:
    """What a backend can't do. Whatever isn't named here is promised, and tested.

    An absence is declared, with its reason, and the kit holds the backend to it: what is declared absent must be
    refused with :class:`~dao.errors.NoRouteError` or :class:`~dao.errors.UnsupportedError` and change nothing, and
    must not work in secret.

    Attributes:
        lacks_actions: actions by name, see :data:`ACTIONS_CHECKED`.
        lacks_modes: modes of ``write``, see :data:`MODES`.
        lacks_features: see :data:`FEATURES`.
        lacks_types: types and values that the store can't keep, see :data:`dao.testing.FEATURES`.
        relaxes: how types may differ when they come back, see :data:`dao.testing.RELAXATIONS`.
        formats: the file formats that tables are tried in; empty for a store that has no such choice.

    Raises:
        ConfigError: a name that the kit doesn't know, with the nearest ones, or an absence without a reason.

    >>> capabilities = Capabilities(lacks_actions={"history": "a plain file remembers nothing"})
    >>> print(*capabilities.absences())
    action history: a plain file remembers nothing
    """

    lacks_actions: Mapping[str, str] = field(factory=dict, validator=_known(lambda: ACTIONS_CHECKED))
    lacks_modes: Mapping[str, str] = field(factory=dict, validator=_known(lambda: MODES))
    lacks_features: Mapping[str, str] = field(factory=dict, validator=_known(lambda: FEATURES))
    lacks_types: Mapping[str, str] = field(factory=dict, validator=_known_in_tables("FEATURES"))
    relaxes: Mapping[str, str] = field(factory=dict, validator=_known_in_tables("RELAXATIONS"))
    formats: tuple[str, ...] = ()

    def absences(self) -> Iterator[Absence]:
        """Everything that is declared absent, in the order of the record."""
        by_kind = {
            "action": self.lacks_actions,
            "mode": self.lacks_modes,
            "feature": self.lacks_features,
            "type": self.lacks_types,
            "exactness": self.relaxes,
        }
        for kind, lacking in by_kind.items():
            for name, reason in lacking.items():
                yield Absence(kind, name, reason)

    def absence(self, need: str) -> Absence | None:
        """The declared absence of what a test needs, if there is one.

        Args:
            need: an action or a feature by its bare name, anything else with its kind: ``mode:append``, ``type:list``.
                Kinds are kept apart: a type and an action may have one name.
        """
        kind, _, name = need.rpartition(":")
        kinds = (kind,) if kind else ("action", "feature")
        return next((a for a in self.absences() if a.name == name and a.kind in kinds), None)


FaultHook = Callable[["FaultPlan"], AbstractContextManager[Any]]


@frozen(kw_only=True)
class Backend:
    """An empty store of a backend, and the hooks through which the kit looks behind it.

    Attributes:
        store: an empty store. The kit writes what it likes there.
        other: a second empty store of the same backend, at another place, for copies between two of them.
        table_type: the type of the backend's tables.
        file_type: the type of its files.
        directory_type: the type of its directories.
        table_properties: properties that every table of a test gets, such as ``{"format": "parquet"}``.
        faults: makes the store's I/O fail as a plan says while the context is open; see :mod:`dao.testing._faults`.
        stream_buffer: bytes of Arrow memory that a stream of the backend may hold at any time, however large the table.
            The kit streams a table of twice that size, so make the backend's own buffers small for its tests.
        debris: what the storage holds that no object of the store accounts for: staged files, temporary tables,
            open uploads. Empty after every action that finished or failed.
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
    secret_store: Callable[[str], DataStore] | None = None

    def table(self, name: str, /, store: DataStore | None = None, **properties: Any) -> DataObject:
        """A table of the store; nothing is made in the store by this."""
        return self.table_type(name, store or self.store, **{**self.table_properties, **properties})

    def file(self, name: str, /, store: DataStore | None = None, **properties: Any) -> DataObject:
        """A file of the store."""
        return self.file_type(name, store or self.store, **properties)

    def directory(self, name: str, /, store: DataStore | None = None, **properties: Any) -> DataObject:
        """A directory of the store."""
        return self.directory_type(name, store or self.store, **properties)
