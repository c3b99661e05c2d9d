"""The asynchronous API of DAO: the same actions, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast, overload

from attrs import evolve

from dao._arguments import Format, Into, Mode, SchemaMode
from dao._core.access import Access, Named
from dao._core.calls import Bound, Columns, Rows, Where
from dao._core.in_thread import in_thread
from dao._core.on_loop import LoopExecutor
from dao._core.watching import awaited
from dao.data_store import DataStore
from dao.memory import budgeted
from dao.progress import listening
from dao.results import History, Listing, WriteResult

if TYPE_CHECKING:
    import duckdb
    import pandas
    import polars
    import pyarrow

    from dao.increments import Increment, Position

__all__ = ["AsyncDataAccessObject"]

T = TypeVar("T")


class AsyncDataAccessObject(Access):
    """:class:`~dao._core.dao.DataAccessObject`, awaited: the same arguments, results and errors.

    An interface's coroutine methods are awaited where it has them for a call; any other method runs in a worker
    thread, so the event loop never waits for a store. Cancelling an action that runs in a thread makes it stop at
    its next batch and clean up after itself: the cancellation is raised when that is done, and a result that came too
    late is closed.

    >>> import asyncio
    >>> async def main():
    ...     config = {"tmp": {"interface": "memory", "objects": {"note": {"type": "file"}}}}
    ...     async with AsyncDataAccessObject(config) as dao:
    ...         await dao.write(b"hello", "tmp.note")
    ...         return await dao.read("tmp.note", into="bytes")
    >>> asyncio.run(main())
    b'hello'
    """

    _native_async = True

    @overload
    async def read(
        self,
        data_object: Named,
        *,
        into: Literal["pandas"],
        columns: Columns = ...,
        where: Where = ...,
        format: Format | None = ...,
        **options: Any,
    ) -> pandas.DataFrame: ...
    @overload
    async def read(
        self,
        data_object: Named,
        *,
        into: Literal["polars"],
        columns: Columns = ...,
        where: Where = ...,
        format: Format | None = ...,
        **options: Any,
    ) -> polars.DataFrame: ...
    @overload
    async def read(
        self,
        data_object: Named,
        *,
        into: Literal["duckdb"],
        columns: Columns = ...,
        where: Where = ...,
        format: Format | None = ...,
        **options: Any,
    ) -> duckdb.DuckDBPyRelation: ...
    @overload
    async def read(
        self,
        data_object: Named,
        *,
        into: Literal["pylist"],
        columns: Columns = ...,
        where: Where = ...,
        format: Format | None = ...,
        **options: Any,
    ) -> Rows: ...
    @overload
    async def read(self, data_object: Named, *, into: Literal["bytes"], **options: Any) -> bytes: ...
    @overload
    async def read(
        self,
        data_object: Named,
        *,
        into: Literal["arrow"] | None = ...,
        columns: Columns = ...,
        where: Where = ...,
        format: Format | None = ...,
        **options: Any,
    ) -> pyarrow.Table: ...
    @overload
    async def read(
        self, data_object: Named, *, into: Into | None = ..., format: Format | None = ..., **options: Any
    ) -> Any: ...
    async def read(self, data_object: Named, **options: Any) -> Any:
        """See :meth:`dao._core.dao.DataAccessObject.read`."""
        return await self._act("read", data_object, options)

    async def write(
        self,
        data: Any,
        data_object: Named,
        *,
        mode: Mode | None = None,
        schema_mode: SchemaMode | None = None,
        format: Format | None = None,
        idempotency_key: str | None = None,
        position: Position | Sequence[Position] | None = None,
        **options: Any,
    ) -> WriteResult:
        """See :meth:`dao._core.dao.DataAccessObject.write`."""
        given = {"data": data, "mode": mode, "schema_mode": schema_mode, "format": format, **options}
        given |= {"idempotency_key": idempotency_key, "position": position}
        return cast("WriteResult", await self._act("write", data_object, given))

    async def upsert(
        self,
        data: Any,
        data_object: Named,
        *,
        keys: str | Sequence[str] | None = None,
        schema_mode: SchemaMode | None = None,
        delete_when: Where = None,
        format: Format | None = None,
        idempotency_key: str | None = None,
        position: Position | Sequence[Position] | None = None,
        **options: Any,
    ) -> WriteResult:
        """See :meth:`dao._core.dao.DataAccessObject.upsert`."""
        given = {"data": data, "keys": keys, "schema_mode": schema_mode, "format": format, **options}
        given |= {"delete_when": delete_when, "idempotency_key": idempotency_key, "position": position}
        return cast("WriteResult", await self._act("upsert", data_object, given))

    async def delete(
        self, data_object: Named, *, where: Where = None, idempotency_key: str | None = None, **options: Any
    ) -> WriteResult:
        """See :meth:`dao._core.dao.DataAccessObject.delete`."""
        given = {"where": where, "idempotency_key": idempotency_key, **options}
        return cast("WriteResult", await self._act("delete", data_object, given))

    async def list(self, data_object: Named | DataStore, **options: Any) -> Listing:
        """See :meth:`dao._core.dao.DataAccessObject.list`."""
        return cast("Listing", await self._act("list", data_object, options))

    async def count(self, data_object: Named, *, where: Where = None, **options: Any) -> int:
        """See :meth:`dao._core.dao.DataAccessObject.count`."""
        return cast("int", await self._act("count", data_object, {"where": where, **options}))

    async def exists(self, data_object: Named, **options: Any) -> bool:
        """See :meth:`dao._core.dao.DataAccessObject.exists`."""
        return cast("bool", await self._act("exists", data_object, options))

    async def schema(self, data_object: Named, **options: Any) -> pyarrow.Schema:
        """See :meth:`dao._core.dao.DataAccessObject.schema`."""
        return await self._act("schema", data_object, options)

    async def history(self, data_object: Named, **options: Any) -> History:
        """See :meth:`dao._core.dao.DataAccessObject.history`."""
        return History(await self._act("history", data_object, options))

    @overload
    async def read_changes(
        self,
        data_object: Named,
        *,
        into: Literal["arrow"] | None = ...,
        since: Bound = ...,
        until: Bound = ...,
        **options: Any,
    ) -> pyarrow.Table: ...
    @overload
    async def read_changes(
        self, data_object: Named, *, into: Into, since: Bound = ..., until: Bound = ..., **options: Any
    ) -> Any: ...
    async def read_changes(
        self, data_object: Named, *, since: Bound = None, until: Bound = None, **options: Any
    ) -> Any:
        """See :meth:`dao._core.dao.DataAccessObject.read_changes`."""
        return await self._act("read_changes", data_object, {"since": since, "until": until, **options})

    async def read_increment(
        self,
        source: Named,
        target: Named,
        *,
        keys: str | Sequence[str] | None = None,
        columns: Columns = None,
        where: Where = None,
        name: str | None = None,
        **options: Any,
    ) -> Increment:
        """See :meth:`dao._core.dao.DataAccessObject.read_increment`.

        Reading the batches themselves is synchronous; a stream that a store gives asynchronously is read into memory.
        """
        given = {"keys": keys, "columns": columns, "where": where, "name": name, **options}
        return await self._increment(source, target, given)

    async def copy(
        self,
        source: Named,
        target: Named,
        *,
        mode: Mode | None = None,
        incremental: bool | None = None,
        **options: Any,
    ) -> WriteResult:
        """See :meth:`dao._core.dao.DataAccessObject.copy`."""
        return await self._transfer("copy", source, target, {"mode": mode, "incremental": incremental, **options})

    async def move(self, source: Named, target: Named, *, mode: Mode | None = None, **options: Any) -> WriteResult:
        """See :meth:`dao._core.dao.DataAccessObject.move`."""
        return await self._transfer("move", source, target, {"mode": mode, **options})

    async def read_stream(self, data_object: Named, **options: Any) -> pyarrow.RecordBatchReader:
        """See :meth:`dao._core.dao.DataAccessObject.read_stream`; reading the batches themselves is synchronous."""
        return await self._act("read_stream", data_object, options)

    async def write_stream(
        self,
        data: Any,
        data_object: Named,
        *,
        mode: Mode | None = None,
        schema_mode: SchemaMode | None = None,
        format: Format | None = None,
        idempotency_key: str | None = None,
        position: Position | Sequence[Position] | None = None,
        **options: Any,
    ) -> WriteResult:
        """See :meth:`dao._core.dao.DataAccessObject.write_stream`."""
        given = {"data": data, "mode": mode, "schema_mode": schema_mode, "format": format, **options}
        given |= {"idempotency_key": idempotency_key, "position": position}
        return cast("WriteResult", await self._act("write_stream", data_object, given))

    async def run(self, operation: str, data_object: Named | DataStore, **options: Any) -> Any:
        """See :meth:`dao._core.dao.DataAccessObject.run`."""
        return await self._act("run", data_object, {"operation": operation, **options})

    async def _act(self, action: str, data_object: Named | DataStore, given: Mapping[str, Any]) -> Any:
        options = {name: value for name, value in given.items() if value is not None or name == "data"}
        dao_interface = options.pop("dao_interface_class", None) or options.pop("dao_interface", None)
        listener = self._listener(options.pop("progress", None))
        budget = self._taken_budget(action, data_object, options)
        found = await self._looked_up(partial(self._named, action, data_object, options))
        executor = self._executor_for(budget)
        prepared = executor.prepare(action, found, options, dao_interface, True)
        with budgeted(budget):
            if prepared.plan.route.is_async:
                with listening(action, found.full_name, listener):
                    return await awaited(executor, prepared, found)
            return await in_thread(partial(executor.observe, prepared, found), action, found, listener)

    async def _looked_up(self, look_up: Callable[[], T]) -> T:
        """Look something up in the catalog; in a thread if that may query a service."""
        return await asyncio.to_thread(look_up) if self.catalog.asks else look_up()

    async def _transfer(self, action: str, source: Named, target: Named, options: dict[str, Any]) -> WriteResult:
        listener = self._listener(options.pop("progress", None))
        budget = self._taken_budget(action, source, options)
        transfer = await self._looked_up(partial(self._transfer_of, action, source, target, options))
        limited = budget is not self._budget
        executor = LoopExecutor(self._plugins, asyncio.get_running_loop(), limited=limited)
        run = partial(transfer.run, executor)
        with budgeted(budget):
            return await in_thread(run, action, transfer.source, listener, executor.cancel)

    async def _increment(self, source: Named, target: Named, options: dict[str, Any]) -> Increment:
        listener = self._listener(options.pop("progress", None))
        budget = self._taken_budget("read_increment", source, options)
        taking = await self._looked_up(partial(self._taking_of, source, target, options))
        limited = budget is not self._budget
        executor = LoopExecutor(self._plugins, asyncio.get_running_loop(), limited=limited)

        def run() -> Increment:
            found = taking.run(executor)
            return evolve(found, changes=found.changes.read_all().to_reader()) if executor.waits_for_loop else found

        with budgeted(budget):
            return await in_thread(run, taking.action, taking.source, listener, executor.cancel)

    async def close(self) -> None:
        """Close the stores of the catalog, and of the registry if it is this object's own. They may be used again."""
        await asyncio.to_thread(self._close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
