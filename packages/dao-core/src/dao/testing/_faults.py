"""Fault injection: fail a store's Nth I/O operation, for every N.

A backend's tests define how to intercept its I/O; the kit does the rest. For I/O by Python calls, :func:`patched` is
enough:

    def faults(plan):
        return patched(plan, (os, "replace", "fsync", "unlink"), (io, "open"))

    Backend(store=..., faults=faults)

For network I/O, a proxy consults the plan before and after it forwards a request: see :meth:`FaultPlan.verdict`.
"""

from __future__ import annotations

import errno
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import wraps
from threading import Lock
from typing import Any, TypeVar

from attrs import define, field

__all__ = ["FaultPlan", "Verdict", "injected", "patched"]

T = TypeVar("T")


class Verdict(Enum):
    """The decision of a :class:`FaultPlan` about one I/O operation."""

    PASS = "it is done"
    FAIL = "it is not done, and fails"
    LOSE = "it is done, but its response is lost"


def injected(name: str) -> Exception:
    """The default error of a failed operation: an OSError with EIO."""
    return OSError(errno.EIO, f"injected fault in {name}")


@define
class FaultPlan:
    """A plan of which I/O operations of a store fail, and how; it counts the operations too. Thread-safe.

    Attributes:
        at: the number of the operation that fails, counted from 1; ``None`` fails none.
        onwards: whether all later operations fail too, as if the process or the store had crashed.
        lost: whether the operation is done and its response is lost, as if a connection broke after a commit.
        error: makes the exception that a failed Python call raises, from the operation's name.
        seen: the names of the operations so far, in order.

    >>> plan = FaultPlan(at=2)
    >>> plan.call("open", lambda: "opened")
    'opened'
    >>> plan.call("write", lambda: "written")
    Traceback (most recent call last):
    OSError: [Errno 5] injected fault in write
    >>> plan.seen, plan.fired
    (['open', 'write'], True)
    """

    at: int | None = None
    onwards: bool = False
    lost: bool = False
    error: Callable[[str], Exception] = injected
    seen: list[str] = field(factory=list)
    _lock: Lock = field(factory=Lock, repr=False)

    @property
    def fired(self) -> bool:
        """Whether the operation ``at`` has been reached."""
        return self.at is not None and len(self.seen) >= self.at

    def verdict(self, name: str) -> Verdict:
        """Count an operation and return its verdict. For proxies; Python calls go through :meth:`call`."""
        with self._lock:
            self.seen.append(name)
            position = len(self.seen)
        if self.at is None or position < self.at or (position > self.at and not self.onwards):
            return Verdict.PASS
        return Verdict.LOSE if self.lost and position == self.at else Verdict.FAIL

    def call(self, name: str, operation: Callable[..., T], *args: Any, **named: Any) -> T:
        """Count an operation, and run it unless the plan fails it; returns its result.

        Raises:
            Exception: the plan's ``error``: instead of the operation (FAIL) or after it (LOSE).
        """
        verdict = self.verdict(name)
        if verdict is Verdict.FAIL:
            raise self.error(name)
        result = operation(*args, **named)
        if verdict is Verdict.LOSE:
            raise self.error(name)
        return result


@contextmanager
def patched(plan: FaultPlan, *targets: tuple[Any, *tuple[str, ...]]) -> Iterator[FaultPlan]:
    """Route calls of functions through a plan while the context is open; they are restored at its end.

    Args:
        plan: the plan.
        targets: tuples of a class, module or instance, followed by the names of its functions that do I/O.

    Raises:
        AttributeError: a target has no function with that name, so the hook is out of date.
    """
    undo: list[Callable[[], None]] = []
    try:
        for owner, *names in targets:
            for name in names:
                undo.append(_replace(plan, owner, name))
        yield plan
    finally:
        for step in reversed(undo):
            step()


def _replace(plan: FaultPlan, owner: Any, name: str) -> Callable[[], None]:
    original = inspect.getattr_static(owner, name)
    own = name in vars(owner)
    kind = type(original) if isinstance(original, (staticmethod, classmethod)) else None
    is_instance = not (isinstance(owner, type) or inspect.ismodule(owner))
    function = getattr(owner, name) if is_instance else original.__func__ if kind is not None else original
    label = f"{getattr(owner, '__name__', type(owner).__name__)}.{name}"

    @wraps(function)
    def through_plan(*args: Any, **named: Any) -> Any:
        return plan.call(label, function, *args, **named)

    setattr(owner, name, kind(through_plan) if kind is not None and not is_instance else through_plan)
    return lambda: setattr(owner, name, original) if own else delattr(owner, name)
