"""What a file format is to the rest of DAO: one class with the same few methods for every format.

A format turns files of any ``pyarrow.fs.FileSystem`` into Arrow record batches and back. It knows nothing of stores,
objects or directories: callers hand it paths and get a lazy reader, or hand it an open sink and get a writer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import fs

from dao_files.formats._contract import FileFormat, Paths, Where
from dao_files.formats._scan import scan
from dao_files.formats._scan_plan import planned

__all__ = ["Format"]


class Format(FileFormat):
    """A file format: what it says of single files, and the reading of many of them that is the same for all formats."""

    def scan(
        self,
        paths: Paths,
        filesystem: fs.FileSystem,
        options: Any = None,
        *,
        schema: pa.Schema | None = None,
        partitions: Sequence[Mapping[str, str | None]] | None = None,
        partition_schema: pa.Schema | None = None,
        columns: Sequence[str] | None = None,
        where: Where = None,
        batch_size: int | None = None,
        limit: int | None = None,
    ) -> pa.RecordBatchReader:
        """Read files lazily, in the order of ``paths`` and within a file in the order of its rows.

        Args:
            paths: the files, as the filesystem spells them.
            filesystem: where they are.
            options: what :meth:`options` gave; the defaults where None.
            schema: the columns and types to read the files as, those of partitions among them or not.
                Columns that a file lacks are null; those that it has beyond them are an error unless ``columns`` says
                which are wanted. None: what :meth:`infer_schema` says.
            partitions: for each path the values of its partition columns as text, None for a null.
            partition_schema: the types of the partition columns; inferred from the values where None.
            columns: the columns to give, in this order; None for all, the partition columns where ``schema`` has them
                and else last.
            where: a predicate; only rows for which it is true are given.
            batch_size: rows that a batch has at most, 131,072 by default.
            limit: rows that are given at most.

        Returns:
            A reader that opens each file when its turn comes and holds a bounded number of batches. Files are closed
            when the reader is read to its end, fails, is dropped, or is given to
            :func:`~dao_files.formats.close_reader`.

        Raises:
            DataError: a column that no file has, or that a file has beyond ``schema``, a predicate that does not
                fit, partitions that don't match the paths.
            StoreError: a file that can't be read, now or while reading on; the message names it.
        """
        plan = planned(
            self,
            paths,
            filesystem,
            self.options() if options is None else options,
            schema=schema,
            partitions=partitions,
            partition_schema=partition_schema,
            columns=columns,
            where=where,
            batch_size=batch_size,
            limit=limit,
        )
        return scan(plan)

    def read_table(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None, **arguments: Any) -> pa.Table:
        """Read files into memory whole: the same arguments and the same rows as :meth:`scan`, as fast as it goes.

        Raises:
            DataError, StoreError: as :meth:`scan` and its reader.
        """
        return self.scan(paths, filesystem, options, **arguments).read_all()

    def might_hold(self, paths: Paths, filesystem: fs.FileSystem, options: Any = None, **arguments: Any) -> bool:
        """Whether files may have rows for :meth:`scan` with the same arguments, by what is known without reading rows.

        Raises:
            DataError, StoreError: as :meth:`scan`.
        """
        given = self.options() if options is None else options
        return bool(planned(self, paths, filesystem, given, **arguments).paths)
