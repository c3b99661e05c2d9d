"""Copies and moves: by an interface of one of the two stores if possible, else as a stream, in bounded memory.

The ways, in the order in which they are tried; :meth:`Transfer.of` decides, for the call and for ``explain`` alike:

- ``within``: both objects are in one store, and its interface has the action with these arguments;
- ``write``: an interface of the target's store takes the source object itself as ``data``;
- ``unload``: an interface of the source's store takes the target object itself (see :mod:`dao._core.offers`);
- ``files``: files travel as bytes;
- ``rows``: tables travel as Arrow record batches.

Only one batch or one chunk is held at a time, and the target's own write makes it all or nothing: a copy that fails
leaves the target as it was. A move deletes the source after the target is complete; if that deletion fails the data is
in both places and the error says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

from attrs import evolve, field, frozen

from dao._arguments import suggestion
from dao._core.attribution import about
from dao._core.execute import Executor
from dao._core.layouts import same_layout
from dao._core.offers import Answer, answer_to
from dao._core.prepare import details_of, table_of
from dao.data_object import DataObject, FileObject, TableObject
from dao.errors import DaoError, DataError, NoRouteError, UnsupportedError
from dao.file_set import FileSet, SourceFile
from dao.progress import expect
from dao.results import Listing, WriteResult

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Transfer", "Way"]

Way = Literal["within", "write", "unload", "files", "rows"]
"""How a copy or move is done; see the module's docstring."""

Call = tuple[str, DataObject, dict[str, Any]]
"""An action, its object and its arguments."""

_READING = ("columns", "where", "limit", "version", "as_of", "tag", "batch_size")
"""The arguments of a copy that are about what is read; the others are about how it is written."""

_READERS = ("read_stream", "read")
_WRITERS = ("write_stream", "write")


