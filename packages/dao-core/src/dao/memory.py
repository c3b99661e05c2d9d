"""How many bytes one call may hold in memory at a time, and how its work divides them.

``memory_limit=`` of a call, or of a data access object for all its calls, becomes a :class:`Budget`. It is in a
context variable while the call runs: a backend asks :func:`current` for its shares where it reads ahead, gathers rows
or decides how many pieces to work on at once. Threads see it if they are started with
``contextvars.copy_context().run``; what is made lazily after the call has returned is wrapped in :func:`kept`.

>>> with budgeted(Budget.of("96 MiB")):
...     current().chunk == 8 * 2**20
True
>>> current().limit is None
True
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from contextvars import ContextVar
from operator import index
from typing import Any, TypeVar

from attrs import evolve, frozen

from dao.display import Displayed
from dao.errors import DataError

__all__ = ["USUAL", "Budget", "budgeted", "byte_count", "current", "kept", "shown"]

T = TypeVar("T")

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12} | {
    "KIB": 1 << 10,
    "MIB": 1 << 20,
    "GIB": 1 << 30,
    "TIB": 1 << 40,
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", re.ASCII)

_NO_LIMIT = 2**63 - 1

_OPEN_FILE = 32 << 20
"""Of a limit, for each file of a partition that is being written: an object store's may hold a part of 8 MiB."""

_LEAST = 1 << 20
"""The smallest limit: below it not even the buffers of one file fit."""


@frozen(kw_only=True)
class Budget(Displayed):
    """The bytes of one call, and the shares of its steps. Those of :data:`USUAL` hold where there is no limit.

    Of a limit, a stream that is read gets about half and one that is written the other half, so that a copy holds to
    it as well. What the caller holds (a table that is written, the batches of the caller's own stream, the result of a
    read) isn't counted.

    Attributes:
        limit: bytes in all; None for no limit.
        fetched: bytes of column chunks from afar that are in memory while a stream is read.
        gathered: bytes fetched for a table that is read whole and not yet decoded.
        block: bytes of a request where a file from afar is read from one end to the other; two are fetched ahead.
        batch: bytes of a batch that is read, about; three of them are in memory at once.
        chunk: bytes of the rows that become one file of a stream that is written; about five are in memory at once.
        group: bytes of rows that wait for a file's next row group, where the format's options allow more.
        waiting: bytes of all rows that wait to be written into partitions.
        sent: bytes of an upload's parts that are on their way at once, if that is more than one part.
        upserted: bytes of the rows of an upsert, which are held as long as it runs.
        open_files: partitions' files that are written at the same time.
        rewriters: files that are rewritten at the same time, where there are more cores.
    """

    limit: int | None = None
    fetched: int = 48 << 20
    gathered: int = 128 << 20
    block: int = 8 << 20
    batch: int = 16 << 20
    chunk: int = 16 << 20
    group: int = _NO_LIMIT
    waiting: int = 64 << 20
    sent: int = _NO_LIMIT
    upserted: int = _NO_LIMIT
    open_files: int = 256
    rewriters: int = _NO_LIMIT

    @staticmethod
    def of(limit: Any) -> Budget:
        """The budget of a limit; :data:`USUAL` for None.

        Args:
            limit: bytes, as a whole number or as text with a unit: ``"512 MiB"``, ``"2GB"``; at least 1 MiB.

        Raises:
            DataError: it is no such number, or too small.

        >>> Budget.of("512 MiB").limit
        536870912
        """
        if limit is None:
            return USUAL
        size = byte_count("memory_limit", limit)
        return evolve(
            USUAL,
            limit=size,
            fetched=min(USUAL.fetched, size // 4),
            gathered=min(USUAL.gathered, size // 2),
            block=min(USUAL.block, size // 16),
            batch=min(USUAL.batch, size // 16),
            chunk=min(USUAL.chunk, size // 12),
            group=size // 8,
            waiting=min(USUAL.waiting, size // 4),
            sent=size // 4,
            upserted=size // 4,
            open_files=max(1, min(USUAL.open_files, size // _OPEN_FILE)),
            rewriters=1,
        )


USUAL = Budget()
"""The shares without a limit."""

_current: ContextVar[Budget | None] = ContextVar("dao_memory", default=None)


def current() -> Budget:
    """The budget of the call that is running."""
    return _current.get() or USUAL


def budgeted(budget: Budget | None) -> AbstractContextManager[None]:
    """The work inside the ``with`` block has this budget; None leaves the one that it has."""
    return nullcontext() if budget is None else _set(budget)


@contextmanager
def _set(budget: Budget) -> Iterator[None]:
    token = _current.set(budget)
    try:
        yield
    finally:
        _current.reset(token)


def kept(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """The same items, each made under the budget that is current now, wherever they are asked for later.

    >>> with budgeted(Budget.of("96 MiB")):
    ...     sizes = kept(current().chunk for _ in range(2))
    >>> sum(sizes) == 16 * 2**20
    True
    """
    budget = _current.get()
    return items if budget is None else _kept(items, budget)


def _kept(items: Generator[T, None, None], budget: Budget) -> Generator[T, None, None]:
    with closing(items):
        while True:
            with budgeted(budget):
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item
            del item


def byte_count(name: str, value: Any) -> int:
    """A limit in bytes.

    Args:
        name: the argument's name, for errors.
        value: a whole number, or text with a unit.

    Raises:
        DataError: it is neither, or less than 1 MiB.
    """
    size = _bytes_of(value)
    if size is None:
        raise DataError(
            f"{name}: found {value!r:.80}, expected bytes as a whole number, or a text such as '512 MiB' or '2 GB'"
        )
    if size < _LEAST:
        raise DataError(f"{name}: found {value!r:.80}, expected at least 1 MiB: the buffers of one file take as much")
    return size


def _bytes_of(value: Any) -> int | None:
    if isinstance(value, str):
        found = _SIZE.fullmatch(value)
        unit = None if found is None else _UNITS.get(found[2].upper())
        return None if found is None or unit is None else int(float(found[1]) * unit)
    try:
        return None if isinstance(value, bool) else index(value)
    except TypeError:
        return None


def shown(size: int) -> str:
    """A number of bytes for people.

    >>> shown(3 << 20), shown(1 << 29), shown(1500)
    ('3 MiB', '512 MiB', '1,500 bytes')
    """
    return f"{size / (1 << 20):,.4g} MiB" if size >= 1 << 20 else f"{size:,} bytes"
