"""The base of interfaces to object stores: the actions on files, and S3's own operations."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import define, evolve, field

from dao.capabilities import Capabilities
from dao.data_object import DataObject, FileObject
from dao.errors import DataError
from dao.interface import register, when
from dao.options import number
from dao.results import Listing, Version, WriteResult
from dao_files import FilesInterface

if TYPE_CHECKING:
    from dao_files.manifest import ManifestStorage, ObjectSettings, Transport

__all__ = ["S3Interface"]


_NO_VERSIONS = "a table keeps no versions; a file does, where the bucket keeps them"

S3 = evolve(
    FilesInterface.capabilities,
    lacks_operations={
        **{name: why for name, why in FilesInterface.capabilities.lacks_operations.items() if name != "vacuum"},
        "restore": _NO_VERSIONS,
    },
    lacks_features={**FilesInterface.capabilities.lacks_features, "time_travel": _NO_VERSIONS},
    files_have=("restore", "time_travel"),
)
"""Capabilities that tables and files on S3 lack."""


@define(slots=False, kw_only=True)
class S3Interface(FilesInterface):
    """The actions of :class:`~dao_files.FilesInterface` over an object store, and some of its own.

    **Objects** are keys below the store's prefix. A file is one object. A directory or table is all objects below
    ``<key>/``; where DAO has written it, its manifest ``<key>/.dao/manifest.json`` says which of them count.

    **Safety.** A single object is written by one request, or by a multipart upload that is completed at the end. A
    directory or table is published by conditionally replacing its manifest: all of it or nothing, whatever fails.
    Writers don't block each other: after a conflict, a writer retries on the new state for up to ``conflict_timeout``
    seconds, then raises ConflictError.

    **Other programs** that list a table's prefix (Spark, Athena, pandas) see its files at their final places. While a
    change is made they see new files beside old ones: S3 can't show them one step.

    Attributes:
        conflict_timeout: seconds for which an action is retried after a conflict with another writer.
    """

    capabilities: ClassVar[Capabilities] = S3

    conflict_timeout: float = field(default=60.0, validator=number("seconds", 0))
    _storage: ManifestStorage | None = field(default=None, init=False, repr=False, eq=False)

    def _make_transport(self) -> Transport:
        """Create the transport, which opens no connection yet."""
        raise NotImplementedError

    @property
    def storage(self) -> ManifestStorage:
        """The storage."""
        if self._storage is None:
            from dao_files.manifest import ManifestStorage

            self._storage = ManifestStorage(self._make_transport(), self.conflict_timeout)
        return self._storage

    def read(
        self,
        data_object: DataObject,
        *,
        path: str | None = None,
        format: str | None = None,
        columns: Sequence[str] | None = None,
        where: Any = None,
        limit: int | None = None,
        schema: Any = None,
        version: str | None = None,
        **options: Any,
    ) -> Any:
        """Read rows into memory, see :meth:`dao_files.FilesInterface.read`; a file also as it was.

        Args:
            data_object: what to read.
            path: read this one object of the store instead.
            format: the format's name.
            columns: the columns wanted, in this order; all by default.
            where: only rows for which this predicate is true.
            limit: rows at most.
            schema: columns and types to read as.
            version: this version of a file, as ``history`` names it, where the bucket keeps versions.
            options: the format's options.

        Raises:
            NotFoundError: there is nothing, or no such version.
            UnsupportedError: an older version of a directory or table.
            DataError, StoreError: as :meth:`dao_files.FilesInterface.read`.
        """
        from dao.tables import Selection
        from dao_files.storage import read_table

        return read_table(
            self.storage if version is None else self.storage.at(version),
            data_object,
            Selection(columns, where, limit),
            path=path,
            format=format,
            schema=schema,
            options=options,
        )

    @register("read")
    @when(into="bytes")
    def read_bytes(
        self,
        data_object: DataObject,
        *,
        into: str,
        path: str | None = None,
        offset: int | None = None,
        length: int | None = None,
        version: str | None = None,
    ) -> bytes:
        """Read one object as it is, in one request.

        Args:
            data_object: a file; or anything, with ``path``.
            into: ``"bytes"``.
            path: read this one object of the store instead.
            offset: the first byte wanted.
            length: bytes at most.
            version: this version of it, as ``history`` names it.

        Raises:
            NotFoundError: there is no such object, or no such version of it.
            DataError: it is a directory, and no ``path`` says which of its files.
        """
        from dao_s3._single import read_object

        return read_object(self.storage, data_object, path=path, offset=offset, length=length, version=version)

    @register("write", "write_stream")
    def write_bytes(
        self,
        data: bytes | bytearray | memoryview | io.IOBase | os.PathLike[str],
        data_object: DataObject,
        *,
        mode: str = "error",
        path: str | None = None,
        metadata: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        content_type: str | None = None,
        storage_class: str | None = None,
        acl: str | None = None,
    ) -> WriteResult:
        """Write bytes as they are to one object: all of them, or none.

        Small contents are one request; others are sent in parts while they are read, in bounded memory, and no upload
        stays open if that fails.

        Args:
            data: bytes; a binary file object, read from where it stands to its end; or a ``pathlib.Path``, whose
                content is meant. A ``str`` is refused, since it could be either.
            data_object: where to: a file; or anything, with ``path``.
            mode: ``error`` (of two writers exactly one succeeds), ``append``, ``overwrite`` or ``ignore``.
            path: write this one object of the store instead.
            metadata: the object's metadata, beside the store's own option.
            tags: its tags, beside the store's own option.
            content_type: its MIME type.
            storage_class: such as ``STANDARD_IA``.
            acl: a canned ACL.

        Raises:
            AlreadyExistsError: something is there, and ``mode`` is ``error``.
            DataError: the object is a directory and there is no ``path``; the data is text.
            TransientError: the store doesn't answer.
        """
        from dao_s3._single import write_object

        settings = self._settings(metadata, tags, content_type, storage_class, acl)
        return write_object(self.storage, data, data_object, mode=mode, path=path, settings=settings)

    def _settings(
        self,
        metadata: Mapping[str, str] | None,
        tags: Mapping[str, str] | None,
        content_type: str | None,
        storage_class: str | None,
        acl: str | None,
    ) -> ObjectSettings | None:
        if not (metadata or tags or content_type or storage_class or acl):
            return None
        from dao_files.manifest import ObjectSettings
        from dao_s3._options import metadata_fault, tags_fault

        for name, fault in (("metadata", metadata_fault(metadata or {})), ("tags", tags_fault(tags or {}))):
            if fault is not None:
                raise DataError(f"{name}: {fault}")
        return ObjectSettings(
            metadata=metadata or {},
            tags=tags or {},
            content_type=content_type,
            storage_class=storage_class,
            acl=acl,
        )

    def list(self, data_object: DataObject, *, path: str | None = None, delimiter: str | None = None) -> Listing:
        """The files of an object, hidden ones too, in the order of their names, page by page as they are looked at.

        Args:
            data_object: the object; one with the key ``""`` is the whole store, which may be empty.
            path: list this object, or what is below this place of the store, instead.
            delimiter: ``"/"``: only what is directly below, folders (whose keys end with ``/``) before files.

        Raises:
            NotFoundError: there is nothing.
            DataError: another delimiter.
        """
        if delimiter is None:
            return super().list(data_object, path=path)
        from dao_files.manifest import list_level

        return Listing(list_level(self.storage, data_object, path, delimiter))

    def history(self, data_object: DataObject) -> Sequence[Version]:
        """The versions of a file that the bucket keeps, or those of a tree that DAO wrote; the newest first.

        Raises:
            NotFoundError: there is nothing.
        """
        if not isinstance(data_object, FileObject):
            return super().history(data_object)
        from dao_s3._versions import object_history

        return object_history(self.storage, data_object)

    def run_metadata(
        self, data_object: DataObject, *, path: str | None = None, format: str | None = None, **options: Any
    ) -> dict[str, Any]:
        """Metadata without reading data: for a table as everywhere, for a file S3's metadata of its object.

        Returns:
            For a file ``key``, ``size``, ``etag``, ``modified``, ``version``, ``metadata`` and whatever else the store
            tells: ``content_type``, ``storage_class``, ``encryption``, ``checksum``...

        Raises:
            NotFoundError: there is nothing.
        """
        if isinstance(data_object, FileObject) and format is None and not options:
            from dao_s3._versions import object_metadata

            return object_metadata(self.storage, data_object, path)
        return super().run_metadata(data_object, path=path, format=format, **options)

    def run_presign(
        self,
        data_object: DataObject,
        *,
        path: str | None = None,
        method: str = "GET",
        expires: float | timedelta = 3600,
        version: str | None = None,
    ) -> str:
        """A URL that gives read or write access to one object until it expires: ``run("presign", ...)``.

        Args:
            data_object: a file; or anything, with ``path``.
            path: this one object of the store instead.
            method: ``GET`` or ``PUT``.
            expires: seconds, or a ``timedelta``; 7 days at most.
            version: this version of the object; for ``GET``.

        Raises:
            DataError: another method, or a time that can't be.
            UnsupportedError: the store has no such URLs.
        """
        from dao_s3._versions import presign

        return presign(self.storage, data_object, path=path, method=method, expires=expires, version=version)

    def run_restore(self, data_object: FileObject, *, version: str, path: str | None = None) -> WriteResult:
        """Make an older version of a file the newest one again: ``run("restore", ...)``. Nothing is lost by it.

        Args:
            data_object: a file.
            version: the version's id, as ``history`` names it.
            path: this one object of the store instead.

        Raises:
            NotFoundError: there is no such version.
        """
        from dao_s3._versions import restore

        return restore(self.storage, data_object, version=version, path=path)

    def run_vacuum(
        self, data_object: DataObject, *, older_than: float | timedelta = 86400, dry_run: bool = True
    ) -> WriteResult:
        """Remove what killed writers have left of a directory or table: ``run("vacuum", ..., dry_run=False)``.

        Objects that no manifest names though DAO made them, and open multipart uploads. Every change removes such
        objects older than a day as well.

        Args:
            data_object: the directory or table.
            older_than: seconds, or a ``timedelta``. No writer may be at work for longer.
            dry_run: delete nothing, and say what would be deleted.

        Returns:
            ``files`` and ``bytes`` are those that are gone, or would be; open uploads are counted as files. ``details``
            has ``dry_run``.
        """
        from dao_files.manifest import vacuum
        from dao_s3._versions import seconds

        return vacuum(self.storage, data_object, seconds(older_than, "older_than"), dry_run=dry_run)

    def close(self) -> None:
        """Close all connections."""
        if self._storage is not None:
            self._storage.close()
