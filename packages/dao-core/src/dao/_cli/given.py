"""The data that a command is given: a file or standard input, as rows or as bytes.

Rows are read by DAO itself, from a store in the file's folder: formats, compressions and errors are those of any read.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from dao.data_object import DataObject, FileObject, TableObject
from dao.data_store import DataStore
from dao.errors import DataError
from dao.file_formats import infer_format
from dao.plugins import default_plugins

if TYPE_CHECKING:
    from dao._core.dao import DataAccessObject

__all__ = ["STDIN", "goes_as_bytes", "open_given"]

STDIN = "-"
"""The file name that stands for standard input."""


def goes_as_bytes(data_object: DataObject | None) -> bool:
    """Whether an object takes bytes as they are unless the caller says otherwise: a file without a format."""
    return data_object is not None and not isinstance(data_object, TableObject) and not data_object.get("format")


@contextmanager
def open_given(
    access: DataAccessObject, file: str, format: str | None, reading: Mapping[str, Any], *, as_bytes: bool
) -> Iterator[Any]:
    """Open the data; everything is closed when the block ends.

    Args:
        access: reads it.
        file: its path, or ``-`` for standard input.
        format: the format of the rows, ``bytes`` for none; None for what the file's name says.
        reading: further arguments of the read.
        as_bytes: what to do where no format is given.

    Returns:
        A ``pyarrow.RecordBatchReader``, or for bytes a path or a binary file.
    """
    piped = file == STDIN
    if piped and sys.stdin.isatty():
        raise click.UsageError("Give a FILE, or send the data here with < or |.")
    if format == "bytes" or (format is None and as_bytes):
        if reading:
            raise click.UsageError("--read-arg is about rows, bytes have none.")
        yield sys.stdin.buffer if piped else Path(file)
        return
    if format is None and (piped or not _says_its_format(file)):
        what = "The standard input" if piped else f"The name {file!r}"
        raise click.UsageError(f"{what} doesn't say its format: add --format, such as --format csv.")
    with _on_disk(file) as path, _folder(path) as store:
        rows = access.read_stream(FileObject(path.name, store, key=path.name), format=format, **reading)
        with closing(rows):
            yield rows


def _says_its_format(file: str) -> bool:
    default_plugins().load_formats()
    return infer_format(file) is not None


@contextmanager
def _on_disk(file: str) -> Iterator[Path]:
    """The file itself; a pipe's content in a temporary one, since most formats are read from more than one place."""
    if file != STDIN and Path(file).is_file():
        yield Path(file).resolve()
        return
    with TemporaryDirectory(prefix="dao-") as folder:
        copied = Path(folder, "stdin" if file == STDIN else Path(file).name)
        with copied.open("wb") as sink:
            if file == STDIN:
                shutil.copyfileobj(sys.stdin.buffer, sink, 1 << 20)
            else:
                with open(file, "rb") as pipe:
                    shutil.copyfileobj(pipe, sink, 1 << 20)
            if not sink.tell():
                # Read with a schema= these would be no rows, which overwrite all.
                raise DataError("the pipe is empty: did the command before it fail? Zero rows go through it as Parquet")
        yield copied


@contextmanager
def _folder(path: Path) -> Iterator[DataStore]:
    store = DataStore("input", "local", options={"root": str(path.parent)})
    try:
        yield store
    finally:
        store.close()
