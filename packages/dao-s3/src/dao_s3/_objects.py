"""What is in an S3 store: one object, all objects below a prefix, or a table laid out below a prefix."""

from __future__ import annotations

from dao.data_object import DirectoryObject, FileObject, TableObject

__all__ = ["S3DirectoryObject", "S3FileObject", "S3TableObject"]


class S3FileObject(FileObject):
    """One object. Its key is ``prefix/identifier`` with ``suffix`` at its end, below the store's own prefix.

    >>> S3FileObject("users", prefix="raw/2025", suffix=".csv").key
    'raw/2025/users.csv'
    """

    type_name = "s3.file"


class S3DirectoryObject(DirectoryObject):
    """All objects below a prefix: ``prefix``, or the identifier where none is given.

    >>> S3DirectoryObject("landing", prefix="raw/2025/").key
    'raw/2025'
    """

    type_name = "s3.directory"


class S3TableObject(TableObject):
    """A table: data files of one format below a prefix, partitioned by folders where ``partition_by`` says so.

    >>> S3TableObject("flights", format="parquet", partition_by=["month"]).key
    'flights'
    """

    type_name = "s3.table"
