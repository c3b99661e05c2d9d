"""Where the tables of a store are, as a catalog says it: the place of their files, and the catalog that names them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import define, field, fields

from dao.display import even_half_made
from dao.errors import ConfigError, DataError, PluginError
from dao.options import one_of
from dao.secrets import Secret
from dao_files.lake import LakePlace

if TYPE_CHECKING:
    from dao_files.manifest import Transport

__all__ = ["IcebergPlace"]

_INSTALL = "Iceberg tables on an object store need dao-s3: pip install 'dao-iceberg[s3]'"
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,255}")
_NEEDS_URI = ("rest", "hive")


@even_half_made
@define(slots=False, kw_only=True)
class IcebergPlace(LakePlace):
    """The options that say where tables are, and which catalog names them.

    Attributes:
        catalog: ``sql``: a database; ``rest``: the REST protocol of Iceberg, as Polaris, Nessie, Lakekeeper and Unity
            speak it; ``glue``: AWS Glue; ``hive``: a Hive metastore; ``memory``: forgotten with the interface, and
            without a place the files too; ``hadoop``: none: each table is the folder of its key, or the metadata file
            that is its key, and can be read only.
        uri: of the catalog: a database's URL of SQLAlchemy (``postgresql://...``) for ``sql``, which without it is
            SQLite in a file of the folder ``root``; a URL for ``rest`` and ``hive``; an endpoint for ``glue``.
        warehouse: of the catalog ``rest``, which may have several.
        catalog_name: under which name a database knows the catalog; it may have several.
        catalog_id: the account whose catalog ``glue`` is; else that of the credentials.
        token: for the catalog ``rest``.
        credential: ``client:secret`` for the catalog ``rest``, which gives a token for it.
        catalog_options: further properties of pyiceberg's catalog, such as ``{"rest.sigv4-enabled": "true"}``.
        catalog_secrets: further properties that are secrets.
        moved: where metadata says that files are which are elsewhere now, each with the folder of the store that they
            are in: ``{"s3://old/warehouse": "warehouse"}``; ``""`` is all of the store. Such tables can be read only.
        namespace: of the tables whose key is a mere name, since a table of Iceberg needs one.
    """

    catalog: str = field(default="sql", validator=one_of("sql", "rest", "glue", "hive", "memory", "hadoop"))
    uri: Secret | None = None
    warehouse: str | None = None
    catalog_name: str = "dao"
    catalog_id: str | None = None
    token: Secret | None = None
    credential: Secret | None = None
    catalog_options: Mapping[str, Any] | None = None
    catalog_secrets: Mapping[str, Secret] | None = field(default=None, repr=lambda given: f"<{len(given or ())}>")
    moved: Mapping[str, str] | None = None
    namespace: str = "default"

    def __attrs_post_init__(self) -> None:
        if self._is_all_in_memory:
            self._check_no_place()
        else:
            super().__attrs_post_init__()
        if self.uri is None and self.catalog in _NEEDS_URI:
            raise ConfigError("uri: found none, expected the URL of the catalog, which rest and hive need")
        if self.uri is None and self.catalog == "sql" and self.root is None:
            raise ConfigError(
                "catalog: found 'sql' without uri, which is a file of a folder; an object store needs the uri of a "
                "database, or another catalog: rest, glue, hive"
            )
        for name in ("token", "credential", "warehouse"):
            if getattr(self, name) is not None and self.catalog != "rest":
                raise ConfigError(f"{name}: found with the catalog {self.catalog!r}, expected with 'rest' alone")
        if self.catalog_id is not None and self.catalog != "glue":
            raise ConfigError(f"catalog_id: found with the catalog {self.catalog!r}, expected with 'glue' alone")
        if self.uri is not None and self.catalog in ("memory", "hadoop"):
            raise ConfigError(f"uri: found with the catalog {self.catalog!r}, which has none")
        if not _NAME.fullmatch(self.catalog_name):
            raise ConfigError(f"catalog_name: found {self.catalog_name!r}, expected 1 to 255 characters")
        self._check_namespace()
        self._check_moved()

    def _check_no_place(self) -> None:
        for one in fields(LakePlace):
            if getattr(self, one.name) != one.default:
                raise ConfigError(
                    f"{one.name}: found with the catalog 'memory' without a place, which has no such thing"
                )

    def _check_moved(self) -> None:
        from dao_files.storage import check_key

        for place, folder in (self.moved or {}).items():
            if not place.strip("/"):
                raise ConfigError(f"moved: found {place!r}, expected a location such as 's3://bucket/warehouse'")
            try:
                _ = folder and check_key(folder)
            except DataError as error:
                raise ConfigError(f"moved: {place!r}: {error.message}") from error

    def _check_namespace(self) -> None:
        parts = self.namespace.split(".")
        if not all(part and part == part.strip() and part.isprintable() and "/" not in part for part in parts):
            raise ConfigError(f"namespace: found {self.namespace!r}, expected a name such as 'default' or 'sales.eu'")

    @property
    def _is_all_in_memory(self) -> bool:
        return self.catalog == "memory" and self.root is None and self.bucket is None and self.url is None

    @cached_property
    def transport(self) -> Transport:
        """The store's objects."""
        if self._is_all_in_memory:
            from dao_files.manifest import MemoryTransport

            return MemoryTransport()
        return super().transport

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

    @property
    def catalog_properties(self) -> dict[str, str]:
        """Properties of pyiceberg's catalog, with secrets in them: never log them."""
        found = {name: str(value) for name, value in (self.catalog_options or {}).items()}
        found |= {name: secret.reveal() for name, secret in (self.catalog_secrets or {}).items()}
        if self.catalog == "glue":
            found |= self._glue_properties()
        elif self.uri is not None and self.catalog != "sql":
            found["uri"] = self.uri.reveal()
        for name in ("token", "credential"):
            secret: Secret | None = getattr(self, name)
            if secret is not None:
                found[name] = secret.reveal()
        if self.warehouse is not None:
            found["warehouse"] = self.warehouse
        return found

    def _glue_properties(self) -> dict[str, str]:
        given = {
            "glue.endpoint": None if self.uri is None else self.uri.reveal(),
            "glue.region": self.region,
            "glue.profile-name": self.profile,
            "glue.id": self.catalog_id,
        }
        return {name: value for name, value in given.items() if value is not None}

    def close(self) -> None:
        """Close the connections to an object store; the interface can't be used any more."""
        if not self._is_all_in_memory:
            super().close()
