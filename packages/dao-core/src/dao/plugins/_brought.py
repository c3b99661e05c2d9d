"""The kinds of names that plugins register, and which plugin registers which name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from dao.errors import PluginError
from dao.interface import TableFormat
from dao.secrets import BUILT_IN_SCHEMES

__all__ = ["FORMATS", "INTERFACES", "OWN_TYPES", "SCHEMES", "TYPES", "Brought", "Kind"]

OWN_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "object": "dao.data_object:DataObject",
        "file": "dao.data_object:FileObject",
        "directory": "dao.data_object:DirectoryObject",
        "table": "dao.data_object:TableObject",
    }
)
"""DAO's own object types, named as a plugin names its own: loading plugins knows nothing of objects."""

_NAME = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9_.+-]*")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def _is_target(value: Any) -> bool:
    return isinstance(value, str) and _TARGET.fullmatch(value) is not None


@frozen
class Kind:
    """One kind of name that plugins bring.

    Attributes:
        hook: the hook that gives it.
        what: what messages call it.
        built_in: the names that are taken already.
        names: what a name looks like.
        example: one or two, for messages.
        accepts: whether a value is right.
        expected: what a right one is, for messages.
    """

    hook: str
    what: str
    built_in: frozenset[str] = frozenset()
    names: re.Pattern[str] = _NAME
    example: str = "'s3' or 's3.table': lower case, the backend first"
    accepts: Callable[[Any], bool] = _is_target
    expected: str = "'module:Class'"

    def refuse(self, found: Any) -> None:
        """Raise a PluginError for what a hook must not give."""
        if not isinstance(found, Mapping):
            raise PluginError(f"{self.hook}() gives {type(found).__name__}, expected a mapping")
        for name, value in found.items():
            if not isinstance(name, str) or not self.names.fullmatch(name):
                raise PluginError(f"{self.hook}() gives the name {name!r}, expected one such as {self.example}")
            if not self.accepts(value):
                shown = repr(value) if isinstance(value, str) and self.accepts is _is_target else type(value).__name__
                raise PluginError(f"{self.hook}() gives {shown} for {name!r}, expected {self.expected}")


INTERFACES = Kind("dao_interfaces", "interface")
TYPES = Kind("dao_object_types", "object type", frozenset(OWN_TYPES))
SCHEMES = Kind(
    *("dao_secret_schemes", "secret scheme", frozenset(BUILT_IN_SCHEMES), _SCHEME, "'vault'"),
    accepts=callable,
    expected="a function",
)
FORMATS = Kind(
    *("dao_table_formats", "table format"),
    example="'iceberg': lower case",
    accepts=lambda value: isinstance(value, TableFormat),
    expected="a TableFormat",
)


@frozen
class Brought:
    """What the plugins bring of one kind.

    Attributes:
        kind: the kind.
        values: by name.
        owners: which plugins bring it, by name.
    """

    kind: Kind
    values: dict[str, Any] = field(factory=dict)
    owners: dict[str, list[str]] = field(factory=dict)

    def add(self, plugin: str, found: Any) -> None:
        """Take what a plugin's hook gives.

        Raises:
            PluginError: it isn't what the hook must give.
        """
        self.kind.refuse(found)
        for name, value in found.items():
            self.values.setdefault(name, value)
            self.owners.setdefault(name, []).append(plugin)

    def by(self, plugin: str) -> tuple[str, ...]:
        """The names that a plugin brings."""
        return tuple(sorted(name for name, owners in self.owners.items() if plugin in owners))

    def clash(self, name: str) -> str:
        """What is wrong with a name that not one plugin alone brings; empty if nothing is."""
        owners = self.owners.get(name, [])
        if name in self.kind.built_in and owners:
            return f"{self.kind.what} {name!r} of plugin {owners[0]!r} is not used: DAO itself has one of that name"
        if len(owners) < 2:
            return ""
        way_round = ", or name the class itself, as 'module:Class'" if self.kind is INTERFACES else ""
        message = f"{self.kind.what} {name!r} is registered by {len(owners)} plugins: {', '.join(owners)}"
        return f"{message}; remove one{way_round}"
