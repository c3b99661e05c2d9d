"""Copy and move: within a store by its interface, between stores as a stream, in bounded memory.

Between stores, tables travel as Arrow record batches and files as bytes. Only one batch or one chunk is held at a time,
and the target's own write makes it all or nothing: a copy that fails leaves the target as it was. A move deletes the
source after the target is complete; if that deletion fails the data is in both places and the error says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from attrs import field, frozen

from dao.arguments import suggestion
from dao.core.attribution import about
from dao.core.execute import Executor, table_of
from dao.data_object import DataObject, DirectoryObject, TableObject
from dao.errors import DaoError, DataError, NoRouteError
from dao.file_set import FileSet, SourceFile
from dao.progress import expect
from dao.results import Listing, WriteResult

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Transfer"]

_READING = ("columns", "where", "limit", "version", "as_of", "batch_size")
"""The arguments of a copy that are about what is read; the others are about how it is written."""

_READERS = ("read_stream", "read")
_WRITERS = ("write_stream", "write")

_LAYOUT = (
    "format", "partition_by", "delimiter", "quote", "escape", "header", "encoding", "decimal_point", "null_values",
)  # fmt: skip
"""The properties by which a target says that its bytes are others than the source's: its layout and its spelling."""


@frozen
class Transfer:
    """How one copy or move will be done, decided without touching a store.

    Attributes:
        action: ``copy`` or ``move``.
        source: the object that is read.
        target: the object that is written.
        within: both are in one store, and its interface does it.
        as_bytes: between stores: files go as they are.
        reading: the arguments for reading.
        writing: the arguments for writing.
        why: the reason, for a person.
        native_async: coroutine methods can be called.
    """

    action: str
    source: DataObject
    target: DataObject
    within: bool
    as_bytes: bool
    reading: Mapping[str, Any] = field(factory=dict)
    writing: Mapping[str, Any] = field(factory=dict)
    why: str = ""
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
        """Decide how.

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
        _refuse_unknown(action, target, writing)
        reading = dict(table_of(source).checked("read_stream", reading))
        writing = dict(table_of(target).checked("write_stream", writing))
        same_store = source.data_store is target.data_store
        if same_store and source.key == target.key:
            raise DataError(f"{action} {source.full_name!r} onto itself: source and target are both at {source.key!r}")
        if action == "move" and reading:
            raise DataError(f"move takes all rows, found {', '.join(reading)}: copy what is wanted, then delete")
        alike = not reading and set(writing) <= {"mode"} and _same_layout(source, target)
        within = same_store and alike and table_of(source).serves(action)
        tables = isinstance(source, TableObject) or isinstance(target, TableObject)
        as_bytes = alike and not tables and _gives_bytes(source, native_async)
        why = _reason(within, same_store, as_bytes)
        return cls(action, source, target, within, as_bytes, reading, writing, why, native_async)

    def calls(self) -> list[tuple[str, DataObject, dict[str, Any]]]:
        """The calls it comes to, each with its object and arguments, to be explained."""
        if self.within:
            return [(self.action, self.source, {**self.writing, "target": self.target})]
        deletion: list[tuple[str, DataObject, dict[str, Any]]] = []
        if self.action == "move":
            deletion = [("delete", self.source, {})]
        if self.as_bytes:
            example: Any = FileSet(())
            reading = ("read_stream", self.source, {"into": "bytes"})
        else:
            example = _no_rows()
            reading = (self._fitting(_READERS, self.source, self.reading), self.source, dict(self.reading))
        writing = {**self.writing, "data": example}
        return [reading, (self._writer(example), self.target, writing), *deletion]

    def _writer(self, data: Any) -> str:
        return self._fitting(_WRITERS, self.target, {**self.writing, "data": data})

    def _fitting(self, actions: tuple[str, str], data_object: DataObject, arguments: Mapping[str, Any]) -> str:
        """The streaming action where the store has a route for this call, else the plain one."""
        streaming, plain = actions
        try:
            table_of(data_object).plan(streaming, data_object, arguments, native_async=self.native_async)
        except NoRouteError:
            return plain
        return streaming

    def run(self, executor: Executor) -> WriteResult:
        """Do it.

        Raises:
            NotFoundError: the source isn't there.
            AlreadyExistsError: the target is, and ``mode`` is the default.
            StoreError: reading or writing failed; the target is as it was.
        """
        if self.within:
            given = {**self.writing, "target": self.target}
            return cast("WriteResult", executor.execute(self.action, self.source, given))
        given = {**self.reading, **self.writing, "target": self.target}
        return executor.as_one(self.action, self.source, given, self._run_between)

    def _run_between(self, executor: Executor) -> WriteResult:
        for action, data_object, arguments in self.calls():  # what can't be written or deleted isn't read either
            with suppress(NoRouteError) if "data" in arguments else nullcontext():  # the rows' type is not known yet
                executor.check(action, data_object, arguments)
        result = self._copy_bytes(executor) if self.as_bytes else self._copy_rows(executor)
        if self.action == "move":
            self._delete_source(executor)
        return result

    def _copy_rows(self, executor: Executor) -> WriteResult:
        reader = self._fitting(_READERS, self.source, self.reading)
        rows = executor.execute(reader, self.source, self.reading)
        blamed = executor.blaming(reader, self.source, self.reading, rows)
        try:
            written = executor.execute(self._writer(rows), self.target, {**self.writing, "data": blamed})
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


def _below(key: str, other: str) -> str:
    return other.removeprefix(f"{key}/") if key else other


def _gives_bytes(source: DataObject, native_async: bool) -> bool:
    """Whether the source's store reads files as they are; one that holds nothing but tables doesn't."""
    table = table_of(source)
    try:
        plan = table.plan("read_stream", source, {"into": "bytes"}, native_async=native_async)
    except NoRouteError:
        return False
    return not plan.converts and table.serves("list")


def _same_layout(source: DataObject, target: DataObject) -> bool:
    """Whether the source's bytes are what the target is to hold, as far as the two say what that is."""
    wanted = {name: target.get(name) for name in _LAYOUT}
    return all(value is None or value == source.get(name) for name, value in wanted.items()) and (
        _ending(source) == _ending(target) or _agree(_named(source), _named(target))
    )


