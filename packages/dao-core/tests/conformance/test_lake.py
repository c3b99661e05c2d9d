"""The kit on a lake of few lines, made of public names alone."""

from __future__ import annotations

import lake
import pytest
from attrs import evolve

from dao import DataStore
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite

NO_FAULTS = {"fault_injection": "memory doesn't fail"}


class TestLake(ConformanceSuite):
    capabilities = evolve(
        found := capabilities_of(lake.LakeInterface), lacks_features={**found.lacks_features, **NO_FAULTS}
    )

    @pytest.fixture
    def backend(self) -> Backend:
        return Backend(store=DataStore("kit", lake.LakeInterface()), other=DataStore("other", lake.LakeInterface()))
