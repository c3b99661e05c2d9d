"""The interface of a format to a single file: reading, writing, options and metadata."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar

import pyarrow as pa
from attrs import frozen
from pyarrow import fs

from dao.errors import DataError
from dao_files.formats._options import Direction, build_options, option_names, refuse_other_direction

__all__ = ["FileFormat", "FileTask", "FormatWriter", "Paths", "Where"]

Paths = Sequence[str]
Where = Any  # a dao.arrow.predicates.Predicate, or anything that its parse() takes


@frozen
class FileTask:
    """A scan's request for one file: projection, predicate and limits.

    Attributes:
        schema: the required columns with their types; columns that the file lacks may be left out of the batches.
        predicate: a ``pyarrow.compute.Expression`` over ``schema`` that rows must meet, or None. Formats that set
            ``filters_rows`` apply it exactly; others may use it for pruning, or ignore it.
        predicate_columns: the names of the columns that the predicate reads.
        batch_size: the most rows that a batch should have.
        rows: the most rows that will be used, or None: a hint to read less.
        declared: the caller's schema of the whole file, or None: text formats parse by it, and files without a header
            take their column names from it.
        named: the column names that a file may have, where the caller declares a schema and reads all columns, or
            where a table remembers its own; else None. See :meth:`refuse_unnamed`.
        remembered: True where ``named`` are the columns that a table remembers.
    """

    schema: pa.Schema
    predicate: Any = None
    predicate_columns: frozenset[str] = frozenset()
    batch_size: int = 131_072
    rows: int | None = None
    declared: pa.Schema | None = None
    named: frozenset[str] | None = None
    remembered: bool = False

    def refuse_unnamed(self, names: Iterable[str], advice: str = "") -> None:
        """Refuse a file with columns that would be dropped without the caller having projected.

        Args:
            names: the names of the file's columns.
            advice: further text for the error about a caller's schema: what else would work in this format.

        Raises:
            DataError: the caller's schema lacks a column of the file, and the call has no ``columns``; or the columns
                that the table remembers are not the file's.
        """
        if self.named is None or self.named.issuperset(names):
            return
        missing = ", ".join(map(repr, dict.fromkeys(name for name in names if name not in self.named)))
        if self.remembered:
            raise DataError(
                f"the file has the columns {missing}, which the table doesn't have: another program wrote it. schema= "
                "with all columns reads it; else write it anew as the table's files are, or move it elsewhere"
            )
        raise DataError(
            f"the schema doesn't name the columns {missing} of the file: name them, or say with columns= which ones to "
            f"read{advice}"
        )


class FormatWriter(ABC):
    """A writer of record batches of one schema into one file, which is valid only after :meth:`close`.

    A context manager: leaving the block by an error calls :meth:`abort` instead of :meth:`close`.
    """

    @abstractmethod
    def write(self, batch: pa.RecordBatch) -> None:
        """Append the rows of a batch, which must have the writer's schema.

        Raises:
            DataError: the batch has another schema, or holds a value that the format can't store exactly.
        """

    def flush(self) -> None:  # noqa: B027 - nothing is buffered by default
        """Write buffered rows to the sink, which ends a row group in formats that have them."""

    @abstractmethod
    def close(self) -> None:
        """Finish the file, leaving the caller's sink open. May be called twice."""

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
    """The operations of a format on a single file. Stateless: one instance serves all threads.

    Attributes:
        name: the format's name, such as ``parquet``.
        suffixes: the file name suffixes of the format; the first is for new files.
        magic: the bytes that every file begins with, which identify a file without a suffix; empty for text formats.
        Options: the attrs class of the options of reading and writing. A field's ``metadata`` says more: with
            ``{"direction": "reading"}`` or ``"writing"`` calls of the other direction refuse the option; with
            ``{"spelling": True}`` a table remembers the value with which its files were written; ``"meant"`` is a
            function that returns the same for values that mean the same.
        filters_rows: True where :meth:`read_file` applies a task's predicate exactly.
        has_schema: True where files store column names and types even without rows.
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
        """The names of the options of reading and writing."""
        return option_names(self.Options)

    def check_direction(self, given: Mapping[str, Any], direction: Direction | None) -> None:
        """Refuse the options of a call that only matter in the other direction; None for one that rewrites files.

        Raises:
            UnsupportedError: an option of reading given to a write, or one of writing given to a read.
        """
        refuse_other_direction(self.name, self.Options, given, direction)

    def options(self, given: Mapping[str, Any] | None = None) -> Any:
        """Validate options and build the format's options object.

        Raises:
            UnsupportedError: a name that is no option of the format; the message suggests the nearest option.
            DataError: a value of the wrong kind.
        """
        return build_options(self.name, self.Options, given or {})

    def check_writing(self, options: Any) -> None:  # noqa: B027 - the options of most formats fit one another
        """Check that files can be written with these options, whatever their rows are; :meth:`writer` checks it too.

        Raises:
            DataError: an option that no file can be written with, or only with other values of other options.
        """

    def advice(self, schema: pa.Schema, options: Any) -> str:
        """Return advice to append to an error about a column that the files lack: which option may be wrong."""
        return ""

    def check_columns(self, schema: pa.Schema, options: Any) -> None:  # noqa: B027 - most have no such options
        """Check the options of reading that are about columns by the schema of all files; by default there are none.

        Raises:
            DataError: a column that isn't in the schema, with the nearest one, or that has another type there.
        """

    def returned_schema(self, schema: pa.Schema, paths: Paths, filesystem: fs.FileSystem, options: Any) -> pa.Schema:
        """Return the schema of a read's rows by the options, of the one that its files are known or declared to have.

        Raises:
            DataError: an option that contradicts the schema.
            StoreError: a file that can't be read.
        """
        return schema

    def keeps_order(self, values: pa.DataType) -> bool:
        """Check whether files store dictionaries of such values unchanged, which preserves the order of categories."""
        return False

    def count(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> int | None:
        """Count the rows of all files from metadata alone; None where the format has no such metadata.

        Raises:
            StoreError: a file that can't be read.
        """
        return None

    @abstractmethod
    def infer_schema(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None) -> pa.Schema:
        """Infer the schema that all files fit: columns in order of first appearance, differing types widened.

        Raises:
            DataError: no paths, or types of one column that have no common type.
            StoreError: a file that can't be read.
        """

    @abstractmethod
    def metadata(self, path: str, filesystem: fs.FileSystem, options: Any = None) -> dict[str, Any]:
        """Read the metadata of one file, without its data, as JSON-compatible values.

        Always has ``format``, ``path``, ``bytes``, ``compression``, ``columns`` (a list of dicts of ``name``, ``type``,
        ``nullable``; None where the file does not store them) and ``rows`` (None where the file does not store it).

        Raises:
            StoreError: a file that can't be read.
        """

    @abstractmethod
    def writer(self, sink: Any, schema: pa.Schema, options: Any = None, *, path: str = "") -> FormatWriter:
        """Create a writer into an open binary sink: a ``pyarrow.NativeFile`` or a Python file object.

        Args:
            sink: the destination of the bytes. The caller closes it.
            schema: the schema of all batches.
            options: the result of :meth:`options`; the defaults where None.
            path: the file's path, from whose suffix text formats infer the compression (``.gz`` ...).

        Raises:
            DataError: the schema has a column that the format can't store exactly. Nothing is written then.
        """

    @abstractmethod
    def read_file(
        self, path: str, filesystem: fs.FileSystem, options: Any, task: FileTask
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the batches of one file; the generator closes the file when it ends or is closed.

        Driver errors may pass unchanged: the scan converts them to a StoreError that names the file.
        """
