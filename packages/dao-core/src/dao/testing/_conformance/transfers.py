"""The semantics of ``copy`` and ``move``, within a store and between stores."""

from __future__ import annotations

import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.data_store import DataStore
from dao.errors import AlreadyExistsError, DataError, NotFoundError
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import content, no_debris, people, rows

__all__ = ["CopiesBetween", "CopiesWithin", "Moves"]

_PAGE = "dao.DataAccessObject.copy and move; docs/writing-an-interface.md, 'Copying'"


class CopiesWithin(Capability, requires=("copy", "read", "write"), written=_PAGE):
    """A copy within one store."""

    def test_a_copy_has_the_same_rows(self, dao: DataAccessObject, backend: Backend) -> None:
        """copy() creates an independent object with the same rows, and leaves the source unchanged."""
        source, target = backend.table("people"), backend.table("copies")
        dao.write(people(range(10)), source)
        dao.copy(source, target)
        assert rows(dao, target) == rows(dao, source) == people(range(10)).to_pylist()
        dao.write(people([1]), source, mode="overwrite")
        assert rows(dao, target) == people(range(10)).to_pylist(), "the copy changed with its source"
        no_debris(backend)

    def test_a_copy_overwrites_nothing_by_default(self, dao: DataAccessObject, backend: Backend) -> None:
        """copy() to an existing object is an AlreadyExistsError, and the object is unchanged; mode="overwrite" replaces
        its rows by those of the source.
        """
        source, target = backend.table("people"), backend.table("copies")
        dao.write(people(range(10)), source)
        dao.write(people([99]), target)
        with pytest.raises(AlreadyExistsError):
            dao.copy(source, target)
        assert rows(dao, target) == people([99]).to_pylist()
        dao.copy(source, target, mode="overwrite")
        assert rows(dao, target) == people(range(10)).to_pylist()
        no_debris(backend)

    def test_a_copy_of_nothing_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """copy() of an object that doesn't exist is a NotFoundError, and the target is unchanged."""
        target = backend.table("copies")
        with pytest.raises(NotFoundError):
            dao.copy(backend.table("nobody"), target)
        assert content(dao, target) is None
        dao.write(people([99]), target)
        with pytest.raises(NotFoundError):
            dao.copy(backend.table("nobody"), target, mode="overwrite")
        assert rows(dao, target) == people([99]).to_pylist()

    def test_a_copy_onto_itself_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """copy() and move() of an object to itself are DataErrors, and it is unchanged."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        for action in (dao.copy, dao.move):
            with pytest.raises(DataError):
                action(table, backend.table("people"), mode="overwrite")
        assert rows(dao, table) == people(range(3)).to_pylist()

    def test_a_copy_of_some_rows(self, dao: DataAccessObject, backend: Backend) -> None:
        """copy(where=, columns=) copies only those rows and columns."""
        source, target = backend.table("people"), backend.table("copies")
        dao.write(people(range(10)), source)
        dao.copy(source, target, where="day = 1", columns=["id", "day"])
        assert rows(dao, target) == [{"id": n, "day": 1} for n in range(10) if n % 3 == 1]

    @needs("mode:append")
    def test_a_copy_appends(self, dao: DataAccessObject, backend: Backend) -> None:
        """copy(mode="append") adds the source's rows to the target, as write() does."""
        source, target = backend.table("people"), backend.table("copies")
        dao.write(people([1, 2]), source)
        dao.write(people([2, 3]), target)
        dao.copy(source, target, mode="append")
        assert sorted(row["id"] for row in rows(dao, target)) == [1, 2, 2, 3]
        assert sorted(row["id"] for row in rows(dao, source)) == [1, 2]
        no_debris(backend)

    @needs("mode:overwrite_partitions")
    def test_a_copy_overwrites_partitions(self, dao: DataAccessObject, backend: Backend) -> None:
        """copy(mode="overwrite_partitions") replaces the target's partitions that the source has rows for."""
        source = backend.table("people", partition_by=["day"])
        target = backend.table("copies", partition_by=["day"])
        dao.write(people([1, 2]), source)
        dao.write(people([3, 5]), target)
        dao.copy(source, target, mode="overwrite_partitions")
        assert sorted(row["id"] for row in rows(dao, target)) == [1, 2, 3]

    @needs("files")
    def test_files_are_copied_byte_by_byte(self, dao: DataAccessObject, backend: Backend) -> None:
        """copy() of a file stores the same bytes under the target's key, and leaves the source."""
        dao.write(b"\x00\xffbytes", backend.file("a/one.bin"))
        dao.copy(backend.file("a/one.bin"), backend.file("b/two.bin"))
        assert dao.read(backend.file("b/two.bin"), into="bytes") == b"\x00\xffbytes"
        assert dao.read(backend.file("a/one.bin"), into="bytes") == b"\x00\xffbytes"


