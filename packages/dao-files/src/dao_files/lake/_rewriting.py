"""What a format gives for copy-on-write: files that are read, written again or taken out, and a feed of changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from dao.memory import current
from dao_files._workers import in_parallel

__all__ = ["Feed", "Rewriting", "in_threads", "together"]

F = TypeVar("F")
F_contra = TypeVar("F_contra", contravariant=True)
R = TypeVar("R")
T = TypeVar("T")

_WORKERS = 2
_TOGETHER = 8 << 20
"""Bytes of the stored files that become one. A file costs milliseconds whatever is in it, and would again next time;
larger ones stay apart, so that what their statistics rule out stays so."""


class Feed(Protocol):
    """Where the rows of a commit that change are noted. A format without a feed of changes notes nothing."""

    @property
    def is_kept(self) -> bool:
        """Whether anything is noted."""

    def add(self, rows: pa.RecordBatch, kind: str) -> None:
        """Note a change of rows, which have the table's columns.

        Args:
            rows: the rows.
            kind: ``insert``, ``delete``, ``update_preimage`` or ``update_postimage``.
        """

    def finish(self) -> None:
        """All is noted."""


class Rewriting(Protocol[F_contra]):
    """The files of one version of a table, in which rows change. Its parameter is what the format has of a file.

    Its methods are called by several threads, each for other files.
    """

    @property
    def schema(self) -> pa.Schema:
        """The columns that the table has afterwards."""

    @property
    def has_rules(self) -> bool:
        """Whether :meth:`checked` refuses or changes rows."""

    def given_schema(self, arriving: pa.Schema) -> pa.Schema:
        """The columns of the table that rows with some columns must have: others are computed by :meth:`checked`."""

    def checked(self, rows: pa.RecordBatchReader) -> Iterable[pa.RecordBatch]:
        """New rows in the table's columns, in the same order.

        Raises:
            DataError: the table refuses one.
        """

    def read(self, file: F_contra, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows of a file in their order, without those that are deleted; some columns, or all."""

    def rows_of(self, file: F_contra) -> int:
        """How many rows :meth:`read` gives."""

    def is_inside(self, rows: pa.RecordBatch, file: F_contra) -> pa.Array:
        """Which rows may stay in the files that :meth:`replace` writes for a file."""

    def remove(self, file: F_contra) -> None:
        """Take a file out."""

    def size_of(self, file: F_contra) -> int:
        """How many bytes it has."""

    def partition_of(self, file: F_contra) -> Hashable:
        """What files have in common that may be written again as one."""

    @property
    def target_size(self) -> int:
        """Bytes after which a new file is begun."""

    def replace(self, files: Sequence[F_contra], rows: Callable[[Any], Iterator[pa.RecordBatch]]) -> None:
        """Write a group of files again as one, or as few as their size allows.

        Args:
            files: the files.
            rows: gives their new rows; it gets a :class:`Feed` to note what changes.
        """

    def insert(self, rows: Iterator[pa.RecordBatch]) -> None:
        """Write rows into new files."""

    def feed(self) -> Feed:
        """Where changes are noted that belong to no replaced file, by one thread."""

    def note_whole(self, files: Sequence[F_contra], kind: str) -> None:
        """Note a change of all rows of some files, where changes are noted."""


def in_threads(work: Callable[[T], R], files: Iterable[T]) -> list[R]:
    """The results of work on each file or group of files, two at a time, in their order."""
    return list(in_parallel(work, files, min(_WORKERS, current().rewriters)))


def together(rewriting: Rewriting[F], found: Iterable[T], file_of: Callable[[T], F]) -> list[list[T]]:
    """What was found in files, in groups to be written again as one: small files of one partition, in their order.

    Args:
        rewriting: of the files.
        found: what was found, of each file once.
        file_of: the file that something was found in.
    """
    most = min(_TOGETHER, rewriting.target_size)
    groups: list[list[T]] = []
    last: dict[Hashable, list[T]] = {}
    room: dict[Hashable, int] = {}
    for one in found:
        file = file_of(one)
        partition, size = rewriting.partition_of(file), rewriting.size_of(file)
        if size > room.get(partition, 0):
            groups.append([])
            last[partition], room[partition] = groups[-1], max(most, size)
        last[partition].append(one)
        room[partition] -= size
    return groups
