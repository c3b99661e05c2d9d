"""Compressed text files: which codec a name or an option means, and streams that pack and unpack on the fly.

pyarrow has gzip, zstd, bz2 and lz4 (frame format) streams. It has none for xz, which the standard library's ``lzma``
serves.
"""

from __future__ import annotations

import lzma
import re
from typing import Any

import pyarrow as pa
from pyarrow import fs

from dao.errors import StoreError
from dao.file_formats import COMPRESSIONS, infer_compression
from dao_files.formats._options import Check

__all__ = [
    "CompressedSink",
    "KeptOpen",
    "UnpackedInput",
    "compression_option",
    "open_input",
    "resolve_compression",
]

_ALIASES = {"gz": "gzip", "zst": "zstd", "zstandard": "zstd", "bzip2": "bz2", "lzma": "xz", "none": None}

compression_option = Check(
    f"'infer', None or one of {', '.join(map(repr, COMPRESSIONS))}",
    lambda value: (
        value is None or (isinstance(value, str) and (value in COMPRESSIONS or value in _ALIASES or value == "infer"))
    ),
)
"""The check of the option ``compression`` of text formats."""


def resolve_compression(compression: str | None, path: str) -> str | None:
    """The codec that the option ``compression`` means for a file of that name."""
    if compression == "infer":
        return infer_compression(path)
    if compression is None:
        return None
    return _ALIASES.get(compression, compression)


class UnpackedInput:
    """A file's unpacked bytes, as a stream to read and close; only a small buffer is held in memory.

    Attributes:
        codec: what it is unpacked with, or None.
    """

    def __init__(self, raw: pa.NativeFile, codec: str | None) -> None:
        self.codec = codec
        self._raw = raw
        self._started = False
        if codec is None:
            self._stream: Any = raw
        else:
            self._stream = _unpacked(raw, codec)

    def read(self, size: int | None = None) -> bytes:
        """Up to so many bytes, none at the end; all where it is None.

        Raises:
            StoreError: bytes that the codec doesn't know, or packed ones where none are expected.
        """
        try:
            data: bytes = self._stream.read(size)
        except (lzma.LZMAError, EOFError, OSError) as error:
            if self.codec is None or (isinstance(error, OSError) and error.errno is not None):
                raise
            advice = "" if self._started else "; compression=None reads bytes that are not packed"
            raise StoreError(f"it can't be unpacked with {self.codec} ({error}){advice}") from error
        if not self._started and data:
            self._started = True
            _refuse_packed(data)
        return data

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        self._raw.close()

    def __enter__(self) -> UnpackedInput:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _unpacked(raw: pa.NativeFile, codec: str) -> Any:
    return lzma.LZMAFile(raw) if codec == "xz" else pa.CompressedInputStream(raw, codec)


_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"\xfd7zXZ\x00": "xz",
}
_BZ2 = re.compile(rb"BZh[1-9]1AY&SY")


def _refuse_packed(head: bytes) -> None:
    """Make sure that the first bytes of a text file are no packed or binary ones.

    Raises:
        StoreError: they are; the message says what reads them.
    """
    codec = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    codec = "bz2" if _BZ2.match(head) else codec
    if codec is not None:
        raise StoreError(f"its content is packed with {codec}, as its name doesn't say: compression={codec!r} reads it")
    if head.startswith(b"PK\x03\x04"):
        raise StoreError(
            f"its content is a ZIP archive, which has to be unpacked first; read as they are: {', '.join(COMPRESSIONS)}"
        )
    from dao.file_formats import FORMATS

    other = next((one.name for one in FORMATS.values() if one.magic and head.startswith(one.magic)), None)
    if other is not None and b"\x00" in head[:1024]:
        raise StoreError(f"its content is no text but {other}: format={other!r} reads it")


def open_input(path: str, filesystem: fs.FileSystem, compression: str | None) -> UnpackedInput:
    """Open a text file as a stream of its unpacked bytes.

    Args:
        path: the file.
        filesystem: where it is.
        compression: the option's value: ``"infer"``, a codec or None.
    """
    codec = resolve_compression(compression, path)
    return UnpackedInput(filesystem.open_input_stream(path, compression=None), codec)


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
