"""Calls of the asynchronous API in a worker thread, so that the event loop never waits for a store."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from dao.data_object import DataObject
from dao.progress import Cancelled, Listener, listening

__all__ = ["in_thread"]

T = TypeVar("T")


async def in_thread(
    call: Callable[[], T],
    action: str,
    data_object: DataObject,
    listener: Listener | None,
    cancel: Callable[[], None] = lambda: None,
) -> T:
    """Run a call in a worker thread; a cancellation waits until the thread has stopped and cleaned up.

    ``cancel`` stops what the thread may be waiting for.
    """
    given_up = Event()

    def work() -> T:
        with listening(action, data_object.full_name, listener, given_up):
            return call()

    context = contextvars.copy_context()
    future = asyncio.get_running_loop().run_in_executor(None, context.run, _carried, work)
    try:
        return _opened(await asyncio.shield(future))
    except asyncio.CancelledError:
        given_up.set()
        cancel()
        await _finish(future)
        raise


def _carried(work: Callable[[], T]) -> T | Cancelled:
    # A BaseException would keep the pool's thread from returning anything: it is returned as a value.
    try:
        return work()
    except Cancelled as cancelled:
        return cancelled


def _opened(result: T | Cancelled) -> T:
    if isinstance(result, Cancelled):
        raise asyncio.CancelledError
    return result


async def _finish(future: asyncio.Future[T | Cancelled]) -> None:
    """Wait for a cancelled call; close its result, and ignore its error."""
    done, _ = await asyncio.wait([future])
    for late in done:
        close = getattr(late.result(), "close", None) if late.exception() is None else None
        if close is not None:
            await asyncio.to_thread(close)
