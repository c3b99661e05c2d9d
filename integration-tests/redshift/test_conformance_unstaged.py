"""The conformance kit on a local Redshift, over the connection alone: INSERT and a cursor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dao import DataStore
from dao.testing import Backend, ConformanceSuite
from dao_redshift.testing import RedshiftGateway
from redshift.stores import DECLARED, LocalInterface, declaring, drop, store_of

pytestmark = pytest.mark.timeout(600)


class TestConnection(ConformanceSuite):
    """Rows go by INSERT, and come by a cursor."""

    capabilities = LocalInterface.capabilities

    @pytest.fixture
    def backend(self, gateway: RedshiftGateway) -> Iterator[Backend]:
        store, other = store_of(gateway, LocalInterface, name="kit"), store_of(gateway, LocalInterface, name="other")

        def secret_store(secret: str) -> DataStore:
            return store_of(gateway, LocalInterface, name="secret", schema=store.interface.schema_name, password=secret)

        yield Backend(
            store=store,
            other=other,
            stream_buffer=8 << 20,
            faults=gateway.under,
            declare=declaring(gateway, store),
            declared_types=DECLARED,
            secret_store=secret_store,
        )
        drop(gateway, store, other)
