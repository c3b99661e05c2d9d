"""The kit on a backend whose methods can only be awaited, its streams asynchronous ones."""

from __future__ import annotations

import pytest

from dao.testing._conformance.base import Capability
from dao.testing._conformance.changes import Upserts
from dao.testing._conformance.honesty import Honesty
from dao.testing._conformance.reads import Reads
from dao.testing._conformance.streams import ReadStreams, WriteStreams
from dao.testing._conformance.transfers import CopiesBetween, Moves

pytest_plugins = ["pytester"]

SUITE = """
import functools
from attrs import evolve
import pyarrow as pa
import pytest
from dao import DataStore
from dao._core.routing.route import routes_of
from dao import memory
from dao_files import MemoryInterface
from dao.testing import Backend, ConformanceSuite


ALONE = {"synchronous": "its driver has coroutines alone"}


class Coroutines(MemoryInterface):
    capabilities = evolve(
        MemoryInterface.capabilities, lacks_features={**MemoryInterface.capabilities.lacks_features, **ALONE}
    )


def awaited(method):
    @functools.wraps(method)
    async def coroutine(*args, **named):
        return method(*args, **named)
    return coroutine


def streamed(method):
    @functools.wraps(method)
    async def coroutine(*args, **named):
        opened = method(*args, **named)
        async def batches():
            with opened as reader:
                count = 0
                for batch in reader:
                    count += 1
                    yield batch
                if not count:
                    yield pa.RecordBatch.from_pylist([], schema=reader.schema)
        return batches()
    return coroutine


for route in routes_of(MemoryInterface):
    wrap = streamed if route.method == "read_stream" else awaited
    setattr(Coroutines, route.method, wrap(getattr(MemoryInterface, route.method)))


class TestIt(ConformanceSuite):
    capabilities = evolve(
        Coroutines.capabilities, lacks_features={**Coroutines.capabilities.lacks_features, "fault_injection": "no"}
    )

    @pytest.fixture(autouse=True)
    def small_part_files(self, monkeypatch):
        monkeypatch.setattr(memory, "USUAL", memory.Budget(chunk=1 << 20))

    @pytest.fixture
    def backend(self):
        return Backend(
            store=DataStore("kit", Coroutines()), other=DataStore("other", Coroutines()),
            table_properties={"format": "parquet", "row_group_bytes": 1 << 20},
        )
"""

HELD = (Reads, Upserts, ReadStreams, WriteStreams, CopiesBetween, Moves, Honesty)


def names_of(*held: type[Capability]) -> list[str]:
    return [f"test_it.py::TestIt::{name}" for kind in held for name in vars(kind) if name.startswith("test_")]


@pytest.mark.slow  # a whole run of the kit
def test_what_can_only_be_awaited_is_held_to_the_same_rules(run_kit):
    outcomes = run_kit(SUITE, *names_of(*HELD)).parseoutcomes()
    assert outcomes.get("failed", 0) == 0
    assert outcomes["passed"] > 40


def test_what_can_be_called_is_not_declared_to_be_awaited_alone(run_kit):
    both = SUITE.replace("setattr(Coroutines,", "setattr(type('Unused', (), {}),")
    result = run_kit(both, *names_of(Honesty))
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*synchronous*it is declared absent, but it works*"])
