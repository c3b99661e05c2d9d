"""The staging place: what is put there, read back and taken away, and what others left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from contextvars import Context
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import attrs
from attrs import define, evolve, field

from dao.connections import S3Connection, S3Fields, Settings
from dao.data_object import DirectoryObject, FileObject, TableObject
from dao.data_store import DataStore
from dao.errors import DaoError, NotFoundError
from dao.memory import budgeted, current
from dao.progress import ignored
from dao.results import FileInfo
from dao_redshift._files.places import S3Place
from dao_redshift._staging.owner import Owner

if TYPE_CHECKING:
    import pyarrow as pa

    from dao_s3 import S3ObstoreInterface

__all__ = ["LIFETIME", "Load", "StagingArea"]

LIFETIME = 3600.0
"""Seconds after its last sign of life when what another machine's process staged is taken for left over."""

_HEARTBEAT = 60.0
_ALIVE = "alive"
_ROOM = "dao-staging"
_BATCH = 4 << 20  # bytes of a batch of rows: five are in memory at once, with what is made of them


@define(eq=False)
class StagingArea:
    """The place below which loads and reads of one process stage their files. Safe between threads.

    What is there belongs to an :class:`~dao_redshift._staging.owner.Owner` and a load of it, by its key. A load that
    isn't finished puts a sign of life every minute. The first load of a process takes away what owners left that are
    gone: those of this machine whose process doesn't run any more at once, others after :data:`LIFETIME`, by the clock
    of S3.

    Files are moved outside of the call's context: their bytes are no progress of the call's, and what a cancelled call
    leaves can be taken away.

    Attributes:
        place: the place of the option ``staging``.
        connection: how S3 is reached.
        lifetime: seconds, see :data:`LIFETIME`.
    """

    place: S3Place
    connection: S3Connection = field(repr=False)
    lifetime: float = LIFETIME
    _owner: Owner = field(factory=Owner.current, init=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)
    _looked: bool = field(default=False, init=False)
    _left: set[str] = field(factory=set, init=False)
    _store: DataStore | None = field(default=None, init=False, repr=False)

    def begin(self) -> Load:
        """Begin a load: a part of the place that no other load uses. It is ended by ``with``, and cleared then.

        Raises:
            DaoError: S3 can't be reached.
        """
        self._clear_left()
        load = Load(self, self._owner_now().text, uuid4().hex)
        try:
            load.put(_ALIVE, b"")
        except BaseException:  # it may be there all the same
            self.remember(load.key)
            raise
        return load

    def put(self, key: str, content: bytes) -> None:
        """Put a file, in one step."""
        Context().run(self._files.write_bytes, content, self._file(key), mode="overwrite")

    def rows(self, key: str) -> pa.RecordBatchReader | None:
        """The rows of the Parquet files below a key, in the order of their names; None without files.

        They are read by row groups, of which a few are in memory at a time, however large the files are.
        """
        folder, _, name = key.rpartition("/")
        budget = current()
        try:
            with budgeted(evolve(budget, batch=min(budget.batch, _BATCH))):
                found: pa.RecordBatchReader = self._files.read_stream(
                    TableObject(name, self._data_store, prefix=folder), format="parquet"
                )
            return found
        except NotFoundError:
            return None

    def schema(self, key: str) -> pa.Schema | None:
        """The columns of the Parquet files below a key, as one of them has them; None without files."""
        folder, _, name = key.rpartition("/")
        try:
            found: pa.Schema = self._files.schema(TableObject(name, self._data_store, prefix=folder), format="parquet")
            return found
        except NotFoundError:
            return None

    def files(self, key: str) -> list[FileInfo]:
        """The files below a key; none if there is nothing."""
        try:
            found: list[Any] = list(self._files.list(DirectoryObject(key or "all", self._data_store, prefix=key)))
            return found
        except NotFoundError:
            return []

    def clear(self, key: str) -> None:
        """Take away every file below a key. What can't be taken away now is tried again by the next load."""
        Context().run(self._clear, key)

    def _clear(self, key: str) -> None:
        try:
            for info in self.files(key):
                with suppress(NotFoundError):  # another process may clear the same
                    self._files.delete(self._file(info.key))
        except (DaoError, OSError):
            self.remember(key)
            raise

    def remember(self, key: str) -> None:
        """Have the next load take away what is below a key."""
        with self._lock:
            self._left.add(key)

    def settings(self) -> Settings:
        """How a library reaches S3 as this process does, with credentials that are valid now."""
        return self._files.object_store_settings()

    def close(self) -> None:
        """Close the connections to S3; the next use opens new ones."""
        if self._store is not None:
            self._store.close()

    @property
    def _data_store(self) -> DataStore:
        if self._store is None:
            self._store = DataStore("staging", self._make_files())
        return self._store

    @property
    def _files(self) -> S3ObstoreInterface:
        found: S3ObstoreInterface = self._data_store.interface
        return found

    def _make_files(self) -> S3ObstoreInterface:
        from dao_s3 import S3ObstoreInterface

        given = {one.name: getattr(self.connection, one.name) for one in attrs.fields(S3Fields)}
        return S3ObstoreInterface(bucket=self.place.bucket, prefix=self.place.key, **given)

    def _file(self, key: str) -> FileObject:
        prefix, _, name = key.rpartition("/")
        return FileObject(name, self._data_store, prefix=prefix)

    def _owner_now(self) -> Owner:
        """This process, also in a child of the one that made the area."""
        now = Owner.current()
        if now != self._owner:
            self._owner, self._looked = now, False
        return now

    def _clear_left(self) -> None:
        here = self._owner_now()
        with self._lock:
            left, self._left = self._left, set()
            looked, self._looked = self._looked, True
        for key in left:
            self.clear(key)
        if looked:
            return
        try:
            for key in self._leftovers(here):
                self.clear(key)
        except (DaoError, OSError):
            self._looked = False
            raise

    def _leftovers(self, here: Owner) -> Iterator[str]:
        """The keys of what is left over: of owners, each below one key."""
        newest: dict[str, Any] = {}
        for info in self.files(_ROOM):
            name = info.key.removeprefix(f"{_ROOM}/").partition("/")[0]
            newest[name] = max(filter(None, (newest.get(name), info.modified)), default=None)
        others = {name: owner for name in newest if (owner := Owner.parse(name)) is not None and owner != here}
        if not others:
            return
        now = self._clock_of_s3(here)
        for name, owner in others.items():
            silent = newest[name] is not None and (now - newest[name]).total_seconds() > self.lifetime
            if owner.is_gone(here) or silent:
                yield f"{_ROOM}/{name}"

    def _clock_of_s3(self, here: Owner) -> Any:
        """What time it is there, by a file that is put now."""
        key = f"{_ROOM}/{here.text}/{uuid4().hex}"
        self.put(f"{key}/{_ALIVE}", b"")
        try:
            return max(info.modified for info in self.files(key) if info.modified is not None)
        finally:
            self.clear(key)


