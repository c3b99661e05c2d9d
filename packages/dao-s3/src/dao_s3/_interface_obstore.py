"""The interface on obstore: the fast and natively asynchronous one, for S3 and for other kinds of stores."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import attrs
from attrs import define, field

from dao.data_object import DataObject, FileObject
from dao.display import even_half_made
from dao.errors import ConfigError, ConflictError, NotFoundError
from dao.interface import register, when
from dao.options import described
from dao.progress import advance
from dao.results import Listing, WriteResult
from dao.secrets import Secret
from dao_s3._interface import S3Interface
from dao_s3._options import S3Options

if TYPE_CHECKING:
    from dao.connections import Settings
    from dao_files.manifest import Transport
    from dao_s3._obstore.aio import AsyncRequests
    from dao_s3._obstore.location import Location
    from dao_s3._obstore.texts import Login

__all__ = ["S3ObstoreInterface"]

_ONE_REQUEST = 64 << 20
"""The largest content in memory, in bytes, written by one awaited request; more is sent in parts."""


def _mapping(_instance: object, attribute: Any, value: object) -> None:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{attribute.name}: found {described(value)}, expected names with values")


@even_half_made
@define(slots=False, kw_only=True)
class S3ObstoreInterface(S3Options, S3Interface):
    """Files and tables in an object store, through obstore: the actions and results of the interface ``s3``.

    **Asynchronous** actions on single objects (read and write bytes, exists, list, delete) are awaited natively:
    hundreds of tasks need no threads. All other actions run in worker threads, as everywhere.

    **Stores** other than S3 are one option away: ``url: gs://...``, ``az://container/prefix``, ``file:///folder``,
    ``memory://``, and, read only, ``http(s)://``. What they need is in ``store_options`` and ``store_secrets``, under
    the names that obstore has for it (``account_name``, ``account_key``, ``service_account_key``...).

    **On S3** what obstore can't do is done by boto3: object versions, ACLs of single objects, large writes,
    copies. Options that it couldn't honour are refused here: ``acl``, ``checksum`` other than
    CRC64NVME and SHA256, ``retry.mode: adaptive``, access points. ``max_connections`` bounds idle connections only.

    **Forks**: a child that is forked after a first request goes on with ``s3://``; of other kinds it gets an error that
    names the start methods ``spawn`` and ``forkserver``. **memory://** belongs to one interface; pickled, it begins
    empty.

    Attributes:
        url: where the store is; or give ``bucket``, for S3.
            The other options are those of :class:`~dao_s3.S3Boto3Interface`, and mean the same.
        store_options: settings of a Google Cloud or Azure store.
        store_secrets: those of them that are secrets; ``authorization`` for ``http://``, a header's value.
    """

    bucket: str = ""
    url: str | None = None
    store_options: Mapping[str, Any] = field(factory=dict, validator=_mapping)
    store_secrets: Mapping[str, Secret] = field(factory=dict, validator=_mapping, repr=lambda given: f"<{len(given)}>")

    def __attrs_post_init__(self) -> None:
        from dao_s3._obstore.config import check_options

        check_options(self._location, self._settled, self.store_options, self.store_secrets)

    @cached_property
    def _location(self) -> Location:
        from dao_s3._obstore.location import Location, parse_url

        if self.url is None:
            if not self.bucket:
                raise ConfigError("url: found neither it nor 'bucket', expected one of them")
            return Location("s3", self.bucket, self.prefix)
        if self.bucket:
            raise ConfigError("url: found with 'bucket', expected one of them")
        found = parse_url(self.url)
        if self.prefix and found.scheme == "memory":
            raise ConfigError("prefix: found for a memory:// store, expected none")
        return found.below(self.prefix) if self.prefix else found

    @cached_property
    def _settled(self) -> S3Options:
        """The options with the bucket and prefix of the URL; for other stores, a dummy bucket."""
        given = {option.name: getattr(self, option.name) for option in attrs.fields(S3Options)}
        on_s3 = self._location.scheme == "s3"
        given["bucket"] = self._location.bucket if on_s3 else self._location.scheme.ljust(3, "-") + "store"
        given["prefix"] = self._location.prefix if on_s3 else ""
        return S3Options(**given)

    def object_store_settings(self) -> Settings:
        """The settings by which a library with an ``object_store`` of its own, such as deltalake, reaches this store.

        They hold credentials that are valid now: never keep or log them, and ask again for each use.

        Raises:
            UnsupportedError: a store of memory or of http; certificates of a file that ``SSL_CERT_FILE`` doesn't name.
            PermissionDeniedError: there are no credentials.
        """
        from dao_s3._obstore.texts import settings_as_texts

        return settings_as_texts(self._location, self._settled, self.store_options, self.store_secrets, self._login)

    @cached_property
    def _login(self) -> Login:
        from dao_s3._obstore.texts import Login

        return Login(self._settled)

    def _make_transport(self) -> Transport:
        from dao_files.manifest import ObjectSettings
        from dao_s3._combined import boto3_transport
        from dao_s3._obstore.client import Client
        from dao_s3._obstore.transport import ObstoreTransport

        options = self._settled
        return ObstoreTransport(
            Client(self._location, options, self.store_options, self.store_secrets),
            ObjectSettings(metadata=options.metadata, tags=options.tags, storage_class=options.storage_class),
            options.part_size,
            partial(boto3_transport, options) if self._location.scheme == "s3" else None,
        )

    def _awaited(self, key: str) -> AsyncRequests | None:
        """The native asynchronous requests for a key; None without any, as in a folder or in a forked process."""
        from dao_s3._obstore.aio import AsyncRequests
        from dao_s3._obstore.client import has_lost_its_threads
        from dao_s3._obstore.keys import is_nameable
        from dao_s3._obstore.transport import ObstoreTransport

        transport = self.storage.transport
        assert isinstance(transport, ObstoreTransport)
        has_none = transport.scheme == "file" or has_lost_its_threads() or not is_nameable(key)
        return None if has_none else AsyncRequests(transport)

    @register("read")
    @when(into="bytes")
    async def read_bytes_async(
        self,
        data_object: DataObject,
        *,
        into: str,
        path: str | None = None,
        offset: int | None = None,
        length: int | None = None,
        version: str | None = None,
    ) -> bytes:
        """:meth:`read_bytes`, awaited."""
        from dao_s3._obstore.aio import in_thread
        from dao_s3._single import check_range, key_to_read

        check_range(offset, length)
        key = key_to_read(self.storage, data_object, path)
        requests = self._awaited(key)
        if requests is not None:
            try:
                content = await requests.get(key, start=offset or 0, length=length, version=version)
            except NotFoundError:
                if not await requests.is_folder(key):
                    raise
                # A directory gets the usual error.
            else:
                advance(0, memoryview(content).nbytes)
                return content if isinstance(content, bytes) else bytes(content)
        arguments = {"into": into, "path": path, "offset": offset, "length": length, "version": version}
        return await in_thread(partial(self.read_bytes, data_object, **arguments))  # type: ignore[arg-type]

    @register("write", "write_stream")
    async def write_bytes_async(
        self,
        data: bytes | bytearray | memoryview,
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
        """:meth:`write_bytes`, awaited."""
        from dao_s3._obstore.aio import in_thread
        from dao_s3._single import already_there, file_key

        key = file_key(self.storage, data_object, path, mode)
        requests = self._awaited(key)
        size = memoryview(data).nbytes
        if requests is None or mode == "append" or acl is not None or size > _ONE_REQUEST:
            arguments = {
                "mode": mode,
                "path": path,
                "metadata": metadata,
                "tags": tags,
                "content_type": content_type,
                "storage_class": storage_class,
                "acl": acl,
            }
            return await in_thread(partial(self.write_bytes, data, data_object, **arguments))  # type: ignore[arg-type]
        settings = self._settings(metadata, tags, content_type, storage_class, None)
        try:
            if mode == "overwrite":
                await requests.put(key, data, settings=settings)
            else:
                await requests.put_once(key, data, settings=settings)
        except ConflictError as error:
            if mode == "ignore":
                return WriteResult(bytes=0, files=0)
            raise already_there(key, error) from error
        advance(0, size)
        return WriteResult(bytes=size, files=1)

    async def exists_async(self, data_object: FileObject, *, path: str | None = None) -> bool:
        """:meth:`exists` of a file, awaited."""
        from dao_s3._obstore.aio import in_thread
        from dao_s3._single import file_key

        key = file_key(self.storage, data_object, path)
        requests = self._awaited(key)
        if requests is None:
            return await in_thread(partial(self.exists, data_object, path=path))
        try:
            await requests.head(key)
        except NotFoundError:
            return False
        return True

    async def list_async(self, data_object: FileObject, *, path: str | None = None) -> Listing:
        """:meth:`list` of a file, awaited."""
        from dao_files.manifest import info_of
        from dao_s3._obstore.aio import in_thread
        from dao_s3._single import file_key

        key = file_key(self.storage, data_object, path)
        requests = self._awaited(key)
        if requests is not None and not await requests.is_folder(key):
            try:
                return Listing([info_of(await requests.head(key))])
            except NotFoundError:
                pass  # the synchronous method raises the usual error
        return await in_thread(partial(self.list, data_object, path=path))

    async def delete_async(self, data_object: FileObject, *, path: str | None = None) -> WriteResult:
        """:meth:`delete` of a file, awaited."""
        from dao_s3._obstore.aio import in_thread
        from dao_s3._single import file_key

        key = file_key(self.storage, data_object, path)
        requests = self._awaited(key)
        if requests is not None:
            try:
                await requests.head(key)
                await requests.delete(key)
                return WriteResult(bytes=0, files=0)
            except NotFoundError:
                pass  # missing, or a directory: the synchronous method raises the usual error
        return await in_thread(partial(self.delete, data_object, path=path))
