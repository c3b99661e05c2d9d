"""What is particular to REST catalogs: credentials that they vend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from s3.stores import options_of
from services import rest_catalog
from services.minio import ObjectServer

from dao import DataAccessObject, DataStore, UnsupportedError
from dao_iceberg import S3IcebergObject

LOGIN = ("access_key_id", "secret_access_key")


@pytest.fixture
def vending(object_server: ObjectServer) -> Iterator[rest_catalog.CatalogServer]:
    vended = {"s3.access-key-id": "vended", "s3.secret-access-key": "vended-secret", "s3.session-token": "a-token"}
    with rest_catalog.stand_in(object_server, vended) as server:
        yield server


def test_vended_credentials_are_not_used(
    vending: rest_catalog.CatalogServer,
    object_server: ObjectServer,
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = {**options_of(object_server, bucket), "catalog": "rest", **vending.new(vending.endpoint, "vending")}
    with DataStore("lake", "iceberg", options=options) as store:
        dao, table = DataAccessObject(), S3IcebergObject("t", store)
        dao.write([{"id": 1}], table)
        assert dao.read(table, into="pylist") == [{"id": 1}]
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    keyless = {name: value for name, value in options.items() if name not in LOGIN}
    with (
        DataStore("lake", "iceberg", options=keyless) as store,
        pytest.raises(UnsupportedError, match="vends") as caught,
    ):
        DataAccessObject().read(S3IcebergObject("t", store))
    assert "vended-secret" not in str(caught.value)
