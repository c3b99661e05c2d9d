"""Data stores, and the registry that finds them by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from threading import RLock
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, Self, TypeVar

from dao.data_object import DataObject
from dao.display import even_half_made, table_of
from dao.errors import ConfigError, Fault, PluginError, did_you_mean
from dao.interface import InterfaceSpec

if TYPE_CHECKING:
    from dao.plugins import Plugins

__all__ = ["DataStore", "DataStoreRegistry"]


@even_half_made
class DataStore:
    """A logical home for data: a folder, a bucket or prefix, a lakehouse location, a database schema.

    A store has one primary interface and any number of further ones. They are built when they are first used; a
    store can be made, listed and explained without its driver. Safe between threads. A pickled store carries how its
    interfaces are configured, not their connections, and no secret.

    Args:
        name: the name that pipelines call it by; it has no dot.
        interface: the primary interface: a registered name (``"local"``), ``"module:Class"``, a class, an instance
            or an :class:`~dao.interface.InterfaceSpec`.
        options: the primary interface's configuration, by field.
        secondary_interfaces: further interfaces, in the order in which they are tried.
        properties: what all of its objects have in common; visible on each of them.
        objects: its declared objects by name, or a mapping that makes them when they are looked up.
        plugins: where registered names are looked up; by default what is installed.

    Raises:
        ConfigError: the name is empty or has a dot; an instance holds plain text in a field of the type ``Secret``; or
            the properties have a ``key``, which no two objects share, or a ``type``, which is the class of an object.

    >>> class Constant:
    ...     def read(self, data_object):
    ...         return 42
    >>> DataStore("answers", interface=Constant())
    DataStore('answers', interfaces=['Constant'])
    """

    def __init__(
        self,
        name: str,
        interface: str | type | InterfaceSpec | object | None = None,
        *,
        options: Mapping[str, Any] | None = None,
        secondary_interfaces: Iterable[str | type | InterfaceSpec | object] = (),
        properties: Mapping[str, Any] | None = None,
        objects: Mapping[str, DataObject] | None = None,
        plugins: Plugins | None = None,
    ) -> None:
        if not isinstance(name, str) or not name or "." in name:
            raise ConfigError(f"a store's name is a non-empty str without dots, found {name!r}")
        if "key" in (properties or {}):
            raise ConfigError(
                "a key is one object's place, so no property of a store: 'prefix' and 'suffix' can be shared"
            )
        if "type" in (properties or {}):
            raise ConfigError(
                "'type' is what a catalog makes objects of; in code an object's class is its type: "
                f"TableObject('flights', DataStore({name!r}, ...))"
            )
        self.name = name
        self.properties: Mapping[str, Any] = MappingProxyType(dict(properties or {}))
        self._objects: Mapping[str, DataObject] = objects if objects is not None else {}
        self._plugins = plugins
        self._lock = RLock()
        first = () if interface is None else (_spec(interface, options or {}),)
        self.specs: tuple[InterfaceSpec, ...] = (*first, *(_spec(other, {}) for other in secondary_interfaces))
        self._built: dict[int, Any] = {}
        self._classes: tuple[tuple[str, type | PluginError], ...] | None = None
        self.routes: object | None = None
        """The compiled routes of this store's interfaces, cached here for one-step look-up."""

    def set_interface_class(self, interface: str | type | object, **configs: Any) -> None:
        """Replace the primary interface; the secondary ones stay.

        Args:
            interface: as for the constructor.
            configs: its configuration, by field.
        """
        with self._lock:
            self.close()
            self.specs = (_spec(interface, configs), *self.specs[1:])
            self._classes = self.routes = None

    @property
    def classes(self) -> tuple[tuple[str, type | PluginError], ...]:
        """Name and class of each interface, in order; imports them, builds none.

        A secondary interface that can't be loaded here is listed with its error, which is raised only if that one is
        used: the others still work.

        Raises:
            PluginError: the primary interface's plugin is missing or broken.
            ConfigError: the store has no interface.
        """
        found = self._classes
        if found is None:
            if not self.specs:
                raise ConfigError(
                    f"store {self.name!r} has no interface: name one, such as DataStore({self.name!r}, 'local')"
                )
            primary, *further = self.specs
            first = (primary.name, self._class_of(primary))
            found = self._classes = (first, *((spec.name, self._class_or_error(spec)) for spec in further))
            self.specs = tuple(map(_guarded, self.specs, [kind for _, kind in found]))
        return found

    def _class_or_error(self, spec: InterfaceSpec) -> type | PluginError:
        try:
            return self._class_of(spec)
        except PluginError as error:
            return error

    def _class_of(self, spec: InterfaceSpec) -> type:
        from dao.plugins import default_plugins
        from dao.plugins._plugins import load_interface

        if spec.target is None:
            return (self._plugins or default_plugins()).interface_class(spec.name)
        if isinstance(spec.target, str):
            return load_interface(spec.target)
        return spec.target if isinstance(spec.target, type) else type(spec.target)

    @property
    def interface(self) -> Any:
        """The primary interface, built now if it was not used yet.

        Raises:
            PluginError: its plugin is missing or broken.
            ConfigError: its options are wrong; all faults at once.
        """
        return self.built(0)

    def built(self, position: int) -> Any:
        """The interface at a position, built on its first use; 0 is the primary."""
        found = self._built.get(position)
        return found if found is not None else self._build(position)

    def _build(self, position: int) -> Any:
        with self._lock:
            if position not in self._built:
                kind = self.classes[position][1]
                if isinstance(kind, PluginError):
                    raise kind
                spec = self.specs[position]
                if spec.target is not None and not isinstance(spec.target, (str, type)):
                    self._built[position] = spec.target
                else:
                    from dao.options import build

                    options = _own_options(kind, spec.options) if spec.shared else spec.options
                    self._built[position] = build(kind, options, spec.path or self.name, spec.folders)
            return self._built[position]

    def name_of(self, interface: object) -> str | None:
        """The name of an interface that the store built; None for any other."""
        return next((self.specs[at].name for at, made in self._built.items() if made is interface), None)

    @property
    def objects(self) -> Mapping[str, DataObject]:
        """The declared objects by name. Name patterns are not among them; a name that fits one can be looked up."""
        return MappingProxyType(self._objects) if isinstance(self._objects, dict) else self._objects

    @property
    def declared_names(self) -> list[str]:
        """The names of the declared objects, and the name patterns, such as ``sales_{region}``."""
        return [*self._objects, *(pattern.text for pattern in getattr(self._objects, "patterns", ()))]

    def object(self, name: str) -> DataObject:
        """The declared object of a name.

        Raises:
            ConfigError: none is declared, with the nearest names.
        """
        try:
            return self._objects[name]
        except KeyError:
            hint = did_you_mean(name, self.declared_names)
            raise ConfigError([Fault("", f"store {self.name!r} declares no object {name!r}: {hint}")]) from None

    def close(self) -> None:
        """Close all open interfaces. The store may be used again: it then reopens them."""
        with self._lock:
            for position, interface in list(self._built.items()):
                if (close := getattr(interface, "close", None)) is not None:
                    close()
                if not getattr(type(interface), "carries_state", False):
                    del self._built[position]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        from dao.secrets import guarded

        kept = {at: made for at, made in self._built.items() if getattr(type(made), "carries_state", False)}
        # The declared objects point back at their store, so they travel with it.
        left_out = {"_lock": None, "_classes": None, "routes": None, "_plugins": None}
        # Only the classes know which options are secrets, as far as they can be loaded here.
        specs = tuple(_guarded(spec, self._class_or_error(spec)) for spec in self.specs)
        return {**self.__dict__, **left_out, "specs": specs, "_built": kept, "properties": guarded({**self.properties})}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=RLock(), properties=MappingProxyType(state["properties"]))

    def __repr__(self) -> str:
        return f"DataStore({self.name!r}, interfaces={[spec.name for spec in self.specs]})"

    def _repr_html_(self) -> str:
        rows = [("interfaces", ", ".join(spec.name for spec in self.specs)), ("objects", len(self._objects))]
        return table_of(["", ""], rows, f"DataStore {self.name}").html()


