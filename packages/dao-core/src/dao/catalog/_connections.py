"""Shared options: ``connections``, which the options of several stores include by ``use``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from dao.catalog._check_objects import NoteFault, check_references
from dao.catalog._spelling import CONNECTIONS, USE, Path
from dao.errors import did_you_mean

__all__ = ["Connections", "Options"]


@frozen
class Options:
    """The options of one interface, including those of its connections.

    Attributes:
        values: by name; an interface's own value replaces a connection's value as a whole.
        origins: where each of them is declared.
        path: where the interface's own are.
    """

    values: Mapping[str, Any]
    origins: Mapping[str, Path]
    path: Path


@frozen
class Connections:
    """The connections of a catalog, and their faults."""

    declared: Mapping[str, Any]
    fault: NoteFault

    def check(self) -> None:
        """Record the faults of each, whether it is used or not."""
        for name, options in self.declared.items():
            path = (CONNECTIONS, name)
            if self._chain(options, path) is not None:
                for option, value in options.items():
                    check_references(value, (*path, option), self.fault)

    def options(self, own: Mapping[str, Any], path: Path) -> Options:
        """An interface's options merged with those of the connections that they use."""
        values: dict[str, Any] = {}
        origins: dict[str, Path] = {}
        for where, options in reversed(self._chain(own, path) or [(path, own)]):
            for name, value in options.items():
                if name != USE:
                    values[name], origins[name] = value, (*where, name)
        return Options(values, origins, path)

    def _chain(self, options: Mapping[str, Any], path: Path) -> list[tuple[Path, Mapping[str, Any]]] | None:
        """Options and the connections that they use, one after the other; ``None`` if one can't be used."""
        chain = [(path, options)]
        while USE in chain[-1][1]:
            where, last = chain[-1]
            name = last[USE]
            if not isinstance(name, str) or name not in self.declared:
                hint = did_you_mean(name, self.declared) if isinstance(name, str) else "the name of one is expected"
                told = f"no connection {name!r}" if isinstance(name, str) else f"found {type(name).__name__}"
                self.fault((*where, USE), f"{told}, {hint}")
                return None
            if any(where == (CONNECTIONS, name) for where, _ in chain):
                self.fault((*where, USE), f"the connection {name!r} uses itself, by what it uses")
                return None
            chain.append(((CONNECTIONS, name), self.declared[name]))
        return chain
