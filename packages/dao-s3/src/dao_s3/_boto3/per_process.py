"""A client for each process: it holds connections, which two processes must not share."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock
from typing import Any

from attrs import define, field

__all__ = ["PerProcess"]


@define
class _Made:
    client: Any = None
    lock: Lock = field(factory=Lock)


@define(eq=False)
class PerProcess:
    """Creates a client on first use in each process. Safe between threads and after a fork.

    Attributes:
        make: creates a client.
    """

    make: Callable[[], Any]
    _by_process: dict[int, _Made] = field(factory=dict, init=False, repr=False)

    @property
    def client(self) -> Any:
        """The client of this process."""
        # By process and not by a flag: a lock that another thread holds during a fork would stay locked in the child.
        made = self._by_process.setdefault(os.getpid(), _Made())
        if made.client is None:
            with made.lock:
                if made.client is None:
                    made.client = self.make()
        return made.client

    def close(self) -> None:
        """Close this process's connections; the next request opens new ones."""
        made = self._by_process.pop(os.getpid(), None)
        if made is not None and made.client is not None:
            made.client.close()
