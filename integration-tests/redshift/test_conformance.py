"""The conformance kit on a local Redshift, with everything staged in S3: COPY and UNLOAD."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import evolve
from s3.looking import keys_in
from services.minio import ObjectServer

from dao import DataStore
from dao.connections import S3Connection
from dao.secrets import Secret
from dao.testing import Backend, ConformanceSuite
from dao_redshift.testing import RedshiftGateway
from redshift.stores import DECLARED, LocalInterface, declaring, drop, staged_options, store_of

pytestmark = pytest.mark.timeout(600)


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

        yield Backend(
            store=store,
            other=other,
            faults=gateway.under,
            debris=staged,
            declare=declaring(gateway, store),
            declared_types=DECLARED,
            secret_store=secret_store,
        )
        drop(gateway, store, other)