@frozen
class Transfer:
    """How one copy or move will be done, decided without touching a store.

    Attributes:
        action: ``copy`` or ``move``.
        source: the object that is read.
        target: the object that is written.
        way: how.
        reading: the arguments for reading.
        writing: the arguments for writing.
        passed_over: ways that would go before this one and that an interface declined, with its reason.
        native_async: coroutine methods can be called.
    """

    action: str
    source: DataObject
    target: DataObject
    way: Way
    reading: Mapping[str, Any] = field(factory=dict)
    writing: Mapping[str, Any] = field(factory=dict)
    passed_over: Mapping[str, str] = field(factory=dict)
    native_async: bool = False

    @classmethod
    def of(
        cls,
        action: str,
        source: DataObject,
        target: DataObject,
        arguments: Mapping[str, Any],
        *,
        native_async: bool = False,
    ) -> Self:
        """Choose the way.

        Raises:
            DataError: source and target are one and the same, an argument can't be what was given, or a move would keep
                only a part of the rows.
            NoRouteError: an argument that neither the reading nor the writing takes.
        """
        try:
            return cls._of(action, source, target, arguments, native_async)
        except DaoError as error:
            about(error, action, source)
            raise

    @classmethod
    def _of(
        cls, action: str, source: DataObject, target: DataObject, arguments: Mapping[str, Any], native_async: bool
    ) -> Self:
        given = {name: value for name, value in arguments.items() if value is not None}
        reading = {name: value for name, value in given.items() if name in _READING}
        writing = {name: value for name, value in given.items() if name not in _READING}
        _refuse_unknown(action, source, target, writing)
        reading = dict(table_of(source).checked("read_stream", reading))
        writing = dict(table_of(target).checked("write_stream", writing))
        if source.data_store is target.data_store and source.key == target.key:
            raise DataError(f"{action} {source.full_name!r} onto itself: source and target are both at {source.key!r}")
        if action == "move" and reading:
            raise DataError(f"move takes all rows, found {', '.join(reading)}: copy what is wanted, then delete")
        alike = same_layout(source, target)
        plan = cls(action, source, target, "within", reading, writing, native_async=native_async)
        passed_over: dict[str, str] = {}
        if alike and source.data_store is target.data_store and plan._fits(*plan.calls()[0]):
            declined = plan._declined()
            if not declined:
                return plan
            passed_over["within"] = declined
        whole = alike and not reading and set(writing) <= {"mode"}
        streamed: Way = "files" if whole and _go_as_bytes(source, target, native_async) else "rows"
        plan = evolve(plan, way=streamed)
        offers: tuple[Way, ...] = ("write", "unload")
        for way in offers:
            offer = evolve(plan, way=way, passed_over=passed_over)
            answer = offer._answer()
            if answer.accepted:
                return offer
            if answer.reason:
                passed_over[way] = answer.reason
        return evolve(plan, passed_over=passed_over)

    def _declined(self) -> str:
        """The reason why the one interface can't do it although it has a route for it; empty if it can."""
        action, data_object, arguments = self.calls()[0]
        table = table_of(data_object)
        try:
            given = table.checked(action, arguments)
            details_of(table.plan(action, data_object, given, native_async=self.native_async), data_object, given)
        except UnsupportedError as error:
            return error.message
        except DaoError:  # the call itself raises it
            return ""
        return ""

    def _answer(self) -> Answer:
        """What the store says to which this way offers the other one's object."""
        action, data_object, arguments = self.calls()[0]
        role = "data" if action == "write" else "target"
        return answer_to(action, data_object, role, arguments, native_async=self.native_async)

    @property
    def why(self) -> str:
        """The reason for the way, for a person."""
        same_store = self.source.data_store is self.target.data_store
        where = "two stores"
        if same_store:
            alike = same_layout(self.source, self.target)
            where = f"its interface has no {self.action} for this call" if alike else "the layouts differ"
            where = "its interface declines" if "within" in self.passed_over else where
            where = f"one store holds both, but {where}"
        return {
            "within": "one store holds both, so its interface does it",
            "write": f"the store of {self.target.full_name!r} takes the object itself",
            "unload": f"the store of {self.source.full_name!r} writes the target itself",
            "files": f"{where}: a stream of files, which go as bytes",
            "rows": f"{where}: a stream of rows, which go as Arrow record batches",
        }[self.way]

    def calls(self) -> list[Call]:
        """The calls it comes to, in order, each with its object and arguments.

        What is written by a stream is known when it is read: an empty one stands for it.
        """
        source, target, given = self.source, self.target, {**self.reading, **self.writing}
        if self.way == "within":
            return [(self.action, source, {**given, "target": target})]
        if self.way == "write":
            calls = [("write", target, {**given, "data": source})]
        elif self.way == "unload":
            calls = [("unload", source, {**given, "target": target})]
        elif self.way == "files":
            data: Any = BytesIO() if isinstance(source, FileObject) else FileSet(())
            reading = ("read_stream", source, {"into": "bytes"})
            calls = [reading, ("write", target, {**self.writing, "data": data})]
        else:
            reader = self._fitting(_READERS, source, self.reading)
            action, data = self.rows_writer()
            calls = [(reader, source, dict(self.reading)), (action, target, {**self.writing, "data": data})]
        return [*calls, ("delete", source, {})] if self.action == "move" else calls

    def rows_writer(self) -> tuple[str, Any]:
        """The action that writes the rows, with the kind of Arrow data that it takes, empty."""
        import pyarrow as pa

        table = pa.table({})
        for data in (table.to_reader(), table):
            writer = self._writer(data)
            if self._fits(writer, self.target, {**self.writing, "data": data}):
                return writer, data
        return "write", table.to_reader()

    def _writer(self, data: Any) -> str:
        return self._fitting(_WRITERS, self.target, {**self.writing, "data": data})

    def _fitting(self, actions: tuple[str, str], data_object: DataObject, arguments: Mapping[str, Any]) -> str:
        """The streaming action where the store has a route for this call, else the plain one."""
        streaming, plain = actions
        return streaming if self._fits(streaming, data_object, arguments) else plain

    def _fits(self, action: str, data_object: DataObject, arguments: Mapping[str, Any]) -> bool:
        try:
            table_of(data_object).plan(action, data_object, arguments, native_async=self.native_async)
        except (NoRouteError, UnsupportedError):
            return False
        return True

    def run(self, executor: Executor) -> WriteResult:
        """Execute the transfer.

        Raises:
            NotFoundError: the source isn't there.
            AlreadyExistsError: the target is, and ``mode`` is the default.
            StoreError: reading or writing failed; the target is as it was.
        """
        if self.way == "within":
            [call] = self.calls()
            return cast("WriteResult", executor.execute(*call))
        given = {**self.reading, **self.writing, "target": self.target}
        return executor.as_one(self.action, self.source, given, self.run_parts)

    def run_parts(self, executor: Executor) -> WriteResult:
        """Execute the calls that :meth:`run` makes one of."""
        calls = self.calls()
        if self.way == "within":
            return cast("WriteResult", executor.execute(*calls[0]))
        for call in calls:  # what can't be written or deleted isn't read either
            streamed = self.way in ("files", "rows") and "data" in call[2]
            with suppress(NoRouteError) if streamed else nullcontext():  # what rows it takes isn't known yet
                executor.check(*call)
        if self.way == "files":
            result = self._copy_bytes(executor)
        elif self.way == "rows":
            result = self._copy_rows(executor, calls[0], calls[1])
        else:
            result = cast("WriteResult", executor.execute(*calls[0]))
        if self.action == "move":
            self._delete_source(executor)
        return result

    def _copy_rows(self, executor: Executor, reading: Call, writing: Call) -> WriteResult:
        rows = executor.execute(*reading)
        action, target, given = writing
        try:
            data = _as_planned(executor.blaming(*reading, rows), given["data"])
            if type(data) is not type(given["data"]):  # no Arrow data: the route depends on what it is
                action = self._writer(data)
            written = executor.execute(action, target, {**given, "data": data})
        finally:
            _close(rows)
        return cast("WriteResult", written)

    def _copy_bytes(self, executor: Executor) -> WriteResult:
        source = self.source
        infos = cast("Listing", executor.execute("list", source, {}))
        single = len(infos) == 1 and infos[0].key == source.key
        sizes = [info.size for info in infos]
        if None not in sizes:
            expect(bytes=sum(size for size in sizes if size is not None))

        def opened(key: str) -> BinaryIO:
            return cast("BinaryIO", executor.execute("read_stream", source, {"into": "bytes", "path": key}))

        if single:
            with opened(source.key) as file:
                return cast("WriteResult", executor.execute("write", self.target, {**self.writing, "data": file}))
        files = [SourceFile(_below(source.key, info.key), partial(opened, info.key), info.size) for info in infos]
        return cast("WriteResult", executor.execute("write", self.target, {**self.writing, "data": FileSet(files)}))

    def _delete_source(self, executor: Executor) -> None:
        try:
            executor.execute("delete", self.source, {})
        except Exception as error:
            error.add_note(f"{self.target.full_name!r} is complete: the data is now in both places")
            raise


