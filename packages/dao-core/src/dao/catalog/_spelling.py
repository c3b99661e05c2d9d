"""Normalizes the two spellings of a store into one, and maps paths back to what the user wrote.

    interface_class, interface_class_location, default_configs, secondary_interfaces
    interface, options, also

Both mean the same, in the same file or in different ones. All later stages see only the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import field, frozen

from dao.errors import Fault, did_you_mean
from dao.options._faults import joined

__all__ = ["CONNECTIONS", "FREE_PREFIX", "STORE_KEYS", "USE", "Path", "SpelledSource", "canonical", "dotted"]

Path = tuple[str | int, ...]

_INTERFACE_KEYS = {
    "interface": "interface",
    "interface_class": "interface",
    "interface_class_location": "location",
    "options": "options",
    "default_configs": "options",
}
STORE_KEYS = {
    **_INTERFACE_KEYS,
    "also": "also",
    "secondary_interfaces": "also",
    "properties": "properties",
    "objects": "objects",
}
"""Every key of a store, with its canonical name."""

CONNECTIONS = "connections"
"""The top-level key that isn't a store: options that several stores share."""
USE = "use"
"""The option that includes them."""
FREE_PREFIX = "x-"
"""The prefix of top-level keys reserved for the user, for YAML anchors and the like."""


def dotted(path: Path) -> str:
    """A path as messages show it: ``bronze.also[0].options``."""
    text = ""
    for name in path:
        text = joined(text, name)
    return text


@frozen
class SpelledSource:
    """One source in the canonical spelling.

    Attributes:
        label: its name in messages.
        folder: the base of its relative paths.
        stores: its stores by name, in the canonical spelling; and its ``connections``.
        spelled: for each canonical path that the user spelled differently, the original.
        faults: what could not be interpreted, by the user's paths.
    """

    label: str
    folder: str = ""
    stores: dict[str, Any] = field(factory=dict)
    spelled: dict[Path, Path] = field(factory=dict)
    faults: list[Fault] = field(factory=list)

    def users(self, path: Path) -> Path:
        """The path as the user spelled it."""
        for end in range(len(path), 0, -1):
            found = self.spelled.get(path[:end])
            if found is not None:
                return found + path[end:]
        return path

    def depth(self, path: Path) -> int:
        """How many leading parts of the path this source contains."""
        here: Any = self.stores
        for position, name in enumerate(path):
            is_there = name < len(here) if isinstance(here, list) and isinstance(name, int) else False
            if not is_there and not (isinstance(here, Mapping) and name in here):
                return position
            here = here[name]
        return len(path)


def canonical(
    label: str, content: Mapping[str, Any], change: Callable[[Any], Any] | None, folder: str
) -> SpelledSource:
    """A source in the canonical spelling; ``change``, if given, is applied to each of its strings."""
    source = SpelledSource(label, folder)
    for name, value in content.items():
        if name == "$schema" or (isinstance(name, str) and name.startswith(FREE_PREFIX)):
            continue
        if name == CONNECTIONS:
            source.stores[name] = _connections(source, value if change is None else _map_strings(value, change))
            continue
        problem = _name_problem(name)
        if problem:
            source.faults.append(Fault(str(name), problem))
        elif value is None:
            source.stores[name] = None
        elif not isinstance(value, Mapping):
            source.faults.append(Fault(name, f"a store is a mapping such as {{interface: ...}}, found {_kind(value)}"))
        else:
            source.stores[name] = _store(source, name, value if change is None else _map_strings(value, change))
    return source


