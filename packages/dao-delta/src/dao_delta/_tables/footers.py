"""What is known of data files without reading them again: the columns in the footers of those that were looked at, and
of DAO's own by their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from hashlib import sha256
from typing import TypeVar

import pyarrow as pa
from attrs import define, field, frozen

from dao_files.storage import in_parallel

__all__ = ["Footer", "Footers", "mark_in", "mark_of", "own_name"]

F = TypeVar("F")

_MOST = 200_000
"""Files that are remembered."""

_READERS = 16


def mark_of(schema: pa.Schema) -> str:
    """What stands for the columns of a file, in the names of the files that DAO writes.

    >>> mark_of(pa.schema({"id": pa.int64()})) == mark_of(pa.schema({"id": pa.int64()}))
    True
    """
    return sha256(repr([(one.name, str(one.type)) for one in schema]).encode()).hexdigest()[:16]


def own_name(mark: str) -> str:
    """A regular expression for the names of the files that DAO writes with a mark."""
    return rf"part-{mark}-[0-9a-f-]{{36}}-c000\.[a-z0-9.]+"


_MARKED = re.compile(own_name("([0-9a-f]{16})"))


def mark_in(path: str) -> str | None:
    """The mark in the name of a file; None for those of other writers."""
    found = _MARKED.fullmatch(path.rpartition("/")[2])
    return None if found is None else found[1]


@frozen(eq=False)
class Footer:
    """What the footer of a file says.

    Attributes:
        schema: the columns.
        int96: the paths of the leaves of type INT96.
    """

    schema: pa.Schema
    int96: tuple[str, ...] = ()


@define(eq=False)
class Footers:
    """Footers, each of which is read once by a client. Those that say the same are the same object."""

    _known: dict[Hashable, Footer] = field(factory=dict)
    _same: dict[Hashable, Footer] = field(factory=dict)

    def __contains__(self, file: Hashable) -> bool:
        return file in self._known

    def of(self, files: Mapping[Hashable, F], read: Callable[[F], Footer]) -> list[Footer]:
        """The footers of files.

        Args:
            files: by what stands for their footers at any time.
            read: reads the footer of a file that isn't known; called by several threads.
        """
        missing = [name for name in files if name not in self._known]
        read_now = in_parallel(read, [files[name] for name in missing], _READERS)
        new = dict(zip(missing, map(self._one, read_now), strict=True))
        found = [new.get(name) or self._known[name] for name in files]
        if len(self._known) + len(new) > _MOST:
            self._known.clear()
        self._known.update(new)
        return found

    def _one(self, footer: Footer) -> Footer:
        key = footer.schema.remove_metadata().serialize().to_pybytes(), footer.int96
        return self._same.setdefault(key, footer)
