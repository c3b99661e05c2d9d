"""A Parquet file to be read: its footer, looked at once, and the bytes of its row groups, fetched in few requests.

Near files are opened once and read by Arrow, when needed. Of far ones the wanted column chunks are fetched by several
requests at the same time, each through a handle of its own: Arrow reads a file of Python's under a lock. What is
decoded then is in memory. Python's memory, so none of Arrow's threads takes part: see :mod:`dao_files.formats._near`.
Small files, near or far, come whole with their footer.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import define, evolve, frozen
from pyarrow import fs

from dao_files.formats._near import arrow_buffer, handler_facts, is_near
from dao_files.formats._parquet_footer import ColumnChunk, column_chunks
from dao_files.formats._parquet_options import ParquetOptions
from dao_files.formats._parquet_variant import mark_variants
from dao_files.formats._shape import checked

__all__ = ["ParquetSource", "Range", "open_source"]

Range = tuple[int, int]
"""Where bytes begin, and how many they are."""

_TAIL = 64 << 10
"""Bytes read from a file's end: most footers are in them."""

_HELD = 16 << 20
"""Bytes of small files, read whole with their footers, that a filesystem keeps at most."""

_OPEN = 16
"""Near files that a filesystem keeps open at most."""

_GAP = 64 << 10
"""Bytes between two chunks that cost less than another request."""

_REQUEST = 16 << 20
"""Bytes of a request at most: larger ones are slower than several at a time."""


@define(slots=False)
class Footer:
    """The metadata in a Parquet file's footer. Independent of the file's location, so that a filesystem may cache it.

    Attributes:
        size: the file's bytes.
        near: whether Arrow reads it by itself; see :func:`~dao_files.formats.is_near`.
        metadata: the footer, as Arrow has it.
        schema: the Arrow schema of its rows.
        whole: the content of a small file, in Arrow's memory: it came with the footer, and is not fetched again.
    """

    size: int
    near: bool
    metadata: pq.FileMetaData
    schema: pa.Schema
    _content: bytes
    whole: pa.Buffer | None = None

    @property
    def stays_open(self) -> bool:
        """Whether what reads the rows does so from the open file."""
        return self.near and self.whole is None

    @cached_property
    def chunks(self) -> list[list[ColumnChunk]]:
        """The column chunks of each row group.

        Raises:
            StoreError: the footer is damaged.
        """
        return column_chunks(self._content)


@frozen
class ParquetSource:
    """A Parquet file whose footer is known. Holds a near file open, unless its content is known.

    Attributes:
        path: the file, as the filesystem spells it.
        filesystem: where it is.
        options: how it is read.
        footer: what its end tells.
    """

    path: str
    filesystem: fs.FileSystem
    options: ParquetOptions
    footer: Footer
    _file: Any = None

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.footer.size

    @property
    def near(self) -> bool:
        """Whether Arrow reads it without Python: where it is, or from its content."""
        return self.footer.near or self.footer.whole is not None

    @property
    def metadata(self) -> pq.FileMetaData:
        """The footer, as Arrow has it."""
        return self.footer.metadata

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of its rows."""
        return self.footer.schema

    @property
    def chunks(self) -> list[list[ColumnChunk]]:
        """The column chunks of each row group.

        Raises:
            StoreError: the footer is damaged.
        """
        return self.footer.chunks

    def ranges(self, place: int, columns: Sequence[str] | None) -> list[Range]:
        """What is to be fetched for some columns of a row group; None for all columns."""
        found: list[Range] = []
        for start, length in sorted(self._places(place, columns)):
            begin, before = found[-1] if found else (start, 0)
            if found and start - begin - before <= _GAP and start + length - begin <= _REQUEST:
                found[-1] = (begin, max(before, start + length - begin))
            else:
                found += [
                    (piece, min(_REQUEST, start + length - piece)) for piece in range(start, start + length, _REQUEST)
                ]
        return found

    def _places(self, place: int, columns: Sequence[str] | None) -> list[Range]:
        chosen = None if columns is None else set(columns)
        return [
            (chunk.start, chunk.packed)
            for chunk in self.chunks[place]
            # a column's leaves are all below its name; claims that can't be true are left to Arrow to refuse
            if (chosen is None or chunk.path in chosen or chunk.path.split(".")[0] in chosen)
            and chunk.start >= 0
            and 0 <= chunk.packed <= self.size - chunk.start
        ]

    def fetch(self, wanted: Range) -> pa.Buffer:
        """Bytes of the file, by a handle of their own."""
        with self.filesystem.open_input_file(self.path) as file:
            file.seek(wanted[0])
            return file.read_buffer(wanted[1])

    @contextmanager
    def opened(self, buffer: int = 0, dictionaries: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
        """The file for Arrow's reader, which reads so many bytes of a column chunk at once; all of them for 0.

        Columns in ``dictionaries`` are read as such, beside those of the options.
        """
        with (
            self._readable() as file,
            pq.ParquetFile(
                file,
                metadata=self.metadata,
                pre_buffer=False,
                buffer_size=buffer,
                **_settings(self.options, dictionaries),
            ) as parquet,
        ):
            yield parquet

    def _readable(self) -> AbstractContextManager[Any]:
        if self.footer.whole is not None:
            return nullcontext(pa.BufferReader(self.footer.whole))
        if self._file is not None:  # reads name their places, so that any number of readers can share it
            return nullcontext(self._file)
        return self.filesystem.open_input_file(self.path)  # type: ignore[no-any-return]  # pyarrow has no types

    @contextmanager
    def over(self, fetched: Mapping[Range, Any], dictionaries: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
        """The file for Arrow's reader where some ranges are in memory; others are read when they are needed."""
        held = _Held(self.size, [(start, memoryview(data)) for (start, _), data in fetched.items()], self.fetch)
        with (
            pa.PythonFile(held, mode="r") as file,
            pq.ParquetFile(
                file, metadata=self.metadata, pre_buffer=False, **_settings(self.options, dictionaries)
            ) as parquet,
        ):
            yield parquet


