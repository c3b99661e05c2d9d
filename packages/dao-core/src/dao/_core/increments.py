"""Incremental copies: what changed in a source is applied to a target, with the position in the target's own commit.

The target's last commit remembers up to which version of the source it has got, so nothing is kept anywhere else: a
run that is killed has committed all or nothing, and the next one starts from what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any, cast

from attrs import field, frozen

from dao._core.attribution import about
from dao._core.execute import Executor
from dao._core.prepare import table_of
from dao._core.taking import Taking
from dao._core.transfer import Call, Transfer
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, DaoError, DataError, NoRouteError
from dao.increments import Position
from dao.results import WriteResult

if TYPE_CHECKING:
    from typing import Self

__all__ = ["IncrementalCopy", "planned"]

_DELETES = "_change_type = 'delete'"
_MODES = ("error", "append", "overwrite")
_REFUSED = ("limit", "version", "as_of", "tag", "batch_size", "position", "idempotency_key", "delete_when")


@frozen
class IncrementalCopy:
    """An incremental copy, decided without touching a store; it is run and explained as a ``Transfer`` is.

    Attributes:
        taking: what is taken.
        mode: what the first load does with a table that is there: ``error``, ``append``, or ``overwrite`` for a full
            load whatever the target remembers.
        writing: the arguments for writing.
        native_async: coroutine methods can be called.
    """

    taking: Taking
    mode: str
    writing: Mapping[str, Any]
    native_async: bool = False

    way = "increment"
    passed_over: Mapping[str, str] = field(factory=dict, init=False)

    @classmethod
    def of(
        cls, source: DataObject, target: DataObject, arguments: Mapping[str, Any], *, native_async: bool = False
    ) -> Self:
        """Check the arguments.

        Raises:
            DataError: an argument can't be what was given.
            NoRouteError: an argument that the writing doesn't take.
            UnsupportedError: a store declares absent what it takes.
        """
        try:
            given = {name: value for name, value in arguments.items() if value is not None}
            taking = Taking.of("copy", source, target, given)
            mode = given.pop("mode", "error")
            if mode not in _MODES:
                raise DataError(f"mode: found {mode!r}; an incremental copy has {', '.join(map(repr, _MODES))}")
            for name in _REFUSED:
                if name in given:
                    raise DataError(f"incremental: takes no {name}=: it takes all that changed, once")
            copy = cls(taking, mode, given, native_async)
            copy._first_load(0)
        except DaoError as error:
            about(error, "copy", source)
            raise
        return copy

    @property
    def source(self) -> DataObject:
        """The object that is read."""
        return self.taking.source

    @property
    def target(self) -> DataObject:
        """The object that is written."""
        return self.taking.target

    @property
    def why(self) -> str:
        """What is done, for a person."""
        name, keys = self.taking.name, ", ".join(self.taking.keys)
        if self.mode == "overwrite":
            return f"all rows of {name!r} take the place of what is there, with their version as the position"
        done = f"is upserted and deleted by {keys}" if keys else "is appended"
        return f"what changed in {name!r} since the target's position {done}; all rows where it has none"

    def _first_load(self, until: int) -> Transfer:
        """The copy of all rows of a version of the source."""
        position = Position(self.taking.name, until)
        given = {**self.writing, **self.taking.reading, "mode": self.mode, "version": until, "position": position}
        return Transfer.of("copy", self.source, self.target, given, native_async=self.native_async)

    def _writing_call(self, position: Position, data: Any, *, deletes: bool = True) -> Call:
        given = {**self.writing, "position": position}
        if self.taking.keys:
            deleting = {"delete_when": _DELETES} if deletes else {}
            return "upsert", self.target, {**given, **deleting, "keys": list(self.taking.keys), "data": data}
        rows = Transfer(
            "copy", self.source, self.target, "rows", {}, {**given, "mode": "append"}, {}, self.native_async
        )
        action, example = rows.rows_writer()
        data = data if data is None or hasattr(example, "read_next_batch") else data.read_all()
        return action, self.target, {**rows.writing, "data": example if data is None else data}

    def calls(self) -> list[Call]:
        """The calls it comes to, in order, each with its object and arguments; what is written is still unknown."""
        if self.mode == "overwrite":
            return [("history", self.source, {}), *self._first_load(0).calls()]
        import pyarrow as pa

        data = pa.table({}) if self.taking.keys else None
        return [*self.taking.calls(), self._writing_call(Position(self.taking.name, 0), data)]

    def run(self, executor: Executor) -> WriteResult:
        """Execute the copy.

        Raises:
            NotFoundError: the source isn't there, or doesn't have the version that the target has got to.
            AlreadyExistsError: the target is there without a position, and ``mode`` is the default.
            ConflictError: another copy of the same changes committed first.
            StoreError: reading or writing failed; the target is as it was.
        """
        given = {**self.taking.reading, **self.writing, "target": self.target, "incremental": True, "mode": self.mode}
        return executor.as_one("copy", self.source, given, self._run_parts)

    def _run_parts(self, executor: Executor) -> WriteResult:
        for call in self.calls():  # what can't be written isn't read either
            with suppress(NoRouteError) if "data" in call[2] else nullcontext():  # what rows it takes isn't known yet
                executor.check(*call)
        position = None if self.mode == "overwrite" else self.taking.position(executor)
        if position is None:
            return self._load(executor)
        found = self.taking.changes(executor, position)
        if found.is_empty:
            return WriteResult(0, 0, 0)
        return cast("WriteResult", executor.execute(*self._writing_call(found.position, found.changes)))

    def _load(self, executor: Executor) -> WriteResult:
        until = self.taking.newest(executor)
        if self.taking.keys and table_of(self.source).serves("schema"):
            self.taking.check_keys(executor.execute("schema", self.source, {}))
        if self.mode == "append" and self.taking.keys:
            rows = self.taking.everything(executor, until)
            call = self._writing_call(Position(self.taking.name, until), rows, deletes=False)
            try:
                return cast("WriteResult", executor.execute(*call))
            finally:
                rows.close()
        try:
            return self._first_load(until).run_parts(executor)
        except AlreadyExistsError as error:
            ways = "mode='append' adds the source's rows to it, mode='overwrite' replaces it"
            text = f"{error.message}; it has no position of {self.taking.name!r}: {ways}"
            raise about(AlreadyExistsError(text), "copy", self.target) from error


def planned(
    action: str, source: DataObject, target: DataObject, arguments: Mapping[str, Any], *, native_async: bool = False
) -> Transfer | IncrementalCopy:
    """How a copy or move will be done.

    Raises:
        DaoError: see :meth:`Transfer.of` and :meth:`IncrementalCopy.of`.
    """
    given = dict(arguments)
    incremental = given.pop("incremental", None) if action == "copy" else None
    if incremental is not None and not isinstance(incremental, bool):
        raise about(DataError(f"incremental: found {incremental!r:.80}, expected True or False"), action, source)
    if incremental:
        return IncrementalCopy.of(source, target, given, native_async=native_async)
    return Transfer.of(action, source, target, given, native_async=native_async)
