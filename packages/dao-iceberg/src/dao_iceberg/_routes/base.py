"""What all routes of the interface ``iceberg`` stand on: its options, and the tables of its store."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import define, field

from dao.data_object import DataObject
from dao.display import even_half_made
from dao.options import number, one_of
from dao_iceberg._options import IcebergPlace

if TYPE_CHECKING:
    from dao_files.lake import FileSettings
    from dao_iceberg._tables.client import Client, Snapshot

__all__ = ["IcebergBase"]

_FILE = ".dao/iceberg.db"


@even_half_made
@define(slots=False, kw_only=True)
class IcebergBase(IcebergPlace):
    """See :class:`dao_iceberg.IcebergInterface` for the attributes."""

    conflict_timeout: float = field(default=60.0, validator=number("seconds", 0))
    compression: str = field(default="zstd", validator=one_of("snappy", "zstd", "gzip", "lz4", "none"))
    target_file_size: int = field(default=256 << 20, validator=number("bytes", 1 << 20))

    @cached_property
    def _client(self) -> Client:
        from dao_files.lake import FolderTransport
        from dao_iceberg._tables.catalogs import CatalogMaker, CatalogSettings
        from dao_iceberg._tables.client import Client
        from dao_iceberg._tables.folders import FolderClient
        from dao_iceberg._tables.io import Locations

        transport = self.transport
        locations = Locations(transport, moved=self.moved or {})
        url = self.uri.reveal() if self.uri is not None and self.catalog == "sql" else None
        settings = CatalogSettings(
            kind=self.catalog,
            name=self.catalog_name,
            url=url,
            file=f"{transport.root}/{_FILE}" if url is None and isinstance(transport, FolderTransport) else None,
            properties=self.catalog_properties,
            **self._asking,
        )
        kind = FolderClient if self.catalog == "hadoop" else Client
        return kind(locations, CatalogMaker(settings, locations), self.namespace)

    @property
    def _asking(self) -> dict[str, Any]:
        """For how long, how often and by whom a catalog is asked: as the object store is."""
        if self.root is not None or self._is_all_in_memory:
            return {}
        store = self.object_store
        limits = {"timeouts": (store.timeouts.connect, store.timeouts.read), "attempts": store.retry.attempts}
        is_on_s3 = self.transport.uri.startswith("s3://")
        return {**limits, "login": store.object_store_settings if is_on_s3 else None}

    def _snapshot(
        self,
        data_object: DataObject,
        version: int | None = None,
        as_of: datetime | None = None,
        branch: str | None = None,
        tag: str | None = None,
    ) -> Snapshot:
        from dao_iceberg._snapshots.versions import open_version

        return open_version(self._client, data_object.key, version, as_of, branch, tag)

    @property
    def _file_settings(self) -> FileSettings:
        from dao_files.lake import FileSettings

        return FileSettings(compression=self.compression, target_size=self.target_file_size)

    def close(self) -> None:
        """Close the connections to the catalog and the store; the interface can't be used any more."""
        if "_client" in self.__dict__:
            self._client.catalogs.close()
        super().close()
