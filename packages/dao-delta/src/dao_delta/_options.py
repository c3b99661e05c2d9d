"""Where the tables of a store are, as a catalog says it: a folder, a bucket, or a URL."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import define, field, fields

from dao.connections import S3Fields, Settings
from dao.display import even_half_made
from dao.errors import ConfigError, Fault, PluginError
from dao.options import Folder, absolute_place, build, check
from dao.secrets import Secret

if TYPE_CHECKING:
    from dao_files import FilesInterface
    from dao_files.manifest import Transport

__all__ = ["DeltaPlace"]

_OF_A_FOLDER = ("create", "fsync")
ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
"""What deltalake would decode in a key."""

_UNREACHABLE = ("memory", "http", "https", "file")
_INSTALL = "Delta tables on an object store need dao-s3: pip install 'dao-delta[s3]'"


def _folder(root: Any) -> Folder | None:
    if root is None:
        return None
    if not isinstance(root, (str, os.PathLike)) or not isinstance(os.fspath(root), str):
        raise ConfigError(f"root: found {type(root).__name__}, expected the path of a folder as text")
    try:
        return Folder(absolute_place(os.fspath(root)))
    except ConfigError as error:
        raise ConfigError(f"root: {error}") from None


def _as_of_s3(_instance: object, attribute: Any, value: Any) -> None:
    """Check an option as ``s3.obstore`` does, when a catalog is loaded; without dao-s3 no such store can be used."""
    try:
        from dao_s3 import S3ObstoreInterface
    except ImportError:
        return
    faults = [] if value is None else check(S3ObstoreInterface, {attribute.name: value})
    if faults:
        raise ConfigError("; ".join(_told(fault, attribute.name) for fault in faults))


def _told(fault: Fault, name: str) -> str:
    """A fault of an option, with the path inside of it."""
    inside = "" if fault.path in ("", name) else f" ({fault.path})"
    return f"{fault.message}{inside}" if fault.message.startswith(f"{name}:") else f"{name}: {fault.message}{inside}"


def _s3_option(**more: Any) -> Any:
    return field(default=None, validator=_as_of_s3, **more)


@even_half_made
@define(slots=False, kw_only=True)
class DeltaPlace(S3Fields):
    """The options that say where tables are: those of ``local``, or those of ``s3`` and ``s3.obstore``.

    Attributes:
        root: a folder; with ``create`` and ``fsync``, as of the interface ``local``.
        create: make the folder with the first write; without it a missing folder is an error.
        fsync: flush each file to the disk before it counts as written, to survive a power loss.
        bucket: a bucket of S3, with the options of the interface ``s3``. Those that obstore and deltalake couldn't
            honour are refused: ``acl``, ``checksum`` other than CRC64NVME and SHA256, ``retry.mode: adaptive``, access
            points, and ``ca_bundle`` unless the environment variable ``SSL_CERT_FILE`` names it too. What deltalake
            writes, such as checkpoints, has no ``metadata``, ``tags`` and ``storage_class``; its requests may take five
            times ``timeouts.read`` as a whole, since it has no time for silence.
        url: a store by its URL (``s3://``, ``gs://``, ``az://``), with the options of the interface ``s3.obstore``.
    """

    root: Folder | None = field(default=None, converter=_folder)
    create: bool = True
    fsync: bool = False
    bucket: str | None = _s3_option()
    prefix: str | None = _s3_option()
    url: str | None = None
    store_options: Mapping[str, Any] | None = None
    store_secrets: Mapping[str, Secret] | None = field(default=None, repr=lambda given: f"<{len(given or ())}>")
    requester_pays: bool | None = None
    encryption: Mapping[str, Any] | None = _s3_option()
    storage_class: str | None = _s3_option()
    acl: str | None = None
    metadata: Mapping[str, str] | None = _s3_option()
    tags: Mapping[str, str] | None = _s3_option()
    checksum: str | None = _s3_option()
    part_size: int | None = _s3_option()
    max_connections: int | None = _s3_option()
    retry: Mapping[str, Any] | None = _s3_option()
    timeouts: Mapping[str, Any] | None = _s3_option()

    def __attrs_post_init__(self) -> None:
        given = [name for name in ("root", "bucket", "url") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ConfigError(f"root: found {' with '.join(given) or 'no place'}, expected one of root, bucket and url")
        [place] = given
        for one in fields(DeltaPlace):
            if one.name != place and getattr(self, one.name) != one.default and _is_misplaced(one.name, place):
                expected = "bucket or url" if place == "root" else "root"
                raise ConfigError(f"{one.name}: found with {place}, expected with {expected} alone")
        self._check_names()
        if place != "root":
            self._check_object_store()

    def _check_names(self) -> None:
        """Refuse what deltalake, which decodes a URI twice, would take for another place."""
        for name in ("root", "prefix", "url"):
            found = ENCODED.search(getattr(self, name) or "")
            if found is not None:
                raise ConfigError(f"{name}: found '%' before two hexadecimal digits, which deltalake can't name")

    def _check_object_store(self) -> None:
        """Refuse what obstore or deltalake couldn't honour."""
        if self.ca_bundle is not None and self.ca_bundle != os.environ.get("SSL_CERT_FILE"):
            raise ConfigError(
                "ca_bundle: found without SSL_CERT_FILE, expected the same file as that environment variable of the "
                "process: deltalake has no setting for it"
            )
        scheme = (self.url or "").partition("://")[0].lower()
        if scheme in _UNREACHABLE:
            raise ConfigError(f"url: found the scheme {scheme!r}, expected s3, gs or az; for a folder its path as root")
        _ = self._object_store  # it checks the rest

    @cached_property
    def transport(self) -> Transport:
        """The store's objects."""
        if self.root is not None:
            from dao_files.lake import FolderTransport

            return FolderTransport(os.path.realpath(self.root), self.create, self.fsync)
        found: Transport = self._object_store.storage.transport
        return found

    @cached_property
    def _object_store(self) -> Any:
        """The same place as dao-s3 reaches it, by the same options with the same checks."""
        try:
            from dao_s3 import S3ObstoreInterface
        except ImportError as error:
            raise PluginError(_INSTALL) from error
        names = [one.name for one in fields(S3ObstoreInterface) if one.init and hasattr(self, one.name)]
        given = {name: getattr(self, name) for name in names}
        return build(S3ObstoreInterface, {name: value for name, value in given.items() if value is not None})

    def close(self) -> None:
        """Close the connections to an object store; the interface can't be used any more."""
        if self.root is None:
            self._object_store.close()

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


def _is_misplaced(name: str, place: str) -> bool:
    return (name in _OF_A_FOLDER) != (place == "root")
