"""Fault sweeps: fail the Nth I/O operation of every write-like action, for as many N as the profile sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import field, frozen

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import DaoError, NotFoundError
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import content, list_sizes, people
from dao.testing._faults import FaultPlan
from dao.testing._profiles import positions

__all__ = ["Faults"]

State = tuple[Any, ...]


@frozen
class Change:
    """One write-like action whose I/O operations are made to fail.

    Attributes:
        name: the name in messages.
        needs: the capabilities that the action requires.
        prepare: creates the state before the action, under a new name each time.
        act: runs the action.
        look: reads the visible state, before and after the action.
        between: states allowed besides the old and the new one: after a failed move, both objects may have the rows.
    """

    name: str
    needs: tuple[str, ...]
    prepare: Callable[[DataAccessObject, Backend, str], object]
    act: Callable[[DataAccessObject, Backend, str], object]
    look: Callable[[DataAccessObject, Backend, str], State]
    between: tuple[State, ...] = field(default=())


_OLD, _NEW = people(range(10)), people(range(5, 15), note=" new")


def _table(backend: Backend, name: str) -> DataObject:
    return backend.table(name)


def _parts(backend: Backend, name: str) -> DataObject:
    return backend.table(name, partition_by=["day"])


def _rows(dao: DataAccessObject, backend: Backend, name: str) -> State:
    found = content(dao, _table(backend, name))
    return (None if found is None else _plain(found),)


def _part_rows(dao: DataAccessObject, backend: Backend, name: str) -> State:
    found = content(dao, _parts(backend, name))
    return (None if found is None else _plain(found),)


def _both(dao: DataAccessObject, backend: Backend, name: str) -> State:
    return (*_rows(dao, backend, name), *_rows(dao, backend, f"{name}_target"))


def _plain(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in _OLD.column_names) for row in found]


def _bytes(dao: DataAccessObject, backend: Backend, name: str) -> State:
    try:
        return (dao.read(backend.file(name), into="bytes"),)
    except NotFoundError:
        return (None,)


def _nothing(dao: DataAccessObject, backend: Backend, name: str) -> None:
    return None


def _old(dao: DataAccessObject, backend: Backend, name: str) -> None:
    dao.write(_OLD, _table(backend, name))


def _old_parts(dao: DataAccessObject, backend: Backend, name: str) -> None:
    dao.write(_OLD, _parts(backend, name))


def _write(**options: Any) -> Callable[[DataAccessObject, Backend, str], object]:
    return lambda dao, backend, name: dao.write(_NEW, _table(backend, name), **options)


_OLD_ROWS = _plain(_OLD.to_pylist())

CHANGES = (
    Change("create", ("write",), _nothing, _write(), _rows),
    Change("overwrite", ("write", "mode:overwrite"), _old, _write(mode="overwrite"), _rows),
    Change("append", ("write", "mode:append"), _old, _write(mode="append"), _rows),
    Change(
        "write_stream",
        ("write_stream", "mode:overwrite"),
        _old,
        lambda dao, b, n: dao.write_stream(_NEW.to_reader(max_chunksize=3), _table(b, n), mode="overwrite"),
        _rows,
    ),
    Change(
        "overwrite_partitions",
        ("write", "partitions", "mode:overwrite_partitions"),
        _old_parts,
        lambda dao, b, n: dao.write(people([1, 4, 7, 2], note=" new"), _parts(b, n), mode="overwrite_partitions"),
        _part_rows,
    ),
    Change("upsert", ("upsert",), _old, lambda dao, b, n: dao.upsert(_NEW, _table(b, n), keys=["id"]), _rows),
    Change(
        "upsert into partitions",
        ("upsert", "partitions"),
        _old_parts,
        lambda dao, b, n: dao.upsert(_NEW, _parts(b, n), keys=["id"]),
        _part_rows,
    ),
    Change("delete rows", ("delete",), _old, lambda dao, b, n: dao.delete(_table(b, n), where="day = 1"), _rows),
    Change("delete", ("delete",), _old_parts, lambda dao, b, n: dao.delete(_parts(b, n)), _part_rows),
    Change(
        "copy",
        ("copy",),
        _old,
        lambda dao, b, n: dao.copy(_table(b, n), _table(b, f"{n}_target")),
        _both,
    ),
    Change(
        "move",
        ("move",),
        _old,
        lambda dao, b, n: dao.move(_table(b, n), _table(b, f"{n}_target")),
        _both,
        between=((_OLD_ROWS, _OLD_ROWS),),
    ),
    Change(
        "write a file",
        ("write", "files"),
        lambda dao, b, n: dao.write(b"old" * 1000, b.file(n)),
        lambda dao, b, n: dao.write(b"new" * 2000, b.file(n), mode="overwrite"),
        _bytes,
    ),
)


class Faults(
    Capability, requires=("read", "fault_injection"), written="docs/writing-an-interface.md, 'When the storage fails'"
):
    """If an I/O operation fails, the store has either the old data or the new data, and the next write works."""

    @pytest.fixture(params=CHANGES, ids=lambda change: change.name.replace(" ", "_"))
    def change(self, request: pytest.FixtureRequest) -> Change:
        """A write-like action."""
        for need in request.param.needs:
            absence = self.capabilities.absence(need)
            if absence is not None:
                pytest.skip(f"declared absent: {absence}")
        return request.param  # type: ignore[no-any-return]

    def test_one_failed_operation(self, dao: DataAccessObject, backend: Backend, change: Change) -> None:
        """If one I/O operation fails, the action raises a DaoError and the old or the new data is visible, or it
        succeeds and the new data is; never a part of it.
        """
        self._sweep(dao, backend, change)

    def test_the_storage_dies(self, dao: DataAccessObject, backend: Backend, change: Change) -> None:
        """If every I/O operation from the Nth on fails, including those of the cleanup, as after a crash, the old or
        the new data is visible.
        """
        self._sweep(dao, backend, change, onwards=True)

    def test_an_answer_is_lost(self, dao: DataAccessObject, backend: Backend, change: Change) -> None:
        """If an I/O operation is done but its response is lost, the action raises a DaoError or succeeds; no change is
        applied twice.
        """
        self._sweep(dao, backend, change, lost=True)

    @needs("write", "mode:append", "idempotency")
    def test_a_call_with_a_key_can_be_made_again(self, dao: DataAccessObject, backend: Backend) -> None:
        """An append with an idempotency_key=, of which an I/O operation failed or lost its response, adds its rows once
        when it is made again: its rows and its key are stored in one step.
        """
        append = Change("append with a key", (), _old, _write(mode="append", idempotency_key="once"), _rows)
        plan, _, new = self._undisturbed(dao, backend, append)
        for position in positions(len(plan.seen)):
            for lost in (False, True):
                name = f"t{position}{'_lost' if lost else ''}"
                append.prepare(dao, backend, name)
                outcome = self._disturbed(dao, backend, append, name, FaultPlan(at=position, lost=lost))
                append.act(dao, backend, name)
                assert append.look(dao, backend, name) == new, f"{outcome or 'no error'}; then it was made again"

    def _sweep(self, dao: DataAccessObject, backend: Backend, change: Change, **kind: Any) -> None:
        assert backend.faults is not None, "give the kit Backend.faults, or declare fault_injection absent"
        plan, old, new = self._undisturbed(dao, backend, change)
        assert plan.seen, f"Backend.faults saw no operation of {change.name}: its hook misses the I/O"
        names = {position: f"t{position}" for position in positions(len(plan.seen))}
        for position, name in names.items():
            change.prepare(dao, backend, name)
            outcome = self._disturbed(dao, backend, change, name, FaultPlan(at=position, **kind))
            self._check(change, outcome, change.look(dao, backend, name), old, new)
        self._shows_nothing_strange(dao, backend, change)
        for name in names.values():
            self._works_again(dao, backend, change, name)

    def _undisturbed(self, dao: DataAccessObject, backend: Backend, change: Change) -> tuple[FaultPlan, State, State]:
        change.prepare(dao, backend, "undisturbed")
        old = change.look(dao, backend, "undisturbed")
        counting = FaultPlan()
        assert backend.faults is not None
        with backend.faults(counting):
            change.act(dao, backend, "undisturbed")
        return counting, old, change.look(dao, backend, "undisturbed")

    def _disturbed(self, dao: DataAccessObject, backend: Backend, change: Change, name: str, plan: FaultPlan) -> str:
        """Run the action under a plan; returns its failure in words, empty if it succeeded."""
        assert backend.faults is not None
        with backend.faults(plan):
            try:
                change.act(dao, backend, name)
            except DaoError as error:
                return f"{_describe(plan)}: {type(error).__name__}"
            except Exception as error:
                raise AssertionError(
                    f"{_describe(plan)}: {change.name} raised {error!r}, which is no DaoError: "
                    "translate it with translate_error() or let an OSError pass"
                ) from error
        return ""

    def _check(self, change: Change, outcome: str, found: State, old: State, new: State) -> None:
        if outcome:
            assert found in (old, new, *change.between), (
                f"{change.name}, {outcome}: what is there is neither the old nor the new data: {found}"
            )
        else:
            assert found == new, f"{change.name} said that it succeeded, but what is there isn't the new data: {found}"

    def _shows_nothing_strange(self, dao: DataAccessObject, backend: Backend, change: Change) -> None:
        """Check that a listing of the store shows no staged files, which belong to no object.

        The store is listed once, before anything is written again, since a listing may cost a request per table.
        """
        names = ("undisturbed", "t")
        strange = [key for key, _ in list_sizes(dao, backend) if not key.startswith(names)]
        assert not strange, f"{change.name}: the store lists what belongs to no object: {strange}"

    def _works_again(self, dao: DataAccessObject, backend: Backend, change: Change, name: str) -> None:
        if change.look is _bytes:
            dao.write(b"next", backend.file(name), mode="overwrite")
            assert _bytes(dao, backend, name) == (b"next",)
            return
        make = _parts if change.look is _part_rows else _table
        if self.capabilities.absence("mode:overwrite") is None:
            dao.write(people([99]), make(backend, name), mode="overwrite")
            assert change.look(dao, backend, name)[0] == _plain(people([99]).to_pylist()), "the next write is not there"


def _describe(plan: FaultPlan) -> str:
    name = plan.seen[plan.at - 1] if plan.at is not None and len(plan.seen) >= plan.at else "no operation"
    what = "and all after it failed" if plan.onwards else "was done, its answer lost" if plan.lost else "failed"
    return f"operation {plan.at} ({name}) {what}"
