"""The conformance kit over a real server, with a proxy in between that lets requests fail: deltalake's own too."""

from __future__ import annotations

from typing import Any

import pytest
from deltalake import DeltaTable
from s3.stores import options_of
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer

from dao import DataStore
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite
from dao_delta import DeltaInterface, S3DeltaObject
from delta.looking import leftovers

pytestmark = pytest.mark.timeout(600)


def store_of(name: str, server: ObjectServer, bucket: str, **others: object) -> DataStore:
    return DataStore(name, "delta", options=options_of(server, bucket, **others))


@pytest.fixture(autouse=True)
def _past_the_proxy(monkeypatch: pytest.MonkeyPatch, object_server: ObjectServer) -> None:
    """Let ``restore`` and ``repair`` ask the server itself: they hold Python's lock, which the proxy's thread needs."""
    for name in ("restore", "repair"):
        operation = getattr(DeltaTable, name)

        def asked(table: DeltaTable, *given: Any, operation: Any = operation, **named: Any) -> Any:
            options = {**(table._storage_options or {}), "aws_endpoint": object_server.endpoint}
            return operation(DeltaTable(table.table_uri, storage_options=options), *given, **named)

        monkeypatch.setattr(DeltaTable, name, asked)


class TestS3(ConformanceSuite):
    capabilities = capabilities_of(DeltaInterface)

    @pytest.fixture
    def backend(self, object_server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str) -> Backend:
        def secret_store(secret: str) -> DataStore:
            secrets = dict.fromkeys(("access_key_id", "secret_access_key", "session_token"), secret)
            return store_of("secret", object_server, bucket, **secrets)

        return Backend(
            store=store_of("kit", proxied, bucket, prefix="kit"),
            other=store_of("other", proxied, bucket, prefix="elsewhere/other"),
            table_type=S3DeltaObject,
            faults=proxy.under,
            debris=lambda: leftovers(object_server, bucket),
            secret_store=secret_store,
        )
