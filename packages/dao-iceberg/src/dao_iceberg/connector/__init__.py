"""The connector: an incremental, asynchronous pipeline from some Iceberg tables to one, by a config.

>>> import asyncio
>>> from datetime import datetime
>>> from pydantic import BaseModel
>>> from dao import DataAccessObject
>>> lake = {"interface": "iceberg", "options": {"root": getfixture("tmp_path")}}
>>> shop = {**lake, "objects": {"orders": {"type": "iceberg", "key": "shop/orders"}}}
>>> result = DataAccessObject({"lake": shop}).write([{"id": 1, "at": datetime(2026, 11, 29)}], "lake.orders")
>>> fields = {"index_field": "id", "datetime_field": "at"}
>>> config = {"connector": {
...     "options": lake["options"],
...     "source": {"tables": [{"database": "shop", "table": "orders", **fields}]},
...     "target": {"database": "gold", "table": "orders", **fields, "partition_by": ["day"]},
... }}
>>> class Order(BaseModel):
...     id: int
...     at: datetime
>>> async def run():
...     async with AWSConnector(config) as connector:
...         records = await connector.read()
...         written = await connector.write(records, Order)
...         return written.rows_inserted, len(await connector.read())
>>> asyncio.run(run())
(1, 0)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from dao import AsyncDataAccessObject
from dao.data_store import DataStoreRegistry
from dao.display import even_half_made
from dao.errors import DataError
from dao.results import WriteResult
from dao_iceberg.connector._config import ConnectorConfig, read_config
from dao_iceberg.connector._reading import Reading, threaded
from dao_iceberg.connector._records import Part, Records
from dao_iceberg.connector._tables import ConnectorTables
from dao_iceberg.connector._writing import Writing

__all__ = ["AWSConnector", "Part", "Records"]


@even_half_made
class AWSConnector:
    """Reads from some Iceberg tables what another one lacks, and writes it there: nothing is lost or doubled.

    ``connector`` of the config has:

    ``region``
        of AWS; else what the AWS tools are set to. Credentials come from where these look.
    ``options``
        of the interface ``iceberg``, by which other catalogs than ``glue`` are used: ``{root: ./lake}`` is a folder.
        Without ``bucket``, ``url`` or ``root`` each table is where Glue says that it is.
    ``source``
        ``tables``: of each ``database``, ``table``, ``index_field``, ``datetime_field`` and perhaps ``where``;
        ``time_filter_hours``: only rows of this last time; ``max_records``: rows of one read at most.
    ``target``
        ``database``, ``table``, ``index_field``, ``datetime_field``; for a new table ``location`` and
        ``partition_by``, of ``year``, ``month``, ``day`` and ``hour``.

    A row is of the record that ``index_field`` names, and of two rows of a record the one with the greater
    ``datetime_field`` is newer. Rows are wanted whose record the target lacks, or has an older row of; see
    docs/iceberg-connector.md of the repository for what that means.

    Calls of one connector may run at once. After ``async with`` it can't be used any more.

    Args:
        config: a mapping, the path of a YAML file, or YAML text.

    Raises:
        ConfigError: all faults of the config at once.
    """

    def __init__(self, config: str | os.PathLike[str] | Mapping[str, Any]) -> None:
        self._tables = ConnectorTables(read_config(config))
        self._tables.check()
        self._dao = AsyncDataAccessObject(registry=DataStoreRegistry())
        self._is_open = False

    @property
    def config(self) -> ConnectorConfig:
        """The config as it was understood; secrets are masked."""
        return self._tables.config

    async def read(self, *, drop: bool = False, now: datetime | None = None) -> Records:
        """Read the rows that the target lacks from all source tables at once.

        Args:
            drop: start over: read all rows, as if there were no target. Writing them replaces all that it has, in one
                commit; until then it stays as it is.
            now: the end of the time that ``time_filter_hours`` is of; by default the present. Without a zone it is UTC.

        Returns:
            The rows, the oldest first. Rows without a moment are the oldest, and inside of every window.

        Raises:
            NotFoundError: a source table isn't there.
            DataError: a field isn't there, or of a wrong type; a row without ``index_field``.
            StoreError: a table can't be read.
        """
        self._check_open()
        return await Reading(dao=self._dao, tables=self._tables, now=now, drop=drop).run()

    async def write(self, records: Any, model: Any) -> WriteResult:
        """Write rows to the target, all or none: those with a known ``index_field`` replace older ones.

        The target is made if it isn't there, else it gets the model's new columns, as far as that is additive.

        Args:
            records: what :meth:`read` gave, whose position is committed with the rows; or any tabular data or instances
                of the model, which are rows without a position.
            model: a pydantic model, or what else :class:`~dao_iceberg.converter.IcebergConverter` takes for one.

        Raises:
            DataError: the rows don't fit the model, or the model doesn't fit the table. Nothing was written.
            ConflictError: another connector was first: read again.
            UnsupportedError: Iceberg can't change the table's columns to the model's.
            StoreError: the store refused.
        """
        self._check_open()
        return await Writing(dao=self._dao, tables=self._tables, model=model).run(records)

    def _check_open(self) -> None:
        if not self._is_open:
            raise DataError("the connector is closed: use it inside of 'async with AWSConnector(config) as connector'")

    async def __aenter__(self) -> Self:
        self._is_open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        await self._dao.close()
        await threaded(self._tables.close)

    def __repr__(self) -> str:
        sources = ", ".join(map(str, self.config.source.tables))
        return f"AWSConnector({sources} -> {self.config.target})"