def _spec(interface: str | type | InterfaceSpec | object, options: Mapping[str, Any]) -> InterfaceSpec:
    instance = interface.target if isinstance(interface, InterfaceSpec) else interface
    if instance is not None and not isinstance(instance, (str, type)):
        from dao.options._instances import check_instance

        check_instance(instance)
    if isinstance(interface, InterfaceSpec):
        return interface
    folders: dict[str, str] = {}
    if options:
        from dao.options._places import working_folder

        folders[""] = working_folder()  # relative paths stay relative to the original folder
    if isinstance(interface, str):
        target = interface if ":" in interface else None
        return InterfaceSpec(interface.rpartition(":")[2], target, dict(options), folders=folders)
    if isinstance(interface, type):
        return InterfaceSpec(interface.__name__, interface, dict(options), folders=folders).guarded(interface)
    if options:
        raise ConfigError(f"options are given with an interface that is built already: {', '.join(options)}")
    return InterfaceSpec(type(interface).__name__, interface)


def _guarded(spec: InterfaceSpec, kind: type | PluginError) -> InterfaceSpec:
    return spec.guarded(kind if isinstance(kind, type) else None)


def _own_options(kind: type, options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the primary interface's options that this interface has as well."""
    own = inspect.signature(kind).parameters
    return {name: value for name, value in options.items() if name in own}


_Args = ParamSpec("_Args")
_Result = TypeVar("_Result")


class _OnClassOrInstance(Generic[_Args, _Result]):
    """A method that called on the class works on the default registry, and on an instance on that instance."""

    def __init__(self, method: Callable[Concatenate[Any, _Args], _Result]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __get__(self, instance: DataStoreRegistry | None, owner: type[DataStoreRegistry]) -> Callable[_Args, _Result]:
        return partial(self._method, instance if instance is not None else owner.default)


@even_half_made
class DataStoreRegistry:
    """Stores by name. Safe between threads.

    An instance is a separate registry. The methods called on the class itself work on the default registry, where a
    :class:`~dao._core.dao.DataAccessObject` that is given no other finds the stores that its catalog doesn't have. It
    holds what was added to it on purpose: no catalog adds its stores.

    >>> mine = DataStoreRegistry()
    >>> mine.add(DataStore("bronze", "memory"))
    DataStore('bronze', interfaces=['memory'])
    >>> mine.names()
    ['bronze']
    """

    default: ClassVar[DataStoreRegistry]

    def __init__(self, stores: Iterable[DataStore] = ()) -> None:
        self._stores: dict[str, DataStore] = {store.name: store for store in stores}

    @_OnClassOrInstance
    def get(self, name: str) -> DataStore:
        """The store of a name.

        Raises:
            ConfigError: no such store (the error lists the nearest names).
        """
        try:
            return self._stores[name]
        except KeyError:
            raise ConfigError(f"no store {name!r} is registered: {did_you_mean(name, self._stores)}") from None

    @_OnClassOrInstance
    def add(self, store: DataStore) -> DataStore:
        """Register a store, replacing an older one of that name, and return it."""
        self._stores[store.name] = store
        return store

    @_OnClassOrInstance
    def remove(self, name: str) -> None:
        """Remove a store; no effect if there is none of that name."""
        self._stores.pop(name, None)

    @_OnClassOrInstance
    def names(self) -> list[str]:
        """The names of the registered stores, in order of registration."""
        return list(self._stores)

    @_OnClassOrInstance
    def clear(self) -> None:
        """Remove all stores."""
        self._stores.clear()

    def __contains__(self, name: object) -> bool:
        return name in self._stores

    def __iter__(self) -> Iterator[DataStore]:
        return iter(list(self._stores.values()))

    def __len__(self) -> int:
        return len(self._stores)

    def __repr__(self) -> str:
        return f"DataStoreRegistry({list(self._stores)})"

    def _repr_html_(self) -> str:
        rows = [(store.name, ", ".join(spec.name for spec in store.specs)) for store in self]
        return table_of(["store", "interfaces"], rows, "DataStoreRegistry").html()


DataStoreRegistry.default = DataStoreRegistry()
