"""Where the tables of a store are, as a catalog says it, without what deltalake couldn't honour."""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import define

from dao.connections import Settings
from dao.display import even_half_made
from dao.errors import ConfigError, PluginError
from dao_files.lake import LakePlace

if TYPE_CHECKING:
    from dao_files import FilesInterface

__all__ = ["DeltaPlace"]

ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
"""What deltalake would decode in a key."""

_INSTALL = "Delta tables on an object store need dao-s3: pip install 'dao-delta[s3]'"


@even_half_made
@define(slots=False, kw_only=True)
class DeltaPlace(LakePlace):
    """The options that say where tables are: those of ``local``, or those of ``s3`` and ``s3.obstore``.

    Attributes:
        bucket: a bucket of S3, with the options of the interface ``s3``. Those that obstore and deltalake couldn't
            honour are refused: ``acl``, ``checksum`` other than CRC64NVME and SHA256, ``retry.mode: adaptive``, access
            points, and ``ca_bundle`` unless the environment variable ``SSL_CERT_FILE`` names it too. What deltalake
            writes, such as checkpoints, has no ``metadata``, ``tags`` and ``storage_class``; its requests may take five
            times ``timeouts.read`` as a whole, since it has no time for silence.
    """

    def __attrs_post_init__(self) -> None:
        for name in ("root", "prefix", "url"):
            found = ENCODED.search(getattr(self, name) or "")
            if found is not None:
                raise ConfigError(f"{name}: found '%' before two hexadecimal digits, which deltalake can't name")
        super().__attrs_post_init__()

    def _check_object_store(self) -> None:
        if self.ca_bundle is not None and self.ca_bundle != os.environ.get("SSL_CERT_FILE"):
            raise ConfigError(
                "ca_bundle: found without SSL_CERT_FILE, expected the same file as that environment variable of the "
                "process: deltalake has no setting for it"
            )
        super()._check_object_store()

    @staticmethod
    def object_store_interface() -> type[Any]:
        """The class of the interface ``s3.obstore``.

        Raises:
            PluginError: dao-s3 is missing.
        """
        try:
            from dao_s3 import S3ObstoreInterface
        except ImportError as error:
            raise PluginError(_INSTALL) from error
        return S3ObstoreInterface

    @cached_property
    def files(self) -> FilesInterface:
        """The same place as an interface to files."""
        if self.root is not None:
            from dao_files import LocalInterface

            return LocalInterface(self.root, self.create, self.fsync)
        found: FilesInterface = self.object_store
        return found

    def settings(self) -> Settings:
        """The storage options of deltalake, with credentials that are valid now."""
        if self.root is not None:
            return Settings()
        found: Settings = self.object_store.object_store_settings()
        return found
