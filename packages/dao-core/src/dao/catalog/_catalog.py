"""The catalog: the named stores and objects of a project."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from threading import RLock
from typing import Any, TypeVar, overload

from dao.catalog._declaration import StoreDeclaration
from dao.catalog._declare import declare
from dao.catalog._objects import ObjectMap, resolve_properties
from dao.catalog._sources import CatalogSource
from dao.catalog._store_source import StoreSource
from dao.catalog._trust import Trust
from dao.data_object import DataObject
from dao.data_store import DataStore
from dao.display import TableView, even_half_made, table_of
from dao.errors import ConfigError, DataError, StoreError, did_you_mean
from dao.interface import InterfaceSpec
from dao.plugins import Plugins, default_plugins

__all__ = ["Catalog", "load"]

T = TypeVar("T")

_STORE_OF_GLOB = re.compile(r"([^.*?\[]+)\.")


@even_half_made
class Catalog:
    """The named stores and objects of a project, from one or several sources.

    A source is a mapping, or the path of a JSON, YAML or TOML file. Later sources override earlier ones: mappings
    are merged, lists and everything else are replaced, ``null`` removes a key; an overlay that changes a store's
    interface also drops the options and further interfaces of the old one. Loading validates the sources against the
    interface classes that can be imported here. The environment and secret files are read when a store or object is
    first used.

    Another catalog, or a :class:`~dao.catalog.StoreSource`, is a source too: it is queried for stores that no
    mapping or file declares; of several, the last one first.

    Immutable, safe between threads. Pickles carry the declarations, but no secrets and no connections.

    Args:
        sources: base first, then overlays; further catalogs anywhere among them.
        plugins: where interfaces and object types are looked up; by default what is installed.
        untrusted: the mappings and files come from an untrusted author: they may name no class, only interfaces that a
            plugin registers, use no reference outside ``allowed_secrets``, and no path outside the folder of their
            file.
        allowed_secrets: the references allowed in untrusted sources, such as ``"env:API_TOKEN"``.

    Raises:
        DataError: ``allowed_secrets`` without ``untrusted``.
        ConfigError: lists every fault of every source, each with its path as the user wrote it, and its file if there
            are several.
        PluginError: a source is YAML and PyYAML is not installed.

    >>> catalog = Catalog({"bronze": {"interface": "memory", "objects": {
    ...     "flights": {"type": "table", "format": "parquet"},
    ...     "sales_{region}": {"type": "file", "prefix": "sales/{region}"}}}})
    >>> catalog["bronze.flights"].format
    'parquet'
    >>> catalog["bronze.sales_emea"].key
    'sales/emea/sales_emea'
    >>> [found.full_name for found in catalog.search("*.fl*")]
    ['bronze.flights']
    """

    def __init__(
        self,
        *sources: CatalogSource | Catalog,
        plugins: Plugins | None = None,
        untrusted: bool = False,
        allowed_secrets: Iterable[str] = (),
    ) -> None:
        trust = Trust.of(untrusted, allowed_secrets)
        self.sources: tuple[str, ...] = tuple(map(_label, sources))
        """What it was loaded from, as messages call it."""
        self._plugins = plugins
        further = [s.stores if isinstance(s, Catalog) else s for s in sources if isinstance(s, (Catalog, StoreSource))]
        self._further: tuple[StoreSource, ...] = tuple(reversed(further))
        declaring = [s for s in sources if not isinstance(s, (Catalog, StoreSource))]
        self._declared, faults = declare(declaring, plugins or default_plugins(), trust)
        self._stores: dict[str, DataStore] = {}
        self.stores: StoreSource = _Stores(self)
        """The stores by name, each created on first use. Iteration also queries further catalogs for their names."""
        self._objects: dict[str, DataObject] = {}
        self._lock = RLock()
        if faults:
            # Raised here so that no frame of the traceback holds the sources' content.
            del sources, declaring
            self._declared = {}
            raise ConfigError(faults, ", ".join(self.sources))

    @property
    def asks(self) -> bool:
        """Whether looking up a name may query a service, because there are further catalogs."""
        return bool(self._further)

    def store(self, name: str) -> DataStore:
        """The store of a name, created on first use.

        Raises:
            ConfigError: no such store (the error lists the nearest names), or a reference in its properties has no
                value.
            StoreError: a further catalog could not be queried.
        """
        found = self._stores.get(name)
        if found is not None:
            return found
        declaration = self._declared.get(name)
        if declaration is None:
            return self._further_store(name)
        with self._lock:
            if name not in self._stores:
                self._stores[name] = self._make(declaration)
            return self._stores[name]

    def _further_store(self, name: str) -> DataStore:
        for source in self._further:
            with suppress(KeyError):
                return source[name]
        raise ConfigError(f"no store {name!r} in the catalog, {did_you_mean(str(name), self._store_names())}")

    def _store_names(self) -> list[str]:
        """The names of all stores, for a hint; further catalogs that fail to list theirs are left out."""
        names = list(self._declared)
        for source in self._further:
            with suppress(StoreError):
                names.extend(source)
        return names

    def _make(self, declared: StoreDeclaration) -> DataStore:
        objects = ObjectMap(declared.objects, declared.patterns, self._plugins, declared.object_type)
        store = DataStore(
            declared.name,
            declared.interfaces[0] if declared.interfaces else None,
            secondary_interfaces=declared.interfaces[1:],
            properties=resolve_properties(declared.properties, f"{declared.name}.properties"),
            objects=objects,
            plugins=self._plugins,
        )
        objects.place(store)
        return store

    def __getitem__(self, full_name: str) -> DataObject:
        """The object of ``"store.object"``: the one declared by that name, else one that matches a name pattern.

        Raises:
            ConfigError: no such object (the error lists the nearest names), two patterns match equally well, or a
                reference in its properties has no value.
            PluginError: the plugin of its type is missing or broken.
            StoreError: a further catalog could not be queried.
        """
        found = self._objects.get(full_name)
        if found is not None:
            return found
        store_name, dot, name = full_name.partition(".")
        store = self.stores.get(store_name) if dot else None
        if store is None:
            raise ConfigError(self._unknown(full_name))
        with suppress(KeyError):
            found = store.objects[name]
        declared = self._declared.get(store_name)
        if found is None:
            hint = did_you_mean(name, store.declared_names)
            raise ConfigError(f"no object {name!r} in store {store_name!r}, {hint}")
        if declared is not None and name in declared.objects:
            self._objects[full_name] = found
        return found

    def _unknown(self, full_name: str) -> str:
        store_name, dot, _ = full_name.partition(".")
        if dot:
            hint = did_you_mean(store_name, self._store_names())
            return f"no store {store_name!r} in the catalog for {full_name!r}, {hint}"
        having = [f"{store}.{full_name}" for store, declared in self._declared.items() if full_name in declared.objects]
        hint = f"did you mean {' or '.join(map(repr, having[:3]))}?" if having else ""
        hint = hint or did_you_mean(full_name, self.stores.names_at_hand())
        return f"an object is called 'store.object', found {full_name!r}; {hint}"

    @overload
    def get(self, full_name: str) -> DataObject | None: ...
    @overload
    def get(self, full_name: str, default: T) -> DataObject | T: ...
    def get(self, full_name: str, default: Any = None) -> Any:
        """Like indexing, but ``default`` if there is no such object."""
        if full_name not in self:
            return default
        return self[full_name]

    def __contains__(self, full_name: object) -> bool:
        if not isinstance(full_name, str):
            return False
        store_name, _, name = full_name.partition(".")
        declared = self._declared.get(store_name)
        if not name:
            return False
        if declared is None:
            store = self.stores.get(store_name)
            return store is not None and name in store.objects
        if "{" not in name and name in declared.objects:
            return True
        return any(pattern.match(name) is not None for pattern in declared.patterns)

    def __iter__(self) -> Iterator[str]:
        """The full names of the declared objects, in order, then those of the further catalogs.

        Name patterns are not among them.
        """
        yield from self._declared_names()
        for store in self.stores:
            if store not in self._declared:
                yield from self._names_in(store)

    def _declared_names(self) -> Iterator[str]:
        for store, declared in self._declared.items():
            for name in declared.objects:
                if not declared.patterns or "{" not in name:
                    yield f"{store}.{name}"

    def _names_in(self, store_name: str) -> Iterator[str]:
        store = self.stores.get(store_name)
        for name in store.objects if store is not None else ():
            yield f"{store_name}.{name}"

    def __len__(self) -> int:
        if self._further:
            return sum(1 for _ in self)
        return sum(len(declared.objects) - len(declared.patterns) for declared in self._declared.values())

    def search(self, pattern: str | re.Pattern[str]) -> list[DataObject]:
        """The objects whose full name matches; name patterns are not included.

        Args:
            pattern: a glob for the whole name, such as ``"silver.*"``, case-sensitive; or a compiled regular
                expression, searched for anywhere in the name. If a glob names its store, no other store is queried.
        """
        regex = re.compile(fnmatch.translate(pattern)) if isinstance(pattern, str) else pattern
        named = _STORE_OF_GLOB.match(pattern) if isinstance(pattern, str) else None
        names = self._names_in(named[1]) if named else self
        return [self[name] for name in names if regex.search(name)]

    def _view(self) -> TableView:
        rows: list[tuple[str, str, int | None, int | None]] = []
        for name, declared in self._declared.items():
            exact = len(declared.objects) - len(declared.patterns)
            interfaces = ", ".join(spec.name for spec in declared.interfaces)
            rows.append((name, interfaces, exact, len(declared.patterns) or None))
        for name, specs in self.stores.specs_at_hand().items():
            if name not in self._declared:
                rows.append((name, ", ".join(spec.name for spec in specs), None, None))
        title = f"Catalog of {', '.join(self.sources)}" if self.sources else "Catalog"
        heads = ["store", "interfaces", "objects", "name patterns"]
        nothing = "stores are asked for when they are used" if self._further else "no stores"
        return table_of(heads, rows, title) if rows else table_of([""], [[nothing]], title)

    def __repr__(self) -> str:
        return self._view().text()

    def _repr_html_(self) -> str:
        return self._view().html()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lock": None, "_plugins": None, "_objects": {}, "_stores": dict(self._stores)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = RLock()


def load(
    sources: Sequence[CatalogSource | Catalog],
    *,
    plugins: Plugins | None = None,
    untrusted: bool = False,
    allowed_secrets: Iterable[str] = (),
) -> Catalog:
    """``Catalog(*sources, ...)`` for a sequence of sources; a catalog that is the only source is returned itself."""
    if len(sources) == 1 and isinstance(sources[0], Catalog):
        if untrusted:
            raise DataError("untrusted: found a catalog that is loaded already; pass it where that catalog is loaded")
        return sources[0]
    return Catalog(*sources, plugins=plugins, untrusted=untrusted, allowed_secrets=allowed_secrets)


def _label(source: CatalogSource | Catalog) -> str:
    if isinstance(source, Catalog):
        return source.stores.label
    if isinstance(source, StoreSource):
        return source.label
    return "dict" if isinstance(source, Mapping) else str(source)


@even_half_made
class _Stores(StoreSource):
    """The stores of a catalog, created on first use."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @property
    def label(self) -> str:
        return ", ".join(self._catalog.sources) or "an empty catalog"

    def at_hand(self) -> list[DataStore]:
        found = dict(self._catalog._stores)
        for source in self._catalog._further:
            for store in source.at_hand():
                found.setdefault(store.name, store)
        return list(found.values())

    def specs_at_hand(self) -> dict[str, Sequence[InterfaceSpec]]:
        found: dict[str, Sequence[InterfaceSpec]] = {n: s.interfaces for n, s in self._catalog._declared.items()}
        found.update({name: store.specs for name, store in self._catalog._stores.items()})
        for source in self._catalog._further:
            found.update({name: specs for name, specs in source.specs_at_hand().items() if name not in found})
        return found

    def names_at_hand(self) -> list[str]:
        names = [f"{store}.{name}" for store, one in self._catalog._declared.items() for name in one.objects]
        return [*names, *(name for source in self._catalog._further for name in source.names_at_hand())]

    def __getitem__(self, name: str) -> DataStore:
        if name in self._catalog._declared:
            return self._catalog.store(name)
        for source in self._catalog._further:
            with suppress(KeyError):
                return source[name]
        raise KeyError(name)

    @overload
    def get(self, name: str, /) -> DataStore | None: ...
    @overload
    def get(self, name: str, /, default: T) -> DataStore | T: ...
    def get(self, name: str, /, default: Any = None) -> Any:
        # Every call by name goes through here, so the usual case is one look-up.
        found = self._catalog._stores.get(name)
        if found is not None:
            return found
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return name in self._catalog._declared or any(name in source for source in self._catalog._further)

    def __iter__(self) -> Iterator[str]:
        seen = dict.fromkeys(self._catalog._declared)
        yield from tuple(seen)
        for source in self._catalog._further:
            for name in source:
                if name not in seen:
                    seen[name] = None
                    yield name

    def __repr__(self) -> str:
        further = [source.label for source in self._catalog._further]
        return f"<stores: {', '.join([*self._catalog._declared, *further])}>"
