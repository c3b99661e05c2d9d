"""Common parts of both suites: the rule of a test in its failure, concurrent tasks, and unusual keys."""

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
"""Distinct keys for a store that neither escapes, unescapes, folds nor normalises them."""


class Suite:
    """A class of tests, each of which is a rule.

    Attributes:
        lacks: the features that the tested store lacks, each with its reason.
        features: the names and descriptions of the features that a store may lack.

    Raises:
        ConfigError: on definition of a subclass: ``lacks`` has an unknown name, or a rule is overridden.
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
    """Run tasks concurrently, each in its own thread, started by a barrier; returns their results in order."""
    started = list(tasks)
    barrier = Barrier(len(started))

    def run(task: Callable[[], T]) -> T:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(started)) as pool:
        return list(pool.map(run, started))
