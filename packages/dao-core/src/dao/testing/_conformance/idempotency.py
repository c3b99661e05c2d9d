"""The semantics of ``idempotency_key=``: a call that is made again is done once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, ConflictError, DaoError, DataError
from dao.increments import Position
from dao.results import WriteResult
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import people, rows
from dao.testing._conformance.together import all_at_once

__all__ = ["Idempotency"]


class Idempotency(
    Capability,
    requires=("read", "write", "mode:append", "idempotency"),
    written="dao.DataAccessObject.write; docs/writing-an-interface.md, 'Versions'",
):
    """A call that is made again with the same ``idempotency_key=`` changes nothing."""

    def test_a_write_with_a_key_is_done_once(self, dao: DataAccessObject, backend: Backend) -> None:
        """A write with the key and the data of an earlier one changes nothing, also after other writes; its result has
        no rows, and as version_before and version_after the version that the first one made. A key that differs in
        letter case or in a blank is another one.
        """
        table = backend.table("people")
        dao.write(people(range(3)), table)
        calls = {"a": people([5]), "A": people([6]), "a ": people([8])}
        first = {key: dao.write(data, table, mode="append", idempotency_key=key) for key, data in calls.items()}
        dao.write(people([7]), table, mode="append")
        for key in (*calls, "a"):
            _was_first(dao.write(calls[key], table, mode="append", idempotency_key=key), first[key])
        assert rows(dao, table) == people([0, 1, 2, 5, 6, 7, 8]).to_pylist()

    @needs("mode:overwrite")
    def test_a_write_of_any_mode_is_done_once(self, dao: DataAccessObject, backend: Backend) -> None:
        """Made again, a write that created its table doesn't raise AlreadyExistsError, and one with mode="overwrite"
        doesn't replace the rows of later writes.
        """
        table = backend.table("people")
        made = dao.write(people([1]), table, idempotency_key="making")
        replaced = dao.write(people([2]), table, mode="overwrite", idempotency_key="replacing")
        dao.write(people([3]), table, mode="append")
        try:
            _was_first(dao.write(people([1]), table, idempotency_key="making"), made)
        except AlreadyExistsError as error:
            raise AssertionError("a write that was done is refused, as its table exists") from error
        _was_first(dao.write(people([2]), table, mode="overwrite", idempotency_key="replacing"), replaced)
        assert rows(dao, table) == people([2, 3]).to_pylist()

    def test_a_key_with_other_data_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """A used key with other data, more or fewer rows among them, is a DataError that names the argument; nothing
        changes.
        """
        table = backend.table("people")
        dao.write(people(range(3)), table)
        dao.write(people([5]), table, mode="append", idempotency_key="a")
        for other in (people([6]), people([5, 5]), people([]), people([5], note=" renamed")):
            _is_refused(partial(dao.write, other, table, mode="append", idempotency_key="a"))
        assert rows(dao, table) == people([0, 1, 2, 5]).to_pylist()

    @needs("upsert", "delete", "mode:overwrite")
    def test_a_key_with_other_arguments_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """A used key for another action, or with another mode=, keys=, order_by= or where=, is a DataError that names
        the argument; nothing changes.
        """
        table = backend.table("people")
        dao.write(people(range(3)), table)
        dao.write(people([5]), table, mode="append", idempotency_key="writing")
        dao.upsert(people([5]), table, keys=["id"], idempotency_key="merging")
        dao.delete(table, where="id = 0", idempotency_key="deleting")
        for call in (
            lambda: dao.write(people([5]), table, mode="overwrite", idempotency_key="writing"),
            lambda: dao.upsert(people([5]), table, keys=["id"], idempotency_key="writing"),
            lambda: dao.delete(table, where="id = 5", idempotency_key="writing"),
            lambda: dao.upsert(people([5]), table, keys=["id", "name"], idempotency_key="merging"),
            lambda: dao.upsert(people([5]), table, keys=["id"], order_by=["day"], idempotency_key="merging"),
            lambda: dao.delete(table, where="id = 1", idempotency_key="deleting"),
        ):
            _is_refused(call)
        assert rows(dao, table) == people([1, 2, 5]).to_pylist()

    @needs("upsert", "positions")
    def test_a_key_with_another_position_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """A used key with another position=, or with one more or less, is a DataError that names the argument; made
        again with the same position, whatever its since=, the call changes nothing. Nothing changes.
        """
        table, of = backend.table("people"), partial(Position, "elsewhere.people")
        dao.write(people([0]), table)
        write = partial(dao.write, people([1]), table, mode="append")
        upsert = partial(dao.upsert, people([2]), table, keys=["id"])
        for call, key, version in ((write, "writing", 3), (upsert, "merging", 5)):
            first = call(position=of(version, since=3 if version > 3 else None), idempotency_key=key)
            _was_first(call(position=of(version, since=version), idempotency_key=key), first)
            for other in (None, of(version + 1, since=version), Position("another.source", version)):
                _is_refused(partial(call, position=other, idempotency_key=key))
        assert rows(dao, table) == people([0, 1, 2]).to_pylist()

    def test_the_same_rows_in_other_batches_are_the_same_data(self, dao: DataAccessObject, backend: Backend) -> None:
        """The rows of an earlier call in other batches or slices, or with a column as a dictionary, are the same data:
        nothing changes.
        """
        table, whole = backend.table("people"), people(range(8))
        first = dao.write(whole, table, idempotency_key="a")
        pieces = pa.concat_tables([whole.slice(0, 3), whole.slice(3)])
        inside = pa.concat_tables([people([9]), whole, people([9])]).combine_chunks().slice(1, whole.num_rows)
        encoded = whole.set_column(1, "name", whole["name"].dictionary_encode())
        for same in (pieces, inside, encoded, whole.to_reader(max_chunksize=2)):
            _was_first(dao.write(same, table, idempotency_key="a"), first)
        assert rows(dao, table) == whole.to_pylist()

    @needs("upsert", "delete")
    def test_upserts_and_deletes_take_a_key_too(self, dao: DataAccessObject, backend: Backend) -> None:
        """An upsert or a delete made again with the same key changes nothing, also after other writes."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        renamed = people([1, 4], note=" renamed")
        upserted = dao.upsert(renamed, table, keys=["id"], idempotency_key="renaming")
        deleted = dao.delete(table, where="id = 0", idempotency_key="deleting")
        dao.upsert(people([0, 1]), table, keys=["id"])
        _was_first(dao.upsert(renamed, table, keys=["id"], idempotency_key="renaming"), upserted)
        _was_first(dao.delete(table, where="id = 0", idempotency_key="deleting"), deleted)
        assert rows(dao, table) == [*people(range(3)).to_pylist(), *people([4], note=" renamed").to_pylist()]

    @needs("delete")
    def test_a_call_that_changed_no_row_is_done_all_the_same(self, dao: DataAccessObject, backend: Backend) -> None:
        """A delete that found no row leaves its key: made again, it deletes no row that was written meanwhile."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        first = dao.delete(table, where="id = 5", idempotency_key="deleting")
        dao.write(people([5]), table, mode="append")
        _was_first(dao.delete(table, where="id = 5", idempotency_key="deleting"), first)
        assert rows(dao, table) == people([0, 1, 2, 5]).to_pylist()

    @needs("write_stream")
    def test_streams_take_a_key_too(self, dao: DataAccessObject, backend: Backend) -> None:
        """A write_stream made again with the same key changes nothing, whether as write_stream or as write."""
        table, data = backend.table("people"), people(range(6))
        first = dao.write_stream(data.to_reader(max_chunksize=2), table, idempotency_key="a")
        _was_first(dao.write_stream(data.to_reader(max_chunksize=3), table, idempotency_key="a"), first)
        _was_first(dao.write(data, table, idempotency_key="a"), first)
        _is_refused(lambda: dao.write_stream(people([9]).to_reader(), table, idempotency_key="a"))
        assert rows(dao, table) == data.to_pylist()

    @needs("concurrent_appends")
    def test_of_concurrent_calls_with_one_key_one_is_done(self, dao: DataAccessObject, backend: Backend) -> None:
        """Of concurrent writes with one key exactly one adds its rows; the others return its version, or raise
        ConflictError.
        """
        table = backend.table("people")
        dao.write(people(range(3)), table)
        for key in ("a", "b"):
            ids = [ord(key)]
            told = all_at_once(partial(_append, dao, table, ids, key))
            results = [one for one in told if not isinstance(one, ConflictError)]
            faults = [one for one in results if isinstance(one, DaoError)]
            assert not faults, f"a call was neither done nor the same as one that was: {faults[:3]}"
            added = [one for one in results if one.rows_inserted]
            assert len(added) == 1, f"{len(added)} of {len(told)} calls with one key were done"
            assert {one.version_after for one in results} == {added[0].version_after}
        assert rows(dao, table) == people([0, 1, 2, ord("a"), ord("b")]).to_pylist()

    @needs("restore", "time_travel")
    def test_a_restore_keeps_what_was_done(self, dao: DataAccessObject, backend: Backend) -> None:
        """run("restore") takes rows back, not calls: one that was done after the restored version stays done."""
        table = backend.table("people")
        old = dao.write(people(range(3)), table).version_after
        first = dao.write(people([5]), table, mode="append", idempotency_key="a")
        dao.run("restore", table, version=old)
        _was_first(dao.write(people([5]), table, mode="append", idempotency_key="a"), first)
        assert rows(dao, table) == people(range(3)).to_pylist()

    @needs("branches")
    def test_a_call_of_a_dropped_branch_is_done_again(self, dao: DataAccessObject, backend: Backend) -> None:
        """The key of a call on a branch goes with the branch, if its rows are nowhere else: made again on a new branch
        of that name, the call adds its rows, also after what was dropped is expired.
        """
        table = backend.table("people")
        dao.write(people(range(3)), table)
        append = partial(dao.write, people([5]), table, mode="append", branch="trial", idempotency_key="a")
        backend.refer("branch", table, "trial")
        for expires in (False, self.capabilities.absence("operation:expire") is None):
            first = append()
            assert first.rows_inserted, "a call on a new branch added no rows, as on a dropped one it was done before"
            _was_first(append(), first)
            backend.drop_branch(table, "trial")
            if expires:
                dao.run("expire", table, older_than=0, dry_run=False)
            backend.refer("branch", table, "trial")
        assert append().rows_inserted, "a call on a new branch added no rows, as on a dropped one it was done before"
        assert rows(dao, table, branch="trial") == people([0, 1, 2, 5]).to_pylist()
        assert rows(dao, table) == people(range(3)).to_pylist()

    def test_a_failed_call_leaves_no_key(self, dao: DataAccessObject, backend: Backend) -> None:
        """A call that raised was not done: its key is free, for this data and for other data."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        for fault in (_broken_stream(), people([5]).rename_columns(["id", "x", "country", "score", "day"])):
            with pytest.raises(Exception, match="."):
                dao.write(fault, table, mode="append", idempotency_key="a")
        dao.write(people([6]), table, mode="append", idempotency_key="a")
        assert rows(dao, table) == people([0, 1, 2, 6]).to_pylist()


def _append(dao: DataAccessObject, table: DataObject, ids: list[int], key: str, _thread: int) -> WriteResult:
    return dao.write(people(ids), table, mode="append", idempotency_key=key)


def _was_first(again: WriteResult, first: WriteResult) -> None:
    """Check that a result says that nothing was done, and which version the first call made."""
    told = (again.rows_inserted, again.rows_updated, again.rows_deleted)
    assert told == (0, 0, 0), f"a call that changes nothing returned {told} rows inserted, updated and deleted"
    versions = (again.version_before, again.version_after)
    assert versions == (first.version_after, first.version_after), (
        f"a call that was done before returned the versions {versions}, the first one {first.version_after!r}"
    )


def _is_refused(call: Callable[[], Any]) -> None:
    with pytest.raises(DataError, match="idempotency_key"):
        call()


def _broken_stream() -> pa.RecordBatchReader:
    """People whose source breaks after the first batch."""

    def batches() -> Iterator[pa.RecordBatch]:
        yield from people([5]).to_batches()
        raise RuntimeError("the source of the data broke")

    return pa.RecordBatchReader.from_batches(people([]).schema, batches())
