"""Tables that AWS Glue, as moto serves it, has as Delta tables."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dao import DataAccessObject, DataStore
from dao_delta import DeltaObject
from dao_s3.glue import GlueCatalog

LOGIN = {"region": "eu-central-1", "access_key_id": "testing", "secret_access_key": "testing"}


@pytest.fixture
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    server.stop()


@pytest.mark.parametrize("marker", [{"table_type": "DELTA"}, {"spark.sql.sources.provider": "delta"}])
def test_a_table_of_glue_is_read_and_written_as_a_delta_table(moto: str, marker: dict[str, str]) -> None:
    login = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "eu-central-1"}
    boto3.client("s3", endpoint_url=moto, **login).create_bucket(
        Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    glue = boto3.client("glue", endpoint_url=moto, **login)
    glue.create_database(DatabaseInput={"Name": "sales"})
    table = {"Name": "orders", "TableType": "EXTERNAL_TABLE", "Parameters": marker}
    storage = {"Location": "s3://lake/sales/orders"}
    glue.create_table(DatabaseName="sales", TableInput={**table, "StorageDescriptor": storage})
    own = DataStore("lake", "delta", options={"bucket": "lake", "prefix": "sales", "endpoint": moto, **LOGIN})
    DataAccessObject().write([{"id": 1}], DeltaObject("orders", own))

    dao = DataAccessObject(GlueCatalog(endpoint=moto, options={"endpoint": moto}, **LOGIN))
    found = dao.catalog["sales.orders"]
    assert isinstance(found, DeltaObject)
    assert [spec.name for spec in found.data_store.specs] == ["delta"]
    assert dao.read("sales.orders", into="pylist") == [{"id": 1}]
    assert dao.write([{"id": 2}], "sales.orders", mode="append").version_after == 1
    assert dao.count("sales.orders", version=0) == 1
    assert dao.count("sales.orders") == 2
