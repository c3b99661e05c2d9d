"""Where the tables of a store are, as a catalog says it: a folder, a bucket, or a URL."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import define, field, fields

from dao.connections import S3Fields, Settings
from dao.display import even_half_made
from dao.errors import ConfigError, PluginError
from dao.options import Folder, absolute_place
from dao.secrets import Secret

if TYPE_CHECKING:
    from dao_files import FilesInterface
    from dao_files.manifest import Transport

__all__ = ["DeltaPlace"]

_OF_A_FOLDER = ("create", "fsync")


def _folder(root: Any) -> Folder | None:
    if root is None:
        return None
    if not isinstance(root, (str, os.PathLike)) or not isinstance(os.fspath(root), str):
        raise ConfigError(f"root: found {type(root).__name__}, expected the path of a folder as text")
    try:
        return Folder(absolute_place(os.fspath(root)))
    except ConfigError as error:
        raise ConfigError(f"root: {error}") from None


@even_half_made
@define(slots=False, kw_only=True)
class DeltaPlace(S3Fields):
    """The options that say where tables are: those of ``local``, or those of ``s3`` and ``s3.obstore``.

    Attributes:
        root: a folder; with ``create`` and ``fsync``, as of the interface ``local``.
        create: make the folder with the first write; without it a missing folder is an error.
        fsync: flush each file to the disk before it counts as written, to survive a power loss.
        bucket: a bucket of S3, with the options of the interface ``s3``.
        url: a store by its URL, with the options of the interface ``s3.obstore``.
    """

    root: Folder | None = field(default=None, converter=_folder)
    create: bool = True
    fsync: bool = False
    bucket: str | None = None
    prefix: str | None = None
    url: str | None = None
    store_options: Mapping[str, Any] | None = None
    store_secrets: Mapping[str, Secret] | None = field(default=None, repr=lambda given: f"<{len(given or ())}>")
    requester_pays: bool | None = None
    encryption: Mapping[str, Any] | None = None
    storage_class: str | None = None
    metadata: Mapping[str, str] | None = None
    tags: Mapping[str, str] | None = None
    checksum: str | None = None
    part_size: int | None = None
    max_connections: int | None = None
    retry: Mapping[str, Any] | None = None
    timeouts: Mapping[str, Any] | None = None

    def __attrs_post_init__(self) -> None:
        given = [name for name in ("root", "bucket", "url") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ConfigError(f"root: found {' with '.join(given) or 'no place'}, expected one of root, bucket and url")

    @cached_property
    def transport(self) -> Transport:
        """The store's objects."""
        if self.root is not None:
            from dao_delta._folder import FolderTransport

            return FolderTransport(os.path.realpath(self.root), self.create, self.fsync)
        found: Transport = self._object_store.storage.transport
        return found

    @cached_property
    def _object_store(self) -> Any:
        """The same place as dao-s3 reaches it, by the same options with the same checks."""
        try:
            from dao_s3 import S3ObstoreInterface
        except ImportError as error:
            raise PluginError("Delta tables on an object store need dao-s3: pip install 'dao-delta[s3]'") from error
        from dao.options import build

        names = [one.name for one in fields(S3ObstoreInterface) if one.init and hasattr(self, one.name)]
        given = {name: getattr(self, name) for name in names}
        return build(S3ObstoreInterface, {name: value for name, value in given.items() if value not in (None, False)})

    @cached_property
    def files(self) -> FilesInterface:
        """The same place as an interface to files."""
        if self.root is not None:
            from dao_files import LocalInterface

            return LocalInterface(self.root, self.create, self.fsync)
        found: FilesInterface = self._object_store
        return found

    def settings(self) -> Settings:
        """The storage options of deltalake, with credentials that are valid now."""
        if self.root is not None:
            return Settings()
        found: Settings = self._object_store.object_store_settings()
        return found
