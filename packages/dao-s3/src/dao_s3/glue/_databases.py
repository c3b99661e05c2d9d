"""Glue's databases as the stores of a catalog: looked up one by one, with an expiring cache."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from dao.catalog import StoreSource
from dao.data_store import DataStore
from dao.display import even_half_made
from dao.errors import NotFoundError
from dao.plugins import Plugins, default_plugins
from dao_s3.glue._cache import Cache
from dao_s3.glue._database import DatabaseStore
from dao_s3.glue._interfaces import Interfaces
from dao_s3.glue._requests import GlueRequests
from dao_s3.glue._table import GlueTable
from dao_s3.glue._translator import GlueTranslator

__all__ = ["GlueDatabases"]

_GLOB = re.compile(r"[*?\[]")


@even_half_made
class GlueDatabases(StoreSource):
    """See :class:`~dao_s3.glue.GlueCatalog`, whose stores these are.

    Args:
        requests: sends requests to Glue.
        translator: converts tables to objects.
        interfaces: creates the stores' interfaces.
        only: names or globs of the databases to include; all if empty.
        seconds: how long responses are cached; None: until :meth:`refresh`.
        plugins: where interfaces and object types are looked up.
    """

    def __init__(
        self,
        requests: GlueRequests,
        translator: GlueTranslator,
        interfaces: Interfaces,
        *,
        only: Sequence[str] = (),
        seconds: float | None = None,
        plugins: Plugins | None = None,
    ) -> None:
        self._requests = requests
        self._translator = translator
        self._interfaces = interfaces
        self._only = tuple(only)
        self._plugins = plugins
        self._databases: Cache[str, Mapping[str, Any]] = Cache(seconds)
        self._names: Cache[None, tuple[str, ...]] = Cache(seconds)
        self._tables: Cache[tuple[str, str], GlueTable] = Cache(seconds)
        self._table_names: Cache[str, tuple[str, ...]] = Cache(seconds)
        self._stores: dict[str, DatabaseStore] = {}

    @property
    def label(self) -> str:
        parts = ["AWS Glue", self._requests.connection.region or "", self._requests.catalog_id or ""]
        return " ".join(filter(None, parts))

    def at_hand(self) -> Sequence[DataStore]:
        return list(self._stores.values())

    def __getitem__(self, name: str) -> DataStore:
        if not isinstance(name, str) or not self._counts(name):
            raise KeyError(name)
        record = self._databases.get(name, lambda: self._requests.database(name))
        location = record.get("LocationUri") or ""
        store = self._stores.get(name)
        if store is None:
            return self._stores.setdefault(name, self._store(name, location, record))
        if store.location != location:
            store = self._stores[name] = self._store(name, location, record)
        return store

    def _counts(self, name: str) -> bool:
        # A name with a dot would be ambiguous with 'store.object'.
        named = bool(name) and "." not in name
        return named and (not self._only or any(fnmatchcase(name, pattern) for pattern in self._only))

    def _store(self, name: str, location: str, record: Mapping[str, Any]) -> DatabaseStore:
        return DatabaseStore(
            name,
            location,
            self,
            self._translator,
            self._interfaces,
            description=record.get("Description") or "",
            plugins=self._plugins,
        )

    def __iter__(self) -> Iterator[str]:
        if self._only and not any(map(_GLOB.search, self._only)):
            # Users who name databases may lack the permission to list all.
            return iter([name for name in dict.fromkeys(self._only) if name in self])
        return iter(self._names.get(None, self._fetch_names))

    def _fetch_names(self) -> tuple[str, ...]:
        drops = self._databases.drops
        found: dict[str, None] = {}
        for record in self._requests.databases():
            if self._counts(record["Name"]):
                found[record["Name"]] = None
                self._databases.put(record["Name"], record, drops)
        return tuple(found)

    def table(self, database: str, name: str) -> GlueTable:
        """Glue's record of a table.

        Raises:
            KeyError: no such table.
            StoreError: Glue could not be queried.
        """
        if not isinstance(name, str) or not name:
            raise KeyError(name)
        return self._tables.get(
            (database, name), lambda: self._made(database, name, self._requests.table(database, name))
        )

    def _made(self, database: str, name: str, raw: Mapping[str, Any]) -> GlueTable:
        return GlueTable(database, name, raw, (self._plugins or default_plugins()).table_format_names)

    def table_names(self, database: str) -> tuple[str, ...]:
        """The names of the tables of a database.

        Raises:
            NotFoundError: there is no such database any more.
            StoreError: Glue could not be queried.
        """
        return self._table_names.get(database, lambda: self._fetch_tables(database))

    def _fetch_tables(self, database: str) -> tuple[str, ...]:
        drops = self._tables.drops
        found: dict[str, None] = {}
        try:
            for raw in self._requests.tables(database):
                table = self._made(database, raw["Name"], raw)
                found[table.name] = None
                if not table.is_link:  # a list has the link, a look-up its target
                    self._tables.put((database, table.name), table, drops)
        except KeyError:
            raise NotFoundError(f"Glue has no database {database!r} any more") from None
        return tuple(found)

    def refresh(self, database: str | None = None, table: str | None = None) -> None:
        """Drop cached responses: all, those of one database and its tables, or of one table."""
        if table is not None:
            self._tables.drop(lambda key: key == (database, table))
            self._table_names.drop(lambda key: key == database)
            return
        self._names.drop(lambda _: True)
        self._databases.drop(lambda name: database in (None, name))
        self._tables.drop(lambda key: database in (None, key[0]))
        self._table_names.drop(lambda name: database in (None, name))
        for name, store in list(self._stores.items()):
            if database in (None, name):
                store.forget()

    def close(self) -> None:
        """Close the connections to Glue; the next request opens new ones."""
        self._requests.close()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_stores": {}, "_plugins": None}
