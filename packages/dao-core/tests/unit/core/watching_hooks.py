"""Hooks that remember what they get, and access to two stores with hooks."""

from __future__ import annotations

from typing import Any

from dao import (
    DataAccessObject,
    Outcome,
    Plugins,
    Request,
    hookimpl,
)

TABLE = {"type": "table"}


CATALOG = {
    "a": {"interface": "memory", "objects": {"x": TABLE, "y": TABLE, "note": {"type": "file"}}},
    "b": {"interface": "memory", "objects": {"x": TABLE}},
}


class Counting:
    """Remembers what was moved, by event."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Request, Outcome, Any]] = []

    @hookimpl
    def dao_after_action(self, request: Request, outcome: Outcome) -> None:
        self.seen.append(("after", request, outcome, None))

    @hookimpl
    def dao_after_stream(self, request: Request, outcome: Outcome, error: BaseException | None) -> None:
        self.seen.append(("stream", request, outcome, error))

    @hookimpl
    def dao_on_failure(self, request: Request, outcome: Outcome, error: BaseException) -> None:
        self.seen.append(("failure", request, outcome, error))

    @property
    def moved(self) -> list[tuple[str, str, int | None, int | None]]:
        return [(when, request.action, found.rows, found.bytes) for when, request, found, _ in self.seen]


def access(*plugins: object, kind: Any = DataAccessObject, catalog: Any = CATALOG) -> Any:
    registered = Plugins()
    for number, plugin in enumerate(plugins):
        registered.register(plugin, f"plugin{number}")
    return kind(catalog, plugins=registered)
