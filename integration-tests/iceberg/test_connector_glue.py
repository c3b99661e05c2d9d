"""The connector with AWS Glue, as moto serves it: a config without options, and credentials where AWS's tools look."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import BaseModel

from dao import ConfigError, DataAccessObject, DataStore, NotFoundError
from dao_iceberg import IcebergObject
from dao_iceberg.connector import AWSConnector

FIELDS = {"index_field": "id", "datetime_field": "at"}
REGION = "eu-central-1"
DAY = datetime(2026, 11, 29)


class Order(BaseModel):
    id: int
    at: datetime


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    yield endpoint
    urlopen(Request(f"{endpoint}/moto-api/reset", method="POST")).close()
    server.stop()


def rows(*numbers: int) -> list[dict[str, object]]:
    return [{"id": number, "at": DAY + timedelta(hours=number)} for number in numbers]


def test_each_table_is_where_glue_says(moto: str) -> None:
    dao, shop = DataAccessObject(), {}
    for bucket, table in (("lake", "web"), ("attic", "store")):
        place = {"LocationConstraint": REGION}
        boto3.client("s3", region_name=REGION).create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        options = {"catalog": "glue", "bucket": bucket, "region": REGION}
        shop[table] = IcebergObject(table, DataStore(bucket, "iceberg", options=options), key=f"shop/{table}")
    dao.write(rows(1, 2), shop["web"])
    dao.write(rows(3), shop["store"])
    tables = [{"database": "shop", "table": name, **FIELDS} for name in shop]
    target = {"database": "gold", "table": "orders", **FIELDS, "partition_by": ["day"]}
    config = {"region": REGION, "source": {"tables": tables}, "target": target}

    async def run(location: str | None) -> int:
        more = {} if location is None else {"location": location}
        async with AWSConnector({"connector": {**config, "target": {**target, **more}}}) as connector:
            records = await connector.read()
            await connector.write(records, Order)
            return len(records)

    with pytest.raises(ConfigError, match=r"target\.location: found none"):
        asyncio.run(run(None))
    assert asyncio.run(run("s3://lake/warehouse/orders")) == 3
    dao.upsert([*rows(4), {"id": 3, "at": DAY + timedelta(hours=9)}], shop["store"], keys="id")
    assert asyncio.run(run(None)) == 2
    assert asyncio.run(run("s3://lake/warehouse/orders/")) == 0

    found = boto3.client("glue", region_name=REGION).get_table(DatabaseName="gold", Name="orders")["Table"]
    assert found["StorageDescriptor"]["Location"] == "s3://lake/warehouse/orders"
    made = IcebergObject("orders", shop["web"].data_store, key="gold/orders")
    assert sorted(row["id"] for row in dao.read(made, into="pylist")) == [1, 2, 3, 4]
    tables[0]["table"] = "nowhere"
    with pytest.raises(NotFoundError, match=r"shop\.nowhere"):
        asyncio.run(run(None))
