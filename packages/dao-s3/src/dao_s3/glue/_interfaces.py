"""Chooses the interface and options of a table's store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from dao.errors import ConfigError, PluginError
from dao.interface import InterfaceSpec, TableFormat
from dao.options import option_types
from dao.plugins import Plugins, default_plugins, load_class
from dao_s3.glue._markers import TABLE_FORMATS

__all__ = ["Interface", "Interfaces"]

Interface = str | type | Mapping[str, Any]
"""A registered name, ``"module:Class"``, a class; or a mapping with one of these as ``interface``, and ``options``."""

_LOGIN = ("profile", "role", "access_key_id", "secret_access_key", "session_token")


@frozen
class Interfaces:
    """Creates interface specs.

    Attributes:
        plain: the interface of plain tables.
        by_type: interfaces of other types, by type name. For table formats the default is the interface that a plugin
            registers (``dao_table_formats``), or, if none is installed, the format's name, for the error message.
        inherited: connection options; each interface gets those that it knows.
        service: ``endpoint`` and ``account`` of Glue, where they aren't the usual ones, for formats that ask Glue.
        options: the user's options for all stores. The interface of plain tables must know all of them, others get
            those that they know.
        plugins: where names are looked up; None: what is installed.
    """

    plain: Interface
    by_type: Mapping[str, Interface] = field(factory=dict)
    inherited: Mapping[str, Any] = field(factory=dict)
    options: Mapping[str, Any] = field(factory=dict)
    service: Mapping[str, str] = field(factory=dict)
    plugins: Plugins | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        for interface in (self.plain, *self.by_type.values()):
            _parse(interface)

    def __reduce__(self) -> tuple[Any, ...]:
        return Interfaces, (self.plain, self.by_type, self.inherited, self.options, self.service)

    def is_special(self, type_name: str) -> bool:
        """Whether a type of objects has an interface of its own."""
        return self._own(type_name) is not None

    def is_by_name(self, type_name: str) -> bool:
        """Whether the interface of a type of objects asks Glue for a table by its name."""
        claimed = self._claimed(type_name)
        return claimed is not None and claimed.by_name

    def _claimed(self, type_name: str) -> TableFormat | None:
        """What a plugin says of a format; None where the user names another interface."""
        plugins = self.plugins or default_plugins()
        if type_name not in plugins.table_format_names:
            return None
        claimed = plugins.table_format(type_name)
        return claimed if claimed is not None and self._interface_of(type_name) == claimed.interface else None

    def _interface_of(self, type_name: str) -> Any:
        own = self._own(type_name)
        return None if own is None else _parse(own)[0]

    def _of_format(self, type_name: str) -> dict[str, Any]:
        """The options that a plugin asks for, of the tables of its format."""
        claimed = self._claimed(type_name)
        if claimed is None:
            return {}
        asked = {claimed.endpoint: self.service.get("endpoint"), claimed.account: self.service.get("account")}
        return {**claimed.options, **{name: value for name, value in asked.items() if name and value}}

    def _own(self, type_name: str) -> Interface | None:
        plugins = self.plugins or default_plugins()
        if type_name in self.by_type:
            return self.by_type[type_name]
        if type_name in plugins.table_format_names:
            claimed = plugins.table_format(type_name)
            return claimed.interface if claimed is not None else None
        return type_name if type_name in TABLE_FORMATS else None

    def spec(self, type_name: str, bucket: str = "", prefix: str = "") -> InterfaceSpec:
        """The interface for objects of a type in a store that is rooted at a bucket's prefix."""
        interface, own = _parse(self._own(type_name) or self.plain)
        given = InterfaceSpec(interface) if isinstance(interface, str) else InterfaceSpec(interface.__name__, interface)
        if isinstance(interface, str) and ":" in interface:
            given = InterfaceSpec(interface.rpartition(":")[2], interface)
        known = self._options_of(given)
        inherited = dict(self.inherited)
        if any(name in self.options or name in own for name in _LOGIN):
            inherited = {name: value for name, value in inherited.items() if name not in _LOGIN}
        place = {"bucket": bucket, "prefix": prefix} if bucket else {}
        options = {name: value for name, value in {**inherited, **place}.items() if name in known}
        shared = self.options
        if self.is_special(type_name):
            shared = {name: value for name, value in shared.items() if name in known}
        asked = {**options, **shared, **self._of_format(type_name), **own}
        return InterfaceSpec(given.name, given.target, asked, "GlueCatalog.options")

    def has_prefix(self) -> bool:
        """Whether the interface of plain tables can be rooted below a bucket."""
        return "prefix" in self.spec("", "bucket", "prefix").options

    def _options_of(self, spec: InterfaceSpec) -> Mapping[str, Any]:
        """The options of an interface; none if it can't be loaded here (its store raises that error when used)."""
        try:
            if isinstance(spec.target, type):
                return option_types(spec.target)
            if spec.target is not None:
                return option_types(load_class(spec.target))
            return option_types((self.plugins or default_plugins()).interface_class(spec.name))
        except PluginError:
            return {}


def _parse(interface: Interface) -> tuple[str | type, Mapping[str, Any]]:
    if not isinstance(interface, Mapping):
        return interface, {}
    unknown = set(interface) - {"interface", "options"}
    if unknown or "interface" not in interface:
        raise ConfigError(f"an interface is a name or {{interface: ..., options: ...}}, found {', '.join(interface)}")
    return interface["interface"], interface.get("options") or {}
