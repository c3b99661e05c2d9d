"""Finds plugins and what they register. A broken plugin affects nothing else.

Plugins are found by entry points of the group ``dao``, each aiming at a small module that implements
:mod:`dao.hookspecs`. Each is loaded in a ``try`` of its own: the error of a broken one is kept, and raised only when
one of its names is used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache, partial
from importlib import import_module
from threading import RLock
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from dao.display import TableView, even_half_made, table_of
from dao.errors import ConfigError, PluginError, did_you_mean
from dao.interface import TableFormat, is_interface
from dao.plugins._brought import FORMATS, INTERFACES, OWN_TYPES, SCHEMES, TYPES, Brought, Kind
from dao.plugins._enabling import enabled_names, enabled_points
from dao.plugins._registration import check_hooks, check_new
from dao.secrets import register_scheme_source

if TYPE_CHECKING:
    from pluggy import PluginManager

__all__ = ["Plugins", "default_plugins", "load_class", "load_interface"]

_ACTION_HOOKS = ("dao_before_action", "dao_after_action", "dao_after_stream", "dao_on_failure")

_PUBLISHED: Mapping[str, str] = MappingProxyType(
    {"local": "'dao-core[files]'", "memory": "'dao-core[files]'", "s3": "dao-s3"}
)
"""The backends whose distributions are known to exist: messages never suggest to install a guessed name."""


@even_half_made
class Plugins:
    """The plugins of this environment, found when they are first asked for.

    Args:
        discover: look for entry points; without it only what :meth:`register` was given is there.
        enable: plugins that are installed and off, ``otel`` and ``lineage`` among them, to be turned on; by default
            those that ``DAO_ENABLE`` in the environment names, with commas between them.

    Raises:
        PluginError: one to be enabled isn't there, or can't be used.
    """

    def __init__(self, *, discover: bool = True, enable: Iterable[str] | None = None) -> None:
        self._discover = discover
        self._enabled = enabled_names(enable) if discover or enable is not None else ()
        self._added: list[tuple[str, object]] = []
        self._lock = RLock()
        self._repeated: list[str] = []
        self.broken: dict[str, Exception] = {}
        """The plugins that can't be used, each with its error; all are known once :attr:`names` was looked at."""
        if self._enabled:
            self._manager  # noqa: B018  (loads them now: what was asked for is there or is an error)
            for name in self._enabled:
                if name in self.broken:
                    raise PluginError(f"plugin {name!r} can't be enabled: {self.broken[name]}") from self.broken[name]

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin that no entry point names, for instance in a test or in a script.

        Args:
            plugin: an object or a module with hooks, see :mod:`dao.hookspecs`. A class is not: give an instance.
            name: what messages call it.

        Raises:
            PluginError: it has no hook, or one that would never be called: of no such name, with wrong parameters,
                asynchronous, without ``@hookimpl``; or the name is taken, or it is registered already.
        """
        with self._lock:
            try:
                check_new(name, plugin, dict(self._manager.list_name_plugin()))
                check_hooks(plugin)
            except PluginError as error:
                raise PluginError(f"plugin {name!r} can't be registered: {error}") from None
            self._added.append((name, plugin))
            self._forget()
            self._manager  # noqa: B018  (loads it now, so that its error comes here)
            if name in self.broken:
                self._added.pop()
                cause = self.broken.pop(name)
                self._forget()
                raise PluginError(f"plugin {name!r} can't be registered: {cause}") from cause

    def _forget(self) -> None:
        self._repeated.clear()
        for name in (
            *("_manager", "_interfaces", "_object_types", "_schemes", "_formats"),
            *("secret_schemes", "has_action_hooks", "_format_modules"),
        ):
            self.__dict__.pop(name, None)

    @cached_property
    def _manager(self) -> PluginManager:
        from importlib.metadata import entry_points

        from pluggy import PluginManager

        from dao import hookspecs

        manager = PluginManager("dao")
        manager.add_hookspecs(hookspecs)
        with self._lock:
            points = entry_points(group="dao") if self._discover else ()
            for point in (*points, *(enabled_points(self._enabled) if self._enabled else ())):
                if manager.has_plugin(point.name):
                    self._repeated.append(point.name)
                else:
                    self._load(manager, point.name, point.load)
            for name, plugin in self._added:
                self._load(manager, name, lambda plugin=plugin: plugin)  # type: ignore[misc]
        return manager

    def _load(self, manager: PluginManager, name: str, load: Callable[[], object]) -> None:
        try:
            plugin = load()
            check_hooks(plugin)
            manager.register(plugin, name)
        except (Exception, SystemExit) as error:  # kept, and raised when one of the plugin's names is used
            self.broken[name] = error if isinstance(error, Exception) else PluginError("it ends the process")

    def _brought(self, kind: Kind) -> Brought:
        brought = Brought(kind)
        for implementation in getattr(self._manager.hook, kind.hook).get_hookimpls():
            try:
                brought.add(implementation.plugin_name, implementation.function())
            except Exception as error:  # as above
                self.broken[implementation.plugin_name] = error
        return brought

    @cached_property
    def _interfaces(self) -> Brought:
        return self._brought(INTERFACES)

    @cached_property
    def _object_types(self) -> Brought:
        return self._brought(TYPES)

    @cached_property
    def _schemes(self) -> Brought:
        return self._brought(SCHEMES)

    @cached_property
    def _formats(self) -> Brought:
        return self._brought(FORMATS)

    @cached_property
    def secret_schemes(self) -> Mapping[str, Callable[[str], str]]:
        """Resolvers of secrets by scheme. One that two plugins register raises a ConfigError."""
        found = dict(self._schemes.values)
        for name in found:
            if clash := self._schemes.clash(name):
                found[name] = partial(_refuse_scheme, clash)
        return MappingProxyType(found)

    def load_formats(self) -> Mapping[str, Any]:
        """Import the modules that register file formats; returns all formats, see :mod:`dao.file_formats`.

        Raises:
            PluginError: one can't be imported; the cause is kept.
        """
        from dao.file_formats import FORMATS

        for module in self._format_modules:
            _import(module)
        return FORMATS

    @cached_property
    def _format_modules(self) -> tuple[str, ...]:
        found: list[str] = []
        for implementation in self._manager.hook.dao_file_formats.get_hookimpls():
            try:
                found.extend(cast("Sequence[str]", implementation.function()))
            except Exception as error:  # as for interfaces: one broken plugin is one broken plugin
                self.broken[implementation.plugin_name] = error
        return tuple(dict.fromkeys(found))

    @cached_property
    def has_action_hooks(self) -> bool:
        """Whether any plugin has an action hook; without one, hooks cost nothing."""
        hook = self._manager.hook
        return any(getattr(hook, name).get_hookimpls() for name in _ACTION_HOOKS)

    @property
    def hook(self) -> Any:
        """Pluggy's callers, to call ``dao_before_action`` and its like."""
        return self._manager.hook

    @property
    def names(self) -> list[str]:
        """The names of the plugins that were found, the broken ones among them."""
        loaded = [name for name, _ in self._manager.list_name_plugin()]
        for kind in self._kinds():  # only now is it known which of them are broken
            loaded.extend(plugin for owners in kind.owners.values() for plugin in owners)
        return sorted({*loaded, *self.broken})

    def _view(self) -> TableView:
        """What is known without looking for plugins."""
        loaded = [name for name, _ in self._manager.list_name_plugin()] if "_manager" in self.__dict__ else []
        known = dict.fromkeys(sorted({*loaded, *self.broken}), "installed") | dict.fromkeys(self._enabled, "enabled")
        known |= {name: "registered" for name, _ in self._added}
        rows = [(name, "broken" if name in self.broken else how) for name, how in known.items()]
        nothing = "plugins are looked for when they are used" if self._discover else "no plugins"
        return table_of(["plugin", "is"], rows, "Plugins") if rows else table_of([""], [[nothing]], "Plugins")

    def __repr__(self) -> str:
        return self._view().text()

    def _repr_html_(self) -> str:
        return self._view().html()

    def _kinds(self) -> tuple[Brought, Brought, Brought, Brought]:
        return self._interfaces, self._object_types, self._schemes, self._formats

    def brings(self, plugin: str) -> dict[str, tuple[str, ...]]:
        """The names that a plugin brings: ``interfaces``, ``object_types``, ``secret_schemes``, ``table_formats``."""
        found = zip(("interfaces", "object_types", "secret_schemes", "table_formats"), self._kinds(), strict=True)
        return {what: brought.by(plugin) for what, brought in found}

    def clashes_of(self, plugin: str) -> list[str]:
        """What is wrong with the names of a plugin that others bring too: another plugin, or DAO itself."""
        found = [brought.clash(name) for brought in self._kinds() for name in brought.by(plugin)]
        twice = f"plugin {plugin!r} is brought by two distributions, of which one is not used"
        return [*filter(None, found), *([twice] if plugin in self._repeated else [])]

    @property
    def interface_names(self) -> list[str]:
        """The names that a config's ``interface`` may have here."""
        return sorted(self._interfaces.values)

    @property
    def object_type_names(self) -> list[str]:
        """The names that a catalog's ``type`` may have here."""
        return sorted({*OWN_TYPES, *self._object_types.values})

    def interface_class(self, name: str) -> type:
        """The class registered under a name, imported now.

        Raises:
            PluginError: no plugin registers it, two do, its module can't be imported, or it is no interface.
        """
        return self._class(self._interfaces, name, load_interface)

    def object_type(self, name: str) -> type[Any]:
        """The object type registered under a name, a subclass of ``DataObject``, imported now.

        Raises:
            PluginError: as for :meth:`interface_class`.
        """
        if name in OWN_TYPES:
            return _own_type(name)
        kind = self._class(self._object_types, name, load_class)
        if not issubclass(kind, _own_type("object")):
            raise PluginError(f"object type {name!r} is {kind.__qualname__}, which is no subclass of DataObject")
        return kind

    @property
    def table_format_names(self) -> frozenset[str]:
        """The table formats that a plugin reads, by the names that catalog services have for them."""
        return frozenset(self._formats.values)

    def table_format(self, name: str) -> TableFormat | None:
        """What reads the tables of a format; None where no plugin does.

        Raises:
            PluginError: two plugins do.
        """
        if clash := self._formats.clash(name):
            raise PluginError(clash)
        found: TableFormat | None = self._formats.values.get(name)
        return found

    def _class(self, brought: Brought, name: str, load: Callable[[str], type]) -> type:
        if name not in brought.owners:
            raise self._missing(brought, name)
        if clash := brought.clash(name):
            raise PluginError(clash)
        try:
            return load(brought.values[name])
        except PluginError as error:
            owner = brought.owners[name][0]
            raise PluginError(f"{brought.kind.what} {name!r} of plugin {owner!r} can't be used: {error}") from error

    def _missing(self, brought: Brought, name: str) -> PluginError:
        what = f"{brought.kind.what} {name!r}"
        backend = name.split(".")[0]
        # A broken plugin may be the one that registers it.
        suspects = [backend] if backend in self.broken else list(self.broken)
        if suspects:
            reasons = "; ".join(f"plugin {plugin!r} is broken: {self.broken[plugin]!r}" for plugin in suspects)
            which = "which should bring it" if suspects == [backend] else "or one of them may bring it"
            error = PluginError(f"no plugin that works registers {what}, {which}: {reasons}")
            error.__cause__ = self.broken[suspects[0]]
            return error
        published = None if backend in self.names else _PUBLISHED.get(backend)
        install = f"; it comes with a package that is not installed here: pip install {published}" if published else ""
        return PluginError(f"no plugin registers {what} ({did_you_mean(name, brought.values)}){install}")


