"""What an increment is made of: the position that a target remembers, and what changed in its source since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from dao._core.attribution import about
from dao._core.execute import Executor
from dao._core.prepare import table_of
from dao.capabilities import capabilities_of, combined, declared_capabilities
from dao.data_object import DataObject
from dao.errors import DataError, NotFoundError, UnsupportedError
from dao.increments import Increment, Position
from dao.memory import current, shown

if TYPE_CHECKING:
    from typing import Self

    import pyarrow

    from dao._core.transfer import Call

__all__ = ["Taking"]

_REBUILD = "copy(..., incremental=True, mode='overwrite') takes all rows again"


@frozen
class Taking:
    """What is taken of a source for a target.

    Attributes:
        action: the action that it is a part of.
        source: the object whose changes are taken.
        target: the table that remembers the position.
        name: what the position calls the source.
        keys: the columns that identify a row; empty where rows are only added.
        reading: ``columns`` and ``where``.
        place: ``branch``, if the target is one of its branches.
    """

    action: str
    source: DataObject
    target: DataObject
    name: str
    keys: tuple[str, ...]
    reading: Mapping[str, Any] = field(factory=dict)
    place: Mapping[str, Any] = field(factory=dict)

    @classmethod
    def of(cls, action: str, source: DataObject, target: DataObject, given: dict[str, Any]) -> Self:
        """Take ``name``, ``keys``, ``columns`` and ``where`` out of a call's arguments; ``branch`` stays among them.

        Raises:
            DataError: source and target are one, an argument can't be what was given, or a key isn't among the columns.
            UnsupportedError: a store declares absent what it takes.
        """
        if source.data_store is target.data_store and source.key == target.key:
            raise DataError(f"{source.full_name!r} can't be its own source: source and target are both {source.key!r}")
        name = given.pop("name", source.full_name)
        if not isinstance(name, str) or not name.strip():
            raise DataError(f"name: found {name!r:.80}, expected a text that is not empty")
        keys = given.pop("keys", target.get("keys"))
        keys = tuple(table_of(target).checked("upsert", {"keys": keys})["keys"] or ())
        reading: dict[str, Any] = {key: given.pop(key) for key in ("columns", "where") if key in given}
        reading = dict(table_of(source).checked("read_stream", reading))
        known = {column.casefold() for column in reading.get("columns", keys)}
        lacking = [key for key in keys if key.casefold() not in known]
        if lacking:
            raise DataError(f"columns: the keys {', '.join(map(repr, lacking))} aren't among them")
        _refuse_absent(source, "read_changes", "time_travel", "history")
        _refuse_absent(target, "positions", *(("upsert", "upsert_deletes") if keys else ()))
        place = {"branch": given["branch"]} if "branch" in given else {}
        return cls(action, source, target, name, keys, reading, place)

    def calls(self) -> list[Call]:
        """The calls that look for what has changed, in order."""
        known = {} if "where" in self.reading else self.reading
        looking = ("read_position", self.target, {**self.place, "source": self.name})
        return [looking, ("read_changes", self.source, {**known, "since": 0})]

    def position(self, executor: Executor) -> Position | None:
        """The position that the target has."""
        found = executor.execute("read_position", self.target, {**self.place, "source": self.name})
        if found is not None and not isinstance(found, Position):
            raise TypeError(f"read_position gave {type(found).__name__}, expected a dao.Position or None")
        return found

    def newest(self, executor: Executor) -> int:
        """The newest version of the source.

        Raises:
            UnsupportedError: it is no whole number, so it can't be a position.
        """
        history = executor.execute("history", self.source, {})
        found = history[0].version if history else None
        if not isinstance(found, int):
            error = UnsupportedError(f"incremental: the newest version is {found!r}, expected a whole number")
            raise about(error, self.action, self.source)
        return found

    def check_keys(self, schema: pyarrow.Schema) -> None:
        """Check that the source has the keys: else only the second increment would find out.

        Raises:
            DataError: it lacks one.
        """
        from dao.arrow.convert import find_names

        try:
            find_names(schema, self.keys, "keys")
        except DataError as error:
            raise about(error, self.action, self.source) from None

    def everything(self, executor: Executor, until: int) -> pyarrow.RecordBatchReader:
        """All rows of a version of the source, as a stream."""
        from dao.arrow.convert import to_reader

        reading = ("read_stream", self.source, {**self.reading, "version": until})
        return executor.blaming(*reading, to_reader(executor.execute(*reading)))

    def run(self, executor: Executor) -> Increment:
        """What the target lacks: all rows if it has no position, else the net of what changed.

        Raises:
            NotFoundError: the source isn't there, or doesn't have the version that the target has got to.
            DataError: rows were updated or deleted and there are no keys; or the rows exceed the memory limit.
            StoreError: one of the stores refused.
        """
        return executor.as_one(self.action, self.source, {**self.reading, "target": self.target}, self._run_parts)

    def _run_parts(self, executor: Executor) -> Increment:
        for call in self.calls():
            executor.check(*call)
        position = self.position(executor)
        if position is not None:
            return self.changes(executor, position)
        until = self.newest(executor)
        rows = self.everything(executor, until)
        self.check_keys(rows.schema)
        return Increment(_marked(rows) if self.keys else rows, None, until, Position(self.name, until))

    def changes(self, executor: Executor, position: Position) -> Increment:
        """The net of what changed in the source since a position.

        Raises:
            NotFoundError: the source doesn't have that version, or doesn't keep it any more.
            DataError: rows were updated or deleted and there are no keys; or the rows exceed the memory limit.
        """
        from dao.arrow.convert import to_reader
        from dao.tables._nets import appended_rows, net_changes

        action, source, given = self.calls()[1]
        since = position.version
        try:
            found = executor.execute(action, source, {**given, "since": since})
        except NotFoundError as error:
            text = f"{self.target.full_name!r} has got to version {since} of {self.name!r}: {error.message}; {_REBUILD}"
            raise about(NotFoundError(text), self.action, source) from error
        rows = to_reader(found).read_all()
        _refuse_larger(rows.nbytes)
        if rows.num_rows:
            self._refuse_renamed(rows.schema, since)
        until = rows.column("_version")[-1].as_py() if rows.num_rows else since
        where, columns = self.reading.get("where"), self.reading.get("columns")
        try:
            net = net_changes(rows, self.keys, where) if self.keys else appended_rows(rows, where)
            net = net if columns is None else _selected(net, columns, self.keys)
        except DataError as error:
            raise about(DataError(f"{error.message}; {_REBUILD}"), self.action, source) from error
        next_one = Position(self.name, until, since)
        return Increment(net.to_reader(), since, until, next_one, is_empty=rows.num_rows == 0)

    def _refuse_renamed(self, changes: pyarrow.Schema, since: int) -> None:
        """Refuse changes whose columns aren't those that the target has under their names.

        Raises:
            DataError: a column was renamed, or dropped and added again.
        """
        from dao.tables import renamed_columns

        told = [
            f"the column {name!r} was {'another one' if old == name else f'called {old!r}'}"
            for name, old in renamed_columns(changes).items()
        ]
        if told:
            text = (
                f"{self.target.full_name!r} has got to version {since} of {self.name!r}, in which {', '.join(told)}, "
                f"and the rows that it has are of that; {_REBUILD}"
            )
            raise about(DataError(text), self.action, self.source)


def _refuse_absent(data_object: DataObject, *needs: str) -> None:
    """Refuse what a store's interfaces declare absent; one that declares nothing is asked by its routes."""
    kinds = [kind for _, kind in data_object.data_store.classes if isinstance(kind, type)]  # type: ignore[union-attr]
    if not kinds or any(declared_capabilities(kind) is None for kind in kinds):
        return
    found = combined([capabilities_of(kind) for kind in kinds])
    for need in needs:
        absence = found.absence(need)
        if absence is not None:
            raise UnsupportedError(f"incremental: {data_object.full_name!r} lacks {absence.subject}: {absence.reason}")


def _refuse_larger(size: int) -> None:
    budget = current()
    if budget.limit is not None and size > budget.upserted:
        raise DataError(
            f"memory_limit={shown(budget.limit)}: the changes take {shown(size)}, and an increment holds them in "
            f"memory, in a quarter of the limit: give it four times their size; {_REBUILD}, as a stream"
        )


def _selected(net: Any, columns: Any, keys: tuple[str, ...]) -> Any:
    from dao.arrow.convert import select_fields

    return net.select([*select_fields(net.schema, columns).names, *(["_change_type"] if keys else [])])


def _marked(rows: pyarrow.RecordBatchReader) -> pyarrow.RecordBatchReader:
    """The rows of a first load as inserts."""
    import pyarrow as pa

    schema = rows.schema.append(pa.field("_change_type", pa.string()))

    def batches() -> Iterator[Any]:
        for batch in rows:
            yield pa.RecordBatch.from_arrays([*batch.columns, pa.repeat("insert", batch.num_rows)], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())
