"""The file formats of this process by name: distributions register theirs here, catalogs and commands look them up.

The formats themselves come from elsewhere (``dao-files`` brings Parquet, CSV and others). A plugin names the modules
that register them by the hook ``dao_file_formats``; they are imported when a format is first needed, by
``Plugins.load_formats``. Nothing here needs Arrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, ValuesView
from threading import Lock
from types import MappingProxyType
from typing import Any, TypeVar

from dao.errors import DataError, UnsupportedError, did_you_mean

__all__ = [
    "COMPRESSIONS",
    "FORMATS",
    "get_format",
    "infer_compression",
    "infer_format",
    "register_format",
    "strip_compression",
]

COMPRESSIONS: Mapping[str, str] = MappingProxyType(
    {"gzip": ".gz", "zstd": ".zst", "bz2": ".bz2", "lz4": ".lz4", "xz": ".xz"}
)
"""The codecs of whole files, each with the file name suffix that it is known by."""


AnyFormat = TypeVar("AnyFormat", bound=Any)
"""A format as ``dao_files.formats.Format`` describes it: its name, suffixes, options and writer are used here."""


class _Formats(Mapping[str, Any]):
    """All formats by name. Read-only to the outside: :func:`register_format` adds to it."""

    def __init__(self) -> None:
        self._formats: dict[str, Any] = {}
        self._lock = Lock()

    def __getitem__(self, name: str) -> Any:
        return self._formats[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._formats)

    def __len__(self) -> int:
        return len(self._formats)

    def values(self) -> ValuesView[Any]:
        return self._formats.values()  # most calls ask each format for its suffixes

    def add(self, format: Any, replace: bool) -> None:
        with self._lock:
            taken = self._formats.get(format.name)
            if taken is not None and not replace and not _are_one(taken, format):
                raise DataError(f"format {format.name!r} is already registered as {taken!r}; replace=True replaces it")
            self._formats = dict(sorted({**self._formats, format.name: format}.items()))


def _are_one(taken: Any, given: Any) -> bool:
    """Whether two formats are one: the same object, or that of a module that was imported again."""
    kinds = (type(taken), type(given))
    names = {(kind.__module__, kind.__qualname__) for kind in kinds}
    return taken is given or (kinds[0] is not kinds[1] and len(names) == 1)


FORMATS: Mapping[str, Any] = _Formats()
"""The formats that are registered now, by name; ``Plugins.load_formats`` has the plugins add theirs."""


def register_format(format: AnyFormat, *, replace: bool = False) -> AnyFormat:
    """Make a format known by its name and suffixes; returns it.

    Raises:
        DataError: another format has that name and ``replace`` is False.
    """
    assert isinstance(FORMATS, _Formats)
    FORMATS.add(format, replace)
    return format


def get_format(name: str) -> Any:
    """The registered format of that name, in any case.

    Raises:
        UnsupportedError: no such format; the message has the nearest right name.

    >>> from dao.plugins import default_plugins
    >>> default_plugins().load_formats() is FORMATS
    True
    >>> get_format("parquet").suffixes
    ('.parquet', '.pq', '.parq')
    """
    found = FORMATS.get(name.lower()) if isinstance(name, str) else None
    if found is None:
        raise UnsupportedError(f"no format {name!r}; {did_you_mean(str(name), FORMATS)}")
    return found


def infer_format(path: str) -> str | None:
    """The name of the registered format that a file name's suffix means, or None; ``.gz`` and its like may follow.

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


def infer_compression(path: str) -> str | None:
    """The codec that a file name's suffix means, or None.

    >>> infer_compression("a/b.csv.GZ")
    'gzip'
    >>> infer_compression("a/b.csv") is None
    True
    """
    lowered = path.lower()
    return next((codec for codec, suffix in COMPRESSIONS.items() if lowered.endswith(suffix)), None)


def strip_compression(path: str) -> str:
    """The file name without the suffix that says how it is compressed.

    >>> strip_compression("users.csv.gz"), strip_compression("users.csv")
    ('users.csv', 'users.csv')
    """
    codec = infer_compression(path)
    return path[: -len(COMPRESSIONS[codec])] if codec else path
