"""The synchronous API of DAO: one method per action."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from dao._core.reading import Reading
from dao._core.writing import Writing

__all__ = ["DataAccessObject"]


class DataAccessObject(Reading, Writing):
    """Reads, writes and moves data by name; a config says where it lives.

    An object is a :class:`~dao.data_object.DataObject` or
    its name in the catalog, ``store.object``. Every method takes ``dao_interface=``: the name or class name of one of
    the store's interfaces, which alone is then tried; and ``memory_limit=``: bytes that the call may hold in memory, as
    a whole number or text such as ``"512 MiB"``, see :mod:`dao.memory`. Further keyword arguments go to the interface;
    one that it doesn't take is a :class:`~dao.errors.NoRouteError`, never ignored. ``None`` means "not given".

    A data access object is safe between threads, can be pickled, and as a context manager closes the stores of its
    catalog.

    >>> import pyarrow as pa
    >>> pets = {"type": "table", "format": "parquet"}
    >>> dao = DataAccessObject({"tmp": {"interface": "memory", "objects": {"pets": pets}}})
    >>> dao.write(pa.table({"name": ["Rex", "Tom"], "age": [3, 9]}), "tmp.pets").rows_inserted
    2
    >>> dao.read("tmp.pets", columns=["name"], where="age > 5", into="pylist")
    [{'name': 'Tom'}]
    """

    def close(self) -> None:
        """Close the stores of the catalog, and of the registry if it is this object's own. They may be used again."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
