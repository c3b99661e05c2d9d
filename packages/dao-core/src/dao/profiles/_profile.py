"""The function that reads an object once and profiles it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from dao.arrow.convert import to_reader
from dao.errors import NoRouteError
from dao.profiles._column import Column
from dao.profiles._records import Profile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dao._core.access import Named
    from dao._core.dao import DataAccessObject

__all__ = ["profile"]


def profile(
    dao: DataAccessObject,
    data_object: Named,
    *,
    columns: str | Iterable[str] | None = None,
    where: Any = None,
    **options: Any,
) -> Profile:
    """Read an object once, as a stream, and say what is in its columns.

    Of each column at most 50,000 different values of 1 MiB together are held: as long as they suffice, distinct values
    are counted; beyond, their number is estimated from 4,096 hashes, and marked so.

    Args:
        dao: reads it.
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
    try:
        read = dao.read_stream(data_object, **given)
    except NoRouteError:
        read = dao.read(data_object, **given)
    with closing(to_reader(read)) as reader:
        found = [Column(field) for field in reader.schema]
        rows = 0
        for batch in reader:
            rows += batch.num_rows
            for column, values in zip(found, batch.columns, strict=True):
                column.add(values)
    name = data_object if isinstance(data_object, str) else data_object.full_name
    return Profile(name, rows, tuple(column.profile() for column in found))
