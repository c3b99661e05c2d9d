"""Concurrent calls from many threads, and cancelled calls."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pyarrow as pa
import pytest

from dao._core.aio import AsyncDataAccessObject
from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.data_store import DataStoreRegistry
from dao.errors import AlreadyExistsError, ConflictError, DaoError
from dao.progress import Cancelled, Progress
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import content, no_debris, people, rows

__all__ = ["Cancellation", "Concurrency"]

_THREADS = 16


def all_at_once(work: Callable[[int], Any]) -> list[Any]:
    """Run ``work`` in 16 threads that start together; returns their results or DaoErrors, raises any other error."""
    barrier = threading.Barrier(_THREADS)

    def one(number: int) -> Any:
        barrier.wait(timeout=30)
        try:
            return work(number)
        except DaoError as error:
            return error

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(one, range(_THREADS)))


class Concurrency(Capability, requires=("read", "write"), written="docs/writing-an-interface.md, 'Many at once'"):
    """Calls from 16 threads at once have the outcome of the same calls in some sequence."""

    @needs("atomic_create")
    def test_one_of_many_creators_wins(self, dao: DataAccessObject, backend: Backend) -> None:
        """Of 16 concurrent writes with mode="error" to one new table exactly one succeeds; the others raise
        AlreadyExistsError or ConflictError.
        """
        for attempt in range(5):
            table = backend.table(f"people_{attempt}")
            outcomes = all_at_once(partial(self._create, dao, table))
            winners = [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, DaoError)]
            losers = [type(o).__name__ for o in outcomes if isinstance(o, DaoError)]
            assert len(winners) == 1, f"{len(winners)} of {_THREADS} creators succeeded"
            assert set(losers) <= {AlreadyExistsError.__name__, ConflictError.__name__}, f"losers got {losers}"
            assert rows(dao, table) == people(winners, note=f" by {winners[0]}").to_pylist()
        no_debris(backend)

    def _create(self, dao: DataAccessObject, table: DataObject, thread: int) -> object:
        return dao.write(people([thread], note=f" by {thread}"), table)

    @needs("atomic_create", "files")
    def test_one_of_many_creators_of_a_file_wins(self, dao: DataAccessObject, backend: Backend) -> None:
        """Of 16 concurrent writes with mode="error" to one new file exactly one succeeds, and its bytes are stored."""
        file = backend.file("lock.bin")
        outcomes = all_at_once(lambda n: dao.write(bytes([n]) * 1000, file))
        winners = [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, DaoError)]
        assert len(winners) == 1, f"{len(winners)} of {_THREADS} creators succeeded"
        assert dao.read(file, into="bytes") == bytes(winners) * 1000
        no_debris(backend)

    @needs("mode:append", "concurrent_appends")
    def test_no_append_is_lost(self, dao: DataAccessObject, backend: Backend) -> None:
        """Of concurrent appends, every one that returned is stored exactly once; any other raised ConflictError and
        isn't stored.
        """
        table = backend.table("people")
        dao.write(people([]), table)

        def append(thread: int) -> list[int]:
            done = []
            for step in range(5):
                number = thread * 100 + step
                try:
                    dao.write(people([number]), table, mode="append")
                except ConflictError:
                    continue
                done.append(number)
            return done

        outcomes = all_at_once(append)
        errors = [outcome for outcome in outcomes if isinstance(outcome, DaoError)]
        assert not errors, f"an append failed with something else than ConflictError: {errors[0]!r}"
        acknowledged = Counter(number for done in outcomes for number in done)
        found = Counter(row["id"] for row in rows(dao, table))
        assert found == acknowledged, f"lost: {acknowledged - found}, too many: {found - acknowledged}"
        no_debris(backend)

    @needs("mode:overwrite")
    def test_readers_see_one_version_whole(self, dao: DataAccessObject, backend: Backend) -> None:
        """During concurrent overwrites every read returns all rows of exactly one of the writes."""
        table = backend.table("people")
        versions = [people(range(200), note=f" v{n}") for n in range(_THREADS)]
        dao.write(versions[0], table)

        def work(thread: int) -> list[str]:
            if thread % 4 == 0:
                with suppress(ConflictError):
                    dao.write(versions[thread], table, mode="overwrite")
                return []
            strange = []
            for _ in range(5):
                found = dao.read(table)
                marks = {name.partition(" v")[2] for name in found["name"].to_pylist()}
                if found.num_rows != 200 or len(marks) != 1:
                    strange.append(f"{found.num_rows} rows of the versions {sorted(marks)}")
            return strange

        for _ in range(3):
            for outcome in all_at_once(work):
                assert not isinstance(outcome, DaoError), f"a reader or writer failed: {outcome!r}"
                assert not outcome, f"a reader saw {outcome}"
        dao.write(versions[0], table, mode="overwrite")  # the next write removes versions that readers kept alive
        no_debris(backend)

    def test_one_dao_serves_many_threads(self, dao: DataAccessObject, backend: Backend) -> None:
        """One DataAccessObject can be used by many threads at once on different objects."""

        def work(thread: int) -> bool:
            table = backend.table(f"people_{thread}")
            dao.write(people(range(thread, thread + 20)), table)
            return bool(rows(dao, table) == people(range(thread, thread + 20)).to_pylist())

        outcomes = all_at_once(work)
        assert outcomes == [True] * _THREADS, f"not all threads read what they wrote: {outcomes}"


class Cancellation(
    Capability,
    requires=("read", "write"),
    written="dao.progress.advance; dao.AsyncDataAccessObject; docs/writing-an-interface.md, 'Streams'",
):
    """A cancelled call stops, cleans up, and leaves the old data unchanged."""

    @needs("mode:overwrite")
    def test_a_cancelled_write_leaves_the_old_data(self, dao: DataAccessObject, backend: Backend) -> None:
        """A cancelled asynchronous overwrite raises CancelledError after it has cleaned up; the old rows are unchanged,
        and the next write works.
        """
        table = backend.table("people")
        dao.write(people(range(10)), table)
        begun, go_on = threading.Event(), threading.Event()

        def batches() -> Iterator[pa.RecordBatch]:
            for position, batch in enumerate(people(range(1000)).to_batches(max_chunksize=10)):
                if position == 3:
                    begun.set()
                    go_on.wait(timeout=30)
                yield batch

        async def cancel_it() -> None:
            adao = AsyncDataAccessObject(registry=DataStoreRegistry([backend.store]))
            source = pa.RecordBatchReader.from_batches(people([]).schema, batches())
            task = asyncio.create_task(adao.write(source, table, mode="overwrite"))
            await asyncio.to_thread(begun.wait, 30)
            task.cancel()
            await asyncio.sleep(0)
            go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(cancel_it())
        assert begun.is_set(), "the write never took its fourth batch"
        assert rows(dao, table) == people(range(10)).to_pylist()
        no_debris(backend)
        dao.write(people([1]), table, mode="overwrite")
        assert rows(dao, table) == people([1]).to_pylist()

    @pytest.mark.parametrize("action", ["write", "upsert"])
    def test_a_write_that_is_stopped_from_within_leaves_nothing(
        self, dao: DataAccessObject, backend: Backend, action: str
    ) -> None:
        """If a progress callback raises Cancelled, which is no Exception, the action cleans up and raises it."""
        if self.capabilities.absence(action) is not None:
            return
        table = backend.table("people")

        def stop(progress: Progress) -> None:
            if not progress.done:  # the last report follows a complete action, which must not be reached
                raise Cancelled

        given = {"keys": ["id"]} if action == "upsert" else {}
        with pytest.raises(Cancelled):
            getattr(dao, action)(people(range(100)), table, progress=stop, **given)
        assert content(dao, table) is None
        no_debris(backend)
