"""The kit on a store in memory."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from dao import DataStore
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite, FaultPlan, patched
from dao_files import MemoryInterface
from dao_files._local.memory import MemoryChange, MemoryStorage


def memory_faults(plan: FaultPlan) -> AbstractContextManager[FaultPlan]:
    """What a store in memory does where another one would do I/O."""
    changing = (MemoryChange, "create", "keep", "copy_in", "publish")
    return patched(plan, (MemoryStorage, "kind", "snapshot", "swap", "delete", "move"), changing)


class TestMemory(ConformanceSuite):
    capabilities = capabilities_of(MemoryInterface)

    @pytest.fixture
    def backend(self) -> Backend:
        return Backend(
            store=DataStore("kit", "dao_files:MemoryInterface"),
            other=DataStore("other", "dao_files:MemoryInterface"),
            table_properties={"format": "parquet", "row_group_bytes": 1 << 20},
            faults=memory_faults,
        )