def _agree(said: tuple[str | None, str | None], wanted: tuple[str | None, str | None]) -> bool:
    """Whether two files' formats and compressions agree; where one is no file of rows, nobody knows."""
    return None in (said[0], wanted[0]) or said == wanted


def _ending(data_object: DataObject) -> str:
    return data_object.key.rpartition("/")[2].partition(".")[2].lower()


def _named(data_object: DataObject) -> tuple[str | None, str | None]:
    """The format that an object says, else its name's ending, and the compression that the ending says."""
    if isinstance(data_object, DirectoryObject) and not isinstance(data_object, TableObject):
        return data_object.get("format"), None
    try:
        from dao.arrow.formats import infer_format
        from dao.arrow.formats.compression import infer_compression
    except ModuleNotFoundError:  # files travel as bytes without Arrow, which is what reads and writes rows
        return None, None
    return data_object.get("format") or infer_format(data_object.key), infer_compression(data_object.key)


def _reason(within: bool, same_store: bool, as_bytes: bool) -> str:
    if within:
        return "one store holds both, so its interface does it"
    what = "files, which go as bytes" if as_bytes else "rows, which go as Arrow record batches"
    return f"{'the layouts differ' if same_store else 'two stores'}: a stream of {what}"


def _refuse_unknown(action: str, target: DataObject, writing: Mapping[str, Any]) -> None:
    table = table_of(target)
    for name in writing:
        if not any(table.takes(writer, name) for writer in _WRITERS):
            own = [*(_READING if action == "copy" else ()), *(n for writer in _WRITERS for n in table.names(writer))]
            options = [option for writer in _WRITERS for option in table.option_names(writer)]
            raise NoRouteError(f"takes no {name!r} ({suggestion(action, name, own, options)})")


def _no_rows() -> Any:
    import pyarrow as pa

    return pa.RecordBatchReader.from_batches(pa.schema([]), [])


def _close(rows: Any) -> None:
    close = getattr(rows, "close", None)
    if close is not None:
        close()
