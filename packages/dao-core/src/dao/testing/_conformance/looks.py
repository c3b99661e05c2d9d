"""The metadata actions ``list``, ``count``, ``exists``, ``schema`` and ``history``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.errors import DataError, NotFoundError
from dao.results import FileInfo, Listing, TableInfo, Version
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import people

__all__ = ["Counts", "Exists", "Histories", "Lists", "Schemas"]

_PAGE = "docs/writing-an-interface.md, 'Looking'"


class Lists(Capability, requires=("list", "write"), written=f"dao.DataAccessObject.list, dao.results.Listing; {_PAGE}"):
    """``list`` returns the files or tables of an object, or of a whole store."""

    def test_list_gives_a_listing(self, dao: DataAccessObject, backend: Backend) -> None:
        """list() returns a Listing, which has a length and can be iterated repeatedly, of FileInfos or TableInfos whose
        keys start with the object's key.
        """
        table = backend.table("people")
        dao.write(people(range(5)), table)
        found = dao.list(table)
        assert isinstance(found, Listing), f"list gave a {type(found)}"
        assert len(found) >= 1
        assert all(isinstance(info, (FileInfo, TableInfo)) for info in found)
        assert list(found) == list(found), "a listing can be iterated over again"
        strange = [info.key for info in found if not info.key.startswith(table.key)]
        assert not strange, f"keys that don't begin with {table.key!r}: {strange}"

    def test_a_store_lists_all_of_its_objects(self, dao: DataAccessObject, backend: Backend) -> None:
        """list() of a store returns the keys of all its objects, each once, and nothing internal."""
        names = ["people", "people_2", "pets"]
        for name in names:
            dao.write(people(range(3)), backend.table(name))
        keys = [info.key for info in dao.list(backend.store)]
        assert len(keys) == len(set(keys)), f"keys twice: {keys}"
        assert sorted(keys) == sorted(info.key for name in names for info in dao.list(backend.table(name)))

    def test_an_object_lists_nothing_of_its_neighbours(self, dao: DataAccessObject, backend: Backend) -> None:
        """list() of an object returns no files of another object whose name starts with its name; if it doesn't exist
        itself, that is a NotFoundError.
        """
        for name in ("people", "people_2"):
            dao.write(people(range(3)), backend.table(name))
        first = {info.key for info in dao.list(backend.table("people"))}
        assert first
        assert not first & {info.key for info in dao.list(backend.table("people_2"))}
        with pytest.raises(NotFoundError):
            dao.list(backend.table("peopl"))

    def test_listing_nothing_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """list() of an object that doesn't exist is a NotFoundError, raised by the call, not by the iteration."""
        with pytest.raises(NotFoundError):
            dao.list(backend.table("nobody"))

    @needs("files", "read")
    def test_sizes_and_times_are_true(self, dao: DataAccessObject, backend: Backend) -> None:
        """A FileInfo's size is the number of bytes, its modified the time of the write, in UTC; or they are None."""
        file = backend.file("note.bin")
        dao.write(b"x" * 1234, file)
        (info,) = dao.list(file)
        assert info.key == file.key
        assert info.size in (1234, None)
        if info.modified is not None:
            assert info.modified.utcoffset() == timedelta(0), f"modified is {info.modified}: it must be in UTC"
            assert abs(datetime.now(UTC) - info.modified) < timedelta(minutes=5)

    @needs("files", "read")
    def test_a_directory_lists_what_is_below_it(self, dao: DataAccessObject, backend: Backend) -> None:
        """list() of a directory returns the files at any depth below it."""
        keys = ["raw/a.bin", "raw/2025/b.bin", "raw/2025/01/c.bin"]
        for key in [*keys, "rawer.bin"]:
            dao.write(b"x", backend.file("any", key=key))
        assert sorted(info.key for info in dao.list(backend.directory("raw"))) == sorted(keys)


