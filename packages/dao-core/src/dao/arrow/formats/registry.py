"""The formats by name, and the format that a file name stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Lock

from dao.arrow.formats.base import Format
from dao.arrow.formats.compression import strip_compression
from dao.errors import DataError, UnsupportedError, did_you_mean

__all__ = ["FORMATS", "get_format", "infer_format", "register_format"]


class Formats(Mapping[str, Format]):
    """All formats by name. Read-only to the outside: :func:`register_format` adds to it."""

    def __init__(self) -> None:
        self._formats: dict[str, Format] = {}
        self._lock = Lock()

    def __getitem__(self, name: str) -> Format:
        return self._formats[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._formats))

    def __len__(self) -> int:
        return len(self._formats)

    def add(self, format: Format, replace: bool) -> None:
        with self._lock:
            taken = self._formats.get(format.name)
            if taken is not None and taken is not format and not replace:
                raise DataError(f"format {format.name!r} is already registered as {taken!r}; replace=True replaces it")
            self._formats = {**self._formats, format.name: format}


FORMATS = Formats()
"""All known formats, name to :class:`~dao.arrow.formats.base.Format`."""


def register_format(format: Format, *, replace: bool = False) -> Format:
    """Make a format known by its name and suffixes; returns it.

    Raises:
        DataError: another format has that name and ``replace`` is False.
    """
    FORMATS.add(format, replace)
    return format


def get_format(name: str) -> Format:
    """The format of that name, in any case.

    Raises:
        UnsupportedError: no such format; the message has the nearest right name.

    >>> get_format("parquet").suffixes
    ('.parquet', '.pq', '.parq')
    """
    found = FORMATS.get(name.lower()) if isinstance(name, str) else None
    if found is None:
        raise UnsupportedError(f"no format {name!r}; {did_you_mean(str(name), FORMATS)}")
    return found


def infer_format(path: str) -> str | None:
    """The name of the format that a file name's ending stands for, or None. Sees through ``.gz``, ``.zst``, ``.bz2``.

    >>> infer_format("raw/2025/users.csv.gz")
    'csv'
    >>> infer_format("raw/part-0.zstd.parquet"), infer_format("README")
    ('parquet', None)
    """
    name = strip_compression(path).lower()
    matches = (
        (len(suffix), format.name) for format in FORMATS.values() for suffix in format.suffixes if name.endswith(suffix)
    )
    return max(matches, default=(0, None))[1]
