"""The kit on the trees and objects of dao_s3 over an object store in memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import define

from dao import DataStore
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite, FaultPlan
from dao_s3._interface import S3Interface

sys.path.insert(0, str(Path(__file__).parent.parent / "unit"))

from fakes import FakeTransport


@define(slots=False, kw_only=True)
class FakeInterface(S3Interface):
    transport: FakeTransport

    def _make_transport(self) -> FakeTransport:
        return self.transport


@contextmanager
def faults(transport: FakeTransport, plan: FaultPlan) -> Iterator[FaultPlan]:
    before, transport.plan = transport.plan, plan
    try:
        yield plan
    finally:
        transport.plan = before


def leftovers(transport: FakeTransport) -> list[str]:
    return [key for key in transport.objects if "/.dao/" in f"/{key}" and not key.endswith("/.dao/manifest.json")]


class TestFake(ConformanceSuite):
    capabilities = capabilities_of(FakeInterface)

    @pytest.fixture
    def backend(self) -> Backend:
        transport = FakeTransport()
        return Backend(
            store=DataStore("kit", FakeInterface(transport=transport)),
            other=DataStore("other", FakeInterface(transport=FakeTransport())),
            table_properties={"format": "parquet", "row_group_bytes": 1 << 20},
            faults=lambda plan: faults(transport, plan),
            debris=lambda: leftovers(transport),
        )