class Counts(Capability, requires=("count", "write", "read"), written=f"dao.DataAccessObject.count; {_PAGE}"):
    """``count`` is the number of rows that ``read`` would return."""

    def test_count_is_what_read_gives(self, dao: DataAccessObject, backend: Backend) -> None:
        """count() returns the number of rows as an int; with where= of the rows for which it is true."""
        table = backend.table("people")
        dao.write(people(range(20)), table)
        assert type(dao.count(table)) is int
        assert dao.count(table) == 20
        for where in ("country = 'DE'", "country IS NULL", "score > 2 AND day = 1", "id < 0"):
            assert dao.count(table, where=where) == dao.read(table, where=where).num_rows

    def test_count_follows_every_write(self, dao: DataAccessObject, backend: Backend) -> None:
        """count() is up to date after each change; no earlier result is cached."""
        table = backend.table("people")
        for size in (0, 3, 11):
            if dao.exists(table):
                dao.delete(table)
            dao.write(people(range(size)), table)
            assert dao.count(table) == size == dao.read(table).num_rows

    def test_count_of_nothing_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """count() of an object that doesn't exist is a NotFoundError, not 0."""
        with pytest.raises(NotFoundError):
            dao.count(backend.table("nobody"))

    def test_count_with_an_unknown_column_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """count(where=) with an unknown column is a DataError that names it."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        with pytest.raises(DataError, match="colour"):
            dao.count(table, where="colour = 'red'")


class Exists(Capability, requires=("exists", "write"), written=f"dao.DataAccessObject.exists; {_PAGE}"):
    """``exists`` tells whether an object is stored."""

    def test_exists_says_yes_and_no(self, dao: DataAccessObject, backend: Backend) -> None:
        """exists() is True for an object that was written, also without rows, and False for any other name."""
        dao.write(people(range(3)), backend.table("people"))
        dao.write(people([]), backend.table("empty"))
        assert dao.exists(backend.table("people")) is True
        assert dao.exists(backend.table("empty")) is True
        assert dao.exists(backend.table("nobody")) is False
        assert dao.exists(backend.table("peop")) is False, "the beginning of a name is no object"

    @needs("delete")
    def test_what_was_deleted_does_not_exist(self, dao: DataAccessObject, backend: Backend) -> None:
        """exists() is False after delete()."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        dao.delete(table)
        assert dao.exists(table) is False


class Schemas(Capability, requires=("schema", "write", "read"), written=f"dao.DataAccessObject.schema; {_PAGE}"):
    """``schema`` is the schema of ``read``'s result, without reading the rows."""

    def test_schema_is_what_read_gives(self, dao: DataAccessObject, backend: Backend) -> None:
        """schema() returns a pyarrow.Schema that equals the schema of read()."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        found = dao.schema(table)
        assert isinstance(found, pa.Schema), f"schema gave a {type(found)}"
        assert found.equals(dao.read(table).schema)

    @needs("partitions")
    def test_schema_has_the_partition_columns(self, dao: DataAccessObject, backend: Backend) -> None:
        """schema() of a partitioned table has the partition columns, as in the schema of read()."""
        table = backend.table("people", partition_by=["day"])
        dao.write(people(range(9)), table)
        assert dao.schema(table).equals(dao.read(table).schema)

    def test_schema_of_nothing_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """schema() of an object that doesn't exist is a NotFoundError."""
        with pytest.raises(NotFoundError):
            dao.schema(backend.table("nobody"))


class Histories(
    Capability, requires=("history", "write"), written=f"dao.DataAccessObject.history, dao.results.Version; {_PAGE}"
):
    """``history`` returns the versions of an object, the newest first."""

    def test_history_is_a_list_of_versions(self, dao: DataAccessObject, backend: Backend) -> None:
        """history() returns at least one Version of an existing object, the newest first, with times in UTC or None."""
        table = backend.table("people")
        for start in (0, 5):
            dao.write(people(range(start, start + 5)), table, mode="overwrite")
        found = list(dao.history(table))
        assert found, "there is a table and it has no history"
        assert all(isinstance(version, Version) for version in found)
        times = [version.timestamp for version in found if version.timestamp is not None]
        assert all(time.utcoffset() == timedelta(0) for time in times), f"a timestamp is not in UTC: {times}"
        assert times == sorted(times, reverse=True), "the newest version isn't the first"

    def test_history_of_nothing_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """history() of an object that doesn't exist is a NotFoundError."""
        with pytest.raises(NotFoundError):
            dao.history(backend.table("nobody"))
