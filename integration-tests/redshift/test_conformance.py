"""The conformance kit on a local Redshift: over the connection alone, and with everything staged in S3."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import evolve
from s3.looking import keys_in
from services.minio import ObjectServer

from dao import DataStore
from dao.capabilities import capabilities_of
from dao.connections import S3Connection
from dao.secrets import Secret
from dao.testing import Backend, ConformanceSuite
from dao_redshift import RedshiftInterface
from dao_redshift.testing import RedshiftGateway
from redshift.stores import execute, staged_options, store_of

pytestmark = pytest.mark.timeout(600)

_LACKED = capabilities_of(RedshiftInterface)


class LocalInterface(RedshiftInterface):
    """The interface as it is to a local Redshift, whose PostgreSQL would cut long names: the gateway refuses them."""

    capabilities = evolve(_LACKED, lacks_types={**_LACKED.lacks_types, "long_names": "PostgreSQL's have 63 bytes"})


def drop(gateway: RedshiftGateway, *stores: DataStore) -> None:
    """Drop the schemas of stores; a test that failed may still hold a stream, which locks its table."""
    gateway.end_sessions()
    for one in stores:
        one.close()
        execute(gateway, f"DROP SCHEMA {one.interface.schema_name} CASCADE")


class TestConnection(ConformanceSuite):
    """Rows go by INSERT, and come by a cursor."""

    capabilities = LocalInterface.capabilities

    @pytest.fixture
    def backend(self, gateway: RedshiftGateway) -> Iterator[Backend]:
        store, other = store_of(gateway, LocalInterface, name="kit"), store_of(gateway, LocalInterface, name="other")

        def secret_store(secret: str) -> DataStore:
            return store_of(gateway, LocalInterface, name="secret", schema=store.interface.schema_name, password=secret)

        yield Backend(store=store, other=other, stream_buffer=8 << 20, faults=gateway.under, secret_store=secret_store)
        drop(gateway, store, other)


class TestBulk(ConformanceSuite):
    """Rows go by COPY of staged files, and come by UNLOAD where they are more than a few."""

    capabilities = LocalInterface.capabilities

    @pytest.fixture
    def backend(
        self, gateway: RedshiftGateway, storage: S3Connection, object_server: ObjectServer, bucket: str
    ) -> Iterator[Backend]:
        bulk = staged_options(storage, bucket)
        store, other = (
            store_of(gateway, LocalInterface, name="kit", **bulk),
            store_of(gateway, LocalInterface, name="other", **bulk),
        )

        def secret_store(secret: str) -> DataStore:
            hidden = Secret(secret)
            s3 = evolve(storage, access_key_id=hidden, secret_access_key=hidden, session_token=hidden)
            options = {**bulk, "schema": store.interface.schema_name, "password": secret, "s3": s3}
            return store_of(gateway, LocalInterface, name="secret", **options)

        def staged() -> list[str]:
            return keys_in(object_server, bucket, "staging")

        yield Backend(store=store, other=other, faults=gateway.under, debris=staged, secret_store=secret_store)
        drop(gateway, store, other)
