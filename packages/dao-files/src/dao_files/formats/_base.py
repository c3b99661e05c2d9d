"""The interface of file formats to the rest of DAO: one class with the same few methods for every format.

A format decodes files of any ``pyarrow.fs.FileSystem`` to Arrow record batches and encodes batches to files. It is
independent of stores, objects and directories: callers pass paths and get a lazy reader, or pass an open sink and get a
writer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import fs

from dao.tables import EVERYTHING, Selection
from dao_files.formats._contract import FileFormat, Paths
from dao_files.formats._scan import scan
from dao_files.formats._scan_plan import plan_scan

__all__ = ["Format"]


class Format(FileFormat):
    """A file format: the methods of a single file, and the scan over many files that all formats share."""

    def scan(
        self,
        paths: Paths,
        filesystem: fs.FileSystem,
        options: Any = None,
        selection: Selection = EVERYTHING,
        *,
        schema: pa.Schema | None = None,
        partitions: Sequence[Mapping[str, str | None]] | None = None,
        partition_schema: pa.Schema | None = None,
        remembered: bool = False,
    ) -> pa.RecordBatchReader:
        """Read files lazily, in the order of ``paths``, the rows of a file in their stored order.

        Args:
            paths: the files, as paths of the filesystem.
            filesystem: the filesystem that holds them.
            options: the result of :meth:`options`; the defaults where None.
            selection: the columns, rows and size of batches to return. All columns have the partition columns at their
                position in ``schema``, else last; batches have at most 131,072 rows by default.
            schema: the columns and types to read the files as; it may include the partition columns. Columns that a
                file lacks are null; columns that a file has beyond ``schema`` are an error unless ``selection`` names
                columns. None: the result of :meth:`infer_schema`.
            partitions: for each path the values of its partition columns as text, None for a null.
            partition_schema: the types of the partition columns; inferred from the values where None.
            remembered: True where ``schema`` is the one that a table remembers of its files: columns beyond it are an
                error even if ``selection`` names columns, as such a file needs other options.

        Returns:
            A reader that opens each file when it reaches it and holds a bounded number of batches. Files are closed
            when the reader is exhausted, fails, is dropped, or is passed to
            :func:`~dao_files.formats.close_reader`.

        Raises:
            DataError: a column that no file has, or that a file has beyond ``schema``; a predicate that does not
                fit the schema; partitions that don't match the paths.
            StoreError: a file that can't be read, raised here or by the reader; the message names the file.
        """
        plan = plan_scan(
            self,
            paths,
            filesystem,
            self.options() if options is None else options,
            selection,
            schema=schema,
            partitions=partitions,
            partition_schema=partition_schema,
            remembered=remembered,
        )
        return scan(plan)

    def read_table(
        self,
        paths: Paths,
        filesystem: fs.FileSystem,
        options: Any = None,
        selection: Selection = EVERYTHING,
        **known: Any,
    ) -> pa.Table:
        """Read whole files into memory: the arguments and rows of :meth:`scan`, decoded for speed rather than memory.

        Raises:
            DataError, StoreError: as :meth:`scan` and its reader.
        """
        return self.scan(paths, filesystem, options, selection, **known).read_all()

    def might_hold(
        self,
        paths: Paths,
        filesystem: fs.FileSystem,
        options: Any = None,
        selection: Selection = EVERYTHING,
        **known: Any,
    ) -> bool:
        """Check from metadata alone whether :meth:`scan` with the same arguments may return rows.

        Raises:
            DataError, StoreError: as :meth:`scan`.
        """
        given = self.options() if options is None else options
        return bool(plan_scan(self, paths, filesystem, given, selection, **known).paths)
