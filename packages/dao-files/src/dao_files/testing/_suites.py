"""What both suites have in common: rules in failures, threads at once, and keys that few stores expect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, ClassVar, TypeVar

from dao.errors import ConfigError
from dao.testing import with_rule

__all__ = ["ODD_KEYS", "Suite", "at_once"]

T = TypeVar("T")

ODD_KEYS = (
    "plain.txt",
    "Plain.txt",
    "with space/a b.txt",
    "percent%2Fencoded.txt",
    "percent/encoded.txt",
    "plus+and&=;,'\"$.txt",
    "glob*?[a].txt",
    "#hash:colon@at~.txt",
    "ü/ö.txt",
    "u\u0308/o\u0308.txt",
    "日本.txt",
    "\U0001f600.txt",
    "\uff5e.txt",
    "trailing ",
    "-dash",
    f"long/{'x' * 200}",
)
"""Each is a key of its own: nothing is escaped, unescaped, folded or normalised."""


class Suite:
    """A class of tests, each of which is a rule. What a store can't do is declared in ``lacks``, with its reason.

    Raises:
        ConfigError: when a class inherits it: ``lacks`` has an unknown name, or one of its rules is overridden.
    """

    lacks: ClassVar[Mapping[str, str]] = {}
    features: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, *, written: str = "", **named: Any) -> None:
        super().__init_subclass__(**named)
        unknown = [name for name in cls.lacks if name not in cls.features]
        if unknown:
            raise ConfigError(
                f"{cls.__name__}.lacks has an unknown {unknown[0]!r}; there are {', '.join(cls.features)}"
            )
        tests = {name: test for name, test in vars(cls).items() if name.startswith("test_")}
        if not cls.__module__.startswith("dao_files.testing."):
            for name in tests:
                if hasattr(super(cls, cls), name):
                    raise ConfigError(
                        f"{cls.__name__}.{name} takes the place of a rule; declare what is lacking in lacks"
                    )
            return
        for name, test in tests.items():
            setattr(cls, name, with_rule(test, cls.__name__, written))


def at_once(tasks: Iterable[Callable[[], T]]) -> list[T]:
    """What some tasks give that are begun at the same moment, each by a thread of its own."""
    begun = list(tasks)
    barrier = Barrier(len(begun))

    def run(task: Callable[[], T]) -> T:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(begun)) as pool:
        return list(pool.map(run, begun))
