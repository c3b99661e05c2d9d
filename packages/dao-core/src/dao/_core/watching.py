"""Coroutine methods on the event loop, whose hooks run beside it: a slow one holds up its own call and no other."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from dao._core.execute import Executor
from dao._core.prepare import Prepared
from dao.data_object import DataObject

__all__ = ["awaited"]

T = TypeVar("T")


async def awaited(executor: Executor, prepared: Prepared, data_object: DataObject) -> Any:
    """Await a coroutine method, or call one that gives an asynchronous stream.

    Its hooks and itself share one context, so that what a hook sets in it (the current span of a trace) is there for
    the method, and is undone in the context in which it was set.
    """
    if not executor.is_watched:
        with executor.observed(prepared, data_object) as finish:
            return finish(await _called(prepared))
    context = contextvars.copy_context()
    event = executor.observed(prepared, data_object)
    begun: list[Callable[[Any], Any]] = []
    try:
        await _beside(context, lambda: begun.append(event.__enter__()))
        task = asyncio.create_task(_called(prepared), context=context)
        made = await _beside(context, partial(begun[0], await task))
    except BaseException as error:
        if begun:
            await _beside(context, partial(event.__exit__, type(error), error, error.__traceback__))
        raise
    await _beside(context, partial(event.__exit__, None, None, None))
    return made


async def _called(prepared: Prepared) -> Any:
    result = prepared.call()
    return await result if hasattr(result, "__await__") else result


async def _beside(context: contextvars.Context, work: Callable[[], T]) -> T:
    """Do something in a worker thread; a cancellation waits for it."""
    future = asyncio.get_running_loop().run_in_executor(None, context.run, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise
