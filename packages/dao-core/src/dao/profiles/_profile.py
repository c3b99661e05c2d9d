"""The function that reads an object once and profiles it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, cast, overload

from dao.arrow.convert import to_reader
from dao.errors import NoRouteError
from dao.profiles._column import Column
from dao.profiles._records import Profile

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from dao._core.access import Named
    from dao._core.aio import AsyncDataAccessObject
    from dao._core.dao import DataAccessObject

__all__ = ["profile"]


@overload
def profile(
    dao: DataAccessObject,
    data_object: Named,
    *,
    columns: str | Iterable[str] | None = None,
    where: Any = None,
    **options: Any,
) -> Profile: ...


@overload
def profile(
    dao: AsyncDataAccessObject,
    data_object: Named,
    *,
    columns: str | Iterable[str] | None = None,
    where: Any = None,
    **options: Any,
) -> Coroutine[Any, Any, Profile]: ...


def profile(
    dao: DataAccessObject | AsyncDataAccessObject,
    data_object: Named,
    *,
    columns: str | Iterable[str] | None = None,
    where: Any = None,
    **options: Any,
) -> Profile | Coroutine[Any, Any, Profile]:
    """Read an object once, as a stream, and say what is in its columns.

    Of each column at most 50,000 different values of 1 MiB together are held: as long as they suffice, distinct values
    are counted; beyond, their number is estimated from 4,096 hashes, and marked so.

    Args:
        dao: reads it; the profile by an :class:`~dao.AsyncDataAccessObject` is awaited.
        data_object: the object, or its name.
        columns: the columns wanted; all by default.
        where: the rows wanted, as for ``read``.
        options: what else the read takes, such as ``version`` or ``limit``.

    Returns:
        The profile, which reads as a table in a terminal and in a notebook.

    Raises:
        NotFoundError: there is nothing.
        DataError: ``columns`` or ``where`` name a column that isn't there, or the object has no rows.
        RoutingError: no single route fits the read.
        StoreError: what is there can't be read.
    """
    given = {"columns": columns, "where": where, **options}
    name = data_object if isinstance(data_object, str) else data_object.full_name
    if iscoroutinefunction(dao.read_stream):
        return _profile_later(cast("AsyncDataAccessObject", dao), data_object, given, name)
    dao = cast("DataAccessObject", dao)
    try:
        read = dao.read_stream(data_object, **given)
    except NoRouteError:
        read = dao.read(data_object, **given)
    return _profile_of(name, read)


async def _profile_later(dao: AsyncDataAccessObject, data_object: Named, given: dict[str, Any], name: str) -> Profile:
    try:
        read: Any = await dao.read_stream(data_object, **given)
    except NoRouteError:
        read = await dao.read(data_object, **given)
    if not hasattr(read, "__aiter__"):
        return await asyncio.to_thread(_profile_of, name, read)
    found = _Columns()
    async for batch in read:
        await asyncio.to_thread(found.add, batch)
    return found.profile(name)


def _profile_of(name: str, read: Any) -> Profile:
    with closing(to_reader(read)) as reader:
        found = _Columns()
        found.begin(reader.schema)
        for batch in reader:
            found.add(batch)
    return found.profile(name)


class _Columns:
    """The columns of batches, as far as they were added."""

    def __init__(self) -> None:
        self._found: list[Column] | None = None
        self._rows = 0

    def begin(self, schema: Any) -> None:
        """Know the columns, even if no batch comes."""
        self._found = [Column(field) for field in schema]

    def add(self, batch: Any) -> None:
        if self._found is None:
            self.begin(batch.schema)
        self._rows += batch.num_rows
        for column, values in zip(self._found or (), batch.columns, strict=True):
            column.add(values)

    def profile(self, name: str) -> Profile:
        return Profile(name, self._rows, tuple(column.profile() for column in self._found or ()))
