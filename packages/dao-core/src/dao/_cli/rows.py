"""Reads an object as a stream of Arrow record batches, with or without an interface that streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dao.errors import NoRouteError

if TYPE_CHECKING:
    import pyarrow as pa

    from dao._core.dao import DataAccessObject

__all__ = ["Rows", "rows_of"]


class Rows:
    """Record batches of one schema, limited to a number of rows. Iterate once."""

    def __init__(self, reader: pa.RecordBatchReader, limit: int | None) -> None:
        self._reader = reader
        self._limit = limit
        self.schema: pa.Schema = reader.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        left = self._limit
        while left is None or left > 0:
            try:
                batch = self._reader.read_next_batch()
            except StopIteration:
                return
            if left is not None:
                batch = batch.slice(0, left)
                left -= batch.num_rows
            yield batch


@contextmanager
def rows_of(
    access: DataAccessObject,
    name: str,
    *,
    columns: Sequence[str] | None = None,
    where: str | None = None,
    limit: int | None = None,
    further: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[Rows]:
    """Open the rows of an object, by what its read takes; everything is closed when the block ends.

    Raises:
        NotFoundError: the object doesn't exist.
        RoutingError: the store has no route for this read.
        DataError: the object has no rows.
    """
    from dao.arrow.convert import to_reader

    reader = to_reader(_read(access, name, {"columns": columns, "where": where, **further}, limit))
    with closing(reader):
        yield Rows(reader, limit)


def _read(access: DataAccessObject, name: str, wanted: dict[str, Any], limit: int | None) -> Any:
    """Prefer a stream. ``limit`` is passed on only to an interface that takes it: rows are cut off here anyway."""
    refusal: NoRouteError | None = None
    for read in (access.read_stream, access.read):
        for limited in dict.fromkeys((limit, None)):
            try:
                return read(name, limit=limited, **wanted)
            except NoRouteError as error:
                refusal = error
    assert refusal is not None
    raise refusal
