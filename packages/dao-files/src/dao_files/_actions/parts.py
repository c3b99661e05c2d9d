"""Writing of rows into part files of a change: large data into several files, encoded in parallel.

pyarrow encodes a file on one core. So the rows are split into contiguous ranges, each of which becomes a file; several
are encoded concurrently. File names sort in the order of the rows, so they are read back in the order in which they
were written. Only a few ranges are in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import define, field, frozen

from dao.arrow.convert import refuse_variants
from dao.file_formats import COMPRESSIONS, strip_compression
from dao.memory import current
from dao.progress import advance
from dao_files._storage.keys import join
from dao_files._storage.names import new_token, without_token
from dao_files._workers import WORKERS, in_parallel
from dao_files.formats import Format
from dao_files.formats._compression import resolve_compression

if TYPE_CHECKING:
    from dao_files._storage.storage import Change

__all__ = ["Part", "PartWriter", "held_bytes", "split_ranges", "write_parts"]

_STREAM_WORKERS = 2
"""Files of a stream that are encoded concurrently, regardless of the number of cores, as each takes memory."""

_LARGEST = 9
"""How many times larger than the files of a stream those of data in the caller's memory may be."""


@frozen
class Part:
    """A written file.

    Attributes:
        path: its path below the table's key.
        rows: its number of rows.
        size: its size in bytes.
    """

    path: str
    rows: int
    size: int


@define
class PartWriter:
    """A writer of part files of one format in a change.

    Attributes:
        change: the change.
        format: the format.
        options: the format's options.
        schema: the schema of the rows inside the files.
        version: the version of the table that is being written; file names of later versions sort later.
        key: the change's own key, from which the compression of a single file is inferred.
    """

    change: Change
    format: Format
    options: Any
    schema: pa.Schema
    version: int
    key: str
    _token: str = field(factory=new_token, init=False)
    _numbers: Iterator[int] = field(factory=count, init=False)

    def new_path(self, folder: str = "") -> str:
        """Create a unique file name in a folder below the table."""
        name = (
            f"part-{self.version:06d}-{next(self._numbers):05d}-{self._token}{file_suffix(self.format, self.options)}"
        )
        return join(folder, name)

    def successor(self, path: str) -> str:
        """Create a new name for the replacement of a file, with the same position in the order of files."""
        folder, _, name = path.rpartition("/")
        stem = strip_compression(name)
        suffix = next((one for one in self.format.suffixes if stem.lower().endswith(one)), "")
        stem = without_token(stem[: len(stem) - len(suffix)])
        return join(folder, f"{stem}-{self._token}{file_suffix(self.format, self.options)}")

    def open(self, path: str) -> OpenPart:
        """Open a new file of the change.

        Raises:
            DataError: a VARIANT column, which pyarrow can't write, or a schema that the format can't store exactly.
        """
        refuse_variants(self.schema)
        sink = self.change.create(path, native=True, unique=bool(path))
        try:
            writer = self.format.writer(sink, self.schema, self.options, path=path or self.key)
        except BaseException:
            sink.close()
            raise
        return OpenPart(path, sink, writer)

    def write(self, path: str, batches: Iterable[pa.RecordBatch]) -> Part:
        """Write batches to a new file and complete it."""
        part = self.open(path)
        try:
            _write_all(part, batches)
            return part.finish(self.change)
        except BaseException:
            part.abort()
            raise
        finally:
            # Rows allocated by other threads are freed here: the allocator returns their memory only on request.
            pa.default_memory_pool().release_unused()


@define
class OpenPart:
    """A file that is being written."""

    path: str
    sink: Any
    writer: Any
    rows: int = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Append the rows of a batch."""
        self.writer.write(batch)
        self.rows += batch.num_rows

    def finish(self, change: Change) -> Part:
        """Complete the file."""
        self.writer.close()
        self.sink.close()
        return Part(self.path, self.rows, change.size(self.path))

    def abort(self) -> None:
        """Close the file without completing it."""
        try:
            self.writer.abort()
        finally:
            self.sink.close()


def _write_all(part: OpenPart, batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches in a frame of its own, so that no frame retains them when the file is completed: see `_drain`."""
    for batch in batches:
        part.write(batch)


def _drain(batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches, removing each from the list.

    An error that a storage handles may retain the frames of its callers, and with them their batches, until garbage
    collection: so the frames must not hold any.
    """
    batches.reverse()
    while batches:
        yield batches.pop()


def file_suffix(format: Format, options: Any) -> str:
    """Return the suffix of a new file's name, which identifies its format and compression."""
    codec = None if format.has_schema else resolve_compression(options.compression, "")
    return format.suffixes[0] + (COMPRESSIONS[codec] if codec else "")


def split_ranges(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[list[pa.RecordBatch]]:
    """Split rows into contiguous ranges of about ``size`` bytes of Arrow memory, zero-copy, and report progress."""
    collected: list[pa.RecordBatch] = []
    room = size
    for batch in batches:
        for piece, piece_size in _split_batch(batch, size):
            advance(piece.num_rows, piece_size)
            collected.append(piece)
            room -= piece_size
            if room <= 0:
                yield collected
                collected, room = [], size
    if collected:
        yield collected


def _split_batch(batch: pa.RecordBatch, size: int) -> Iterator[tuple[pa.RecordBatch, int]]:
    whole = batch.nbytes
    if whole <= size or batch.num_rows < 2:
        if batch.num_rows:
            yield batch, whole
        return
    rows = max(1, int(batch.num_rows * size / whole))
    for start in range(0, batch.num_rows, rows):
        piece = batch.slice(start, rows)
        yield piece, piece.nbytes


def held_bytes(data: Any) -> int:
    """Estimate the bytes that data takes in memory; 0 for streamed data."""
    root, name = type(data).__module__.partition(".")[0], type(data).__name__
    if isinstance(data, pa.Table):
        return int(data.nbytes)
    if (root, name) == ("polars", "DataFrame"):
        return int(data.estimated_size())
    if (root, name) == ("pandas", "DataFrame"):
        return int(data.memory_usage().sum())
    return 0


def write_parts(parts: PartWriter, batches: Iterable[pa.RecordBatch], held: int = 0) -> list[Part]:
    """Write rows into as many files as they need; one file without rows if there are none.

    Args:
        parts: the writer of the files.
        batches: the rows.
        held: the :func:`held_bytes` of their source.
    """
    chunk = current().chunk
    chunks = split_ranges(batches, min(max(held // WORKERS, chunk), _LARGEST * chunk))
    first = next(chunks, [])
    second = next(chunks, None)
    if second is None:
        return [parts.write(parts.new_path(), _drain(first))]

    def jobs() -> Iterator[tuple[str, Iterator[pa.RecordBatch]]]:
        nonlocal first, second
        for chunk in (first, second):
            yield parts.new_path(), _drain(chunk or [])
        first, second = [], None
        for chunk in chunks:
            yield parts.new_path(), _drain(chunk)

    return list(in_parallel(lambda job: parts.write(*job), jobs(), WORKERS if held else _STREAM_WORKERS))
