"""A Glue database as a store, and its tables as the objects in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from dao.data_object import DataObject
from dao.data_store import DataStore
from dao.display import even_half_made
from dao.errors import PluginError
from dao.interface import InterfaceSpec
from dao.plugins import Plugins, default_plugins
from dao_s3.glue._foreign import FOREIGN
from dao_s3.glue._interfaces import Interfaces
from dao_s3.glue._table import GlueTable
from dao_s3.glue._translator import GlueTranslator
from dao_s3.glue._unreadable import Unreadable

__all__ = ["DatabaseStore", "Tables", "split_location"]


class Tables(Protocol):
    """A source of tables."""

    def table(self, database: str, name: str) -> GlueTable:
        """One table; the same record while it is cached. KeyError if there is none."""

    def table_names(self, database: str) -> Sequence[str]:
        """The names of all tables of a database."""


def split_location(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI; the key is empty for a whole bucket.

    >>> split_location("s3://lake/sales/orders/")
    ('lake', 'sales/orders')
    """
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key.rstrip("/")


class DatabaseStore(DataStore):
    """A database: a store that is rooted at the database's location.

    Its tables may be anywhere. One below the location lives in this store. Any other one lives in a store beside it, of
    the same name, which is rooted at the table's bucket; those of types with an interface of their own have stores of
    their own too. So a table's key is always right for the store that it is in, and its full name never changes.

    Args:
        name: the database's name.
        location: its location; may be empty or not on S3.
        tables: the source of tables.
        translator: converts tables to objects.
        interfaces: creates the stores' interfaces.
        description: its description.
        plugins: where object types and interfaces are looked up.
    """

    def __init__(
        self,
        name: str,
        location: str,
        tables: Tables,
        translator: GlueTranslator,
        interfaces: Interfaces,
        *,
        description: str = "",
        plugins: Plugins | None = None,
    ) -> None:
        self.location = location
        self._interfaces = interfaces
        self._beside: dict[tuple[str, str], DataStore] = {}
        self._root = split_location(location) if location.lower().startswith(("s3://", "s3a://", "s3n://")) else None
        if self._root is not None and not interfaces.has_prefix():
            self._root = (self._root[0], "")
        spec = _nowhere(name) if self._root is None else interfaces.spec("", *self._root)
        told = {"description": description} if description else {}
        super().__init__(name, spec, properties=told, objects=_TableObjects(self, tables, translator), plugins=plugins)

    def place(self, type_name: str, location: str, table: str) -> tuple[DataStore, str]:
        """The store of an object of a type at a location, and its key there."""
        bucket, key = split_location(location)
        if self._interfaces.is_by_name(type_name):
            key = f"{self.name}/{table}"
        if self._interfaces.is_special(type_name):
            return self._store_beside(type_name, bucket, lambda: self._interfaces.spec(type_name, bucket)), key
        if self._root is not None and bucket == self._root[0]:
            prefix = f"{self._root[1]}/" if self._root[1] else ""
            if key.startswith(prefix):
                return self, key[len(prefix) :]
        return self._store_beside("", bucket, lambda: self._interfaces.spec("", bucket)), key

    def unreadable(self) -> DataStore:
        """The store of unreadable objects, whose actions raise the reason."""
        return self._store_beside("unreadable", "", lambda: _refusing("it holds no data that can be read"))

    def _store_beside(self, kind: str, bucket: str, spec: Callable[[], InterfaceSpec]) -> DataStore:
        found = self._beside.get((kind, bucket))
        if found is None:
            made = DataStore(
                self.name, spec(), properties=self.properties, objects=self._objects, plugins=self._plugins
            )
            found = self._beside.setdefault((kind, bucket), made)
        return found

    def forget(self) -> None:
        """Drop the objects, to be created again on their next use."""
        if isinstance(self._objects, _TableObjects):
            self._objects.forget()

    def close(self) -> None:
        super().close()
        for store in list(self._beside.values()):
            store.close()


def _refusing(reason: str) -> InterfaceSpec:
    return InterfaceSpec("glue.unreadable", Unreadable, {"reason": reason})


def _nowhere(name: str) -> InterfaceSpec:
    return _refusing(f"Glue's database {name!r} has no location on S3; its tables can be used by their names")


@even_half_made
class _TableObjects(Mapping[str, DataObject]):
    """The tables of a database as objects, each created when it is looked up. Iteration requests all names."""

    def __init__(self, store: DatabaseStore, tables: Tables, translator: GlueTranslator) -> None:
        self._store = store
        self._tables = tables
        self._translator = translator
        self._made: dict[str, tuple[GlueTable, DataObject]] = {}

    def __getitem__(self, name: str) -> DataObject:
        table = self._tables.table(self._store.name, name)
        made = self._made.get(name)
        if made is not None and made[0] is table:
            return made[1]
        fresh = self._make(table)
        if made is not None:
            self._made.pop(name, None)
        kept = self._made.setdefault(name, (table, fresh))  # another thread may have created it first
        return kept[1] if kept[0] is table else fresh

    def _make(self, table: GlueTable) -> DataObject:
        translation = self._translator.translate(table)
        properties = dict(translation.properties)
        if properties.get("unreadable"):
            return DataObject(table.name, self._store.unreadable(), **properties)
        kind = self._kind(translation.type)
        store, key = self._store.place(translation.type, properties.get("location") or "", table.name)
        return kind(table.name, store, **{"key": key, **properties})

    def _kind(self, type_name: str) -> type[DataObject]:
        plugins = self._store._plugins or default_plugins()
        claimed = plugins.table_format(type_name)
        if claimed is not None:
            return plugins.object_type(claimed.object_type)
        try:
            return plugins.object_type(type_name)
        except PluginError:
            # Its interface isn't installed either, and raises that error when used.
            if type_name in FOREIGN:
                return FOREIGN[type_name]
            raise

    def forget(self) -> None:
        """Drop the objects."""
        self._made.clear()

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and self._tables.table(self._store.name, name) is not None
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables.table_names(self._store.name))

    def __len__(self) -> int:
        return len(self._tables.table_names(self._store.name))

    def __repr__(self) -> str:
        return f"<tables of {self._store.name!r} in AWS Glue>"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": {}}
