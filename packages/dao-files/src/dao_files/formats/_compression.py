"""Compressed text files: the codec that a name or an option selects, and streams that compress and decompress.

pyarrow has gzip, zstd, bz2 and lz4 (frame format) streams; xz is by the standard library's ``lzma``.
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
"""The validation of the option ``compression`` of text formats."""


def resolve_compression(compression: str | None, path: str) -> str | None:
    """Return the codec that the option ``compression`` selects for a path; None for no compression."""
    if compression == "infer":
        return infer_compression(path)
    if compression is None:
        return None
    return _ALIASES.get(compression, compression)


class UnpackedInput:
    """A stream of a file's decompressed bytes, with a small bounded buffer.

    Attributes:
        codec: the codec, or None.
    """

    def __init__(self, raw: pa.NativeFile, codec: str | None) -> None:
        self.codec = codec
        self._raw = raw
        self._started = False
        if codec is None:
            self._stream: Any = raw
        else:
            self._stream = _open_unpacked(raw, codec)

    def read(self, size: int | None = None) -> bytes:
        """Read up to ``size`` bytes, none at the end; all where ``size`` is None.

        Raises:
            StoreError: bytes that the codec can't decode, or compressed bytes where plain ones are expected.
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


def _open_unpacked(raw: pa.NativeFile, codec: str) -> Any:
    return lzma.LZMAFile(raw) if codec == "xz" else pa.CompressedInputStream(raw, codec)


_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"\xfd7zXZ\x00": "xz",
}
_BZ2 = re.compile(rb"BZh[1-9]1AY&SY")


def _refuse_packed(head: bytes) -> None:
    """Refuse a text file whose first bytes are those of a compressed or binary file.

    Raises:
        StoreError: they are; the message names the option that reads the file.
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
        raise StoreError(f"its content is not text but {other}: format={other!r} reads it")


def open_input(path: str, filesystem: fs.FileSystem, compression: str | None) -> UnpackedInput:
    """Open a text file as a stream of its decompressed bytes.

    Args:
        path: the file.
        filesystem: the filesystem that holds it.
        compression: the option's value: ``"infer"``, a codec or None.
    """
    codec = resolve_compression(compression, path)
    return UnpackedInput(filesystem.open_input_stream(path, compression=None), codec)


class KeptOpen:
    """A sink that shields the real sink from a writer that closes its sink or writes after the end.

    ``close`` leaves the real sink open. An error of the real sink is stored, not raised: the ORC library ends the
    process when a write fails in its destructor (pyarrow 26). :meth:`check` raises it in Python; after an error, and
    after :meth:`drop`, writes are discarded.
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
        """Raise the stored error of the real sink, if any."""
        if self._error is not None:
            error, self._error = self._error, None
            self._dropped = True
            raise error

    def drop(self) -> None:
        """Discard all further writes."""
        self._dropped = True

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        """Do nothing: flushing is up to the owner of the sink."""

    def close(self) -> None:
        """Do nothing: the real sink stays open."""

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


class CompressedSink:
    """The output stream of a text format: compresses into ``sink``, which stays open when this stream is closed."""

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
        """Compress and write bytes or a buffer.

        Raises:
            OSError, DaoError: as the sink raises them.
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
        """Discard all further writes to the sink."""
        if self._kept is not None:
            self._kept.drop()
