"""The kit on a folder."""

from __future__ import annotations

import builtins
import os
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
import pytest

from dao import DataStore
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite, FaultPlan, patched
from dao_files import LocalInterface
from dao_files._local import publishing


def folder_faults(plan: FaultPlan) -> AbstractContextManager[FaultPlan]:
    """Every call of the operating system by which LocalInterface looks at or changes a folder."""
    calls = ("mkdir", "rename", "replace", "link", "unlink", "open", "stat", "scandir", "listdir")
    return patched(plan, (os, *calls), (builtins, "open"), (pa, "OSFile"), (publishing, "exchange"))


def leftovers(root: Path) -> list[str]:
    """What is in the folder that the store keeps for itself, and should not be there when it is idle."""
    kept = (root / ".dao").rglob("*")
    return [str(path.relative_to(root)) for path in kept if path.is_file() or path.parent.name == "staging"]


class TestLocal(ConformanceSuite):
    capabilities = capabilities_of(LocalInterface)

    @pytest.fixture
    def backend(self, tmp_path: Path) -> Backend:
        root = tmp_path / "root"
        return Backend(
            store=DataStore("kit", "dao_files:LocalInterface", options={"root": str(root)}),
            other=DataStore("other", "dao_files:LocalInterface", options={"root": str(tmp_path / "other")}),
            table_properties={"format": "parquet", "row_group_bytes": 1 << 20},
            faults=folder_faults,
            debris=lambda: leftovers(root),
        )