class Moves(Capability, requires=("move", "read", "write", "delete", "exists"), written=_PAGE):
    """A move is a copy that deletes the source once the target is complete."""

    def test_a_move_leaves_nothing_behind(self, dao: DataAccessObject, backend: Backend) -> None:
        """After move() the target has the rows, and the source doesn't exist."""
        source, target = backend.table("people"), backend.table("moved")
        dao.write(people(range(10)), source)
        dao.move(source, target)
        assert rows(dao, target) == people(range(10)).to_pylist()
        assert dao.exists(source) is False
        no_debris(backend)

    def test_a_move_overwrites_nothing_by_default(self, dao: DataAccessObject, backend: Backend) -> None:
        """move() to an existing object is an AlreadyExistsError, and both are unchanged; mode="overwrite" replaces the
        target.
        """
        source, target = backend.table("people"), backend.table("moved")
        dao.write(people(range(10)), source)
        dao.write(people([99]), target)
        with pytest.raises(AlreadyExistsError):
            dao.move(source, target)
        assert rows(dao, source) == people(range(10)).to_pylist()
        assert rows(dao, target) == people([99]).to_pylist()
        dao.move(source, target, mode="overwrite")
        assert rows(dao, target) == people(range(10)).to_pylist()
        assert dao.exists(source) is False

    def test_a_move_of_nothing_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """move() of an object that doesn't exist is a NotFoundError, and the target is unchanged."""
        target = backend.table("moved")
        dao.write(people([99]), target)
        with pytest.raises(NotFoundError):
            dao.move(backend.table("nobody"), target, mode="overwrite")
        assert rows(dao, target) == people([99]).to_pylist()

    @needs("idempotency", "mode:append")
    def test_a_move_within_a_store_keeps_the_keys(self, dao: DataAccessObject, backend: Backend) -> None:
        """The idempotency keys of a table go with it where it is moved within its store."""
        source, target = backend.table("people"), backend.table("moved")
        dao.write(people(range(3)), source)
        dao.write(people([5]), source, mode="append", idempotency_key="once")
        dao.move(source, target)
        dao.write(people([5]), target, mode="append", idempotency_key="once")
        assert [row["id"] for row in rows(dao, target)] == [0, 1, 2, 5]

    def test_a_move_to_another_store(self, dao: DataAccessObject, backend: Backend, counterpart: DataStore) -> None:
        """After move() to another store the target has the rows, and the source doesn't exist; also on the way back."""
        source, target = backend.table("people"), _far(backend, counterpart)
        dao.write(people(range(10)), source)
        dao.move(source, target)
        assert rows(dao, target) == people(range(10)).to_pylist()
        assert dao.exists(source) is False
        dao.move(target, source)
        assert rows(dao, source) == people(range(10)).to_pylist()
        assert dao.exists(target) is False


class CopiesBetween(Capability, requires=("read", "write"), written=_PAGE):
    """A copy between two stores: the backend's and the kit's store in memory, and two stores of the backend."""

    @pytest.fixture(params=["memory", "same backend"])
    def elsewhere(self, request: pytest.FixtureRequest, backend: Backend, counterpart: DataStore) -> DataStore:
        """Another empty store."""
        if request.param == "memory":
            return counterpart
        return backend.other

    def test_rows_travel_there_and_back(self, dao: DataAccessObject, backend: Backend, elsewhere: DataStore) -> None:
        """copy() to another store and back preserves the rows; the result has their number, or None."""
        source, back = backend.table("people"), backend.table("back")
        far = _far(backend, elsewhere)
        dao.write(people(range(50)), source)
        result = dao.copy(source, far)
        assert result.rows_inserted in (50, None)
        dao.copy(far, back)
        assert rows(dao, back) == rows(dao, far) == people(range(50)).to_pylist()
        no_debris(backend)

    def test_a_failed_copy_leaves_the_target(
        self, dao: DataAccessObject, backend: Backend, elsewhere: DataStore
    ) -> None:
        """copy() of an object that doesn't exist in another store is a NotFoundError, and the target is unchanged."""
        target = backend.table("people")
        dao.write(people(range(5)), target)
        with pytest.raises(NotFoundError):
            dao.copy(_far(backend, elsewhere), target, mode="overwrite")
        assert rows(dao, target) == people(range(5)).to_pylist()
        no_debris(backend)

    @needs("files", "read_stream", "list")
    def test_files_and_folders_travel_as_bytes(
        self, dao: DataAccessObject, backend: Backend, elsewhere: DataStore
    ) -> None:
        """copy() of a file or a directory to another store and back preserves the files and their bytes."""
        files = {"raw/a.bin": b"\x00a", "raw/2025/b.bin": b"", "raw/2025/01/c.csv": b"id\n1\n"}
        for key, payload in files.items():
            dao.write(payload, backend.file("any", key=key))
        dao.copy(backend.directory("raw"), DirectoryObject("far", elsewhere))
        dao.copy(DirectoryObject("far", elsewhere), backend.directory("back"))
        for key, payload in files.items():
            back = backend.file("any", key=key.replace("raw/", "back/", 1))
            assert dao.read(back, into="bytes") == payload
        assert len(dao.list(backend.directory("back"))) == len(files)
        dao.copy(backend.file("any", key="raw/a.bin"), FileObject("one.bin", elsewhere))
        assert dao.read(FileObject("one.bin", elsewhere), into="bytes") == b"\x00a"
        no_debris(backend)


def _far(backend: Backend, store: DataStore) -> DataObject:
    """A table in another store: of the backend's type in its second store, a Parquet table in memory."""
    return backend.table("far", store) if store is backend.other else TableObject("far", store, format="parquet")
