"""The asynchronous face: native coroutines, worker threads, and cancellation that leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading

import pyarrow as pa
import pytest

from dao._core.aio import AsyncDataAccessObject
from dao._core.dao import DataAccessObject
from dao.arrow.convert import to_reader
from dao.data_object import DataObject
from dao.data_store import DataStore, DataStoreRegistry
from dao.errors import NoRouteError, NotFoundError, TransientError
from dao.hookspecs import hookimpl
from dao.plugins import Plugins
from dao.progress import advance
from dao.results import WriteResult


def face(**given: object) -> AsyncDataAccessObject:
    return AsyncDataAccessObject(registry=DataStoreRegistry(), **given)


class Both:
    """Plain methods, and a coroutine for one of them."""

    def read(self, data_object, *, limit=None):
        return threading.current_thread().name

    async def read_native(self, data_object):
        await asyncio.sleep(0)
        return "native"

    def count(self, data_object):
        raise FileNotFoundError("gone")

    async def count_native(self, data_object, *, where):
        raise FileNotFoundError("gone, too")


THING = DataObject("thing", DataStore("shop", Both()))


def test_a_coroutine_method_is_awaited_where_it_fits() -> None:
    assert asyncio.run(face().read(THING)) == "native"


def test_a_plain_method_runs_in_a_worker_thread() -> None:
    assert asyncio.run(face().read(THING, limit=3)) != threading.main_thread().name


def test_a_synchronous_call_never_takes_a_coroutine() -> None:
    assert DataAccessObject(registry=DataStoreRegistry()).read(THING) == threading.current_thread().name
    with pytest.raises(NoRouteError, match="is asynchronous: await it through AsyncDataAccessObject"):
        DataAccessObject(registry=DataStoreRegistry()).count(THING, where="x > 1")


@pytest.mark.parametrize("given", [{}, {"where": "x > 1"}])
def test_errors_are_translated_both_ways(given: dict[str, str]) -> None:
    with pytest.raises(NotFoundError) as caught:
        asyncio.run(face().count(THING, **given))
    assert (caught.value.action, caught.value.data_object) == ("count", "shop.thing")


def test_the_event_loop_never_waits_for_a_store() -> None:
    started, answered = threading.Event(), threading.Event()

    class Slow:
        def read(self, data_object):
            started.set()
            return answered.wait(10)

    async def main() -> bool:
        reading = asyncio.create_task(face().read(DataObject("a", DataStore("slow", Slow()))))
        await asyncio.to_thread(started.wait)
        answered.set()  # by the loop itself, which must be free to
        return await reading

    assert asyncio.run(main())


class Long:
    """Work that goes on until somebody stops it."""

    def __init__(self) -> None:
        self.started, self.cleaned, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.cancelled = threading.Event()

    def write(self, data, data_object):
        self.started.set()
        try:
            assert self.cancelled.wait(10)
            while True:
                advance(rows=1)
        finally:
            self.cleaned.set()
        return WriteResult()

    def read(self, data_object):
        self.started.set()
        assert self.cancelled.wait(10)
        return self

    async def count(self, data_object):
        self.started.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cleaned.set()

    def close(self):
        self.closed.set()


async def cancelled(long: Long, action: str, *given: object) -> None:
    thing = DataObject("a", DataStore("long", long))
    task = asyncio.create_task(getattr(face(), action)(*given, thing))
    await asyncio.to_thread(long.started.wait)
    task.cancel()
    await asyncio.sleep(0)  # the task hears of it
    long.cancelled.set()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_cancelled_write_has_cleaned_up_when_the_cancellation_is_raised() -> None:
    long = Long()
    asyncio.run(cancelled(long, "write", b""))
    assert long.cleaned.is_set()


def test_a_result_that_comes_too_late_is_closed() -> None:
    long = Long()
    asyncio.run(cancelled(long, "read"))
    assert long.closed.is_set()


def test_a_native_coroutine_is_cancelled_natively() -> None:
    long = Long()
    asyncio.run(cancelled(long, "count"))
    assert long.cleaned.is_set()


def test_many_tasks_share_one_face() -> None:
    async def main() -> list[str]:
        shared = face()
        return await asyncio.gather(*(shared.read(THING) for _ in range(200)))

    assert asyncio.run(main()) == ["native"] * 200


def test_action_hooks_hear_of_asynchronous_actions() -> None:
    heard: list[object] = []

    class Ear:
        @hookimpl
        def dao_after_action(self, result: object) -> None:
            heard.append(result)

        @hookimpl
        def dao_on_failure(self, error: BaseException) -> None:
            heard.append(type(error).__name__)

    plugins = Plugins(discover=False)
    plugins.register(Ear(), "ear")
    listening = face(plugins=plugins)
    asyncio.run(listening.read(THING))
    with pytest.raises(NotFoundError):
        asyncio.run(listening.count(THING))
    assert heard == ["native", "NotFoundError"]


class Remote:
    """An interface whose methods are all coroutines."""

    def __init__(self) -> None:
        self.held: dict[str, pa.Table] = {}

    async def read(self, data_object):
        await asyncio.sleep(0)
        return self.held[data_object.key]

    async def write(self, data, data_object, *, mode="error"):
        await asyncio.sleep(0)
        self.held[data_object.key] = to_reader(data).read_all()

    async def delete(self, data_object):
        del self.held[data_object.key]


class Streaming(Remote):
    """One that reads as a stream: a coroutine method may give it, or be one."""

    closed = 0

    async def read_stream(self, data_object):
        try:
            for batch in self.held[data_object.key].to_batches(max_chunksize=1):
                await asyncio.sleep(0)
                yield batch
        finally:
            self.closed += 1


class GivesStream(Streaming):
    async def read_stream(self, data_object):
        return Streaming.read_stream(self, data_object)


class Interrupted(Remote):
    async def read_stream(self, data_object):
        yield pa.record_batch({"id": [1]})
        raise ConnectionError("link lost")


MEMORY = {"m": {"interface": "memory", "objects": {"x": {"type": "table"}, "y": {"type": "table"}}}}
ROWS = pa.table({"id": [1, 2, 3]})


@pytest.mark.parametrize("kind", [Remote, Streaming, GivesStream])
@pytest.mark.parametrize("action", ["copy", "move"])
def test_asynchronous_interfaces_are_copied_from_and_to(kind: type[Remote], action: str) -> None:
    async def main() -> None:
        source, other = kind(), kind()
        source.held["a"] = ROWS
        here, there = DataObject("a", DataStore("here", source)), DataObject("b", DataStore("there", other))
        async with AsyncDataAccessObject(MEMORY) as dao:
            await dao.write(ROWS, "m.x")
            await getattr(dao, action)(here, there)
            assert other.held["b"].equals(ROWS)
            await getattr(dao, action)(there, "m.y")
            assert (await dao.read("m.y")).equals(ROWS)
            await getattr(dao, action)("m.x", there)
            assert other.held["b"].equals(ROWS)
            assert bool(source.held) is (action == "copy")

    asyncio.run(main())


def test_a_coroutine_that_writes_gets_the_stream_that_explain_says() -> None:
    class Target:
        async def write_rows(self, data: pa.RecordBatchReader, data_object):
            return WriteResult(rows_inserted=data.read_all().num_rows)

    async def main() -> None:
        source = Streaming()
        source.held["a"] = ROWS
        here, there = DataObject("a", DataStore("here", source)), DataObject("b", DataStore("there", Target()))
        dao = AsyncDataAccessObject()
        assert dao.explain("copy", here, there).steps[1].route == "Target.write_rows"
        assert (await dao.copy(here, there)).rows_inserted == 3

    asyncio.run(main())


@pytest.mark.parametrize("kind", [Streaming, GivesStream])
def test_an_asynchronous_stream_is_an_async_iterator(kind: type[Streaming]) -> None:
    async def main() -> None:
        remote = kind()
        remote.held["a"] = ROWS
        here = DataObject("a", DataStore("here", remote))
        dao = AsyncDataAccessObject(MEMORY)
        stream = await dao.read_stream(here)
        assert [batch.num_rows async for batch in stream] == [1, 1, 1]
        begun = await dao.read_stream(here)
        await anext(begun)
        await begun.aclose()
        assert remote.closed == 2
        with pytest.raises(NoRouteError, match="is asynchronous: await it through AsyncDataAccessObject"):
            DataAccessObject(MEMORY).read_stream(here)
        with pytest.raises(NoRouteError, match="is asynchronous: await it through AsyncDataAccessObject"):
            DataAccessObject(MEMORY).copy(here, "m.x")

    asyncio.run(main())


def test_an_asynchronous_stream_that_breaks_names_its_source() -> None:
    async def main() -> None:
        here = DataObject("a", DataStore("here", Interrupted()))
        dao = AsyncDataAccessObject(MEMORY)
        for call in (lambda: _all_of(dao, here), lambda: dao.copy(here, "m.x")):
            with pytest.raises(TransientError, match="^read_stream 'here.a' by Interrupted: link lost"):
                await call()
        assert not await dao.exists("m.x")

    asyncio.run(main())


async def _all_of(dao: AsyncDataAccessObject, data_object: DataObject) -> list[object]:
    return [batch async for batch in await dao.read_stream(data_object)]


def test_a_copy_that_waits_for_a_coroutine_can_be_cancelled() -> None:
    class Hangs(Remote):
        begun, cancelled = False, False

        async def read(self, data_object):
            self.begun = True
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise

    async def main() -> None:
        hangs = Hangs()
        here = DataObject("a", DataStore("here", hangs))
        copying = asyncio.ensure_future(AsyncDataAccessObject(MEMORY).copy(here, "m.x"))
        while not hangs.begun:
            await asyncio.sleep(0)
        copying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await copying
        assert hangs.cancelled

    asyncio.run(main())
