"""The conformance kit: the contract of an interface as tests that a backend inherits, and doubles for users' tests.

A backend's whole conformance test:

    import pytest
    from dao import DataStore
    from dao.testing import Backend, Capabilities, ConformanceSuite

    class TestMine(ConformanceSuite):
        capabilities = Capabilities(lacks_actions={"history": "the service keeps no log"})

        @pytest.fixture
        def backend(self, tmp_path):
            return Backend(store=DataStore("kit", "mine", options={"folder": str(tmp_path)}))

Whatever isn't declared absent is promised, and what is declared absent must be refused. A backend can't leave out a
test: if one is overridden, skipped or deselected, :class:`ConformanceSuite` fails and names it. The page
``docs/writing-an-interface.md`` is a step-by-step guide.

For users: the pytest plugin of dao-core has fixtures that replace every store of a catalog by one in
memory, as :func:`in_memory` does, or by one in a temporary folder, as :func:`in_folder` does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dao.capabilities import Absence, Capabilities
    from dao.testing._backend import Backend
    from dao.testing._doors import door_faults
    from dao.testing._doubles import in_folder, in_memory
    from dao.testing._faults import FaultPlan, Verdict, patched
    from dao.testing._imports import modules_after
    from dao.testing._killed_table import KilledTable
    from dao.testing._kills import ForkedWriters, fork_writers, killing
    from dao.testing._profiles import positions
    from dao.testing._rules import with_rule
    from dao.testing._suite import ConformanceSuite

_HOMES = {
    "Absence": "dao.capabilities",
    "Backend": "dao.testing._backend",
    "Capabilities": "dao.capabilities",
    "ConformanceSuite": "dao.testing._suite",
    "FaultPlan": "dao.testing._faults",
    "ForkedWriters": "dao.testing._kills",
    "KilledTable": "dao.testing._killed_table",
    "Verdict": "dao.testing._faults",
    "door_faults": "dao.testing._doors",
    "fork_writers": "dao.testing._kills",
    "in_folder": "dao.testing._doubles",
    "in_memory": "dao.testing._doubles",
    "killing": "dao.testing._kills",
    "modules_after": "dao.testing._imports",
    "patched": "dao.testing._faults",
    "positions": "dao.testing._profiles",
    "with_rule": "dao.testing._rules",
}

__all__ = [
    "Absence",
    "Backend",
    "Capabilities",
    "ConformanceSuite",
    "FaultPlan",
    "ForkedWriters",
    "KilledTable",
    "Verdict",
    "door_faults",
    "fork_writers",
    "in_folder",
    "in_memory",
    "killing",
    "modules_after",
    "patched",
    "positions",
    "with_rule",
]


if not TYPE_CHECKING:  # a __getattr__ would make type checkers accept any name

    def __getattr__(name: str) -> Any:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module 'dao.testing' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(home), name)
        return value


def __dir__() -> list[str]:
    return __all__
