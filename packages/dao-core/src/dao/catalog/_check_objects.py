"""Checks the declarations of a store's objects: names, patterns, and every property."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol

from attrs import define, field

from dao.catalog._declaration import with_lists, wrong_kind
from dao.catalog._patterns import NamePattern
from dao.catalog._properties import PropertyNames
from dao.catalog._spelling import Path
from dao.errors import ConfigError, did_you_mean
from dao.options import guarded_options
from dao.options._faults import joined
from dao.plugins import Plugins
from dao.secrets import Template, check_schemes, guarded, looks_secret

__all__ = ["OF_CALLS", "NoteFault", "ObjectChecker", "check_references"]

_RESERVED = {"identifier", "data_store", "self", "properties"}
OF_CALLS = ("dao_interface", "into", "memory_limit", "progress")
"""Arguments of calls that no method gets, so that a property of the name would do nothing."""
_JUDGED = {"type", "format", "suffix", "mode", "schema_mode", "where"}
"""Properties whose text itself is validated; for others only the name and the kind of value."""
_is_secret_name = lru_cache(maxsize=8192)(looks_secret)


class NoteFault(Protocol):
    """Records a fault: its path, what is wrong, and the path below that."""

    def __call__(self, path: Path, message: str, below: str = "") -> None: ...


def check_references(value: Any, path: Path, fault: NoteFault) -> None:
    """Record a fault for each malformed reference anywhere in a value."""
    for text, below in _strings(value):
        try:
            check_schemes(Template.parse(text))
        except ConfigError as error:
            fault(path, error.faults[0].message, below)


@define
class ObjectChecker:
    """Checks the properties and objects of one store.

    Attributes:
        store: its name.
        names: the property names that its interfaces know.
        installed: whether the packages of its interfaces are installed here, so that an unknown type can't be theirs.
        types: the names of object types.
        fault: records a fault.
    """

    store: str
    names: PropertyNames
    installed: bool
    _plugins: Plugins
    types: frozenset[str]
    fault: NoteFault
    _right_names: set[str] = field(factory=set, init=False)
    _right: set[tuple[Any, ...]] = field(factory=set, init=False)
    _faults: int = field(default=0, init=False)

    def common(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties of the store itself, checked; secrets as ``Secret``."""
        properties = with_lists(properties)
        for key, given in properties.items():
            path = (self.store, "properties", key)
            if key == "key":
                self._note(path, "a key is one object's place: 'prefix' and 'suffix' are what objects can share")
            elif key not in _RESERVED:  # these names have a message of their own
                self._property(path, key, given, None)
        return guarded_options(properties, None)

    def objects(self, objects: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], tuple[NamePattern, ...]]:
        """The checked declarations by name, and the names that are patterns."""
        declared: dict[str, dict[str, Any]] = {}
        patterns: list[NamePattern] = []
        for name, value in objects.items():
            path = (self.store, "objects", name)
            if not isinstance(value, Mapping):
                told = "null; write {} for one without properties" if value is None else type(value).__name__
                self._note(path, f"an object is a mapping, found {told}")
            elif not name:
                self._note(path[:2], "an object's name is empty")
            else:
                pattern = self._pattern(name, patterns) if "{" in name or "}" in name else None
                declared[name] = self._object(path, value, pattern)
        return declared, tuple(patterns)

    def _pattern(self, name: str, patterns: list[NamePattern]) -> NamePattern | None:
        try:
            patterns.append(NamePattern.parse(name))
        except ConfigError as error:
            self._note((self.store, "objects", name), error.faults[0].message)
            return None
        return patterns[-1]

    def _object(self, path: Path, value: Mapping[str, Any], pattern: NamePattern | None) -> dict[str, Any]:
        own = with_lists(value)
        for key, given in list(own.items()):
            # Fast path: most properties are plain strings, and there may be ten thousand objects.
            plain = pattern is None and type(key) is str and _is_plain(given)
            judged = (key, given if type(given) is str else tuple(given)) if plain else ()
            if plain and ((type(given) is str and key in self._right_names) or judged in self._right):
                continue
            before = self._faults
            self._property((*path, key), key, given, pattern)
            if not plain or _is_secret_name(key):
                own[key] = guarded(given, key) if isinstance(key, str) else given
            elif self._faults == before:
                self._right.add(judged)
                if type(given) is str and key not in _JUDGED:
                    self._right_names.add(key)
        return own

    def _property(self, path: Path, key: object, given: Any, pattern: NamePattern | None) -> None:
        before = self._faults
        if not isinstance(key, str):
            self._note(path, f"a property's name is str, found {type(key).__name__}; quote it")
            return
        self._name(path, key)
        if problem := wrong_kind(key, given):
            self._note(path, problem)
        check_references(given, path, self._note)
        if self._faults == before and isinstance(given, str) and "${" not in given:
            self._text(path, key, given, pattern)
        filled = pattern is not None or any(_strings(given))
        if self._faults == before and not filled and (problem := self.names.value_problem(key, given)):
            self._note(path, problem)
        if self._faults == before and pattern is not None and (problem := pattern.problem(given)):
            self._note(path, problem)

    def _name(self, path: Path, key: str) -> None:
        if key == "properties":
            self._note(path, "an object's properties stand directly in its declaration: take them out of 'properties'")
        elif key in _RESERVED:
            self._note(path, f"a property can't be called {key!r}: the object has that already")
        elif key in OF_CALLS:
            self._note(path, f"{key!r} is an argument of a call, which no property stands for: give it there")
        elif problem := self.names.problem(key):
            self._note(path, problem)

    def _text(self, path: Path, key: str, given: str, pattern: NamePattern | None) -> None:
        if key == "type" and given not in self.types:
            hint = did_you_mean(given, self.types)
            # A type that resembles none here may belong to a backend that isn't installed, and any unknown one to a
            # broken # plugin.
            if self.installed or (hint.startswith("did you mean") and not self._plugins.broken):
                self._note(path, f"no type {given!r}, {hint}")
        elif pattern is None or "{" not in given:
            judge = {"format": self.names.format_problem, "suffix": self.names.suffix_problem}.get(key)
            if judge is not None and (problem := judge(given)):
                self._note(path, problem)

    def _note(self, path: Path, message: str, below: str = "") -> None:
        self._faults += 1
        self.fault(path, message, below)


def _is_plain(given: Any) -> bool:
    """Whether it is a plain string, or a list of plain strings, without references."""
    return all(map(_is_plain_text, given)) if type(given) is list else _is_plain_text(given)


def _is_plain_text(given: Any) -> bool:
    return type(given) is str and "${" not in given


def _strings(value: Any, below: str = "") -> Iterator[tuple[str, str]]:
    """Every string with a ``${`` in a value, with its path below that."""
    if isinstance(value, str):
        if "${" in value:
            yield value, below
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _strings(inner, f"{below}.{name}")
    elif isinstance(value, (list, tuple)):
        for position, inner in enumerate(value):
            yield from _strings(inner, joined(below, position))
