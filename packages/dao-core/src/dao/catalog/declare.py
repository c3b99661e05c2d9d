"""From sources to declarations: read, respell, merge, check. Every fault is found before any is reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from attrs import define, field

from dao.catalog.declaration import StoreDeclaration, wrong_kind
from dao.catalog.interfaces import Found, find_interface
from dao.catalog.merge import merge_stores
from dao.catalog.patterns import NamePattern
from dao.catalog.sources import CatalogSource, read_source
from dao.catalog.spelling import Path, SpelledSource, canonical, dotted
from dao.core.plugins import Plugins
from dao.errors import ConfigError, Fault, did_you_mean
from dao.interface import InterfaceSpec
from dao.options import check, guarded_options, option_types
from dao.options.faults import joined
from dao.secrets import Template, check_schemes, guarded, looks_secret

__all__ = ["declare"]

_RESERVED = {"identifier", "data_store", "self", "properties"}
_is_secret_name = lru_cache(maxsize=8192)(looks_secret)


def declare(sources: Sequence[CatalogSource], plugins: Plugins) -> tuple[dict[str, StoreDeclaration], list[Fault]]:
    """The stores that the sources declare, later ones laid over earlier ones; and every fault in them."""
    spelled, faults = _read(sources)
    checker = _Checker(spelled, plugins, faults, several=len(sources) > 1)
    if len(spelled) < len(sources):
        return {}, checker.faults  # laid over a file that can't be read, nothing means what it should
    merged: dict[str, Any] = spelled[0].stores if spelled else {}
    for overlay in spelled[1:]:
        merged = merge_stores(merged, overlay.stores)
    stores = {name: checker.store(name, store) for name, store in merged.items() if store is not None}
    return stores, checker.faults


def _read(sources: Sequence[CatalogSource]) -> tuple[list[SpelledSource], list[Fault]]:
    spelled: list[SpelledSource] = []
    faults: list[Fault] = []

    def note(label: str, found: Sequence[Fault]) -> None:
        where = f" (in {label})" if len(sources) > 1 else ""
        faults.extend(Fault(fault.path, fault.message + where) for fault in found)

    for position, source in enumerate(sources):
        try:
            read = read_source(source)
        except ConfigError as error:
            note(error.source or f"source {position + 1}", error.faults)
            continue
        label = f"dict {position + 1}" if read.folder is None and len(sources) > 1 else read.label
        change = _rebase(read.folder) if read.folder is not None and read.has_file_references else None
        one = canonical(label, read.content, change)
        note(label, [*read.faults, *one.faults])
        spelled.append(one)
    return spelled, faults


def _rebase(folder: FilePath) -> Callable[[str], str]:
    def rebased(text: str) -> str:
        if "${file:" not in text:
            return text
        try:
            return Template.parse(text).rebased(folder).text
        except ConfigError:  # a malformed reference becomes a fault where its path is known
            return text

    return rebased


@define
class _Checker:
    """Checks the merged stores, and finds for each fault the file and the spelling it comes from."""

    _sources: list[SpelledSource]
    _plugins: Plugins
    faults: list[Fault]
    several: bool = field(kw_only=True)
    _types: frozenset[str] = field(init=False)

    @_types.default
    def _known_types(self) -> frozenset[str]:
        return frozenset(self._plugins.object_type_names)

    def _source_of(self, path: Path) -> SpelledSource:
        # The last source that goes all the way, else the one that goes furthest: that is where its value stands.
        return max(reversed(self._sources), key=lambda source: source.depth(path))

    def fault(self, path: Path, message: str, below: str = "") -> None:
        source = self._source_of(path)
        where = f" (in {source.label})" if self.several else ""
        users = dotted(source.users(path))
        self.faults.append(Fault(users + below, message + where))

    def store(self, name: str, store: Mapping[str, Any]) -> StoreDeclaration:
        interfaces: list[InterfaceSpec] = []
        options = store.get("options") or {}
        primary = Found(None, None)
        if store.get("interface") is not None:
            primary = self._find(store, (name,), options)
            interfaces.append(self._interface(store, (name,), primary, options))
        elif store.get("location") is not None:
            self.fault((name, "location"), "a module is named, but no class of it: add 'interface_class'")
        elif "options" in store or "also" in store:
            self.fault((name,), "there are options or further interfaces, but no 'interface'")
        for position, value in enumerate(store.get("also") or ()):
            spec = self._secondary(value, (name, "also", position), options)
            if spec is not None:
                interfaces.append(spec)
        properties = store.get("properties") or {}
        for key, value in properties.items():
            self._references(value, (name, "properties", key))
        installed = primary.installed and bool(interfaces) and not self._plugins.broken
        objects, patterns = self._objects(name, store.get("objects") or {}, installed)
        return StoreDeclaration(name, tuple(interfaces), guarded_options(properties, None), objects, patterns)

    def _find(self, value: Mapping[str, Any], path: Path, options: Mapping[str, Any]) -> Found:
        found = find_interface(value["interface"], value.get("location"), self._plugins, import_class=bool(options))
        if found.problem:
            self.fault((*path, "interface"), found.problem)
        return found

    def _interface(
        self, value: Mapping[str, Any], path: Path, found: Found, options: Mapping[str, Any]
    ) -> InterfaceSpec:
        self._check_options(found.cls, options, (*path, "options"))
        users = dotted(self._source_of((*path, "options")).users((*path, "options")))
        return InterfaceSpec(value["interface"], found.target, guarded_options(options, found.cls), users)

    def _secondary(self, value: Any, path: Path, shared: Mapping[str, Any]) -> InterfaceSpec | None:
        if isinstance(value, Mapping):
            if value.get("interface") is None:
                self.fault(path, "an 'interface' is missing")
                return None
            options = value.get("options") or {}
            return self._interface(value, path, self._find(value, path, options), options)
        if not isinstance(value, str) or not value:
            return None  # its fault is noted already
        module, _, name = value.rpartition(":")
        found = find_interface(name, module or None, self._plugins, import_class=bool(shared))
        if found.problem:
            self.fault(path, found.problem)
        own = shared
        if found.cls is not None:
            known = option_types(found.cls)
            own = {option: given for option, given in shared.items() if option in known}
            self._check_options(found.cls, own, path)
        return InterfaceSpec(
            name, found.target, guarded_options(own, found.cls), dotted(path), shared=found.cls is None
        )

    def _check_options(self, cls: type | None, options: Mapping[str, Any], path: Path) -> None:
        if cls is None:
            for name, value in options.items():
                self._references(value, (*path, name))
            return
        for fault in check(cls, options):
            name = fault.path.replace("[", ".").split(".")[0]
            if not name:
                self.fault(path, fault.message)
            elif name in options:
                self.fault((*path, name), fault.message, fault.path[len(name) :])
            else:
                self.fault(path, fault.message, f".{fault.path}")

    def _references(self, value: Any, path: Path) -> None:
        """Faults for references that are malformed, wherever they are in a value."""
        for text, below in _strings(value):
            try:
                check_schemes(Template.parse(text))
            except ConfigError as error:
                self.fault(path, error.faults[0].message, below)

    def _objects(
        self, store: str, objects: Mapping[str, Any], installed: bool
    ) -> tuple[dict[str, dict[str, Any]], tuple[NamePattern, ...]]:
        declared: dict[str, dict[str, Any]] = {}
        patterns: list[NamePattern] = []
        for name, value in objects.items():
            if not isinstance(value, Mapping):
                told = "null; write {} for one without properties" if value is None else type(value).__name__
                self.fault((store, "objects", name), f"an object is a mapping, found {told}")
                continue
            if not name:
                self.fault((store, "objects"), "an object's name is empty")
                continue
            pattern = self._pattern(store, name, patterns) if "{" in name or "}" in name else None
            own = declared[name] = dict(value)
            for key, given in value.items():
                plain = type(given) is str and type(key) is str and "${" not in given
                if plain and pattern is None and not _is_secret_name(key):
                    if key == "type" and given not in self._types:
                        self._type((store, "objects", name, "type"), given, installed)
                    elif key in _LISTS or key in _RESERVED:
                        self._property((store, "objects", name, key), key, given, pattern, installed)
                else:
                    self._property((store, "objects", name, key), key, given, pattern, installed)
                    own[key] = guarded(given, key) if isinstance(key, str) else given
        return declared, tuple(patterns)

    def _pattern(self, store: str, name: str, patterns: list[NamePattern]) -> NamePattern | None:
        try:
            patterns.append(NamePattern.parse(name))
        except ConfigError as error:
            self.fault((store, "objects", name), error.faults[0].message)
            return None
        return patterns[-1]

    def _type(self, path: Path, given: str, installed: bool) -> None:
        hint = did_you_mean(given, self._types)
        # A type that nothing here resembles may come with a backend that is not installed here, as its store's; and any
        # unknown one may be what a broken plugin brings.
        if installed or (hint.startswith("did you mean") and not self._plugins.broken):
            self.fault(path, f"no type {given!r}, {hint}")

    def _property(self, path: Path, key: object, given: Any, pattern: NamePattern | None, installed: bool) -> None:
        if not isinstance(key, str):
            self.fault(path, f"a property's name is str, found {type(key).__name__}; quote it")
            return
        if key == "properties":
            self.fault(path, "an object's properties stand directly in its declaration: take them out of 'properties'")
        elif key in _RESERVED:
            self.fault(path, f"a property can't be called {key!r}: the object has that already")
        problem = wrong_kind(key, given)
        if problem:
            self.fault(path, problem)
        before = len(self.faults)
        self._references(given, path)
        if key == "type" and isinstance(given, str) and given not in self._types:
            self._type(path, given, installed)
        elif pattern is not None and len(self.faults) == before:
            problem = pattern.problem(given)
            if problem:
                self.fault(path, problem)


_LISTS = {"partition_by", "keys"}


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