def _as_planned(rows: Any, example: Any) -> Any:
    """Arrow rows as the kind of data that the writer was chosen for; all others as they are."""
    if hasattr(rows, "read_next_batch") and not hasattr(example, "read_next_batch"):
        return rows.read_all()
    return rows.to_reader() if hasattr(rows, "to_reader") and hasattr(example, "read_next_batch") else rows


def _below(key: str, other: str) -> str:
    return other.removeprefix(f"{key}/") if key else other


def _go_as_bytes(source: DataObject, target: DataObject, native_async: bool) -> bool:
    """Whether neither is a table and the source's store reads files as they are; one that holds only tables doesn't."""
    if isinstance(source, TableObject) or isinstance(target, TableObject):
        return False
    table = table_of(source)
    try:
        plan = table.plan("read_stream", source, {"into": "bytes"}, native_async=native_async)
    except NoRouteError:
        return False
    return not plan.converts and table.serves("list")


def _refuse_unknown(action: str, source: DataObject, target: DataObject, writing: Mapping[str, Any]) -> None:
    table, unloading = table_of(target), table_of(source)
    for name in writing:
        if not (any(table.takes(writer, name) for writer in _WRITERS) or unloading.takes("unload", name)):
            own = [
                *((*_READING, "incremental") if action == "copy" else ()),
                *(n for writer in _WRITERS for n in table.names(writer)),
            ]
            options = [option for writer in _WRITERS for option in table.option_names(writer)]
            raise NoRouteError(f"takes no {name!r} ({suggestion(action, name, own, options)})")


def _close(rows: Any) -> None:
    close = getattr(rows, "close", None)
    if close is not None:
        close()