@define(eq=False)
class Load:
    """The files of one load or read, below a key of their own; a context manager that takes them away at its end.

    Attributes:
        area: where it is.
        owner: the text of its owner.
        name: its own, unlike any other's.
    """

    area: StagingArea = field(repr=False)
    owner: str
    name: str
    _ended: Event = field(factory=Event, init=False, repr=False)

    @property
    def key(self) -> str:
        """The key of its files, below the area's place."""
        return f"{_ROOM}/{self.owner}/{self.name}"

    @property
    def place(self) -> S3Place:
        """The place of its files."""
        return self.area.place.below(self.key)

    def put(self, name: str, content: bytes) -> S3Place:
        """Put a file; return its place."""
        self.area.put(f"{self.key}/{name}", content)
        return self.place.below(name)

    def __enter__(self) -> Load:
        Thread(target=self._live, name="dao-staging", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.end(failed=kind is not None)

    def end(self, *, failed: bool = False) -> None:
        """Take the files away. After a failure an error of that is left to the next load, to hide no other one."""
        self._ended.set()
        if failed:
            try:
                self.area.clear(self.key)
            except (DaoError, OSError) as error:
                ignored(error, "taking away staged files after a failure")
            return
        try:
            self.area.clear(self.key)
        except (DaoError, OSError) as error:  # what was done is done: these files are cleared by the next load
            ignored(error, "taking away staged files")
            self.area.remember(self.key)

    def _live(self) -> None:
        while not self._ended.wait(_HEARTBEAT):
            try:
                self.put(_ALIVE, b"")
            except (DaoError, OSError) as error:
                ignored(error, "showing that a load is alive")
