"""Routes: interface methods that can serve an action, and how they are found on a class."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from dao._core.routing.signature import Signature, signature_of
from dao.interface import CONDITIONS, ROUTED_ACTIONS, actions_of, method_names, table_formats_of

__all__ = ["MISSING", "Route", "routes_of"]

MISSING = object()
"""Stands for a condition that neither the call nor the object has a value for."""


@frozen
class Route:
    """One interface method that can serve one action.

    Attributes:
        action: the action.
        interface: the class it was found on.
        method: the method's name.
        signature: what it takes.
        conditions: the values that must hold, by name; with MISSING among them, only where there is one.
        is_async: it is a coroutine function, or an asynchronous generator function.
    """

    action: str
    interface: type
    method: str
    signature: Signature = field(repr=False)
    conditions: Mapping[str, frozenset[Any]] = field(factory=dict)
    is_async: bool = False

    def option_names(self) -> frozenset[str] | None:
        """What the method's ``**options`` may hold, where its interface says it; see :mod:`dao.interface`."""
        if not self.signature.takes_any or not getattr(self.interface, "takes_format_options", False):
            return None
        from dao.catalog._properties import format_options

        return frozenset().union(*format_options().values())

    @property
    def name(self) -> str:
        """``Class.method``, as messages and explanations say it."""
        return f"{self.interface.__name__}.{self.method}"

    @property
    def place(self) -> str:
        """``module:line`` of its source, as far as it is known."""
        function = inspect.unwrap(getattr(self.interface, self.method))
        code = getattr(function, "__code__", None)
        return f"{function.__module__}:{code.co_firstlineno}" if code else str(function.__module__)


def routes_of(interface: type) -> tuple[Route, ...]:
    """All routes of a class, in the order in which it and its bases define them."""
    return tuple(route for name in method_names(interface) for route in _routes_from(interface, name))


def _routes_from(interface: type, name: str) -> Iterator[Route]:
    method = inspect.getattr_static(interface, name)
    if not inspect.isfunction(method):
        return
    conditions: Mapping[str, frozenset[Any]] = getattr(method, CONDITIONS, {})
    for action in actions_of(name, method):
        if action == "run" and name.startswith("run_") and "operation" not in conditions:
            conditions = {**conditions, "operation": frozenset((name.removeprefix("run_"),))}
        signature = signature_of(method, ROUTED_ACTIONS[action])
        yield Route(
            action,
            interface,
            name,
            signature,
            {**_format_condition(interface), **_into_condition(signature), **conditions},
            inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method),
        )


def _format_condition(interface: type) -> Mapping[str, frozenset[Any]]:
    """The formats of tables that an interface takes are ``@when(format=...)`` on all of its methods, or no format."""
    formats = table_formats_of(interface)
    return {"format": frozenset({*formats, MISSING})} if formats else {}


def _into_condition(signature: Signature) -> Mapping[str, frozenset[Any]]:
    """``into: Literal["spark"]`` is ``@when(into="spark")``; with a default it serves calls without ``into`` too."""
    into = signature.parameters.get("into")
    if into is None or not into.values:
        return {}
    return {"into": into.values if into.required else into.values | {MISSING}}
