"""A promise broken on purpose: what is broken, which capability of the kit guards it, and the code that breaks it."""

from __future__ import annotations

from attrs import frozen

from dao.testing._conformance.base import Capability

__all__ = ["Mutation", "change_argument", "change_result"]


@frozen
class Mutation:
    """A broken promise.

    Attributes:
        name: what is broken.
        guarded_by: the capability that must notice.
        code: how it is broken.
        by: the test of the capability that notices, where the tests before it take long; empty for any test.
        slow: whether noticing takes long.
    """

    name: str
    guarded_by: type[Capability]
    code: str
    by: str = ""
    slow: bool = False


def change_argument(name: str, action: str, value: str = "") -> str:
    """Code that changes one argument of an action; without a value the argument is ignored."""
    change = f"named[{name!r}] = {value}" if value else f"named.pop({name!r}, None)"
    return f"@around({action!r})\ndef changed(call, *args, **named):\n    {change}\n    return call(*args, **named)"


def change_result(action: str, value: str) -> str:
    """Code that changes the result of an action."""
    call = "def changed(call, *args, **named):\n    result = call(*args, **named)"
    return f"@around({action!r})\n{call}\n    return {value}"