@cache
def _own_type(name: str) -> type[Any]:
    return load_class(OWN_TYPES[name])


def _refuse_scheme(clash: str, _argument: str) -> str:
    raise ConfigError(clash)


def load_interface(path: str) -> type:
    """Import the interface that ``"module:Class"`` names.

    Raises:
        PluginError: as for :func:`load_class`; or it is no interface, so that no config can have it built: it has no
            method for an action, or is a part of Python.
    """
    package = path.partition(":")[0].partition(".")[0]
    if package in sys.stdlib_module_names:
        raise PluginError(f"{path!r} is no interface: the module {package!r} is a part of Python")
    found = load_class(path)
    if not is_interface(found):
        raise PluginError(f"{path!r} is no interface: it has no method for an action, such as read(self, data_object)")
    return found


def load_class(path: str) -> type:
    """Import the class that ``"module:Class"`` names.

    Raises:
        PluginError: the module can't be imported, or has no such class; the cause is kept.
    """
    module_name, _, class_name = path.partition(":")
    module = _import(module_name)
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        classes = [name for name, value in vars(module).items() if isinstance(value, type)]
        raise PluginError(f"module {module_name!r} has no class {class_name!r}: {did_you_mean(class_name, classes)}")
    return found


def _import(name: str) -> ModuleType:
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:  # a missing driver, a syntax error, a wrong version, a script
        raise PluginError(f"can't import {name!r}: {type(error).__name__}: {error}{_absent(error)}") from error


def _absent(error: BaseException) -> str:
    # Never a command: the name may be a typo, and a package of that name may be anything.
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    return f"; nothing that is installed here brings the module {name!r}" if name else ""


@lru_cache(maxsize=1)
def default_plugins() -> Plugins:
    """The plugins that stores use when they are given no others."""
    return Plugins()


# A process that resolves a reference may have imported only a store, for instance by unpickling one.
register_scheme_source(lambda: default_plugins().secret_schemes, lambda: bool(default_plugins().broken))
