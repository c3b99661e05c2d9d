"""Declared absences must be true: using what is declared absent is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from dao._core.dao import DataAccessObject
from dao.capabilities import DELETING, MODES, OPERATIONS, Absence
from dao.data_object import DataObject
from dao.data_store import DataStoreRegistry
from dao.errors import DaoError
from dao.increments import Position
from dao.testing._backend import Backend
from dao.testing._conformance.base import REFUSALS, Capability, needs
from dao.testing._conformance.samples import list_sizes, people, rows

__all__ = ["Honesty"]

Probe = Callable[[DataAccessObject, Backend], object]


def _mode(mode: Any) -> Probe:
    return lambda dao, backend: dao.write(people([1]), backend.table("probe"), mode=mode)


def _operation(name: str) -> Probe:
    arguments = {"version": 1} if name == "restore" else {"dry_run": True} if name in DELETING else {}
    return lambda dao, backend: dao.run(name, backend.table("probe"), **arguments)


def _partitions(dao: DataAccessObject, backend: Backend) -> object:
    return dao.write(people([1]), backend.table("new_probe"), partition_by=["day"])


def _evolution(dao: DataAccessObject, backend: Backend) -> object:
    wider = people([7]).append_column("colour", pa.array(["red"]))
    return dao.write(wider, backend.table("probe"), mode="append", schema_mode="evolve")


def _time_travel(dao: DataAccessObject, file: DataObject) -> object:
    return dao.read(file, into="bytes", version=_oldest(dao, file))


def _restore(dao: DataAccessObject, file: DataObject) -> object:
    dao.run("restore", file, version=_oldest(dao, file))
    return dao.read(file, into="bytes")


def _oldest(dao: DataAccessObject, file: DataObject) -> object:
    return dao.history(file)[-1].version


_ON_FILES: Mapping[str, Callable[[DataAccessObject, DataObject], object]] = {
    "idempotency": lambda dao, file: dao.write(b"new", file, mode="overwrite", idempotency_key="once"),
    "vacuum": lambda dao, file: dao.run("vacuum", file),
    "expire": lambda dao, file: dao.run("expire", file),
    "orphans": lambda dao, file: dao.run("orphans", file),
    "time_travel": _time_travel,
    "restore": _restore,
}
"""A call on a file for the names that :attr:`Capabilities.files_have` may have and that one call can try."""


def _call(_dao: DataAccessObject, backend: Backend) -> object:
    with DataAccessObject(registry=DataStoreRegistry([backend.store])) as called:
        return called.read(backend.table("probe"))


_PROBES: Mapping[tuple[str, str], Probe] = {
    ("action", "read"): lambda dao, b: dao.read(b.table("probe")),
    ("action", "write"): lambda dao, b: dao.write(people([1]), b.table("new_probe")),
    ("action", "upsert"): lambda dao, b: dao.upsert(people([1]), b.table("probe"), keys=["id"]),
    ("action", "delete"): lambda dao, b: dao.delete(b.table("probe")),
    ("action", "list"): lambda dao, b: dao.list(b.table("probe")),
    ("action", "count"): lambda dao, b: dao.count(b.table("probe")),
    ("action", "exists"): lambda dao, b: dao.exists(b.table("probe")),
    ("action", "schema"): lambda dao, b: dao.schema(b.table("probe")),
    ("action", "history"): lambda dao, b: dao.history(b.table("probe")),
    ("action", "copy"): lambda dao, b: dao.copy(b.table("probe"), b.table("new_probe")),
    ("action", "move"): lambda dao, b: dao.move(b.table("probe"), b.table("new_probe")),
    ("action", "read_stream"): lambda dao, b: dao.read_stream(b.table("probe")).read_all(),
    ("action", "write_stream"): lambda dao, b: dao.write_stream(people([1]).to_reader(), b.table("new_probe")),
    ("action", "read_changes"): lambda dao, b: dao.read_changes(b.table("probe")),
    **{("mode", mode): _mode(mode) for mode in MODES},
    **{("operation", name): _operation(name) for name in OPERATIONS},
    ("feature", "files"): lambda dao, b: dao.write(b"bytes", b.file("probe.bin")),
    ("feature", "partitions"): _partitions,
    ("feature", "schema_evolution"): _evolution,
    ("feature", "synchronous"): _call,
    ("feature", "time_travel"): lambda dao, b: dao.read(b.table("probe"), version=1),
    ("feature", "branches"): lambda dao, b: dao.read(b.table("probe"), branch="main"),
    ("feature", "tags"): lambda dao, b: dao.read(b.table("probe"), tag="kept"),
    ("feature", "idempotency"): lambda dao, b: dao.write(people([1]), b.table("new_probe"), idempotency_key="once"),
    ("feature", "positions"): lambda dao, b: dao.write(
        people([1]), b.table("new_probe"), position=Position("probe", 1)
    ),
    ("feature", "upsert_deletes"): lambda dao, b: dao.upsert(
        people([1]), b.table("probe"), keys=["id"], delete_when="id = 1"
    ),
    ("feature", "memory_limit"): lambda dao, b: dao.write(people([1]), b.table("new_probe"), memory_limit="64 MiB"),
}
"""A call for each absence that a single call can probe. Others are about concurrency, which an action can't refuse, or
about types, which the class Types probes."""


class Honesty(
    Capability, written="dao.testing.Capabilities; docs/writing-an-interface.md, 'What your interface lacks'"
):
    """A backend supports what it promises, and refuses what it declares absent."""

    def test_what_is_declared_absent_is_refused(self, dao: DataAccessObject, backend: Backend) -> None:
        """Using what is declared absent raises NoRouteError or UnsupportedError and changes nothing; it never works."""
        faults = [
            fault
            for absence in self.capabilities.absences()
            if (probe := _PROBES.get((absence.kind, absence.name))) is not None
            and (fault := _try(absence, probe, dao, backend))
        ]
        assert not faults, "; ".join(faults)

    @needs("read", "write", "files", "history")
    def test_what_files_have_works_for_files(self, dao: DataAccessObject, backend: Backend) -> None:
        """What Capabilities.files_have names isn't refused for a file; the oldest of its versions is read and restored.

        Versions are tried where the store keeps two of a file.
        """
        faults = []
        for name in self.capabilities.files_have:
            file = backend.file(f"{name}.bin")
            for content in (b"first", b"second"):
                dao.write(content, file, mode="overwrite")
            of_version = name in ("time_travel", "restore")
            if name not in _ON_FILES or (of_version and len(dao.history(file)) < 2):
                continue
            try:
                found = _ON_FILES[name](dao, file)
            except REFUSALS as error:
                faults.append(f"{name}: files_have names it, but a file refuses it: {error}")
            else:
                if of_version and found != b"first":
                    faults.append(f"{name}: expected the bytes of the oldest version, b'first', found {found!r}")
        assert not faults, "; ".join(faults)

    def test_what_the_kit_is_told_is_what_users_are_told(self, dao: DataAccessObject, backend: Backend) -> None:
        """The suite declares the same capabilities as the interface's class, which dao.capabilities() reports to users.

        Only fault_injection, a hook of the tests, may be declared absent by the suite alone.
        """
        reported, declared = dao.capabilities(backend.store), self.capabilities
        mine, users = ({(a.kind, a.name) for a in one.absences()} for one in (declared, reported))
        assert mine - users <= {("feature", "fault_injection")}, (
            f"the suite declares absent what the interface's class promises: {sorted(mine - users)}; "
            f"say it in the class attribute 'capabilities', and give the suite that"
        )
        assert users <= mine, f"the interface's class declares absent what the suite promises: {sorted(users - mine)}"
        assert declared.formats == reported.formats, f"formats: the suite declares {declared.formats}, the class others"

    def test_formats_are_declared_truly(self, dao: DataAccessObject, backend: Backend) -> None:
        """Each format of Capabilities.formats can be written and read."""
        for position, name in enumerate(self.capabilities.formats):
            table = backend.table(f"people_{position}", format=name)
            dao.write(people(range(1, 4)), table)
            found = rows(dao, table, columns=["id", "score"])
            assert found == people(range(1, 4)).select(["id", "score"]).to_pylist(), f"as {name}: {found}"


def _try(absence: Absence, probe: Probe, dao: DataAccessObject, backend: Backend) -> str:
    """The fault of a declared absence; empty if the declaration is true."""
    _prepare(dao, backend)
    before = list_sizes(dao, backend) if _can_list(dao, backend) else []
    try:
        probe(dao, backend)
    except REFUSALS:
        after = list_sizes(dao, backend) if _can_list(dao, backend) else []
        return f"{absence}: it was refused, but the store changed from {before} to {after}" if after != before else ""
    except DaoError as error:
        return f"{absence}: expected NoRouteError or UnsupportedError, found {error!r}"
    return f"{absence}: it is declared absent, but it works; take it off the declaration, or refuse it"


def _prepare(dao: DataAccessObject, backend: Backend) -> None:
    try:
        dao.write(people(range(3)), backend.table("probe"))
    except DaoError:
        # The table exists from the previous probe, or this backend can't write: there is nothing to prepare.
        return


def _can_list(dao: DataAccessObject, backend: Backend) -> bool:
    try:
        dao.list(backend.table("probe"))
    except DaoError:
        return False
    return True
