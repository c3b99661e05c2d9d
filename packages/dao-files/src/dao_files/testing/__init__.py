"""A test kit for custom storages: the guarantees of their protocols as inheritable tests. Needs pytest.

Test a storage with :class:`StorageSuite`, and a transport of the manifest protocol with :class:`TransportSuite`:

    class TestMine(TransportSuite):
        @pytest.fixture
        def transport(self, tmp_path):
            return MyTransport(tmp_path)

Test the interface over it with ``dao.testing.ConformanceSuite`` as well: its contract relies on the guarantees that
these suites test. The page ``docs/writing-a-storage.md`` has a complete example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_files.testing._faulty import FaultyTransport
    from dao_files.testing._storages import StorageSuite
    from dao_files.testing._transports import TransportSuite

_HOMES = {
    "FaultyTransport": "dao_files.testing._faulty",
    "StorageSuite": "dao_files.testing._storages",
    "TransportSuite": "dao_files.testing._transports",
}

__all__ = ["FaultyTransport", "StorageSuite", "TransportSuite"]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
