"""What a format says of single files: how one is read and written, its options and its metadata."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar

import pyarrow as pa
from attrs import frozen
from pyarrow import fs

from dao.errors import DataError
from dao_files.formats._options import build_options, option_names

__all__ = ["FileFormat", "FileTask", "FormatWriter", "Paths", "Where"]

Paths = Sequence[str]
Where = Any  # a dao.arrow.predicates.Predicate, or anything that its parse() takes


@frozen
class FileTask:
    """What a scan wants of one file.

    Attributes:
        schema: the required columns with their types; those that the file lacks may be left out.
        predicate: a ``pyarrow.compute.Expression`` over ``schema`` that rows must meet, or None. Formats that set
            ``filters_rows`` apply it exactly; others may use it to skip what can't match, or not at all.
        predicate_columns: the columns that it looks at.
        batch_size: rows a batch should have at most.
        rows: rows that are wanted at most, or None: a hint to read less.
        declared: the schema of the whole file as the caller gave it, or None: text formats parse by it, and files
            without a header take their column names from it.
        named: the names that the columns of a file may have, where the caller declares them and asks for all; else
            None. See :meth:`refuse_unnamed`.
    """

    schema: pa.Schema
    predicate: Any = None
    predicate_columns: frozenset[str] = frozenset()
    batch_size: int = 131_072
    rows: int | None = None
    declared: pa.Schema | None = None
    named: frozenset[str] | None = None

    def refuse_unnamed(self, names: Iterable[str], advice: str = "") -> None:
        """Make sure that no column is left out unasked.

        Args:
            names: the columns that a file has.
            advice: what else would work in its format, for the error.

        Raises:
            DataError: the caller's schema doesn't name one, and the call doesn't say which columns it wants.
        """
        if self.named is None or self.named.issuperset(names):
            return
        missing = ", ".join(map(repr, dict.fromkeys(name for name in names if name not in self.named)))
        raise DataError(
            f"the schema doesn't name the columns {missing} of the file: name them, or say with columns= which ones to "
            f"read{advice}"
        )


class FormatWriter(ABC):
    """Writes record batches of one schema into one file. The file is valid only after :meth:`close`.

    A context manager: leaving the block by an error calls :meth:`abort` instead of :meth:`close`.
    """

    @abstractmethod
    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows. The batch must have the writer's schema.

        Raises:
            DataError: the batch has another schema, or holds a value that the format can't store exactly.
        """

    def flush(self) -> None:  # noqa: B027 - nothing waits by default
        """Write out rows that wait in memory, which ends a row group where the format has them."""

    @abstractmethod
    def close(self) -> None:
        """Finish the file. Does not close the sink that the caller opened. May be called twice."""

    def abort(self) -> None:  # noqa: B027 - nothing to release by default
        """Release the writer's resources without finishing the file."""

    def __enter__(self) -> FormatWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


class FileFormat(ABC):
    """What one file of a format is to the readers and writers of many. Stateless: one instance serves all threads.

    Attributes:
        name: the format's name, such as ``parquet``.
        suffixes: the file name endings it is known by, the one to use for new files first.
        magic: the bytes that every file of it begins with, by which one without an ending is known; empty for text.
        Options: the attrs class of its options, for reading and writing alike.
        filters_rows: True where :meth:`read_file` applies a task's predicate exactly.
        has_schema: True where files carry their own column names and types, also when they have no rows.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    magic: ClassVar[bytes] = b""
    Options: ClassVar[type[Any]]
    filters_rows: ClassVar[bool] = False
    has_schema: ClassVar[bool] = True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    def option_names(self) -> tuple[str, ...]:
        """The names of the options that reading and writing take."""
        return option_names(self.Options)

    def options(self, given: Mapping[str, Any] | None = None) -> Any:
        """The format's options, checked.

        Raises:
            UnsupportedError: a name that the format does not have; the message has the nearest right one.
            DataError: a value of the wrong kind.
        """
        return build_options(self.name, self.Options, given or {})

    def advice(self, schema: pa.Schema, options: Any) -> str:
        """The end of a message about a column that the files lack: what could be wrong with how they are read."""
        return ""

    def keeps_order(self, values: pa.DataType) -> bool:
        """Whether files hold dictionaries of such values as they are, so that the order of categories is known."""
        return False

    def count(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> int | None:
        """The number of rows of all files from metadata alone, or None where the format has no such metadata.

        Raises:
            StoreError: a file that can't be read.
        """
        return None

    @abstractmethod
    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        """The schema that all the files fit: columns in order of first appearance, types widened where they differ.

        Raises:
            DataError: no paths, or types of one column that have no common type.
            StoreError: a file that can't be read.
        """

    @abstractmethod
    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        """What one file says about itself without its data being read: plain values, fit for JSON.

        Always has ``format``, ``path``, ``bytes``, ``compression``, ``columns`` (a list of ``name``, ``type``,
        ``nullable``; None where only reading would tell) and ``rows`` (None where the format does not say).

        Raises:
            StoreError: a file that can't be read.
        """

    @abstractmethod
    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        """A writer into an open binary sink: a ``pyarrow.NativeFile`` or a Python file object.

        Args:
            sink: where the bytes go. It stays open: closing it is the caller's.
            schema: the schema of the batches to come.
            options: what :meth:`options` gave; the defaults where None.
            path: the file's name, from which text formats infer the compression (``.gz`` ...).

        Raises:
            DataError: the schema has something that the format can't store exactly. Nothing is written then.
        """

    @abstractmethod
    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Generator[pa.RecordBatch, None, None]:
        """The batches of one file: a generator that closes the file when it ends or is closed.

        Driver errors may pass as they are: the scan makes them a StoreError that names the file.
        """
