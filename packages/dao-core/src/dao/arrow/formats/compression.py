"""Compressed text files: which codec a name or an option means, and streams that pack and unpack on the fly.

pyarrow has gzip, zstd, bz2 and lz4 (frame format) streams. It has none for xz, which the standard library's ``lzma``
serves.
"""

from __future__ import annotations

import lzma
from typing import Any

import pyarrow as pa
from pyarrow import fs

from dao.arrow.formats.options import Check
from dao.errors import StoreError

__all__ = [
    "COMPRESSIONS",
    "CompressedSink",
    "KeptOpen",
    "compression_option",
    "infer_compression",
    "open_input",
    "refuse_packed",
    "resolve_compression",
    "strip_compression",
]

COMPRESSIONS: dict[str, str] = {"gzip": ".gz", "zstd": ".zst", "bz2": ".bz2", "lz4": ".lz4", "xz": ".xz"}
"""The codecs of whole files, each with the file name ending it is known by."""

_ALIASES = {"gz": "gzip", "zst": "zstd", "zstandard": "zstd", "bzip2": "bz2", "lzma": "xz", "none": None}

compression_option = Check(
    f"'infer', None or one of {', '.join(map(repr, COMPRESSIONS))}",
    lambda value: (
        value is None or (isinstance(value, str) and (value in COMPRESSIONS or value in _ALIASES or value == "infer"))
    ),
)
"""The check of the option ``compression`` of text formats."""


def infer_compression(path: str) -> str | None:
    """The codec that a file name's ending stands for, or None.

    >>> infer_compression("a/b.csv.GZ")
    'gzip'
    >>> infer_compression("a/b.csv") is None
    True
    """
    lowered = path.lower()
    return next((codec for codec, suffix in COMPRESSIONS.items() if lowered.endswith(suffix)), None)


def strip_compression(path: str) -> str:
    """The file name without the ending that says how it is compressed.

    >>> strip_compression("users.csv.gz"), strip_compression("users.csv")
    ('users.csv', 'users.csv')
    """
    codec = infer_compression(path)
    return path[: -len(COMPRESSIONS[codec])] if codec else path


def resolve_compression(compression: str | None, path: str) -> str | None:
    """The codec that the option ``compression`` means for a file of that name."""
    if compression == "infer":
        return infer_compression(path)
    if compression is None:
        return None
    return _ALIASES.get(compression, compression)


def open_input(path: str, filesystem: fs.FileSystem, compression: str | None) -> pa.NativeFile:
    """Open a file as a stream of its unpacked bytes; nothing but a small buffer is held in memory.

    Args:
        path: the file.
        filesystem: where it is.
        compression: the option's value: ``"infer"``, a codec or None.
    """
    codec = resolve_compression(compression, path)
    raw = filesystem.open_input_stream(path, compression=None)
    if codec is None:
        return raw
    if codec == "xz":
        return pa.PythonFile(lzma.LZMAFile(raw), mode="r")
    return pa.CompressedInputStream(raw, codec)


_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bz2",
    b"\x04\x22\x4d\x18": "lz4",
    b"\xfd7zXZ": "xz",
}


def refuse_packed(start: bytes) -> None:
    """Make sure that what is to be text is not packed by a codec of ours.

    Raises:
        StoreError: it is; the message has the option that reads it.
    """
    codec = next((codec for magic, codec in _MAGIC.items() if start.startswith(magic)), None)
    if codec is not None:
        raise StoreError(f"the file is packed by {codec} and its name does not say so; compression={codec!r} reads it")


class KeptOpen:
    """A sink between a writer that closes what it is given, or writes after the end, and the real sink.

    ``close`` leaves the real sink open. An error of the real sink is kept, not raised: the ORC library ends the process
    when a write fails in its destructor (pyarrow 26). :meth:`check` raises it where Python can see it; until then, and
    after :meth:`drop`, what is written goes nowhere.
    """

    closed = False

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._position = 0
        self._error: BaseException | None = None
        self._dropped = False

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self._position += size
        if self._error is None and not self._dropped:
            try:
                self._sink.write(data)
            except BaseException as error:
                self._error = error
        return size

    def check(self) -> None:
        """Raise the error that the real sink met, if any."""
        if self._error is not None:
            error, self._error = self._error, None
            self._dropped = True
            raise error

    def drop(self) -> None:
        """Let nothing more through."""
        self._dropped = True

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        """Leave it to the owner of the sink."""

    def close(self) -> None:
        """Leave the sink open."""

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


class CompressedSink:
    """The stream that a text format writes to: packs into ``sink``, which stays open when this is closed."""

    def __init__(self, sink: Any, compression: str | None, path: str) -> None:
        codec = resolve_compression(compression, path)
        self._sink = sink
        self._kept: KeptOpen | None = None
        self._packer: Any = None
        if codec == "xz":
            self._packer = lzma.LZMAFile(sink, "w")  # noqa: SIM115 - close() closes it
        elif codec is not None:
            self._kept = KeptOpen(sink)
            self._packer = pa.CompressedOutputStream(pa.PythonFile(self._kept, mode="w"), codec)

    def write(self, data: Any) -> None:
        """Pack and write bytes or a buffer.

        Raises:
            Whatever the sink raises.
        """
        (self._packer or self._sink).write(data)
        if self._kept is not None:
            self._kept.check()

    def close(self) -> None:
        """Finish the compressed stream."""
        if self._packer is not None:
            self._packer.close()
            self._packer = None
        if self._kept is not None:
            self._kept.check()

    def drop(self) -> None:
        """Let nothing more through to the sink."""
        if self._kept is not None:
            self._kept.drop()
