"""The conformance kit on both interfaces, over a real server, with a proxy in between that lets requests fail."""

from __future__ import annotations

import pytest
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer

from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite
from dao_s3 import S3DirectoryObject, S3FileObject, S3ObstoreInterface, S3TableObject
from s3.looking import leftovers
from s3.stores import store_of

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("small_part_files")]

CAPABILITIES = capabilities_of(S3ObstoreInterface)


def backend_on(interface: str, server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str) -> Backend:
    """Two empty stores in a new bucket, reached through the proxy."""

    def secret_store(secret: str) -> object:
        secrets = dict.fromkeys(("access_key_id", "secret_access_key", "session_token"), secret)
        return store_of(interface, server, bucket, name="secret", **secrets)

    return Backend(
        store=store_of(interface, proxied, bucket, name="kit", prefix="kit"),
        other=store_of(interface, proxied, bucket, name="other", prefix="elsewhere/other"),
        table_type=S3TableObject,
        file_type=S3FileObject,
        directory_type=S3DirectoryObject,
        table_properties={"format": "parquet", "row_group_bytes": 1 << 20},
        faults=proxy.under,
        debris=lambda: leftovers(server, bucket),
        secret_store=secret_store,
    )


class TestBoto3(ConformanceSuite):
    capabilities = CAPABILITIES

    @pytest.fixture
    def backend(self, object_server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str) -> Backend:
        return backend_on("s3", object_server, proxied, proxy, bucket)


class TestObstore(ConformanceSuite):
    capabilities = CAPABILITIES

    @pytest.fixture
    def backend(self, object_server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str) -> Backend:
        return backend_on("s3.obstore", object_server, proxied, proxy, bucket)