def _connections(source: SpelledSource, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        if value is not None:
            told = f"connections are a mapping of their names to options, found {_kind(value)}"
            source.faults.append(Fault(CONNECTIONS, told))
        return None
    found: dict[str, Any] = {}
    for name, options in value.items():
        problem = "" if isinstance(name, str) and name else f"a connection's name is a str, found {_kind(name)}"
        problem = problem or ("" if options is None else _shape_problem("options", options))
        if problem:
            source.faults.append(Fault(dotted((CONNECTIONS, str(name))), problem))
        else:
            found[name] = options
    return found


def _name_problem(name: object) -> str:
    if not isinstance(name, str):
        return f"a store's name is a str, found {type(name).__name__}; quote it"
    if not name.strip():
        return "a store's name is empty"
    if "." in name:
        return f"a store's name has no dot, because 'store.object' has one; try {name.replace('.', '_')!r}"
    return ""


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__


def _map_strings(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: _map_strings(inner, change) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_map_strings(inner, change) for inner in value]
    return change(value) if isinstance(value, str) else value


def _store(source: SpelledSource, name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    store = _respell(source, (name,), (name,), value, STORE_KEYS)
    also = store.get("also")
    if also is None:
        return store
    users = source.users((name, "also"))
    if not isinstance(also, (list, tuple)):
        source.faults.append(Fault(dotted(users), f"a list of interfaces is expected, found {_kind(also)}"))
        del store["also"]
        return store
    store["also"] = list(_secondaries(source, (name, "also"), users, also))
    return store


def _secondaries(source: SpelledSource, path: Path, users: Path, also: list[Any] | tuple[Any, ...]) -> Iterator[Any]:
    for position, value in enumerate(also):
        if isinstance(value, Mapping):
            yield _respell(source, (*path, position), (*users, position), value, _INTERFACE_KEYS)
        else:
            if not isinstance(value, str) or not value:
                problem = f"an interface is a name or a mapping such as {{interface: ...}}, found {_kind(value)}"
                source.faults.append(Fault(dotted((*users, position)), problem))
            yield value


def _respell(
    source: SpelledSource, path: Path, users: Path, value: Mapping[str, Any], keys: Mapping[str, str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    first: dict[str, str] = {}
    for key, inner in value.items():
        right = keys.get(key) if isinstance(key, str) else None
        here = dotted((*users, key if isinstance(key, str) else str(key)))
        if right is None:
            source.faults.append(Fault(here, f"no key {key!r}, {did_you_mean(str(key), keys)}"))
        elif right in first:
            source.faults.append(Fault(here, f"{key!r} means the same as {first[right]!r}, which is given too"))
        else:
            first[right] = key
            problem = _shape_problem(right, inner)
            if problem:
                source.faults.append(Fault(here, problem))
                continue
            found[right] = inner
            if key != right:
                source.spelled[(*path, right)] = (*users, key)
    if users != path:
        source.spelled[path] = users
    if first.get("interface") == "interface" and isinstance(found.get("interface"), str):
        _split_target(source, path, users, found, first)
    return found


def _shape_problem(key: str, value: Any) -> str:
    if value is None:
        return ""
    if key in ("interface", "location"):
        return "" if isinstance(value, str) and value.strip() else f"a name (str) is expected, found {_kind(value)}"
    if key in ("options", "properties", "objects"):
        if not isinstance(value, Mapping):
            return f"a mapping is expected, found {_kind(value)}"
        wrong = [name for name in value if not isinstance(name, str)]
        return f"its names are str, found {_kind(wrong[0])} {wrong[0]!r}; quote it" if wrong else ""
    return ""


def _split_target(
    source: SpelledSource, path: Path, users: Path, found: dict[str, Any], first: Mapping[str, str]
) -> None:
    """Split an ``interface`` of the form ``module:Class`` into class and module; a plain name has no module."""
    module, colon, name = found["interface"].rpartition(":")
    if colon and "location" in first:
        problem = f"{first['location']!r} is given too: write one of the two"
        source.faults.append(Fault(dotted((*users, "interface")), problem))
    elif colon:
        found["interface"], found["location"] = name, module
        source.spelled[(*path, "location")] = (*users, "interface")
    elif "location" not in first:
        found["location"] = None
