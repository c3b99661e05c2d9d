"""The semantics of versions: time travel, changed rows, tags and branches."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import DaoError, DataError, NotFoundError
from dao.results import WriteResult
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import people, rows

__all__ = ["Changes", "References", "TimeTravels"]

_PAGE = "docs/writing-an-interface.md, 'Versions'"
_META = ("_change_type", "_version", "_timestamp")
_PLAIN = {"insert": "insert", "delete": "delete", "update_before": "delete", "update_after": "insert"}
_NEVER = 987654321


class TimeTravels(
    Capability,
    requires=("read", "write", "history", "mode:overwrite", "time_travel"),
    written=f"dao.DataAccessObject.read; {_PAGE}",
):
    """``version=`` and ``as_of=`` read an earlier version of a table."""

    def test_every_version_can_be_read(self, dao: DataAccessObject, backend: Backend) -> None:
        """history() has every version that a write returned, and read(version=v) returns the rows of version v."""
        table, written = _three_versions(dao, backend)
        assert set(written) <= {version.version for version in dao.history(table)}
        for version, size in written.items():
            assert rows(dao, table, version=version) == people(range(size)).to_pylist()

    def test_as_of_is_the_last_version_at_or_before(self, dao: DataAccessObject, backend: Backend) -> None:
        """read(as_of=t) returns the last version at or before t, a datetime or its ISO text; a time before the first
        version is a NotFoundError.
        """
        table, written = _three_versions(dao, backend)
        history = [version for version in dao.history(table) if version.version in written]
        times: list[datetime] = [version.timestamp for version in history if version.timestamp is not None]
        assert len(times) == len(written), "a backend with time travel has the time of each version in its history"
        for moment in times:
            last = next(version for version, time in zip(history, times, strict=True) if time <= moment)
            expected = people(range(written[last.version])).to_pylist()
            assert rows(dao, table, as_of=moment) == expected
            assert rows(dao, table, as_of=moment.isoformat()) == expected
        with pytest.raises(NotFoundError):
            dao.read(table, as_of=times[-1] - timedelta(days=1))

    def test_a_version_that_never_was_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """read(version=v) of an unknown version is a NotFoundError; an as_of= that is no time is a DataError."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        with pytest.raises(NotFoundError):
            dao.read(table, version=_NEVER)
        with pytest.raises(DataError, match="as_of: found"):
            dao.read(table, as_of="yesterday")

    def test_a_version_is_said_in_one_way(self, dao: DataAccessObject, backend: Backend) -> None:
        """version= beside as_of= is a DataError in every read: a store could follow one of them."""
        table, written = _three_versions(dao, backend)
        twice = {"version": next(iter(written)), "as_of": "2100-01-01"}
        for action in ("read", "count", "read_stream", "schema"):
            with pytest.raises(DataError, match=r"(?i)version|as_of"):
                getattr(dao, action)(table, **twice)


def _three_versions(dao: DataAccessObject, backend: Backend) -> tuple[DataObject, dict[Any, int]]:
    """Write a table three times; returns it, and the number of people by version."""
    table = backend.table("people")
    written = {dao.write(people(range(n)), table, mode="overwrite").version_after: n for n in (2, 4, 8)}
    assert None not in written, "a backend with time travel returns version_after in its WriteResult"
    return table, written


class Changes(
    Capability,
    requires=("read_changes", "read", "write", "upsert", "delete", "mode:append"),
    written=f"dao.DataAccessObject.read_changes; {_PAGE}",
):
    """``read_changes`` returns the rows that changed from one version to another."""

    def test_changes_lead_from_one_version_to_the_other(self, dao: DataAccessObject, backend: Backend) -> None:
        """The changes since a version (exclusive) until another (inclusive), applied to the rows of the first, result
        in the rows of the second.
        """
        table = backend.table("people")
        first, second, third, fourth = _make_changes(dao, backend)
        then = Counter(map(_key, people(range(6)).to_pylist()))
        for since, until, expected in (
            (first, None, {second, third, fourth}),
            (first, second, {second}),
            (second, third, {third}),
            (fourth, None, set()),
        ):
            bounds = {"since": since} if until is None else {"since": since, "until": until}
            found = dao.read_changes(table, **bounds)
            assert set(found["_version"].to_pylist()) == expected, f"changes {bounds} are of the wrong versions"
        now = _replay(then, dao.read_changes(table, since=first).to_pylist())
        assert now == Counter(map(_key, dao.read(table).to_pylist())), "the changes don't result in the stored rows"

    def test_changes_say_what_when_and_how(self, dao: DataAccessObject, backend: Backend) -> None:
        """The columns of the table are followed by _change_type (insert, delete, update_before, update_after), _version
        and _timestamp in UTC; rows are in the order of their versions.
        """
        table = backend.table("people")
        versions = _make_changes(dao, backend)
        found = dao.read_changes(table, since=versions[0])
        assert tuple(found.column_names) == (*dao.schema(table).names, *_META)
        kinds = {(row["_version"], row["id"], _PLAIN[row["_change_type"]]) for row in found.to_pylist()}
        assert kinds == {
            (versions[1], 6, "insert"), (versions[1], 7, "insert"),
            (versions[2], 1, "delete"), (versions[2], 1, "insert"),
            (versions[3], 0, "delete"),
        }  # fmt: skip
        assert str(found.schema.field("_timestamp").type.tz) in ("UTC", "+00:00", "Etc/UTC")
        times = found["_timestamp"].to_pylist()
        assert times == sorted(times), "the changes are not in the order of their versions"

    def test_changes_can_be_selected(self, dao: DataAccessObject, backend: Backend) -> None:
        """columns=, where= and limit= apply to the changed rows; where= may use the three columns of a change, which
        are always in the result.
        """
        table = backend.table("people")
        versions = _make_changes(dao, backend)
        where = "score > 1.6 AND _change_type = 'insert'"
        found = dao.read_changes(table, since=versions[0], columns=["id"], where=where)
        assert (found.column_names, found["id"].to_pylist()) == (["id", *_META], [7])
        assert dao.read_changes(table, since=versions[0], limit=1).num_rows == 1

    def test_a_column_that_changes_have_too_is_told(self, dao: DataAccessObject, backend: Backend) -> None:
        """A table with a column _change_type, _version or _timestamp is refused when it is written, or read_changes()
        is a DataError that names the column; it isn't lost, nor taken for that of the change.
        """
        for name in _META:
            with pytest.raises(DaoError, match=name):
                _changes_beside(dao, backend.table(f"with{name}"), name)

    def test_changes_since_a_version_that_never_was_are_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """read_changes() since an unknown version, or of a table that doesn't exist, is a NotFoundError."""
        _make_changes(dao, backend)
        with pytest.raises(NotFoundError):
            dao.read_changes(backend.table("people"), since=_NEVER)
        with pytest.raises(NotFoundError):
            dao.read_changes(backend.table("nobody"))


