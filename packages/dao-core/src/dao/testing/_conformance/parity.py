"""The asynchronous API has the same results as the synchronous one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest

from dao._core.aio import AsyncDataAccessObject
from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.data_store import DataStoreRegistry
from dao.errors import DaoError
from dao.results import Listing, WriteResult
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability
from dao.testing._conformance.samples import by_id, people

__all__ = ["Parity"]

Call = tuple[str, tuple[Any, ...], dict[str, Any]]


class Parity(
    Capability,
    requires=("read", "write", "synchronous"),
    written="dao.AsyncDataAccessObject; docs/writing-an-interface.md, 'Asynchronous methods'",
):
    """Every awaited action has the result or the error of the synchronous action."""

    @pytest.fixture
    def adao(self, backend: Backend) -> AsyncDataAccessObject:
        """An asynchronous data access object over the same store."""
        return AsyncDataAccessObject(registry=DataStoreRegistry([backend.store]))

    def test_every_action_gives_the_same_awaited(
        self, dao: DataAccessObject, adao: AsyncDataAccessObject, backend: Backend
    ) -> None:
        """The same calls have equal results and errors on the synchronous and on the asynchronous API."""
        called = [_outcome(getattr(dao, name), args, named) for name, args, named in self._calls(backend, "called")]
        awaited = [
            _outcome(_run(getattr(adao, name)), args, named) for name, args, named in self._calls(backend, "awaited")
        ]
        for (name, _, named), one, other in zip(self._calls(backend, "called"), called, awaited, strict=True):
            assert one == other, f"{name}({', '.join(named)}): called it returns {one}, awaited {other}"

    def _calls(self, backend: Backend, name: str) -> Iterator[Call]:
        table, target = backend.table(name), backend.table(f"{name}_target")
        rows = people(range(10))
        calls: list[Call] = [
            ("exists", (table,), {}),
            ("read", (table,), {}),
            ("write", (rows, table), {}),
            ("write", (rows, table), {}),
            ("write", (people([20]), table), {"mode": "append"}),
            ("upsert", (people([3, 30], note=" new"), table), {"keys": ["id"]}),
            ("delete", (table,), {"where": "id = 20"}),
            ("read", (table,), {"columns": ["id", "name"], "where": "id > 4"}),
            ("read", (table,), {"into": "pylist", "where": "id = 5"}),
            ("read", (table,), {"colour_of_the_rows": "red"}),
            ("read_stream", (table,), {"where": "id > 4"}),
            ("count", (table,), {"where": "id > 4"}),
            ("exists", (table,), {}),
            ("schema", (table,), {}),
            ("list", (table,), {}),
            ("copy", (table, target), {}),
            ("copy", (table, target), {}),
            ("move", (table, target), {"mode": "overwrite"}),
            ("write_stream", (rows.to_reader(max_chunksize=3), table), {"mode": "overwrite"}),
            ("delete", (target,), {}),
            ("delete", (target,), {}),
        ]
        return (call for call in calls if self._promised(*call))

    def _promised(self, action: str, _arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
        mode = named.get("mode")
        lacking = self.capabilities.absence(action) or (mode and self.capabilities.absence(f"mode:{mode}"))
        return not lacking


def _run(method: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    async def awaited(*args: Any, **named: Any) -> Any:
        return await method(*args, **named)

    return lambda *args, **named: asyncio.run(awaited(*args, **named))


def _outcome(call: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """The result or the error of a call in a comparable form, without what differs between equal calls."""
    try:
        result = call(*args, **named)
    except DaoError as error:
        return type(error).__name__
    if isinstance(result, pa.RecordBatchReader):
        result = result.read_all()
    if isinstance(result, pa.Table):
        return by_id(result)
    if isinstance(result, WriteResult):
        return result.rows_inserted, result.rows_updated, result.rows_deleted, result.files, result.interface
    if isinstance(result, Listing):
        return len(result)
    return result if not isinstance(result, DataObject) else result.key
