"""The base of the synchronous and asynchronous API: a catalog, name resolution, and the preparation of calls."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from attrs import evolve

from dao.data_object import DataObject, DirectoryObject, FileObject
from dao.data_store import DataStore, DataStoreRegistry
from dao.display import even_half_made, table_of
from dao.errors import ConfigError, DaoError, DataError, NoRouteError, did_you_mean
from dao.interface import ACTIONS, InterfaceSpec

if TYPE_CHECKING:
    from dao._core.execute import Executor
    from dao._core.increments import IncrementalCopy
    from dao._core.routing.explain import Explanation
    from dao._core.taking import Taking
    from dao._core.transfer import Transfer
    from dao.capabilities import Capabilities
    from dao.catalog import Catalog
    from dao.memory import Budget
    from dao.plugins import Plugins
    from dao.progress import Listener

    Source = str | os.PathLike[str] | Mapping[str, Any] | Catalog

__all__ = ["Access", "Named"]

Named = DataObject | str
"""An object, or its name in the catalog, ``store.object``."""

_ON_STORES = ("list", "run")
"""The actions whose subject may be a whole store."""


@even_half_made
class Access:
    """A catalog of stores and objects, and the way to them."""

    def __init__(
        self,
        *sources: Source,
        registry: DataStoreRegistry | None = None,
        progress: Listener | bool | None = None,
        plugins: Plugins | None = None,
        untrusted: bool = False,
        allowed_secrets: Iterable[str] = (),
        memory_limit: int | str | None = None,
    ) -> None:
        """Load the catalog; no store is touched.

        Args:
            sources: configs, the base first and overlays after it: paths of JSON, YAML or TOML files, or mappings; and
                catalogs, which are asked for the stores that no config declares, the last one first.
            registry: further stores, added in code by :meth:`DataStoreRegistry.add`: where the names are looked up that
                the catalog doesn't have; by default the default registry. Nothing is added to it here.
            progress: receives progress reports: a callable that takes a :class:`~dao.progress.Progress`, or ``True``
                for a progress bar.
            plugins: where interfaces, object types and hooks come from; by default what is installed.
            untrusted: the configs come from an untrusted author and are restricted: see :class:`~dao.catalog.Catalog`.
            memory_limit: bytes that each call may hold in memory, as a whole number or text such as ``"512 MiB"``; a
                call's own ``memory_limit=`` takes its place. See :mod:`dao.memory` for what is counted.
            allowed_secrets: the references that an untrusted config may have, such as ``"env:API_TOKEN"``.

        Raises:
            DataError: ``plugins`` is no Plugins; ``memory_limit`` is no number of bytes; ``allowed_secrets`` without
                ``untrusted``, or ``untrusted`` with a catalog that is loaded already.
            ConfigError: the config has faults; all of them, each with its path.
        """
        # The modules for calls are imported with the first object, so that importing the class is cheap.
        from dao._core.execute import Executor
        from dao.catalog import load
        from dao.plugins import Plugins, default_plugins

        if plugins is not None and not isinstance(plugins, Plugins):
            kind = type(plugins).__qualname__
            raise DataError(f"plugins: found {kind}, expected a Plugins with what its register() was given")
        self._plugins = plugins or default_plugins()
        self.registry = registry if registry is not None else DataStoreRegistry.default
        self.catalog: Catalog = load(
            sources, plugins=self._plugins, untrusted=untrusted, allowed_secrets=allowed_secrets
        )
        self._own_registry = registry is not None
        self._progress = progress
        self._budget = _budget_of(memory_limit)
        self._is_plain = progress is None and self._budget is None
        self._executor = Executor(self._plugins)

    @classmethod
    def from_environment(cls, **options: Any) -> Self:
        """Load the catalog that the environment variable ``DAO_CATALOG`` names, as the command ``dao`` does.

        It holds one file or several, the base first, separated as in ``PATH``. Without it the catalog is the working
        directory's ``catalog.yaml``, ``.yml``, ``.json`` or ``.toml``. The ``options`` are as for the constructor.

        Raises:
            ConfigError: there is no catalog, or it has faults.
        """
        from dao.catalog._environment import environment_files

        return cls(*environment_files(f"{cls.__name__}(FILE)"), **options)

    def _resolve(self, name: Named) -> DataObject:
        """Resolve the object of a call.

        Raises:
            ConfigError: no store or no object of that name is declared.
        """
        if isinstance(name, DataObject):
            return name
        if not isinstance(name, str):
            whole = ": name one of its objects" if isinstance(name, DataStore) else ""
            kind = type(name).__qualname__
            raise DataError(f"an object is a DataObject or its name 'store.object', found {kind}{whole}")
        store, dot, identifier = name.partition(".")
        if not dot:
            raise ConfigError(f"objects are named 'store.object', found {name!r}: {self._hint(name)}")
        return self._store(store).object(identifier)

    def _store(self, name: str) -> DataStore:
        found = self.catalog.stores.get(name)
        if found is None and name in self.registry:
            found = self.registry.get(name)
        if found is None:
            raise ConfigError(f"no store {name!r} is declared: {did_you_mean(name, self._store_names())}")
        return found

    def _store_names(self) -> list[str]:
        return [*self.catalog.stores, *self.registry.names()]

    def _hint(self, name: str) -> str:
        if name in self.catalog.stores or name in self.registry:
            objects = ", ".join(map(repr, self._store(name).declared_names[:8]))
            return f"{name!r} is a store, with the objects {objects or 'none'}"
        registered = [f"{store.name}.{found}" for store in self.registry for found in store.declared_names]
        return did_you_mean(name, [*self.catalog.stores.names_at_hand(), *registered])

    def _resolve_place(self, place: Named | DataStore) -> DataObject:
        """An object, or a whole store as the directory at its root."""
        if isinstance(place, str) and "." not in place:
            place = self._store(place)
        if isinstance(place, DataStore):
            return DirectoryObject(place.name, place, key="")
        return self._resolve(place)

    def _named(self, action: str, named: Any, given: Mapping[str, Any]) -> DataObject:
        """The object of a call; an error says which action it is about.

        Raises:
            ConfigError: no store or no object of that name is declared.
            DataError: it is no object, or data and object are swapped.
        """
        try:
            self._refuse_swapped(action, named, given)
            return self._resolve_place(named) if action in _ON_STORES else self._resolve(named)
        except DaoError as error:
            name = named if isinstance(named, str) else None
            error.about(action, name, name.partition(".")[0] if name else None)
            raise

    def _transfer_of(
        self, action: str, source: Named, target: Named, options: Mapping[str, Any]
    ) -> Transfer | IncrementalCopy:
        """How a copy or move will be done."""
        from dao._core.increments import planned

        ends = self._named(action, source, {}), self._named(action, target, {})
        return planned(action, *ends, options, native_async=self._native_async)

    def _taking_of(self, source: Named, target: Named, options: Mapping[str, Any]) -> Taking:
        """What an increment is made of."""
        from dao._core.taking import Taking

        action = "read_increment"
        ends = self._named(action, source, {}), self._named(action, target, {})
        given = {name: value for name, value in options.items() if value is not None}
        try:
            taking = Taking.of(action, *ends, given)
            unknown = next((name for name in given if name != "branch"), None)
            if unknown is not None:
                known = did_you_mean(unknown, ["branch", "columns", "keys", "name", "where"])
                raise NoRouteError(f"takes no {unknown!r}: {known}")
        except DaoError as error:
            error.about(action, ends[0].full_name)
            raise
        return taking

    def _refuse_swapped(self, action: str, named: Any, given: Mapping[str, Any]) -> None:
        data = given.get("data")
        if isinstance(data, DataObject) and isinstance(named, (DataObject, str)):
            raise DataError("the data is an object of a store: copy() takes two objects")
        swapped = isinstance(data, DataObject) or (isinstance(data, str) and self._declares(data))
        if swapped and not (isinstance(named, DataObject) or (isinstance(named, str) and self._declares(named))):
            shown = data.identifier if isinstance(data, DataObject) else repr(data)
            raise DataError(f"the data comes first, then the object: dao.{action}(data, {shown})")

    def _declares(self, name: str) -> bool:
        store, dot, _ = name.partition(".")
        return bool(dot) and (store in self.catalog.stores or store in self.registry)

    def explain(self, action: str, *args: Any, **arguments: Any) -> Explanation:
        """What an action would do, without touching a store.

        Args:
            action: the action's name.
            args: what would be given by position: ``explain("write", df, "gold.delays", mode="overwrite")``.
            arguments: what would be given by name.

        Returns:
            The decision as data; ``print`` it.

        Raises:
            DataError: there is no such action, or the object is missing.
            RoutingError: no single route fits, just as the action itself would say.
            UnsupportedError: the chosen interface declares absent what the call asks for.
        """
        from dao._core.explain import explain

        roles = ACTIONS.get(action) if isinstance(action, str) else None
        if roles is None:
            raise DataError(f"there is no action {action!r}: {did_you_mean(str(action), ACTIONS)}")
        if len(args) > len(roles):
            raise DataError(
                f"{action} takes {len(roles)} arguments by position ({', '.join(roles)}), found {len(args)}"
            )
        given = {**dict(zip(roles, args, strict=False)), **arguments}
        if "source" in given:
            given["data_object"] = given.pop("source")
        missing = [role for role in roles if role not in given]
        if missing:
            raise DataError(f"{action} needs {' and '.join(missing)}")
        given.pop("progress", None)
        budget = self._taken_budget(action, given["data_object"], given)
        data_object = self._named(action, given.pop("data_object"), given)
        if "target" in given:
            given["target"] = self._named(action, given["target"], {})
        given = {name: value for name, value in given.items() if value is not None or name == "data"}
        limited = budget is not self._budget
        found = explain(action, data_object, given, native_async=self._native_async, limited=limited)
        return found if budget is None else evolve(found, memory_limit=budget.limit)

    def capabilities(self, data_object: Named | DataStore, *, dao_interface: str | None = None) -> Capabilities:
        """What the store of an object can't do, without touching it; what isn't named is promised.

        Args:
            data_object: an object, a store, or the name of either.
            dao_interface: this one of the store's interfaces alone; by default all of them together.

        Returns:
            What none of the interfaces can do, each absence with its reason; see :mod:`dao.capabilities`. For a
            :class:`~dao.data_object.FileObject` without what only tables lack.

        Raises:
            ConfigError: no store or no object of that name is declared.
            NoRouteError: the store has no such interface.

        >>> from dao import DataAccessObject
        >>> dao = DataAccessObject({"tmp": {"interface": "memory"}})
        >>> print(dao.capabilities("tmp").absence("read_changes"))
        action read_changes: files keep what is there now
        """
        from dao.capabilities import capabilities_of, combined

        place = self._resolve_place(data_object)
        named = place.data_store.classes  # type: ignore[union-attr]  # a resolved object is in a store
        kinds = [(name, kind) for name, kind in named if dao_interface in (None, name, getattr(kind, "__name__", None))]
        if not kinds:
            known = did_you_mean(str(dao_interface), [name for name, _ in named])
            raise NoRouteError(f"the store of {place.full_name!r} has no interface {dao_interface!r}: {known}")
        found = combined([capabilities_of(kind) for _, kind in kinds if isinstance(kind, type)])
        return found.of_files() if isinstance(place, FileObject) else found

    _native_async = False

    def _listener(self, progress: Listener | bool | None) -> Listener | None:
        wanted = self._progress if progress is None else progress
        if not (wanted is None or isinstance(wanted, bool) or callable(wanted)):
            raise DataError(f"progress: found {type(wanted).__qualname__}, expected True, False or a function")
        if not isinstance(wanted, bool):
            return wanted
        if not wanted:
            return None
        from dao._display_progress import progress_bar

        return progress_bar()

    def _taken_budget(self, action: str, named: Any, options: dict[str, Any]) -> Budget | None:
        """The budget of a call, taken out of its arguments: no interface needs a parameter for it.

        Raises:
            DataError: ``memory_limit`` is no number of bytes.
        """
        limit = options.pop("memory_limit", None)
        if limit is None:
            return self._budget
        try:
            return _budget_of(limit)
        except DaoError as error:
            error.about(action, named if isinstance(named, str) else getattr(named, "full_name", None))
            raise

    def _executor_for(self, budget: Budget | None) -> Executor:
        """The executor of a call: a limit that the call was given itself must not be ignored by its interface."""
        if budget is self._budget:
            return self._executor
        from dao._core.execute import Executor

        return Executor(self._plugins, limited=True)

    def _close(self) -> None:
        for store in self.catalog.stores.at_hand():
            store.close()
        if self._own_registry:
            for store in self.registry:
                store.close()

    def __getstate__(self) -> dict[str, Any]:
        own = self.registry if self._own_registry else None
        limit = self._budget and self._budget.limit
        return {"catalog": self.catalog, "registry": own, "progress": self._progress, "memory_limit": limit}

    def __setstate__(self, state: dict[str, Any]) -> None:
        catalog = state.pop("catalog")
        self.__init__(**state)  # type: ignore[misc]
        self.catalog = catalog

    def __repr__(self) -> str:
        return f"{type(self).__name__}(stores={list(self._specs_at_hand())})"

    def _repr_html_(self) -> str:
        rows = [(name, ", ".join(spec.name for spec in specs)) for name, specs in self._specs_at_hand().items()]
        return table_of(["store", "interfaces"], rows, type(self).__name__).html()

    def _specs_at_hand(self) -> dict[str, Sequence[InterfaceSpec]]:
        """The interfaces by store, in look-up order; creates no store and queries no service."""
        found = self.catalog.stores.specs_at_hand()
        return {**found, **{store.name: store.specs for store in self.registry if store.name not in found}}


def _budget_of(limit: int | str | None) -> Budget | None:
    if limit is None:
        return None
    from dao.memory import Budget

    return Budget.of(limit)
