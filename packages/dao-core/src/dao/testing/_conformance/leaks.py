"""Repeated failures leak no resources."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dao._core.dao import DataAccessObject
from dao.errors import DaoError
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability
from dao.testing._conformance.failures import missing_calls
from dao.testing._conformance.processes import KEPT, open_files, running_threads, settled
from dao.testing._conformance.samples import list_sizes, no_debris, people, rows
from dao.testing._conformance.writes import SourceBroke, breaking

__all__ = ["Leaks"]

_ROUNDS = 20
"""How often each call fails: more often than KEPT, so that one leaked resource per call is detected."""


class Leaks(Capability, requires=("read", "write"), written="docs/writing-an-interface.md, 'Errors'"):
    """A failed call leaks no open file, socket, thread or temporary file."""

    @pytest.fixture
    def temporary(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """An empty folder that tempfile uses."""
        folder = tmp_path / "temporary"
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        monkeypatch.setenv("TMPDIR", str(folder))
        return folder

    def test_many_failures_leave_nothing(self, dao: DataAccessObject, backend: Backend, temporary: Path) -> None:
        """20 failures of each kind leave no more open files, sockets and threads than before (8 may be pooled), no
        temporary or staged files, and the stored rows unchanged.
        """
        dao.write(people(range(10)), backend.table("people"))
        calls = self._failing(dao, backend)
        for call in calls:
            _fails(call)
        before = list_sizes(dao, backend)
        gc.collect()
        files, threads = open_files(), running_threads()
        for call in calls * _ROUNDS:
            _fails(call)
        gc.collect()
        left, running = settled(open_files, files + KEPT), settled(running_threads, threads + KEPT)
        assert left <= files + KEPT, f"open files and sockets grew from {files} to {left}"
        assert running <= threads + KEPT, f"threads grew from {threads} to {running}"
        assert not list(temporary.rglob("*")), f"temporary files are left: {sorted(temporary.rglob('*'))[:5]}"
        assert list_sizes(dao, backend) == before
        assert rows(dao, backend.table("people")) == people(range(10)).to_pylist()
        no_debris(backend)

    def _failing(self, dao: DataAccessObject, backend: Backend) -> list[Callable[[], object]]:
        table, new = backend.table("people"), backend.table("new")
        misses = [call for name, call in missing_calls(dao, backend).items() if not self.capabilities.absence(name)]
        return [
            *misses,
            lambda: dao.write(people([1]), table),
            lambda: dao.write(breaking(people(range(20)), 2), new),
            lambda: dao.write(breaking(people(range(20)), 0), new),
            lambda: dao.write(object(), new),
            lambda: dao.read(table, columns=["colour"]),
            lambda: dao.read(table, where="colour = 'red'"),
            lambda: dao.read(table, where="id = "),
            lambda: dao.read(table, colour_of_the_rows="red"),
        ]


def _fails(call: Callable[[], object]) -> None:
    try:
        call()
    except (DaoError, SourceBroke):
        return
    except Exception as error:
        # pyarrow wraps the error of a Python source in its own type.
        if "the source of the data broke" in str(error):
            return
        raise
    pytest.fail("a call that must fail did not")
