"""What all routes of the interface ``delta`` stand on: its options, and the tables of its store."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import define, field

from dao.data_object import DataObject
from dao.display import even_half_made
from dao.options import number, one_of
from dao_delta._options import DeltaPlace

if TYPE_CHECKING:
    from dao_delta._tables.client import Client, Snapshot
    from dao_files.lake import FileSettings

__all__ = ["DeltaBase"]


@even_half_made
@define(slots=False, kw_only=True)
class DeltaBase(DeltaPlace):
    """See :class:`dao_delta.DeltaInterface` for the attributes."""

    conflict_timeout: float = field(default=60.0, validator=number("seconds", 0))
    compression: str = field(default="snappy", validator=one_of("snappy", "zstd", "gzip", "lz4", "none"))
    target_file_size: int = field(default=256 << 20, validator=number("bytes", 1 << 20))

    @cached_property
    def _client(self) -> Client:
        from dao_delta._tables.client import Client

        return Client(self.transport, self.settings)

    def _snapshot(self, data_object: DataObject, version: int | None = None, as_of: datetime | None = None) -> Snapshot:
        from dao_delta._snapshots.versions import open_version

        return open_version(self._client, data_object.key, version, as_of)

    @property
    def _file_settings(self) -> FileSettings:
        from dao_files.lake import FileSettings

        return FileSettings(compression=self.compression, target_size=self.target_file_size)
