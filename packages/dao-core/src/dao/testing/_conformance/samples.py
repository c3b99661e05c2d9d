"""The small tables that most tests use, and helpers to inspect a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import NotFoundError
from dao.testing._backend import Backend

__all__ = [
    "BATCH_ROWS",
    "COUNTRIES",
    "batches_of",
    "by_id",
    "content",
    "large",
    "list_sizes",
    "no_debris",
    "people",
    "rows",
]

COUNTRIES = ("DE", "FR", None, "IT")

_SCHEMA = pa.schema(
    {"id": pa.int64(), "name": pa.string(), "country": pa.string(), "score": pa.float64(), "day": pa.int32()}
)


def people(ids: Iterable[int], *, note: str = "") -> pa.Table:
    """A table of people with the given ids; ``note`` ends their names; every 4th country and 5th score is null."""
    numbers = list(ids)
    return pa.table(
        {
            "id": numbers,
            "name": [f"person {n}{note}" for n in numbers],
            "country": [COUNTRIES[n % len(COUNTRIES)] for n in numbers],
            "score": [None if n % 5 == 0 else n / 4 for n in numbers],
            "day": [n % 3 for n in numbers],
        },
        schema=_SCHEMA,
    )


BATCH_ROWS = 16_384
"""The number of rows per batch of a large table."""

_BATCH_BYTES = BATCH_ROWS * 2 * 8
_LARGE = pa.schema({"id": pa.int64(), "value": pa.int64()})


def batches_of(backend: Backend) -> int:
    """The number of batches of a table that is twice as large as ``Backend.stream_buffer``."""
    return 2 * backend.stream_buffer // _BATCH_BYTES


def large(count: int, watch: Callable[[], None] = lambda: None) -> pa.RecordBatchReader:
    """A stream of incompressible batches, generated one at a time; ``watch`` is called after each."""

    def batches() -> Iterator[pa.RecordBatch]:
        for position in range(count):
            noise = pa.py_buffer(Random(position).randbytes(BATCH_ROWS * 8))
            numbers = pa.Array.from_buffers(pa.int64(), BATCH_ROWS, [None, noise])
            # Computed columns are allocated by Arrow, so that Peak measures them.
            yield pa.record_batch([pc.bit_wise_not(numbers), pc.bit_wise_xor(numbers, 1)], schema=_LARGE)
            watch()

    return pa.RecordBatchReader.from_batches(_LARGE, batches())


def by_id(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table sorted by id, since stores may return rows in any order."""
    return sorted(table.to_pylist(), key=lambda row: row["id"])


def rows(dao: DataAccessObject, data_object: DataObject, **options: Any) -> list[dict[str, Any]]:
    """The rows that a read returns, sorted by id."""
    return by_id(dao.read(data_object, **options))


def content(dao: DataAccessObject, data_object: DataObject) -> list[dict[str, Any]] | None:
    """All rows of a table, or ``None`` if it doesn't exist."""
    try:
        return rows(dao, data_object)
    except NotFoundError:
        return None


def list_sizes(dao: DataAccessObject, backend: Backend) -> list[tuple[str, int | None]]:
    """The key and size of every entry in the store's listing; empty for an empty store."""
    try:
        return sorted((info.key, info.size) for info in dao.list(backend.store))
    except NotFoundError:
        return []


def no_debris(backend: Backend) -> None:
    """Check that the storage has no leftovers, if the backend has a hook for it (``Backend.debris``)."""
    left = sorted(backend.debris()) if backend.debris is not None else []
    assert not left, f"left over in the storage, though it belongs to no object: {left}"