def _changes_beside(dao: DataAccessObject, table: DataObject, name: str) -> None:
    """Read the changes of a table with a column of some name."""
    first = dao.write(pa.table({"id": [1], name: ["own"]}), table).version_after
    dao.write(pa.table({"id": [2], name: ["own"]}), table, mode="append")
    dao.read_changes(table, since=first)


def _make_changes(dao: DataAccessObject, backend: Backend) -> list[Any]:
    """Write six people, append two, update one, delete one; returns the four versions."""
    table = backend.table("people")
    results = (
        dao.write(people(range(6)), table),
        dao.write(people([6, 7]), table, mode="append"),
        dao.upsert(people([1], note=" renamed"), table, keys=["id"]),
        dao.delete(table, where="id = 0"),
    )
    return [_version_of(result) for result in results]


def _version_of(result: WriteResult) -> Any:
    assert result.version_after is not None, "a backend with read_changes returns version_after in its WriteResult"
    return result.version_after


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(value for name, value in sorted(row.items()) if name not in _META)


def _replay(then: Counter[Any], changes: list[dict[str, Any]]) -> Counter[Any]:
    now = Counter(then)
    for change in changes:
        now[_key(change)] += 1 if change["_change_type"] in ("insert", "update_after") else -1
    return +now


class References(
    Capability,
    requires=("read", "write", "mode:overwrite", "mode:append"),
    written=f"dao.DataAccessObject.read; {_PAGE}",
):
    """``tag=`` reads a named version, ``branch=`` reads and writes a separate sequence of versions."""

    @needs("tags")
    def test_a_tag_stays_where_it_was_put(self, dao: DataAccessObject, backend: Backend) -> None:
        """read(tag=t) returns the tagged version, also after later writes; an unknown tag is a NotFoundError."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        backend.refer("tag", table, "kept")
        dao.write(people([9]), table, mode="overwrite")
        assert rows(dao, table, tag="kept") == people(range(3)).to_pylist()
        with pytest.raises(NotFoundError):
            dao.read(table, tag="unknown")

    @needs("branches")
    def test_a_branch_is_a_line_of_its_own(self, dao: DataAccessObject, backend: Backend) -> None:
        """write(branch=b) changes the rows of read(branch=b) only; an unknown branch is a NotFoundError."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        backend.refer("branch", table, "trial")
        dao.write(people([9]), table, mode="append", branch="trial")
        assert rows(dao, table) == people(range(3)).to_pylist()
        assert rows(dao, table, branch="trial") == people([0, 1, 2, 9]).to_pylist()
        with pytest.raises(NotFoundError):
            dao.read(table, branch="unknown")

    @needs("branches")
    def test_an_overwrite_of_a_branch_leaves_the_table(self, dao: DataAccessObject, backend: Backend) -> None:
        """write(mode="overwrite", branch=b) replaces the rows of the branch; the table keeps its columns and rows,
        whatever columns the new rows have: others may be refused.
        """
        table = backend.table("people")
        dao.write(people(range(3)), table)
        columns = dao.schema(table)
        backend.refer("branch", table, "trial")
        dao.write(people([9]), table, mode="overwrite", branch="trial")
        assert rows(dao, table, branch="trial") == people([9]).to_pylist()
        for other in (people([8]).drop_columns(["score"]), people([8]).append_column("more", pa.array(["x"]))):
            try:
                dao.write(other, table, mode="overwrite", branch="trial")
            except DaoError:
                assert rows(dao, table, branch="trial") == people([9]).to_pylist(), "a refused overwrite changed rows"
                continue
            assert rows(dao, table, branch="trial", columns=["id"]) == [{"id": 8}]
            dao.write(people([9]), table, mode="overwrite", branch="trial")
        assert dao.schema(table) == columns, "an overwrite of a branch changed the columns of the table"
        assert rows(dao, table) == people(range(3)).to_pylist()
