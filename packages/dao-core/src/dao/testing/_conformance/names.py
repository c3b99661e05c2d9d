"""Names of tables: each names a separate table inside the store, also in stores without files."""

from __future__ import annotations

import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import DaoError
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.files import ODD, OUTSIDE
from dao.testing._conformance.samples import content, no_debris, people, rows

__all__ = ["Names"]

NEIGHBOURS = ("people", "people2", "peopl", "people_2", "people-2", "people 2", "people%202", "people.2", "2people")
"""Names that are prefixes of others, or collide with others when a character is escaped or replaced."""

BY_CASE = ("people", "People", "PEOPLE")


class Names(
    Capability,
    requires=("read", "write"),
    written="docs/writing-an-interface.md, 'Files and keys'; OWASP path traversal",
):
    """A table's name or key identifies that table only: no other one, and nothing outside of the store."""

    @pytest.mark.parametrize("key", OUTSIDE)
    def test_no_tables_key_leads_out_of_the_store(self, dao: DataAccessObject, backend: Backend, key: str) -> None:
        """A table's name or key that leads out of the store is a DaoError for read and write, and nothing changes."""
        inside = backend.table("inside")
        dao.write(people(range(3)), inside)
        for table in (backend.table(key), backend.table("any", key=key)):
            with pytest.raises(DaoError):
                dao.write(people([1]), table)
            with pytest.raises(DaoError):
                dao.read(table)
        assert rows(dao, inside) == people(range(3)).to_pylist()
        no_debris(backend)

    def test_an_odd_name_is_that_table_or_is_refused(self, dao: DataAccessObject, backend: Backend) -> None:
        """A table's key with spaces, quotes or other scripts is used literally, or is a DaoError and leaves nothing."""
        for number, key in enumerate(ODD):
            table = backend.table("any", key=key)
            if _write(dao, table, number):
                assert rows(dao, table) == people([number]).to_pylist(), f"{key!r} came back as something else"

    def test_two_names_are_two_tables(self, dao: DataAccessObject, backend: Backend) -> None:
        """Tables with similar names have separate rows, or a later name is refused with a DaoError."""
        _check_apart(dao, backend, NEIGHBOURS)

    def test_names_that_differ_in_case_are_two_tables_or_one_error(
        self, dao: DataAccessObject, backend: Backend
    ) -> None:
        """Names that differ by letter case only are two tables, or the second is a DaoError; never one table."""
        _check_apart(dao, backend, BY_CASE)

    @needs("mode:overwrite", "delete")
    def test_a_change_leaves_the_neighbours(self, dao: DataAccessObject, backend: Backend) -> None:
        """Overwriting or deleting a table changes no table with a similar name."""
        kept = backend.table(NEIGHBOURS[0])
        dao.write(people([1]), kept)
        for name in (*NEIGHBOURS[1:], *BY_CASE[1:]):
            try:
                dao.write(people([2]), backend.table(name), mode="overwrite")
                dao.delete(backend.table(name))
            except DaoError:  # a store may refuse the name: then nothing is changed either
                no_debris(backend)
            assert content(dao, kept) == people([1]).to_pylist(), f"{kept.key!r} was changed with {name!r}"


def _write(dao: DataAccessObject, table: DataObject, number: int) -> bool:
    """Write one person to a new table; returns False if the store refuses the name."""
    try:
        dao.write(people([number]), table)
    except DaoError:
        return False
    return True


def _check_apart(dao: DataAccessObject, backend: Backend, names: tuple[str, ...]) -> None:
    """Write a table with each name, then check that each accepted one has its own rows."""
    accepted = {}
    for number, name in enumerate(names):
        table = backend.table(name)
        if _write(dao, table, number):
            accepted[name] = people([number]).to_pylist()
    assert names[0] in accepted, f"a plain name, {names[0]!r}, was refused"
    found = {name: content(dao, backend.table(name)) for name in accepted}
    assert found == accepted
