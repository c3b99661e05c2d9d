"""Jobs: what is read within one leads to what is written within it. Nothing of OpenLineage is imported here."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from uuid import uuid4

from dao.errors import DataError
from dao.lineage._moved import Dataset, Place

__all__ = ["Run", "current_run", "job"]

VARIABLE = "DAO_LINEAGE_JOB"
"""The variable of the environment that makes the whole process one job of that name."""


class Run:
    """One run of a job: what it has read and written.

    Args:
        name: the job's.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.id = str(uuid4())
        self.start = datetime.now(UTC)
        self.inputs: dict[Place, Dataset] = {}
        self.outputs: dict[Place, Dataset] = {}
        self._lock = Lock()
        self._ends: dict[object, Callable[[Run, BaseException | None], None]] = {}

    def begins_for(self, teller: object, end: Callable[[Run, BaseException | None], None]) -> bool:
        """Whether ``teller`` has not seen this run before; ``end`` is called at its end."""
        with self._lock:
            return self._ends.setdefault(teller, end) is end

    def read(self, dataset: Dataset) -> bool:
        """Add what was read, unless the run has written it itself; returns whether it was added."""
        with self._lock:
            if dataset.place in self.outputs:
                return False
            self.inputs[dataset.place] = dataset.after(self.inputs.get(dataset.place))
            return True

    def wrote(self, dataset: Dataset) -> None:
        """Add what was written."""
        with self._lock:
            self.outputs[dataset.place] = dataset.after(self.outputs.get(dataset.place))

    def end(self, error: BaseException | None) -> None:
        """Tell that it has ended, and how."""
        with self._lock:
            ends = list(self._ends.values())
        for end in ends:
            end(self, error)


_current: ContextVar[Run | None] = ContextVar("dao_lineage_job", default=None)


@contextmanager
def job(name: str) -> Iterator[None]:
    """Make what is read and written inside the ``with`` block one run of a job.

    All that it reads is taken to lead to all that it writes. If the block raises, the run has failed. Threads that the
    block starts are outside of it, unless they are started with ``contextvars.copy_context().run``. Without the plugin
    ``lineage`` this does nothing.

    Args:
        name: the job's name, the same for each of its runs.

    Raises:
        DataError: the name is empty.

    >>> with job("clean orders"):
    ...     pass
    """
    if not isinstance(name, str) or not name.strip():
        raise DataError(f"a job's name is a text that is not empty, found {name!r:.80}")
    run = Run(name)
    token = _current.set(run)
    try:
        yield
    except BaseException as error:
        run.end(error)
        raise
    finally:
        _current.reset(token)
    run.end(None)


def current_run() -> Run | None:
    """The run of the job that this is inside of: of the block, else of the process."""
    run = _current.get()
    if run is None and (name := os.environ.get(VARIABLE, "").strip()):
        run = _process_run(name)
    return run


@cache
def _process_run(name: str) -> Run:
    run = Run(name)
    # The error that ends a process has been printed by then, and is kept here.
    atexit.register(lambda: run.end(getattr(sys, "last_value", None)))
    return run
