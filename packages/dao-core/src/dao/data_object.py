"""Data objects: a pipeline names one unit of data in one store, not how to access it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from dao.display import even_half_made, table_of
from dao.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from dao.data_store import DataStore

__all__ = ["DataObject", "DirectoryObject", "FileObject", "TableObject"]

_NO_PROPERTIES: Mapping[str, Any] = MappingProxyType({})


@even_half_made
class DataObject:
    """One unit of data in one store: a file, a directory or a table.

    A plain ``DataObject`` leaves open which of the three it is: an interface looks at what is there.
    :class:`FileObject`, :class:`DirectoryObject` and :class:`TableObject` say it, and backends add types of
    their own. Objects are immutable; they compare by type, store, identifier and properties, and can be pickled.

    Args:
        identifier: its name within the store, such as ``flights``.
        data_store: the store it lives in; ``None`` for an object that is not placed yet.
        properties: everything else that is known about it. ``prefix``, ``suffix`` and ``key`` make its
            :attr:`key`; others are there for interfaces, which take a property for a parameter of the same name
            that the caller left out: ``format``, ``partition_by``, ``delimiter``...

    A property is read as an attribute. One that the object lacks is looked up in its store's properties: ``prefix`` and
    ``suffix`` among those hold for all of its objects, and there is no common ``key``.

    >>> users = DataObject("users", prefix="raw/2025", suffix=".csv", format="csv")
    >>> users.key, users.format
    ('raw/2025/users.csv', 'csv')
    """

    type_name: ClassVar[str] = "object"
    """The name of this type in a catalog's ``type``."""

    table_format: ClassVar[str] = ""
    """The format of all tables of this type, such as ``delta``, where they have one; it is stronger than ``format``."""

    identifier: str
    data_store: DataStore | None
    properties: Mapping[str, Any]

    def __init__(self, identifier: str, data_store: DataStore | None = None, **properties: Any) -> None:
        if not isinstance(identifier, str) or not identifier:
            raise DataError(f"an object's identifier is a non-empty str, found {identifier!r}")
        put = object.__setattr__
        put(self, "identifier", identifier)
        put(self, "data_store", data_store)
        put(self, "properties", MappingProxyType(properties) if properties else _NO_PROPERTIES)

    @property
    def key(self) -> str:
        """Its path from the store's root, with ``/`` between the parts.

        The property ``key`` where it is given; else ``prefix/identifier`` with ``suffix`` at its end, added
        exactly as it stands.
        """
        explicit = self.properties.get("key")
        return str(explicit) if explicit is not None else self._own_key()

    def _own_key(self) -> str:
        prefix = str(self.get("prefix") or "").rstrip("/")
        name = f"{self.identifier}{self.get('suffix') or ''}"
        return f"{prefix}/{name}" if prefix else name

    @property
    def full_name(self) -> str:
        """``store.identifier``, as :class:`~dao._core.dao.DataAccessObject` takes it; ``?`` where no store is known.

        A whole store, which is the directory with the store's name and the empty key, has the store's name.
        """
        store = self.data_store.name if self.data_store is not None else "?"
        return store if (self.identifier, self.properties.get("key")) == (store, "") else f"{store}.{self.identifier}"

    def get(self, name: str, default: Any = None) -> Any:
        """A property of the object, else of its store, else ``default``."""
        if name in self.properties:
            return self.properties[name]
        if self.data_store is not None:
            return self.data_store.properties.get(name, default)
        return default

    def replace(self, **properties: Any) -> DataObject:
        """A copy with some properties changed or added; the original is unchanged.

        >>> DataObject("users", format="csv").replace(format="parquet").format
        'parquet'
        """
        return type(self)(self.identifier, self.data_store, **{**self.properties, **properties})

    def __getattr__(self, name: str) -> Any:
        if name in ("identifier", "data_store", "properties"):  # its construction failed
            raise AttributeError(f"a {type(self).__name__} without {name!r}: its construction failed")
        if not name.startswith("_"):
            if name in self.properties:
                return self.properties[name]
            if self.data_store is not None and name in self.data_store.properties:
                return self.data_store.properties[name]
        known = set(self.properties) | set(self.data_store.properties if self.data_store is not None else ())
        own = {"identifier", "data_store", *(one for one in dir(type(self)) if not one.startswith("_"))}
        near = did_you_mean(name, known | own)
        hint = near if near.startswith("did you mean") else did_you_mean(name, known)
        raise AttributeError(f"{self.full_name!r} has no property {name!r}: {hint}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a data object can't be changed: use .replace({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a data object can't be changed, so {name!r} can't be deleted from it")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.properties})

    def _identity(self) -> tuple[Any, ...]:
        store = self.data_store.name if self.data_store is not None else None
        return type(self), store, self.identifier, dict(self.properties)

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, DataObject) else NotImplemented

    def __hash__(self) -> int:
        # Properties may hold lists: they take part in equality, not in the hash.
        return hash(self._identity()[:3])

    def __reduce__(self) -> tuple[Any, ...]:
        from dao.secrets import guarded

        return _rebuild, (type(self), self.identifier, self.data_store, guarded(dict(self.properties)))

    def _described(self) -> Iterator[tuple[str, Any]]:
        from dao.secrets import masked

        yield "key", self.key
        for name, value in self.properties.items():
            yield name, masked(name, value)

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self._described())
        return f"{type(self).__name__}({self.full_name!r}, {told})"

    def _repr_html_(self) -> str:
        rows = [(name, repr(value)) for name, value in self._described()]
        return table_of(["", ""], rows, f"{type(self).__name__} {self.full_name}").html()


def _rebuild(
    kind: type[DataObject], identifier: str, store: DataStore | None, properties: dict[str, Any]
) -> DataObject:
    return kind(identifier, store, **properties)


class FileObject(DataObject):
    """One file. Without a ``format`` it is bytes; with one it can be read and written as a table.

    >>> FileObject("report", prefix="out", suffix=".pdf").key
    'out/report.pdf'
    """

    type_name = "file"


class DirectoryObject(DataObject):
    """Everything below one place in the store. ``prefix`` is that place; without it the identifier is.

    A ``prefix`` among the properties of the store is no object's own place: the identifier stands below it.

    >>> DirectoryObject("landing", prefix="raw/2025/").key
    'raw/2025'
    """

    type_name = "directory"

    def _own_key(self) -> str:
        own = str(self.properties.get("prefix") or "").rstrip("/")
        return f"{own}{self.get('suffix') or ''}" if own else super()._own_key()


class TableObject(DirectoryObject):
    """Rows with a schema: a directory of data files, or whatever the store calls a table.

    ``prefix`` is where it is; without it the identifier is. The usual properties: ``format``, ``partition_by``
    (column names), ``schema`` (a schema, or a model class) and the format's own options.

    >>> TableObject("flights", format="parquet", partition_by=["month"]).key
    'flights'
    """

    type_name = "table"
