"""One interface method that can serve one action, and how all of a class's are found."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from dao.core.routing.signature import Signature, signature_of
from dao.interface import ACTIONS, CONDITIONS, REGISTERED

__all__ = ["Route", "routes_of"]

_BY_LENGTH = sorted(ACTIONS, key=len, reverse=True)


@frozen
class Route:
    """One interface method that can serve one action.

    Attributes:
        action: the action.
        interface: the class it was found on.
        method: the method's name.
        signature: what it takes.
        conditions: the values that must hold, by name.
        is_async: it is a coroutine function.
    """

    action: str
    interface: type
    method: str
    signature: Signature = field(repr=False)
    conditions: Mapping[str, frozenset[Any]] = field(factory=dict)
    is_async: bool = False

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
    return tuple(route for name in _method_names(interface) for route in _routes_from(interface, name))


def _method_names(interface: type) -> list[str]:
    names: dict[str, None] = {}
    for base in reversed(interface.__mro__[:-1]):
        names.update(dict.fromkeys(vars(base)))
    return list(names)


def _routes_from(interface: type, name: str) -> Iterator[Route]:
    method = inspect.getattr_static(interface, name)
    if not inspect.isfunction(method):
        return
    marked: tuple[str, ...] = getattr(method, REGISTERED, ())
    conditions: Mapping[str, frozenset[Any]] = getattr(method, CONDITIONS, {})
    for action in marked or _action_named(name):
        if action == "run" and name.startswith("run_") and "operation" not in conditions:
            conditions = {**conditions, "operation": frozenset((name.removeprefix("run_"),))}
        yield Route(
            action,
            interface,
            name,
            signature_of(method, ACTIONS[action]),
            conditions,
            inspect.iscoroutinefunction(method),
        )


def _action_named(name: str) -> tuple[str, ...]:
    return next(((action,) for action in _BY_LENGTH if name == action or name.startswith(f"{action}_")), ())
