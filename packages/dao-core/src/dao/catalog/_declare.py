"""Turns sources into declarations: read, normalize, merge, check. Collects every fault before reporting any."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

from attrs import define, evolve, field

from dao.catalog._check_objects import ObjectChecker, check_references
from dao.catalog._connections import Connections, Options
from dao.catalog._declaration import ObjectDeclaration, StoreDeclaration
from dao.catalog._interfaces import Found, find_interface
from dao.catalog._merge import merge_stores
from dao.catalog._properties import PropertyNames
from dao.catalog._sources import CatalogSource, read_source
from dao.catalog._spelling import CONNECTIONS, Path, SpelledSource, canonical, dotted
from dao.catalog._trust import Trust
from dao.errors import ConfigError, Fault
from dao.interface import InterfaceSpec
from dao.options import check, guarded_options, option_types
from dao.options._places import place_paths
from dao.plugins import Plugins
from dao.secrets import Template

__all__ = ["declare"]


def declare(
    sources: Sequence[CatalogSource], plugins: Plugins, trust: Trust | None = None
) -> tuple[dict[str, StoreDeclaration], list[Fault]]:
    """The stores that the sources declare, later sources overriding earlier ones; and every fault in them.

    With ``trust`` the sources are untrusted, and limited to what it allows.
    """
    spelled, faults = _read(sources)
    distrusted = [fault for source in spelled for fault in trust.faults(source)] if trust is not None else []
    if distrusted:
        return {}, [*faults, *distrusted]
    checker = _Checker(spelled, plugins, faults, several=len(sources) > 1, trust=trust)
    if len(spelled) < len(sources):
        return {}, checker.faults  # merging over an unreadable file would only report misleading faults
    merged: dict[str, Any] = dict(spelled[0].stores) if spelled else {}
    for overlay in spelled[1:]:
        merged = merge_stores(merged, overlay.stores)
    shared = {name: options for name, options in (merged.pop(CONNECTIONS, None) or {}).items() if options is not None}
    checker.connections = Connections(shared, checker.fault)
    checker.connections.check()
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
        label = f"dict {position + 1}" if read.is_mapping and len(sources) > 1 else read.label
        change = _rebase(read.folder) if read.has_file_references else None
        one = canonical(label, read.content, change, str(read.folder))
        note(label, [*read.faults, *one.faults])
        spelled.append(one)
    return spelled, faults


def _rebase(folder: FilePath) -> Callable[[str], str]:
    def rebased(text: str) -> str:
        if "${file:" not in text:
            return text
        try:
            return Template.parse(text).rebased(folder).text
        except ConfigError:  # a malformed reference is reported later, with its path
            return text

    return rebased


@define
class _Checker:
    """Checks the merged stores, and traces each fault back to its file and its original spelling."""

    _sources: list[SpelledSource]
    _plugins: Plugins
    faults: list[Fault]
    several: bool = field(kw_only=True)
    _trust: Trust | None = field(kw_only=True)
    _import_classes: bool = field(default=False, init=False)
    _types: frozenset[str] = field(init=False)
    connections: Connections = field(init=False)
    _noted: set[Fault] = field(factory=set, init=False)

    @_types.default
    def _known_types(self) -> frozenset[str]:
        return frozenset(self._plugins.object_type_names)

    def _source_of(self, path: Path) -> SpelledSource:
        # The last source that has the whole path, else the one with the longest part of it, holds the value.
        return max(reversed(self._sources), key=lambda source: source.depth(path))

    def fault(self, path: Path, message: str, below: str = "") -> None:
        source = self._source_of(path)
        where = f" (in {source.label})" if self.several else ""
        users = dotted(source.users(path))
        noted = Fault(users + below, message + where)
        if noted not in self._noted:  # several stores may use one faulty connection
            self._noted.add(noted)
            self.faults.append(noted)

    def store(self, name: str, store: Mapping[str, Any]) -> StoreDeclaration:
        interfaces: list[InterfaceSpec] = []
        found: list[Found] = []
        options = self.connections.options(store.get("options") or {}, (name, "options"))
        self._import_classes = bool(store.get("objects") or store.get("properties"))
        if store.get("interface") is not None:
            found.append(self._find(store, (name,), options))
            interfaces.append(self._interface(store["interface"], found[0], options))
        elif store.get("location") is not None:
            self.fault((name, "location"), "a module is named, but no class of it: add 'interface_class'")
        elif "options" in store or "also" in store:
            self.fault((name,), "there are options or further interfaces, but no 'interface'")
        for position, value in enumerate(store.get("also") or ()):
            spec = self._secondary(value, (name, "also", position), options, found)
            if spec is not None:
                interfaces.append(spec)
        names = PropertyNames([one.cls for one in found])
        installed = bool(interfaces) and found[0].installed and not self._plugins.broken
        objects = ObjectChecker(name, names, installed, self._plugins, self._types, self.fault)
        common = objects.common(store.get("properties") or {})
        kind = common.pop("type", None) or ObjectDeclaration().type
        return StoreDeclaration(name, tuple(interfaces), common, *objects.objects(store.get("objects") or {}), kind)

    def _find(self, value: Mapping[str, Any], path: Path, options: Options) -> Found:
        found = find_interface(
            value["interface"],
            value.get("location"),
            self._plugins,
            import_class=bool(options.values) or self._import_classes,
        )
        if found.problem:
            self.fault((*path, "interface"), found.problem)
        return found

    def _interface(self, name: str, found: Found, options: Options) -> InterfaceSpec:
        self._check_options(found.cls, options)
        users = dotted(self._source_of(options.path).users(options.path))
        guarded = guarded_options(options.values, found.cls)
        return InterfaceSpec(name, found.target, guarded, users, folders=self._folders(found.cls, options))

    def _folders(self, cls: type | None, options: Options) -> dict[str, str]:
        """The folders that relative paths among the options start from: each that of its file."""
        if not options.values:
            return {}
        types = {} if cls is None else option_types(cls)
        found = {"": self._source_of(options.path).folder}
        for name, value in options.values.items():
            for below in place_paths(value, [types.get(name, Any)]):
                path = (*options.origins[name], *below)
                found[dotted((name, *below))] = folder = self._source_of(path).folder
                self._check_place(value, below, path, folder)
        return found

    def _check_place(self, value: Any, below: Path, path: Path, folder: str) -> None:
        for at in below:
            value = value[at]
        try:
            problem = self._trust.place_problem(str(value), folder) if self._trust is not None else ""
        except ConfigError:  # not a path, which is a fault already
            return
        if problem:
            self.fault(path, problem)

    def _secondary(self, value: Any, path: Path, shared: Options, found_before: list[Found]) -> InterfaceSpec | None:
        if isinstance(value, Mapping):
            if value.get("interface") is None:
                self.fault(path, "an 'interface' is missing")
                return None
            options = self.connections.options(value.get("options") or {}, (*path, "options"))
            found_before.append(self._find(value, path, options))
            return self._interface(value["interface"], found_before[-1], options)
        if not isinstance(value, str) or not value:
            return None  # its fault is recorded already
        module, _, name = value.rpartition(":")
        found = find_interface(
            name, module or None, self._plugins, import_class=bool(shared.values) or self._import_classes
        )
        found_before.append(found)
        if found.problem:
            self.fault(path, found.problem)
        own = shared
        if found.cls is not None:
            known = option_types(found.cls)
            own = evolve(shared, values={option: given for option, given in shared.values.items() if option in known})
            self._check_options(found.cls, evolve(own, path=path))
        folders = self._folders(found.cls, own)
        guarded = guarded_options(own.values, found.cls)
        return InterfaceSpec(name, found.target, guarded, dotted(path), shared=found.cls is None, folders=folders)

    def _check_options(self, cls: type | None, options: Options) -> None:
        if cls is None:
            for name, value in options.values.items():
                check_references(value, options.origins[name], self.fault)
            return
        for fault in check(cls, options.values):
            name = fault.path.replace("[", ".").split(".")[0]
            if not name:
                self.fault(options.path, fault.message)
            elif name in options.values:
                self.fault(options.origins[name], fault.message, fault.path[len(name) :])
            else:
                self.fault(options.path, fault.message, f".{fault.path}")