def open_source(path: str, filesystem: fs.FileSystem, options: ParquetOptions) -> ParquetSource:
    """Look at a file's footer, unless this filesystem remembers it: a snapshot's files don't change."""
    # Footers and near files alone are remembered: a filesystem in a reference cycle would never be freed.
    kept = handler_facts(filesystem).get("remembered")
    key = ("parquet", path, repr(_settings(options)))
    footer = kept.get(key) if kept is not None else None
    if footer is not None and not footer.stays_open:
        return ParquetSource(path, filesystem, options, footer)
    files = kept.setdefault("parquet files", {}) if kept is not None else {}
    file = files.get(path) or filesystem.open_input_file(path)
    try:
        if footer is None:
            footer = _within_bounds(_look_at(file, is_near(filesystem), options), kept)
        if kept is not None:
            kept[key] = footer
        if footer.stays_open:
            return ParquetSource(path, filesystem, options, footer, _kept_open(path, file, files))
    except BaseException:
        file.close()
        raise
    file.close()
    return ParquetSource(path, filesystem, options, footer)


def _kept_open(path: str, file: Any, files: dict[str, Any]) -> Any:
    """A near file, shared with other reads: the last user closes it."""
    files[path] = file
    for oldest in list(files)[:-_OPEN]:
        files.pop(oldest, None)
    return file


def _within_bounds(footer: Footer, kept: dict[Any, Any] | None) -> Footer:
    """The footer as it may be kept: without the file's content once that of others is large enough.

    The first files keep theirs, not the last: files are looked at in the order in which they are read.
    """
    if footer.whole is None or kept is None:
        return footer
    if (held := kept.get("parquet bytes", 0) + footer.size) > _HELD:
        return evolve(footer, whole=None)
    kept["parquet bytes"] = held
    return footer


def _look_at(file: Any, near: bool, options: ParquetOptions) -> Footer:
    size = file.size()
    tail = file.read_at(min(_TAIL, size), max(size - _TAIL, 0))
    length = int.from_bytes(tail[-8:-4], "little")
    if len(tail) < length + 8 <= size:
        tail = file.read_at(length + 8, size - length - 8)
    whole = arrow_buffer(tail) if len(tail) == size else None
    # Of a file's end Arrow needs no more than the end: its places count from the file's start all the same.
    end = pa.BufferReader(tail if whole is None else whole)
    with pq.ParquetFile(end, pre_buffer=False, **_settings(options)) as parquet:
        schema = mark_variants(checked(parquet.schema_arrow), parquet.schema)
        return Footer(size, near, parquet.metadata, schema, tail[-8 - length : -8], whole)


def _settings(options: ParquetOptions, dictionaries: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "coerce_int96_timestamp_unit": options.int96_unit,
        "read_dictionary": [*options.read_dictionary, *dictionaries] or None,
        "page_checksum_verification": options.checksums,
    }


class _Held:
    """A file for Arrow some ranges of which are in memory."""

    def __init__(self, size: int, held: Sequence[tuple[int, memoryview]], otherwise: Callable[[Range], Any]) -> None:
        self.closed = False
        self._size = size
        self._held = held
        self._otherwise = otherwise
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
        for begin, data in self._held:
            if begin <= start < begin + len(data):
                pieces.append(data[start - begin : end - begin])
                start += len(pieces[-1])
        if start < end:
            pieces.append(memoryview(self._otherwise((start, end - start))))
        self._at = max(end, self._at)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        self.closed = True
        self._held = ()
