"""Reading and writing of bytes, unchanged: one file, or several files in one commit. Independent of Arrow."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, BinaryIO

from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, ConflictError, DataError
from dao.file_set import FileSet
from dao.progress import advance, expect
from dao.results import FileInfo, WriteResult
from dao.tables import RetryBudget, check_mode
from dao_files._actions.modes import result_of_nothing, should_write
from dao_files._actions.places import Place, place_of, refuse_log
from dao_files._storage.keys import check_key, join

if TYPE_CHECKING:
    from dao_files._storage.storage import Change, Storage

__all__ = [
    "check_one_file",
    "is_binary",
    "open_bytes",
    "read_bytes",
    "refuse_row_arguments",
    "write_bytes",
    "write_files",
]

_CHUNK = 1 << 20


def is_binary(data: Any) -> bool:
    """Check whether data is bytes, a path to a file with the content, or a binary file object.

    Raises:
        DataError: a ``str``, which could be either a path or a content, or a file opened as text.
    """
    if isinstance(data, str):
        raise DataError(
            "data is a str: pass pathlib.Path(...) for the content of a file, or encode it to bytes for the text itself"
        )
    if isinstance(data, io.TextIOBase):
        raise DataError("data is a file opened as text: open it with mode 'rb'")
    if isinstance(data, (bytes, bytearray, memoryview, os.PathLike)):
        return True
    return callable(getattr(data, "read", None)) and not hasattr(data, "__arrow_c_stream__") and not _is_reader(data)


def _is_reader(data: Any) -> bool:
    return hasattr(data, "read_next_batch")


def refuse_row_arguments(
    data_object: DataObject, given: Mapping[str, Any], options: Mapping[str, Any], schema_mode: str = "strict"
) -> None:
    """Refuse arguments about rows for bytes and files, which are written unchanged.

    Args:
        data_object: the object; what it declares is of no use here, and no argument of the call.
        given: the arguments that routes of rows have.
        options: the other arguments.
        schema_mode: of the call.

    Raises:
        DataError: there is one.
    """
    told = {"schema_mode": None if schema_mode == "strict" else schema_mode, **given}
    asked = {name: value for name, value in told.items() if value is not None and value != data_object.get(name)}
    names = [*asked, *(name for name, value in options.items() if value is not None)]
    if names:
        from dao_files._actions.options import refuse_versions

        refuse_versions(options)
        raise DataError(f"{', '.join(names)}: bytes are written unchanged, so arguments about rows don't apply")


def check_one_file(place: Place) -> None:
    """Raise a DataError for a directory: bytes go to one file."""
    if place.wanted == "directory":
        raise DataError(f"bytes go to one file, and {place.name!r} is a directory: path= says which file in the store")


def chunks_of(data: Any, size: int = _CHUNK) -> Iterator[memoryview | bytes]:
    """Yield the content of bytes, of the file at a path, or of a file object from its position, in chunks.

    Args:
        data: the bytes, path or binary file object.
        size: the most bytes of a chunk; a file object may return fewer.

    Raises:
        DataError: the path can't be read, or the file object returns text, is non-blocking and not ready, or is at the
            end of its bytes.
    """
    if isinstance(data, (bytes, bytearray, memoryview)):
        content = memoryview(data).cast("B")
        yield from (content[start : start + size] for start in range(0, len(content), size))
    elif isinstance(data, os.PathLike):
        try:
            with open(data, "rb") as file:
                yield from _read_chunks(file, size)
        except OSError as error:
            raise DataError(f"data: the file {os.fspath(data)!r} can't be read: {error.strerror}") from error
    else:
        found = 0
        for chunk in _read_chunks(data, size):
            found += len(chunk)
            yield chunk
        if not found:
            _refuse_read_to_end(data)


def _refuse_read_to_end(file: Any) -> None:
    """Refuse a file object that gave no bytes as it is at the end of those it has; an empty one is at its beginning.

    Raises:
        DataError: its position is not its beginning.
    """
    try:
        position = file.tell()
    except (AttributeError, OSError):  # of a stream without positions nothing is known
        return
    if isinstance(position, int) and position > 0:
        raise DataError(f"data: this {type(file).__name__} is at its end, after {position:,} bytes: seek(0) rewinds it")


def _read_chunks(file: Any, size: int = _CHUNK) -> Iterator[bytes]:
    while True:
        chunk = file.read(size)
        if isinstance(chunk, str):
            raise DataError("data is a file object that returns text: open it with mode 'rb'")
        if chunk is None:
            raise DataError("data is a non-blocking file object that has no bytes ready")
        if not chunk:
            return
        yield chunk


def _write_chunks(chunks: Iterator[memoryview | bytes], target: BinaryIO) -> int:
    size = 0
    for chunk in chunks:
        target.write(chunk)
        size += len(chunk)
        advance(0, len(chunk))
    return size


def write_bytes(storage: Storage, data: Any, data_object: DataObject, *, mode: str, path: str | None) -> WriteResult:
    """See :meth:`dao_files._actions.interface.FilesInterface.write_bytes`."""
    check_mode(mode, ("error", "append", "overwrite", "ignore"))
    place = place_of(storage, data_object, path, writing=True)
    check_one_file(place)
    _expect_size(data)
    with storage.change(place.key, tree=False, blind=mode == "overwrite") as change:
        if change.base is not None and not change.base.is_file:
            raise DataError(f"{place.key!r} is a directory: path= says which file the bytes go to")
        if not should_write(change, place, mode):
            return WriteResult(bytes=0, files=0)
        with change.create("") as target:
            if change.base is not None and mode == "append":
                with change.base.open(change.base.key) as old:
                    for chunk in _read_chunks(old):
                        target.write(chunk)
            size = _write_chunks(chunks_of(data), target)
        try:
            change.publish()
        except AlreadyExistsError:
            if mode != "ignore":
                raise
            return WriteResult(bytes=0, files=0)
    return WriteResult(bytes=size, files=1)


def _expect_size(data: Any) -> None:
    if isinstance(data, (bytes, bytearray, memoryview)):
        expect(bytes=memoryview(data).nbytes)


def write_files(
    storage: Storage, data: FileSet, data_object: DataObject, *, mode: str, path: str | None
) -> WriteResult:
    """See :meth:`dao_files._actions.interface.FilesInterface.write_files`."""
    check_mode(mode, ("error", "append", "overwrite", "ignore"))
    place = _directory_place(storage, data_object, path)
    with storage.change(place.key, tree=True) as change:
        if change.base is not None:
            place.refuse("file" if change.base.is_file else "directory")
        if not should_write(change, place, mode):
            return result_of_nothing(change.base)
        new: list[tuple[str, int]] = []
        for file in data:
            refuse_log(check_key(file.key))
            _refuse_existing(change, mode, join(place.key, file.key))
            with closing(file.open()) as source, change.create(file.key) as target:
                new.append((file.key, _write_chunks(_read_chunks(source), target)))
        budget = RetryBudget(storage.conflict_timeout)
        while True:
            try:
                return _publish_files(change, mode, place.key, new)
            except ConflictError as error:
                budget.wait(error)
                change.renew()
                if not should_write(change, place, mode):
                    return result_of_nothing(change.base)
                for path, _ in new:
                    _refuse_existing(change, mode, join(place.key, path))


def _files_to_keep(change: Change, mode: str) -> Sequence[FileInfo]:
    return change.base.files if change.base is not None and mode == "append" else ()


def _refuse_existing(change: Change, mode: str, key: str) -> None:
    if any(info.key == key for info in _files_to_keep(change, mode)):
        raise AlreadyExistsError(f"{key!r} is already there")


def _publish_files(change: Change, mode: str, key: str, new: Sequence[tuple[str, int]]) -> WriteResult:
    from dao_files._actions.committing import commit, read_log

    operation = "create" if change.base is None else mode
    kept, log = _files_to_keep(change, mode), read_log(change)
    return commit(change, log, operation, new=new, kept=kept, key=key, like=log.newest if kept else None)


def _directory_place(storage: Storage, data_object: DataObject, path: str | None) -> Place:
    place = place_of(storage, data_object, path, writing=True)
    if path is None and place.wanted == "file":
        raise DataError(f"several files go to a directory, and {place.name!r} is one file")
    return Place(place.key, "directory", place.name, whole=True)


def open_bytes(storage: Storage, data_object: DataObject, *, path: str | None) -> BinaryIO:
    """See :meth:`dao_files._actions.interface.FilesInterface.read_stream_bytes`."""
    place = place_of(storage, data_object, path)
    place.refuse_bytes()
    with closing(storage.snapshot(place.key, "file")) as snapshot:
        if not snapshot.is_file:
            raise DataError(f"{place.key!r} is a directory: path= says which of its files to read as bytes")
        return snapshot.open(snapshot.key)


def read_bytes(
    storage: Storage, data_object: DataObject, *, path: str | None, offset: int | None, length: int | None
) -> bytes:
    """See :meth:`dao_files._actions.interface.FilesInterface.read_bytes`."""
    for name, value in (("offset", offset), ("length", length)):
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise DataError(f"{name}: found {value!r}, expected a whole number of at least 0")
    with open_bytes(storage, data_object, path=path) as file:
        if offset:
            file.seek(offset)
        content = file.read() if length is None else file.read(length)
    advance(0, len(content))
    return content
