"""Limits on untrusted catalogs: no code, only allowed references, no path outside their folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from dao.catalog._spelling import CONNECTIONS, Path, SpelledSource, dotted
from dao.errors import ConfigError, DataError, Fault
from dao.options._places import absolute_place
from dao.secrets import Template

__all__ = ["Trust"]


@frozen
class Trust:
    """What an untrusted catalog may use.

    Attributes:
        allowed: the references, as ``scheme:argument``.
    """

    allowed: frozenset[str]

    @classmethod
    def of(cls, untrusted: bool, allowed_secrets: Iterable[str]) -> Trust | None:
        """The limits that a catalog's arguments set; ``None`` for a trusted catalog.

        Raises:
            DataError: they have the wrong types, or ``allowed_secrets`` is given for a trusted catalog.
        """
        if not isinstance(untrusted, bool):
            raise DataError(f"untrusted: found {type(untrusted).__name__}, expected True or False")
        if isinstance(allowed_secrets, str) or not all(isinstance(one, str) for one in allowed_secrets):
            raise DataError("allowed_secrets: expected a list of texts such as 'env:API_TOKEN'")
        allowed = frozenset(one.removeprefix("${").removesuffix("}") for one in allowed_secrets)
        if wrong := next((one for one in allowed if ":" not in one), None):
            raise DataError(f"allowed_secrets: found {wrong!r}, expected a text such as 'env:API_TOKEN'")
        if allowed and not untrusted:
            raise DataError("allowed_secrets is for untrusted=True: a trusted catalog may use any")
        return cls(allowed) if untrusted else None

    def faults(self, source: SpelledSource) -> Iterator[Fault]:
        """Everything in a source that isn't allowed, before any of it is imported, built or resolved."""
        for name, store in source.stores.items():
            if name != CONNECTIONS and isinstance(store, Mapping):
                yield from self._interfaces(source, name, store)
        for path, text in _texts(source.stores, ()):
            for refused in self._refused(text):
                yield Fault(dotted(source.users(path)), f"{refused} is not allowed to an untrusted catalog")

    def _interfaces(self, source: SpelledSource, store: str, declared: Mapping[str, Any]) -> Iterator[Fault]:
        told = "an untrusted catalog names no class, only interfaces that an installed plugin registers"
        if declared.get("location") is not None:
            yield Fault(dotted(source.users((store, "location"))), told)
        for at, one in enumerate(declared.get("also") or ()):
            named = one.get("location") is not None if isinstance(one, Mapping) else isinstance(one, str) and ":" in one
            if named:
                yield Fault(dotted(source.users((store, "also", at))), told)

    def _refused(self, text: str) -> list[str]:
        try:
            references = Template.parse(text).references
        except ConfigError:  # reported as malformed anyway
            return []
        return [str(one) for one in references if f"{one.scheme}:{one.argument}" not in self.allowed]

    def place_problem(self, text: str, folder: str) -> str:
        """What is wrong with a path; empty if it is below the folder of its file."""
        if "${" in text:  # an allowed value may be any path; the text next to it must not lead elsewhere
            literal = [part for part in Template.parse(text).parts if isinstance(part, str)]
            outside = any(".." in part for part in literal) or literal[:1] == [text]
        else:
            inside, place = os.path.realpath(folder), os.path.realpath(absolute_place(text, folder))
            outside = os.path.commonpath([inside, place]) != inside
        return "an untrusted catalog has no place outside the folder of its file" if outside else ""


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        if "${" in value:
            yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, (*path, name))
    elif isinstance(value, (list, tuple)):
        for at, inner in enumerate(value):
            yield from _texts(inner, (*path, at))
