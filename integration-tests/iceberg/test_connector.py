"""The connector on services: what Java's catalogs make of the target, and a commit whose answer is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pydantic import AwareDatetime, BaseModel
from services.minio import ObjectServer

from dao import DataAccessObject
from dao_iceberg import S3IcebergObject
from dao_iceberg.connector import AWSConnector
from iceberg.catalogs import CatalogKind

FIELDS = {"index_field": "id", "datetime_field": "at"}
DAY = datetime.fromisoformat("2026-11-29T10:00:00Z")


class Order(BaseModel):
    id: int
    at: AwareDatetime
    note: str | None = None


@pytest.mark.parametrize("catalog", ["postgres", "rest"])
def test_the_target_is_made_and_followed(
    catalog: str, kind_of: Callable[[str], CatalogKind], object_server: ObjectServer, bucket: str
) -> None:
    with kind_of(catalog).store("lake", object_server, bucket) as store:
        dao, target = DataAccessObject(), S3IcebergObject("orders", store, key="gold/orders")
        for table, numbers in (("a", range(5)), ("b", range(5, 8))):
            rows = [{"id": number, "at": DAY + timedelta(days=number)} for number in numbers]
            dao.write(rows, S3IcebergObject(table, store, key=f"shop/{table}"))
        config = {
            "options": dict(store.specs[0].options),
            "source": {"tables": [{"database": "shop", "table": one, **FIELDS} for one in "ab"], "max_records": 5},
            "target": {"database": "gold", "table": "orders", **FIELDS, "partition_by": ["year", "month", "day"]},
        }

        async def run() -> list[int]:
            found = []
            async with AWSConnector({"connector": config}) as connector:
                for _ in range(3):
                    records = await connector.read()
                    await connector.write(records, Order)
                    found.append(len(records))
            return found

        assert asyncio.run(run()) == [5, 3, 0]
        late = [{"id": 9, "at": DAY - timedelta(days=9), "note": "late"}]
        dao.write(late, S3IcebergObject("a", store, key="shop/a"), mode="append", schema_mode="evolve")
        assert asyncio.run(run()) == [1, 0, 0]
        assert sorted(row["id"] for row in dao.read(target, into="pylist")) == [*range(8), 9]
        assert dao.read(target, where="note IS NOT NULL", into="pylist")[0]["id"] == 9
