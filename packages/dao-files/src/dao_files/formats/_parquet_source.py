"""A Parquet file to read: its footer, which is read once and cached, and its column chunks, fetched in few requests.

Local files are opened once and read by Arrow on demand. Of remote files the projected column chunks are fetched by
concurrent requests, each through its own file handle, as Arrow reads a Python file under a lock. They are then decoded
from Python's memory, so without Arrow's threads: see :mod:`dao_files.formats._near`. Small files, local or remote, are
read whole with their footer.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define, evolve, field, frozen
from pyarrow import fs

from dao_files.formats._near import arrow_buffer, handler_facts, is_near
from dao_files.formats._parquet_dictionaries import of_file
from dao_files.formats._parquet_footer import ColumnChunk, column_chunks
from dao_files.formats._parquet_int96 import int96_leaves
from dao_files.formats._parquet_options import ParquetOptions
from dao_files.formats._parquet_variant import mark_variants
from dao_files.formats._shape import check_schema, types_text

__all__ = ["ParquetSource", "Range", "open_source"]

Range = tuple[int, int]
"""A byte range of a file: offset and length."""

_TAIL = 64 << 10
"""Bytes read from a file's end: most footers fit."""

_CACHED_BYTES = 16 << 20
"""The most bytes of small files, read whole with their footers, that a filesystem caches."""

_OPEN_FILES = 16
"""The most local files that a filesystem keeps open."""

_GAP = 64 << 10
"""Bytes between two chunks up to which reading the gap costs less than another request."""

_REQUEST = 16 << 20
"""The most bytes of a request: a larger one is slower than several concurrent ones."""


@define(slots=False)
class Footer:
    """The metadata in a Parquet file's footer. Independent of the file's location, so that a filesystem may cache it.

    Attributes:
        size: the file's size in bytes.
        near: whether the file is local: Arrow reads it without Python; see :func:`dao_files.formats._near.is_near`.
        metadata: the footer, decoded by Arrow.
        schema: the Arrow schema of the rows.
        whole: the content of a small file, in Arrow's memory, which was read with the footer; else None.
    """

    size: int
    near: bool
    metadata: pq.FileMetaData
    schema: pa.Schema
    _content: bytes
    whole: pa.Buffer | None = None

    @property
    def stays_open(self) -> bool:
        """Whether the rows are read from a file that stays open."""
        return self.near and self.whole is None

    @cached_property
    def chunks(self) -> list[list[ColumnChunk]]:
        """The column chunks of each row group.

        Raises:
            StoreError: the footer is damaged.
        """
        return column_chunks(self._content)

    @cached_property
    def int96(self) -> list[str]:
        """The paths of the leaves of type INT96."""
        return int96_leaves(self.metadata.schema) if "timestamp[" in types_text(self.schema) else []


