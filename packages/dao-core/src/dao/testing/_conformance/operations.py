"""The operations of ``run`` with the same semantics on every backend."""

from __future__ import annotations

import inspect
from typing import Any

import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.capabilities import DELETING, OPERATIONS
from dao.data_object import DataObject
from dao.errors import NoRouteError, NotFoundError
from dao.interface import served_operations
from dao.results import WriteResult
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import content, list_sizes, people, rows

__all__ = ["Operations"]

ODD_TEXTS = [f"a{sign}b" for sign in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\x85\u2028é😀"]
"""Texts that a format may spell in more than one way where it makes a path or a line of them."""


class Operations(
    Capability,
    requires=("read", "write", "mode:overwrite"),
    written="dao.capabilities.OPERATIONS; docs/reading-and-writing.md, 'Looking after tables'",
):
    """``run`` maintains tables: no operation but ``restore`` changes the rows that ``read`` returns."""

    def test_what_deletes_is_dry_by_default(self, dao: DataAccessObject, backend: Backend) -> None:
        """vacuum, expire and orphans have the default dry_run=True: they change nothing, and details["dry_run"] is
        True; with dry_run=False they don't change the rows.
        """
        table = backend.table("people")
        for size in (2, 4, 8):
            dao.write(people(range(size)), table, mode="overwrite")
        for name in self._has(DELETING):
            defaults = [p.default for kind in _classes(backend) if (p := _dry_run(kind, name)) is not None]
            assert defaults, f"run({name!r}) takes no dry_run"
            assert set(defaults) == {True}, f"run({name!r}) deletes without dry_run=False"
            before = _observe(dao, backend, table)
            result = dao.run(name, table, older_than=0)
            assert isinstance(result, WriteResult), f"run({name!r}) gave a {type(result)}"
            assert result.details.get("dry_run") is True, f"run({name!r}) doesn't say that it deleted nothing"
            assert _observe(dao, backend, table) == before, f"run({name!r}) changed something without dry_run=False"
            dao.run(name, table, older_than=0, dry_run=False)
            assert rows(dao, table) == people(range(8)).to_pylist(), f"run({name!r}) changed the rows"

    @needs("expire", "time_travel", "history")
    def test_expire_deletes_old_versions(self, dao: DataAccessObject, backend: Backend) -> None:
        """run("expire", older_than=0, dry_run=False) keeps the newest version only; reading an older one is a
        NotFoundError.
        """
        table = backend.table("people")
        old = dao.write(people([1]), table).version_after
        dao.write(people([2]), table, mode="overwrite")
        dao.run("expire", table, older_than=0, dry_run=False)
        assert rows(dao, table) == people([2]).to_pylist()
        with pytest.raises(NotFoundError):
            dao.read(table, version=old)

    def test_rewriting_keeps_the_rows(self, dao: DataAccessObject, backend: Backend) -> None:
        """run("compact") and run("analyze") change no row."""
        names = self._has(("compact", "analyze"))
        table = backend.table("people")
        for position in range(3):
            dao.write(people([position]), table, mode="append" if self._appends() else "overwrite")
        before = content(dao, table)
        for name in names:
            dao.run(name, table)
            assert content(dao, table) == before, f"run({name!r}) changed the rows"

    @needs("restore", "time_travel")
    def test_restore_makes_an_old_version_the_newest(self, dao: DataAccessObject, backend: Backend) -> None:
        """run("restore", version=v) adds a new version with the rows of v: the versions in between can still be read;
        an unknown version is a NotFoundError.
        """
        table = backend.table("people")
        first, second = (dao.write(people(range(size)), table, mode="overwrite").version_after for size in (2, 5))
        result = dao.run("restore", table, version=first)
        assert rows(dao, table) == people(range(2)).to_pylist()
        assert rows(dao, table, version=second) == people(range(5)).to_pylist()
        assert result.version_after not in (first, second, None)
        with pytest.raises(NotFoundError):
            dao.run("restore", table, version=987654321)

    @needs("restore", "time_travel")
    def test_restore_brings_rows_with_odd_texts_back_once(self, dao: DataAccessObject, backend: Backend) -> None:
        """run("restore") gives exactly the rows of the version, and run("compact") keeps them, whatever texts the
        table is partitioned by; where no table has partitions, whatever texts they hold.
        """
        partitioned = self.capabilities.absence("partitions") is None
        table = backend.table("odd", partition_by=["p"]) if partitioned else backend.table("odd")
        given = pa.table({"id": range(len(ODD_TEXTS)), "p": ODD_TEXTS})
        first = dao.write(given, table, mode="overwrite").version_after
        dao.write(given.slice(1), table, mode="overwrite")
        for _ in range(2):
            dao.run("restore", table, version=first)
            assert rows(dao, table, columns=["id", "p"]) == given.to_pylist()
            for name in self._has(("compact",)):
                dao.run(name, table)
                assert rows(dao, table, columns=["id", "p"]) == given.to_pylist(), f"run({name!r}) changed the rows"

    def test_an_unknown_operation_names_what_there_is(self, dao: DataAccessObject, backend: Backend) -> None:
        """An unknown operation is a NoRouteError whose message names the operations that the store has."""
        table = backend.table("people")
        dao.write(people([1]), table)
        with pytest.raises(NoRouteError) as caught:
            dao.run("no_such_operation", table)
        known = set().union(*map(served_operations, _classes(backend)))
        missing = [name for name in known if repr(name) not in str(caught.value)]
        assert not missing, f"the message doesn't name {missing}"

    def _has(self, names: tuple[str, ...]) -> list[str]:
        assert set(names) <= OPERATIONS.keys()
        return [name for name in names if self.capabilities.absence(f"operation:{name}") is None]

    def _appends(self) -> bool:
        return self.capabilities.absence("mode:append") is None


def _classes(backend: Backend) -> list[type]:
    return [kind for _, kind in backend.store.classes if isinstance(kind, type)]


def _dry_run(kind: type, name: str) -> inspect.Parameter | None:
    method = getattr(kind, f"run_{name}", None)
    return inspect.signature(method).parameters.get("dry_run") if method is not None else None


def _observe(dao: DataAccessObject, backend: Backend, table: DataObject) -> Any:
    """The visible state of a table's store: its listing, and the versions in the table's history."""
    try:
        versions = [version.version for version in dao.history(table)]
    except NoRouteError:
        versions = []
    return list_sizes(dao, backend), versions
