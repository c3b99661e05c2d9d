"""Several files handed in together, to be written together: all of them, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from attrs import frozen

__all__ = ["FileSet", "SourceFile"]


@frozen
class SourceFile:
    """One file of a :class:`FileSet`.

    Attributes:
        key: where it goes, from the place that the whole set goes to, with ``/`` between the parts.
        open: opens it for reading, from its start, each time it is called.
        size: bytes, where that is known.
    """

    key: str
    open: Callable[[], BinaryIO]
    size: int | None = None


@frozen
class FileSet:
    """Files to be written below one directory in one all-or-nothing step.

    An interface that can do that has a ``write`` route whose ``data`` is a ``FileSet``.

    >>> import io
    >>> both = FileSet((SourceFile("a.csv", lambda: io.BytesIO(b"x"), 1), SourceFile("b/c.csv", io.BytesIO, 0)))
    >>> [file.key for file in both], both.size
    (['a.csv', 'b/c.csv'], 1)
    """

    files: Sequence[SourceFile]

    def __iter__(self) -> Iterator[SourceFile]:
        return iter(self.files)

    @property
    def size(self) -> int | None:
        """Bytes in all; ``None`` where one of them isn't known."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)
