"""Where the tables of a lake are, as a catalog says it: a folder, a bucket, or a URL."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import define, field, fields

from dao.connections import S3Fields
from dao.display import even_half_made
from dao.errors import ConfigError, Fault, PluginError
from dao.options import Folder, absolute_place, build, check
from dao.secrets import Secret

if TYPE_CHECKING:
    from dao_files.manifest import Transport

__all__ = ["LakePlace"]

_OF_A_FOLDER = ("create", "fsync")
_UNREACHABLE = ("memory", "http", "https", "file")


def _folder(root: Any) -> Folder | None:
    if root is None:
        return None
    if not isinstance(root, (str, os.PathLike)) or not isinstance(os.fspath(root), str):
        raise ConfigError(f"root: found {type(root).__name__}, expected the path of a folder as text")
    try:
        return Folder(absolute_place(os.fspath(root)))
    except ConfigError as error:
        raise ConfigError(f"root: {error}") from None


def _as_of_s3(instance: LakePlace, attribute: Any, value: Any) -> None:
    """Check an option as ``s3.obstore`` does, when a catalog is loaded; without dao-s3 no such store can be used."""
    if value is None:
        return
    try:
        interface = instance.object_store_interface()
    except PluginError:
        return
    faults = check(interface, {attribute.name: value})
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
class LakePlace(S3Fields):
    """The options that say where tables are: those of ``local``, or those of ``s3`` and ``s3.obstore``.

    Attributes:
        root: a folder; with ``create`` and ``fsync``, as of the interface ``local``.
        create: make the folder with the first write; without it a missing folder is an error.
        fsync: flush each file to the disk before it counts as written, to survive a power loss.
        bucket: a bucket of S3, with the options of the interface ``s3``.
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
            hint = f"; an overlay takes away what its base has, {given[0]}: null" if given else ""
            found = " with ".join(given) or "no place"
            raise ConfigError(f"root: found {found}, expected one of root, bucket and url{hint}")
        [place] = given
        for one in fields(LakePlace):
            if one.name != place and getattr(self, one.name) != one.default and _is_misplaced(one.name, place):
                expected = "bucket or url" if place == "root" else "root"
                raise ConfigError(f"{one.name}: found with {place}, expected with {expected} alone")
        if place != "root":
            self._check_object_store()

    def _check_object_store(self) -> None:
        scheme = (self.url or "").partition("://")[0].lower()
        if scheme in _UNREACHABLE:
            raise ConfigError(f"url: found the scheme {scheme!r}, expected s3, gs or az; for a folder its path as root")
        _ = self.object_store  # it checks the rest

    @staticmethod
    def object_store_interface() -> type[Any]:
        """The class of the interface ``s3.obstore``: a backend imports it, since this library doesn't know dao-s3.

        Raises:
            PluginError: dao-s3 is missing.
        """
        raise NotImplementedError

    @cached_property
    def transport(self) -> Transport:
        """The store's objects."""
        if self.root is not None:
            from dao_files.lake._folder import FolderTransport

            return FolderTransport(os.path.realpath(self.root), self.create, self.fsync)
        found: Transport = self.object_store.storage.transport
        return found

    @cached_property
    def object_store(self) -> Any:
        """The same place as dao-s3 reaches it, by the same options with the same checks.

        Raises:
            PluginError: dao-s3 is missing.
        """
        interface = self.object_store_interface()
        names = [one.name for one in fields(interface) if one.init and hasattr(self, one.name)]
        given = {name: getattr(self, name) for name in names}
        return build(interface, {name: value for name, value in given.items() if value is not None})

    def close(self) -> None:
        """Close the connections to an object store; the interface can't be used any more."""
        if self.root is None:
            self.object_store.close()


def _is_misplaced(name: str, place: str) -> bool:
    return (name in _OF_A_FOLDER) != (place == "root")
