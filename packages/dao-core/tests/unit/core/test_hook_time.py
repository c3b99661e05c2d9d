"""Hooks that take their time, and calls that are cancelled: nothing else waits for them."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pyarrow as pa
import pytest
from watching_hooks import Counting, access

from dao import (
    AsyncDataAccessObject,
    DataObject,
    DataStore,
    Request,
    hookimpl,
)
from dao._core import hooks
from dao.errors import StoreError

ROWS = pa.table({"id": [1, 2, 3]})


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