@frozen
class ParquetSource:
    """A Parquet file whose footer has been read. Keeps a local file open, unless its content is in memory.

    Attributes:
        path: the path of the file in the filesystem.
        filesystem: the filesystem.
        options: the options of reading.
        footer: the footer.
    """

    path: str
    filesystem: fs.FileSystem
    options: ParquetOptions
    footer: Footer
    _file: Any = None
    _unused: list[pq.ParquetFile] = field(factory=list, eq=False, repr=False)

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return self.footer.size

    @property
    def near(self) -> bool:
        """Whether Arrow reads it without Python: a local file, or one whose content is in memory."""
        return self.footer.near or self.footer.whole is not None

    @property
    def metadata(self) -> pq.FileMetaData:
        """The footer, decoded by Arrow."""
        return self.footer.metadata

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the rows."""
        return self.footer.schema

    @property
    def chunks(self) -> list[list[ColumnChunk]]:
        """The column chunks of each row group.

        Raises:
            StoreError: the footer is damaged.
        """
        return self.footer.chunks

    def in_unit(self, unit: str) -> ParquetSource:
        """Return the same file, whose INT96 timestamps are decoded in another unit."""
        return evolve(self, options=evolve(self.options, int96_unit=unit), unused=[])

    def ranges(self, index: int, columns: Sequence[str] | None) -> list[Range]:
        """Compute the byte ranges to fetch for some columns of a row group, None for all: near chunks are merged."""
        found: list[Range] = []
        for start, length in sorted(self._column_ranges(index, columns)):
            begin, before = found[-1] if found else (start, 0)
            if found and start - begin - before <= _GAP and start + length - begin <= _REQUEST:
                found[-1] = (begin, max(before, start + length - begin))
            else:
                found += [
                    (piece, min(_REQUEST, start + length - piece)) for piece in range(start, start + length, _REQUEST)
                ]
        return found

    def _column_ranges(self, index: int, columns: Sequence[str] | None) -> list[Range]:
        chosen = None if columns is None else set(columns)
        return [
            (chunk.start, chunk.packed)
            for chunk in self.chunks[index]
            # a column's leaves are all below its name; impossible ranges are left to Arrow to refuse
            if (chosen is None or chunk.path in chosen or chunk.path.split(".")[0] in chosen)
            and chunk.start >= 0
            and 0 <= chunk.packed <= self.size - chunk.start
        ]

    def fetch(self, wanted: Range) -> pa.Buffer:
        """Read a byte range of the file, through its own file handle."""
        with self.filesystem.open_input_file(self.path) as file:
            file.seek(wanted[0])
            return file.read_buffer(wanted[1])

    @contextmanager
    def opened(self, buffer: int = 0, dictionaries: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
        """Open the file for Arrow's reader.

        Args:
            buffer: bytes of a column chunk per read; 0 for all of them.
            dictionaries: columns to read as dictionaries, in addition to the columns of the options.
        """
        reader = None if buffer or dictionaries else self._take_reader()
        if reader is not None:
            yield reader
            return
        with (
            self._open_file() as file,
            pq.ParquetFile(
                file,
                metadata=self.metadata,
                pre_buffer=False,
                buffer_size=buffer,
                **_settings(self.options, dictionaries),
            ) as parquet,
        ):
            yield parquet

    def _take_reader(self) -> pq.ParquetFile | None:
        """Return the footer's reader, once: it has all of a small file, which costs as much to open as to read."""
        try:
            return self._unused.pop()
        except IndexError:
            return None

    def _open_file(self) -> AbstractContextManager[Any]:
        if self.footer.whole is not None:
            return nullcontext(pa.BufferReader(self.footer.whole))
        if self._file is not None:  # reads are positional, so any number of readers can share it
            return nullcontext(self._file)
        return self.filesystem.open_input_file(self.path)  # type: ignore[no-any-return]  # pyarrow has no types

    @contextmanager
    def over(self, fetched: Mapping[Range, Any], dictionaries: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
        """Open the file for Arrow's reader over ranges that are in memory; others are read on demand."""
        held = _RangedFile(self.size, [(start, memoryview(data)) for (start, _), data in fetched.items()], self.fetch)
        with (
            pa.PythonFile(held, mode="r") as file,
            pq.ParquetFile(
                file, metadata=self.metadata, pre_buffer=False, **_settings(self.options, dictionaries)
            ) as parquet,
        ):
            yield parquet


def open_source(path: str, filesystem: fs.FileSystem, options: ParquetOptions) -> ParquetSource:
    """Read a file's footer, unless the filesystem has it cached: the files of a snapshot don't change.

    Raises:
        StoreError, pyarrow.ArrowException, OSError: a file that can't be read.
    """
    # The cache has only footers and local files: a filesystem in a reference cycle would never be freed.
    cache = handler_facts(filesystem).get("remembered")
    key = ("parquet", path, repr(_settings(options)))
    footer = cache.get(key) if cache is not None else None
    if footer is not None and not footer.stays_open:
        return ParquetSource(path, filesystem, of_file(options, footer.metadata.schema), footer)
    files = cache.setdefault("parquet files", {}) if cache is not None else {}
    shared = files.get(path)
    file = shared or filesystem.open_input_file(path)
    unused: list[pq.ParquetFile] = []
    try:
        if footer is None:
            read, reader = _read_footer(file, is_near(filesystem), options)
            unused += [reader] if read.whole is not None else []
            footer = _bound_content(read, cache)
        if cache is not None:
            cache[key] = footer
        options = of_file(options, footer.metadata.schema)
        if footer.stays_open:
            return ParquetSource(path, filesystem, options, footer, _share_file(path, file, files))
    except BaseException:
        if shared is None:
            file.close()
        raise
    file.close()
    return ParquetSource(path, filesystem, options, footer, unused=unused)


def _share_file(path: str, file: Any, files: dict[str, Any]) -> Any:
    """Keep a local file open for other reads; it is closed when its last user drops it."""
    files[path] = file
    for oldest in list(files)[:-_OPEN_FILES]:
        files.pop(oldest, None)
    return file


def _bound_content(footer: Footer, cache: dict[Any, Any] | None) -> Footer:
    """Drop the content of a small file from its footer once the cache's limit is reached.

    The content of the first files is cached, not of the last: footers are read in the order of the files' reads.
    """
    if footer.whole is None or cache is None:
        return footer
    if (cached := cache.get("parquet bytes", 0) + footer.size) > _CACHED_BYTES:
        return evolve(footer, whole=None)
    cache["parquet bytes"] = cached
    return footer


def _read_footer(file: Any, near: bool, options: ParquetOptions) -> tuple[Footer, pq.ParquetFile]:
    """Also return the reader, which can read the rows if the footer holds the whole file."""
    size = file.size()
    tail = file.read_at(min(_TAIL, size), max(size - _TAIL, 0))
    length = int.from_bytes(tail[-8:-4], "little")
    if len(tail) < length + 8 <= size:
        tail = file.read_at(length + 8, size - length - 8)
    whole = arrow_buffer(tail) if len(tail) == size else None
    # Arrow decodes a footer from the end of the file alone: its offsets are relative to the file's start anyway.
    end = pa.BufferReader(tail if whole is None else whole)
    if options.read_dictionary:
        options = of_file(options, pq.ParquetFile(end, pre_buffer=False).schema)
    parquet = pq.ParquetFile(end, pre_buffer=False, **_settings(options))
    schema = mark_variants(check_schema(parquet.schema_arrow), parquet.schema)
    return Footer(size, near, parquet.metadata, schema, tail[-8 - length : -8], whole), parquet


def _settings(options: ParquetOptions, dictionaries: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "coerce_int96_timestamp_unit": options.int96_unit,
        "read_dictionary": [*options.read_dictionary, *dictionaries] or None,
        "page_checksum_verification": options.checksums,
    }


class _RangedFile:
    """A Python file for Arrow that has some ranges in memory and fetches the others."""

    def __init__(self, size: int, held: Sequence[tuple[int, memoryview]], fetch: Callable[[Range], Any]) -> None:
        self.closed = False
        self._size = size
        self._ranges = held
        self._fetch = fetch
        self._at = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, wanted: int) -> Any:
        start = self._at
        end = min(start + max(wanted, 0), self._size)
        pieces = []
        for begin, data in self._ranges:
            if begin <= start < begin + len(data):
                pieces.append(data[start - begin : end - begin])
                start += len(pieces[-1])
        if start < end:
            pieces.append(memoryview(self._fetch((start, end - start))))
        self._at = max(end, self._at)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        self.closed = True
        self._ranges = ()
