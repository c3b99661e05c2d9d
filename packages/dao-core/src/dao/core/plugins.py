"""Which plugins there are, and what they bring. One broken plugin is one broken plugin.

Plugins are found by entry points of the group ``dao``, each aiming at a small module that implements
:mod:`dao.hookspecs`. Each is loaded in a ``try`` of its own: the error of a broken one is kept, and raised only when
someone asks for what it would have brought.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from importlib import import_module
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.errors import PluginError, did_you_mean
from dao.secrets import register_scheme_source

if TYPE_CHECKING:
    from pluggy import PluginManager

__all__ = ["Plugins", "default_plugins", "load_class"]

_OWN_TYPES: Mapping[str, type[DataObject]] = MappingProxyType(
    {kind.type_name: kind for kind in (DataObject, FileObject, DirectoryObject, TableObject)}
)


@frozen
class _Brought:
    """What the plugins bring under one kind of name: the value, and which plugin brings it."""

    values: dict[str, Any] = field(factory=dict)
    owners: dict[str, list[str]] = field(factory=dict)

    def add(self, plugin: str, found: Mapping[str, Any]) -> None:
        for name, value in found.items():
            self.values.setdefault(name, value)
            self.owners.setdefault(name, []).append(plugin)


class Plugins:
    """The plugins of this environment, found when they are first asked for.

    Args:
        discover: look for entry points; without it only what :meth:`register` was given is there.
    """

    def __init__(self, *, discover: bool = True) -> None:
        self._discover = discover
        self._added: list[tuple[str, object]] = []
        self._lock = RLock()
        self.broken: dict[str, Exception] = {}

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin that no entry point names, for instance in a test or in a script.

        Raises:
            PluginError: a hook of it doesn't have the right parameters.
        """
        with self._lock:
            self._added.append((name, plugin))
            self._forget()
            self._manager  # noqa: B018  (loads it now, so that its error comes here)
            if name in self.broken:
                self._added.pop()
                error = self.broken.pop(name)
                self._forget()
                raise PluginError(f"plugin {name!r} can't be registered: {error}") from error

    def _forget(self) -> None:
        for name in ("_manager", "_interfaces", "_object_types", "secret_schemes", "has_action_hooks"):
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
            for point in points:
                self._load(manager, point.name, point.load)
            for name, plugin in self._added:
                self._load(manager, name, lambda plugin=plugin: plugin)  # type: ignore[misc]
        return manager

    def _load(self, manager: PluginManager, name: str, load: Callable[[], object]) -> None:
        try:
            manager.register(load(), name)
        except Exception as error:  # whatever is wrong with one plugin is kept for whoever asks for it
            self.broken[name] = error

    def _brought(self, hook: str) -> _Brought:
        brought = _Brought()
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            try:
                brought.add(implementation.plugin_name, implementation.function())
            except Exception as error:  # as above
                self.broken[implementation.plugin_name] = error
        return brought

    @cached_property
    def _interfaces(self) -> _Brought:
        return self._brought("dao_interfaces")

    @cached_property
    def _object_types(self) -> _Brought:
        return self._brought("dao_object_types")

    @cached_property
    def secret_schemes(self) -> Mapping[str, Callable[[str], str]]:
        """Resolvers of secrets by scheme."""
        return MappingProxyType(self._brought("dao_secret_schemes").values)

    @cached_property
    def has_action_hooks(self) -> bool:
        """Whether any plugin wants to hear of actions; without one they cost nothing."""
        hook = self._manager.hook
        return any(
            getattr(hook, name).get_hookimpls() for name in ("dao_before_action", "dao_after_action", "dao_on_failure")
        )

    @property
    def hook(self) -> Any:
        """Pluggy's callers, to call ``dao_before_action`` and its like."""
        return self._manager.hook

    @property
    def names(self) -> list[str]:
        """The names of the plugins that were found, the broken ones among them."""
        return sorted({*(name for name, _ in self._manager.list_name_plugin()), *self.broken})

    @property
    def interface_names(self) -> list[str]:
        """The names that a config's ``interface`` may have here."""
        return sorted(self._interfaces.values)

    @property
    def object_type_names(self) -> list[str]:
        """The names that a catalog's ``type`` may have here."""
        return sorted({*_OWN_TYPES, *self._object_types.values})

    def interface_class(self, name: str) -> type:
        """The class registered under a name, imported now.

        Raises:
            PluginError: no plugin registers it (with the command that would install one), two do, or its module
                can't be imported.
        """
        return self._class(self._interfaces, name, "interface")

    def object_type(self, name: str) -> type[DataObject]:
        """The object type registered under a name, imported now.

        Raises:
            PluginError: as for :meth:`interface_class`.
        """
        own = _OWN_TYPES.get(name)
        if own is not None:
            return own
        kind = self._class(self._object_types, name, "object type")
        if not issubclass(kind, DataObject):
            raise PluginError(f"object type {name!r} is {kind.__qualname__}, which is no subclass of DataObject")
        return kind

    def _class(self, brought: _Brought, name: str, what: str) -> type:
        owners = brought.owners.get(name, [])
        if len(owners) > 1:
            raise PluginError(
                f"{what} {name!r} is registered by {len(owners)} plugins: {', '.join(owners)}; remove one"
            )
        if not owners:
            raise self._missing(name, what, brought)
        try:
            return load_class(brought.values[name])
        except PluginError as error:
            raise PluginError(f"{what} {name!r} of plugin {owners[0]!r} can't be used: {error}") from error

    def _missing(self, name: str, what: str, brought: _Brought) -> PluginError:
        backend = name.split(".")[0]
        if backend in self.broken:
            error = PluginError(
                f"plugin {backend!r}, which should bring {what} {name!r}, is broken: {self.broken[backend]!r}"
            )
            error.__cause__ = self.broken[backend]
            return error
        installable = re.fullmatch(r"[a-z][a-z0-9_-]*", backend)
        install = f"; if it is a backend that is not installed here: pip install dao-{backend}" if installable else ""
        return PluginError(f"no plugin registers {what} {name!r} ({did_you_mean(name, brought.values)}){install}")


def load_class(path: str) -> type:
    """Import the class that ``"module:Class"`` names.

    Raises:
        PluginError: the module can't be imported, or has no such class; the cause is kept.
    """
    module_name, _, class_name = path.partition(":")
    try:
        module = import_module(module_name)
    except Exception as error:  # an import may fail in any way: a missing driver, a syntax error, a wrong version
        raise PluginError(
            f"can't import {module_name!r}: {type(error).__name__}: {error}{_install_hint(error)}"
        ) from error
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        classes = [name for name, value in vars(module).items() if isinstance(value, type)]
        raise PluginError(f"module {module_name!r} has no class {class_name!r}: {did_you_mean(class_name, classes)}")
    return found


def _install_hint(error: Exception) -> str:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return (
        f"; if {missing!r} is a package that is not installed here: pip install {missing.split('.')[0]}"
        if missing
        else ""
    )


@lru_cache(maxsize=1)
def default_plugins() -> Plugins:
    """The plugins that stores use when they are given no others."""
    return Plugins()


# Whoever resolves a reference may have imported no more than a store, for instance where one was unpickled.
register_scheme_source(lambda: default_plugins().secret_schemes)
