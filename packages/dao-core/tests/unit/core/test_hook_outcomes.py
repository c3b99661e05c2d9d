"""What hooks get beside the request: where it went, what it moved; and a hook that takes its time."""

from __future__ import annotations

import asyncio
import gc
import io
import pydoc
import threading
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

import dao as door
from dao import (
    AsyncDataAccessObject,
    DataAccessObject,
    DataObject,
    DataStore,
    NotFoundError,
    Outcome,
    Plugins,
    Request,
    hookimpl,
    hookspecs,
)
from dao._core import hooks
from dao.errors import StoreError

TABLE = {"type": "table"}
CATALOG = {
    "a": {"interface": "memory", "objects": {"x": TABLE, "y": TABLE, "note": {"type": "file"}}},
    "b": {"interface": "memory", "objects": {"x": TABLE}},
}
ROWS = pa.table({"id": [1, 2, 3]})


class Counting:
    """Remembers what was moved, by event."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Request, Outcome, Any]] = []

    @hookimpl
    def dao_after_action(self, request: Request, outcome: Outcome) -> None:
        self.seen.append(("after", request, outcome, None))

    @hookimpl
    def dao_after_stream(self, request: Request, outcome: Outcome, error: BaseException | None) -> None:
        self.seen.append(("stream", request, outcome, error))

    @hookimpl
    def dao_on_failure(self, request: Request, outcome: Outcome, error: BaseException) -> None:
        self.seen.append(("failure", request, outcome, error))

    @property
    def moved(self) -> list[tuple[str, str, int | None, int | None]]:
        return [(when, request.action, found.rows, found.bytes) for when, request, found, _ in self.seen]


def access(*plugins: object, kind: Any = DataAccessObject, catalog: Any = CATALOG) -> Any:
    registered = Plugins()
    for number, plugin in enumerate(plugins):
        registered.register(plugin, f"plugin{number}")
    return kind(catalog, plugins=registered)


def test_a_request_says_who_serves_it_and_when_it_began() -> None:
    seen = Counting()
    dao = access(seen)
    dao.write(ROWS, "a.x")
    dao.copy("a.x", "b.x")
    by_action = {request.action: request for _, request, _, _ in seen.seen}
    write, copy = by_action["write"], by_action["copy"]
    assert (write.interface, write.route) == ("memory", "MemoryInterface.write")
    assert (copy.interface, copy.route) == (None, None)
    assert (by_action["read_stream"].interface, by_action["read_stream"].parent) == ("memory", copy)
    assert [type(request.start) for request in by_action.values()] == [datetime] * 4
    assert write.start.tzinfo is UTC


def test_an_outcome_has_rows_and_bytes() -> None:
    seen = Counting()
    dao = access(seen)
    written = dao.write(ROWS, "a.x")
    dao.read("a.x", into="pylist")
    dao.count("a.x")
    dao.write(b"hello", "a.note")
    dao.read("a.note", into="bytes")
    dao.upsert([{"id": 3}, {"id": 4}], "a.x", keys="id")
    assert seen.moved[:5] == [
        ("after", "write", 3, written.bytes), ("after", "read", 3, ROWS.nbytes), ("after", "count", None, None),
        ("after", "write", None, 5), ("after", "read", None, 5),
    ]  # fmt: skip
    assert seen.moved[5][:3] == ("after", "upsert", 2)
    assert seen.seen[0][2].files == written.files == 1


def test_a_stream_is_told_when_it_has_been_read() -> None:
    seen = Counting()
    dao = access(seen)
    dao.write(ROWS, "a.x")
    seen.seen.clear()
    stream = dao.read_stream("a.x", batch_size=2)
    assert isinstance(stream, pa.RecordBatchReader)
    assert seen.moved == [("after", "read_stream", None, None)]
    assert stream.read_all().equals(ROWS)
    assert seen.moved[1:] == [("stream", "read_stream", 3, ROWS.nbytes)]
    assert seen.seen[0][1] is seen.seen[1][1]
    del stream
    gc.collect()
    assert len(seen.seen) == 2


@pytest.mark.parametrize("read", [0, 1])
def test_a_stream_that_is_dropped_is_told_too(read: int) -> None:
    seen = Counting()
    dao = access(seen)
    dao.write(ROWS, "a.x")
    stream = dao.read_stream("a.x", batch_size=1)
    for _ in range(read):
        stream.read_next_batch()
    del stream
    gc.collect()
    assert seen.moved[-1][:3] == ("stream", "read_stream", read)
    assert seen.seen[-1][3] is None


def test_a_stream_that_fails_is_told_with_its_error() -> None:
    class Breaks:
        def read_stream(self, data_object: DataObject) -> Any:
            def batches() -> Any:
                yield ROWS.to_batches()[0]
                raise StoreError("the line is cut")

            return pa.RecordBatchReader.from_batches(ROWS.schema, batches())

    seen = Counting()
    stream = access(seen).read_stream(DataObject("x", DataStore("s", Breaks())))
    with pytest.raises(StoreError, match="the line is cut"):
        stream.read_all()
    when, _, outcome, error = seen.seen[-1]
    assert (when, outcome.rows) == ("stream", 3)
    assert isinstance(error, StoreError)


@pytest.mark.parametrize(
    ("use", "size"),
    [
        (lambda file: file.read(), 11),
        (lambda file: [file.read(4), file.read(4), file.read(4), file.read(4)], 11),
        (lambda file: list(file), 11),
        (lambda file: io.TextIOWrapper(file).read(), 11),
        (lambda file: (file.readinto(bytearray(4)), file.close()), 4),
        (lambda file: (file.seek(6), file.read(), file.seek(0), file.read(5), file.close()), 10),
    ],
)
def test_a_binary_file_is_told_when_it_was_read_or_closed(use: Callable[[Any], Any], size: int) -> None:
    seen = Counting()
    dao = access(seen)
    dao.write(b"hello\nworld", "a.note")
    seen.seen.clear()
    file = dao.read_stream("a.note", into="bytes")
    assert seen.moved == [("after", "read_stream", None, None)]
    use(file)
    assert seen.moved[1:] == [("stream", "read_stream", None, size)]
    file.close()
    assert len(seen.seen) == 2
    assert file.closed


def test_a_watched_binary_file_is_one_like_any_other() -> None:
    dao = access(Counting())
    with zipfile.ZipFile(into := io.BytesIO(), "w") as archive:
        archive.writestr("a.txt", "hello")
    dao.write(into.getvalue(), "a.note")
    with dao.read_stream("a.note", into="bytes") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("a.txt") == b"hello"


def test_a_binary_file_that_breaks_off_is_told_with_its_error() -> None:
    class Breaks:
        def read(self, size: int = -1) -> bytes:
            raise StoreError("the line is cut")

        def close(self) -> None:
            pass

    class Files:
        def read_stream(self, data_object: DataObject, into: str) -> Any:
            return Breaks()

    seen = Counting()
    file = access(seen).read_stream(DataObject("x", DataStore("s", Files())), into="bytes")
    with pytest.raises(StoreError, match="the line is cut"):
        file.read()
    del file
    assert [(when, type(error)) for when, _, _, error in seen.seen] == [("after", type(None)), ("stream", StoreError)]


def test_the_streams_of_a_copy_are_told_before_the_copy_is() -> None:
    seen = Counting()
    dao = access(seen)
    dao.write(ROWS, "a.x")
    seen.seen.clear()
    dao.copy("a.x", "b.x")
    assert [one[:3] for one in seen.moved] == [
        ("after", "read_stream", None), ("stream", "read_stream", 3),
        ("after", "write_stream", 3), ("after", "copy", 3),
    ]  # fmt: skip
    assert len({request.id for _, request, _, _ in seen.seen}) == 1


def test_an_asynchronous_stream_is_told_too() -> None:
    class Later:
        async def read_stream(self, data_object: DataObject) -> AsyncIterator[pa.RecordBatch]:
            for batch in ROWS.to_batches(max_chunksize=1):
                yield batch

    seen = Counting()

    async def main() -> None:
        dao = access(seen, kind=AsyncDataAccessObject)
        stream = await dao.read_stream(DataObject("x", DataStore("s", Later())))
        assert [batch.num_rows async for batch in stream] == [1, 1, 1]

    asyncio.run(main())
    assert seen.moved == [("after", "read_stream", None, None), ("stream", "read_stream", 3, ROWS.nbytes)]


def test_a_failure_has_an_outcome_without_rows() -> None:
    seen = Counting()
    with pytest.raises(NotFoundError):
        access(seen).read("a.x")
    assert seen.moved == [("failure", "read", None, None)]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_a_hook_that_ends_the_program_is_let_to(kind: type[BaseException]) -> None:
    class Quits:
        @hookimpl
        def dao_after_action(self) -> None:
            raise kind

    seen = Counting()
    dao = access(Quits(), seen)  # the last one registered is called first
    with pytest.raises(kind):
        dao.write(ROWS, "a.x")
    assert [when for when, *_ in seen.moved] == ["after"]


class Slow:
    """A hook that goes on only when it is let."""

    def __init__(self, name: str = "a.x") -> None:
        self.name = name
        self.entered, self.released = threading.Event(), threading.Event()
        self.in_time: bool | None = None

    @hookimpl
    def dao_before_action(self, request: Request) -> None:
        if request.data_object.full_name == self.name:
            self.entered.set()
            self.in_time = self.released.wait(timeout=60)


def test_a_slow_hook_holds_up_its_own_call_and_no_other() -> None:
    slow = Slow()
    dao = access(slow)
    thread = threading.Thread(target=dao.write, args=(ROWS, "a.x"))
    thread.start()
    assert slow.entered.wait(timeout=60)
    assert dao.write(ROWS, "b.x").rows_inserted == 3
    slow.released.set()
    thread.join()
    assert slow.in_time is True
    assert dao.read("b.x").num_rows == 3


class Coroutines:
    """An interface whose methods run on the event loop."""

    async def count(self, data_object: DataObject) -> int:
        await asyncio.sleep(0)
        return 7


@pytest.mark.parametrize("served_by", ["a thread", "the loop"])
def test_a_slow_hook_does_not_hold_up_the_event_loop(served_by: str) -> None:
    slow = Slow("s.x" if served_by == "the loop" else "a.x")
    subject = DataObject("x", DataStore("s", Coroutines())) if served_by == "the loop" else "a.x"

    async def release() -> None:
        while not slow.entered.is_set():
            await asyncio.sleep(0)
        slow.released.set()  # a loop that waits for the hook never gets here

    async def main() -> Any:
        dao = access(slow, kind=AsyncDataAccessObject)
        await dao.write(ROWS, "a.y")
        call = dao.count(subject) if served_by == "the loop" else dao.exists(subject)
        return (await asyncio.gather(call, release()))[0]

    assert asyncio.run(main()) == (7 if served_by == "the loop" else False)
    assert slow.in_time is True


def test_the_time_that_hooks_take_is_not_the_action_s(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(hooks, "perf_counter", lambda: now[0])

    class Takes:
        @hookimpl
        def dao_before_action(self) -> None:
            now[0] += 1

        @hookimpl(tryfirst=True)
        def dao_after_action(self) -> None:
            now[0] += 1

    class Works:
        def count(self, data_object: DataObject) -> int:
            now[0] += 0.25
            return 1

    seen = Counting()
    assert access(Takes(), seen, Takes()).count(DataObject("x", DataStore("s", Works()))) == 1
    assert [outcome.seconds for _, _, outcome, _ in seen.seen] == [0.25]


def test_a_cancelled_call_fails_once_and_its_hooks_share_its_context() -> None:
    from contextvars import ContextVar

    span: ContextVar[str] = ContextVar("span", default="none")
    started = asyncio.Event()

    class Spans(Counting):
        @hookimpl
        def dao_before_action(self) -> None:
            span.set("mine")

    class Hangs:
        async def count(self, data_object: DataObject) -> int:
            assert span.get() == "mine"
            started.set()
            await asyncio.Event().wait()
            return 0

    seen = Spans()

    async def main() -> None:
        dao = access(seen, kind=AsyncDataAccessObject)
        call = asyncio.create_task(dao.count(DataObject("x", DataStore("s", Hangs()))))
        await started.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(main())
    assert [when for when, *_ in seen.seen] == ["failure"]
    assert span.get() == "none"


def test_a_before_hook_stops_a_coroutine_method() -> None:
    class Guard(Counting):
        @hookimpl
        def dao_before_action(self) -> None:
            raise StoreError("not now")

    guard = Guard()

    async def main() -> None:
        await access(guard, kind=AsyncDataAccessObject).count(DataObject("x", DataStore("s", Coroutines())))

    with pytest.raises(StoreError, match="^count 's.x' stopped by a hook of plugin 'plugin0': not now"):
        asyncio.run(main())
    assert [when for when, *_ in guard.seen] == ["failure"]


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (door, ["class Plugins", "class Request", "class Outcome", "dao.hookspecs"]),
        (hookspecs, [name for name in hookspecs.__all__ if name.startswith("dao_")]),
    ],
)
def test_help_has_the_plugins_and_the_hooks(subject: Any, words: list[str]) -> None:
    text = pydoc.plain(pydoc.render_doc(subject))
    assert [word for word in words if word not in text] == []
