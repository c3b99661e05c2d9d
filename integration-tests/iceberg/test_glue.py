"""Tables whose catalog is AWS Glue, as moto serves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dao import AlreadyExistsError, DataAccessObject, DataError, DataStore, NotFoundError
from dao_iceberg import IcebergObject
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


@pytest.fixture
def lake(moto: str) -> Iterator[DataStore]:
    login: Any = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "eu-central-1"}
    boto3.client("s3", endpoint_url=moto, **login).create_bucket(
        Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    options = {"catalog": "glue", "uri": moto, "endpoint": moto, "bucket": "lake", **LOGIN}
    with DataStore("lake", "iceberg", options=options) as store:
        yield store


def test_a_table_lives_in_glue(lake: DataStore, moto: str) -> None:
    dao, table = DataAccessObject(), IcebergObject("orders", lake, prefix="sales/orders", partition_by=["country"])
    rows = [{"id": 1, "country": "UK"}, {"id": 2, "country": "FI"}]
    first = dao.write(rows, table)
    with pytest.raises(AlreadyExistsError):
        dao.write(rows, table)
    dao.upsert([{"id": 2, "country": "SE"}, {"id": 3, "country": "SE"}], table, keys=["id"])
    dao.run("evolve", table, add={"note": "string"})
    assert dao.count(table, where="country = 'SE'") == 2
    assert dao.count(table, version=first.version_after) == 2
    assert dao.read(table, where="id = 1", into="pylist") == [{"id": 1, "country": "UK", "note": None}]
    assert [found.key for found in dao.list(lake)] == ["sales/orders"]
    assert dao.write([{**rows[0], "note": "x"}], table, mode="append", branch="audit").rows_inserted == 1
    dao.run("publish", table, branch="audit")
    assert dao.count(table) == 4
    dao.move(table, IcebergObject("moved", lake, prefix="sales/moved"))
    assert dao.delete(IcebergObject("moved", lake, prefix="sales/moved")).rows_deleted == 4
    with pytest.raises(NotFoundError):
        dao.read(table)
    with pytest.raises(DataError, match="can't tell it from"):
        dao.write(rows, IcebergObject("Orders", lake))


def test_a_table_that_glue_knows_is_found_and_used(lake: DataStore, moto: str) -> None:
    DataAccessObject().write([{"id": 1}], IcebergObject("any", lake, prefix="sales/first"))
    DataAccessObject().move(
        IcebergObject("any", lake, prefix="sales/first"), IcebergObject("any", lake, prefix="sales/orders")
    )
    dao = DataAccessObject(GlueCatalog(endpoint=moto, options={"endpoint": moto}, **LOGIN))
    found = dao.catalog["sales.orders"]
    assert isinstance(found, IcebergObject)
    assert dao.read("sales.orders", into="pylist") == [{"id": 1}]
    dao.write([{"id": 2}], "sales.orders", mode="append")
    assert dao.count("sales.orders") == 2


def test_glue_is_asked_with_the_role_of_the_store(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto)
    place = {"endpoint": moto, "bucket": "lake", "role": {"arn": "arn:aws:iam::123456789012:role/reader"}}
    options = {"catalog": "glue", "uri": moto, "catalog_id": "123456789012", **place, **LOGIN}
    with DataStore("lake", "iceberg", options=options) as store:
        glue: Any = store.interface._client.catalogs.get().glue
        sent: list[Any] = []
        glue.meta.events.register("before-send.glue", lambda request, **_: sent.append(request))
        assert list(DataAccessObject().list(store)) == []
    assert sent[0].headers["X-Amz-Security-Token"]
    assert b"123456789012" in sent[0].body
