"""The semantics of positions: how far a table has got in the versions of its sources."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, ConflictError, DaoError
from dao.increments import Position
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import no_debris, people, rows

__all__ = ["Positions"]

_PAGE = "docs/writing-an-interface.md, 'Versions'"
_SOURCE = "elsewhere.people"


def _position(dao: DataAccessObject, table: DataObject, source: str = _SOURCE) -> Position | None:
    """The position that a table has: no user asks for it, so neither API has a method for it."""
    found: Position | None = dao._act("read_position", table, {"source": source})
    return found


def _at(version: int, since: int | None = None) -> Position:
    return Position(_SOURCE, version, since)


class Positions(
    Capability,
    requires=("read", "write", "mode:append", "mode:overwrite", "positions"),
    written=f"dao.increments.Position; {_PAGE}",
):
    """``position=`` is kept in the commit of the rows, and ``read_position`` gives it back."""

    def test_a_position_is_kept_and_given_back(self, dao: DataAccessObject, backend: Backend) -> None:
        """read_position gives the position of the last write that had one of that source; None for a table without one,
        for another source, and where there is no table.
        """
        table = backend.table("people")
        assert _position(dao, table) is None, "a position of a table that doesn't exist"
        dao.write(people([1]), table, position=_at(3))
        assert _position(dao, table) == _at(3)
        dao.write_stream(people([2]).to_reader(), table, mode="append", position=_at(7, since=3))
        assert _position(dao, table) == _at(7)
        assert _position(dao, table, "another.source") is None
        assert rows(dao, table) == people([1, 2]).to_pylist()
        dao.write(people([1]), backend.table("others"))
        assert _position(dao, backend.table("others")) is None

    def test_each_source_has_a_position(self, dao: DataAccessObject, backend: Backend) -> None:
        """A table has one position of each source, and a write changes only that of its own; any text is a name."""
        table = backend.table("people")
        names = ["a.b", "a.B", "a b/ü'\"=%", "x" * 300]
        for version, name in enumerate(names):
            position = Position(name, version)
            dao.write(people([version]), table, mode="append" if version else "error", position=position)
        assert [_position(dao, table, name) for name in names] == [Position(n, v) for v, n in enumerate(names)]

    def test_versions_of_sources_are_any_whole_numbers(self, dao: DataAccessObject, backend: Backend) -> None:
        """A position may be 0, or a snapshot's number of 63 bits, and the next one may be smaller."""
        table, since = backend.table("people"), None
        for version in (0, 2**63 - 1, 4711):
            dao.write(people([1]), table, mode="append", position=_at(version, since))
            assert _position(dao, table) == _at(version)
            since = version

    def test_later_writes_keep_the_position(self, dao: DataAccessObject, backend: Backend) -> None:
        """Appends, upserts, deletions of rows and compact without position= leave it as it is."""
        table = backend.table("people")
        dao.write(people(range(4)), table, position=_at(3))
        dao.write(people([4]), table, mode="append")
        if self.capabilities.absence("upsert") is None:
            dao.upsert(people([1], note=" new"), table, keys=["id"])
        if self.capabilities.absence("delete") is None:
            dao.delete(table, where="id = 2")
        if self.capabilities.absence("operation:compact") is None:
            dao.run("compact", table)
        assert _position(dao, table) == _at(3)
        dao.write(people([9]), table, mode="append", position=_at(4, since=3))

    def test_an_overwrite_replaces_the_positions(self, dao: DataAccessObject, backend: Backend) -> None:
        """mode="overwrite" leaves the table with the position that it has itself, whatever was there, or with none."""
        table = backend.table("people")
        dao.write(people([1]), table, position=_at(3))
        dao.write(people([1]), table, mode="append", position=Position("another.source", 5))
        dao.write(people([2]), table, mode="overwrite", position=_at(2))
        assert (_position(dao, table), _position(dao, table, "another.source")) == (_at(2), None)
        dao.write(people([3]), table, mode="overwrite")
        assert _position(dao, table) is None

    def test_a_stale_position_is_a_conflict(self, dao: DataAccessObject, backend: Backend) -> None:
        """A write whose position continues from another one than the table has is a ConflictError: nothing changes."""
        table = backend.table("people")
        with pytest.raises(ConflictError):
            dao.write(people([1]), table, position=_at(4, since=3))
        dao.write(people([1]), table, position=_at(3))
        for since in (None, 2, 4):
            with pytest.raises(ConflictError):
                dao.write(people([2]), table, mode="append", position=_at(9, since))
            if self.capabilities.absence("upsert") is None:
                with pytest.raises(ConflictError):
                    dao.upsert(people([1], note=" new"), table, keys=["id"], position=_at(9, since))
        assert (rows(dao, table), _position(dao, table)) == (people([1]).to_pylist(), _at(3))
        no_debris(backend)

    def test_of_writers_of_one_increment_one_wins(self, dao: DataAccessObject, backend: Backend) -> None:
        """If many write one increment at once, one succeeds and the others get a ConflictError."""
        table = backend.table("people")
        dao.write(people([0]), table, position=_at(3))

        def write(number: int) -> str:
            try:
                dao.write(people([number]), table, mode="append", position=_at(4, since=3))
            except ConflictError:
                return "conflict"
            return "done"

        with ThreadPoolExecutor(4) as pool:
            outcomes = sorted(pool.map(write, range(1, 5)))
        assert outcomes == ["conflict", "conflict", "conflict", "done"]
        assert (len(rows(dao, table)), _position(dao, table)) == (2, _at(4))

    def test_a_failed_write_leaves_the_position(self, dao: DataAccessObject, backend: Backend) -> None:
        """A write that fails leaves the rows and the position; so does one that is ignored."""
        table = backend.table("people")
        dao.write(people([1]), table, position=_at(3))
        with pytest.raises(DaoError):
            dao.write(pa.table({"other": [1]}), table, mode="append", position=_at(4, since=3))
        with pytest.raises(AlreadyExistsError):
            dao.write(people([2]), table, position=_at(4, since=3))
        if self.capabilities.absence("mode:ignore") is None:
            dao.write(people([2]), table, mode="ignore", position=_at(4, since=3))
        assert (rows(dao, table), _position(dao, table)) == (people([1]).to_pylist(), _at(3))

    def test_a_position_is_kept_without_rows(self, dao: DataAccessObject, backend: Backend) -> None:
        """A write without rows keeps its position, and so does an upsert that changes nothing."""
        table = backend.table("people")
        dao.write(people([1]), table, position=_at(3))
        dao.write(people([]), table, mode="append", position=_at(4, since=3))
        assert _position(dao, table) == _at(4)
        if self.capabilities.absence("upsert") is None:
            dao.upsert(people([]), table, keys=["id"], position=_at(5, since=4))
            assert _position(dao, table) == _at(5)
        assert rows(dao, table) == people([1]).to_pylist()

    @needs("upsert")
    def test_an_upsert_keeps_a_position(self, dao: DataAccessObject, backend: Backend) -> None:
        """An upsert keeps its position, also the one that creates the table."""
        table = backend.table("people")
        dao.upsert(people([1, 2]), table, keys=["id"], position=_at(3))
        dao.upsert(people([2, 3], note=" new"), table, keys=["id"], position=_at(4, since=3))
        assert _position(dao, table) == _at(4)
        assert [row["id"] for row in rows(dao, table)] == [1, 2, 3]

    @needs("restore")
    def test_an_old_version_is_restored_with_its_position(self, dao: DataAccessObject, backend: Backend) -> None:
        """run("restore") gives the table the position that it had in that version."""
        table = backend.table("people")
        first = dao.write(people([1]), table, position=_at(3)).version_after
        dao.write(people([2]), table, mode="append", position=_at(4, since=3))
        dao.run("restore", table, version=first)
        assert (rows(dao, table), _position(dao, table)) == (people([1]).to_pylist(), _at(3))

    @needs("delete")
    def test_a_position_goes_with_its_table(self, dao: DataAccessObject, backend: Backend) -> None:
        """A deleted table has no position, nor has the next one of that name."""
        table = backend.table("people")
        dao.write(people([1]), table, position=_at(3))
        dao.delete(table)
        assert _position(dao, table) is None
        dao.write(people([2]), table)
        assert _position(dao, table) is None
