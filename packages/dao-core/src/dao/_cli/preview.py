"""``--dry-run``: what an action would do, checked and counted; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from dao._cli import output
from dao._cli.given import goes_as_bytes
from dao.display import size, thousands
from dao.errors import AlreadyExistsError, DaoError, NoRouteError, NotFoundError

if TYPE_CHECKING:
    import pyarrow as pa

    from dao._cli.session import Session
    from dao._core.dao import DataAccessObject
    from dao._core.routing.explain import Explanation
    from dao.data_object import DataObject

__all__ = ["Counts", "count_delete", "preview_delete", "preview_transfer", "preview_upsert", "preview_write"]


@frozen
class Counts:
    """What would be changed; ``None`` for what can't be known without doing it.

    Attributes:
        rows_inserted: rows that would be new.
        rows_updated: rows that would take the place of older ones with the same key.
        rows_deleted: rows that would be gone and have no successor.
        bytes: bytes that would be written or deleted, where the object is no rows.
        files: files that would be deleted or copied, where the object is no rows.
    """

    rows_inserted: int | None = None
    rows_updated: int | None = None
    rows_deleted: int | None = None
    bytes: int | None = None
    files: int | None = None

    def sentence(self, action: str) -> str:
        """What the action would do, to follow ``would``."""
        rows = {"insert": self.rows_inserted, "update": self.rows_updated, "delete": self.rows_deleted}
        known = [f"{verb} {_number(count, 'row')}" for verb, count in rows.items() if count is not None]
        if known:
            return ", ".join(known)
        if self.files is None:
            return f"{action} an amount that only doing it tells"
        return ", ".join(filter(None, [f"{action} {_number(self.files, 'file')}", size(self.bytes)]))


def _number(count: int, noun: str) -> str:
    return f"{thousands(count)} {noun}{'' if count == 1 else 's'}"


def _show(session: Session, explanation: Explanation, counts: Counts) -> None:
    if session.as_json:
        output.document({"dry_run": True, **output.plain(counts), "explanation": explanation})
        return
    output.line(explanation.text(output.room()))
    output.line(f"would {counts.sentence(explanation.action)}")
    output.line("nothing was changed")


@contextmanager
def _refusals_of(action: str, *objects: DataObject) -> Iterator[None]:
    """Errors of what the objects are asked while counting are about the action that is tried."""
    try:
        yield
    except DaoError as error:
        names = [one.full_name for one in objects]
        if error.action is None or error.data_object in names:
            subject = error.data_object or names[0]
            error.action = None
            error.about(action, subject, error.store, error.interface)
        raise


def preview_write(session: Session, name: str, data: Any, given: Mapping[str, Any]) -> None:
    """Show what a write would do; all of the data is read and checked.

    Raises:
        DaoError: what the write itself would raise.
    """
    access = session.access()
    explanation, target = access.explain("write", data, name, **given), session.object(name)
    with _refusals_of("write", target):
        counts = _count_write(access, target, data, given)
    _show(session, explanation, counts)


def preview_upsert(session: Session, name: str, data: Any, given: Mapping[str, Any]) -> None:
    """Show what an upsert would do; the keys of the data are held in memory.

    Raises:
        DaoError: what the upsert itself would raise.
    """
    access = session.access()
    explanation, target = access.explain("upsert", data, name, **given), session.object(name)
    with _refusals_of("upsert", target):
        counts = _count_upsert(access, target, data, given)
    _show(session, explanation, counts)


def preview_delete(session: Session, name: str, given: Mapping[str, Any]) -> None:
    """Show what a delete would do.

    Raises:
        DaoError: what the delete itself would raise.
    """
    explanation = session.access().explain("delete", name, **given)
    with _refusals_of("delete", session.object(name)):
        counts = count_delete(session, name, given.get("where"))
    _show(session, explanation, counts)


def preview_transfer(session: Session, action: str, source: str, target: str, given: Mapping[str, Any]) -> None:
    """Show what a copy or a move would do.

    Raises:
        DaoError: what the action itself would raise.
    """
    access = session.access()
    explanation = access.explain(action, source, target, **given)
    places = session.object(source), session.object(target)
    with _refusals_of(action, *places):
        counts = _count_transfer(access, *places, given)
    _show(session, explanation, counts)


def count_delete(session: Session, name: str, where: str | None) -> Counts:
    """Count what a delete would delete.

    Raises:
        NotFoundError: there is nothing to delete.
    """
    access, target = session.access(), session.object(name)
    if not _exists(access, target, otherwise=True):
        raise NotFoundError(f"{target.full_name!r} is not there")
    if goes_as_bytes(target):
        return _files(access, target)
    return Counts(rows_deleted=_count(access, target, where))


def _count_write(access: DataAccessObject, target: DataObject, data: Any, given: Mapping[str, Any]) -> Counts:
    mode = given.get("mode") or target.get("mode") or "error"
    there = _is_there(access, target, mode)
    of_rows = hasattr(data, "schema")
    if there and mode == "ignore":
        return Counts(rows_inserted=0) if of_rows else Counts(files=0)
    if not of_rows:
        return Counts(files=1, bytes=data.stat().st_size if isinstance(data, Path) else None)
    if there and mode == "append" and not goes_as_bytes(target):
        data = _fitting(access, target, data, given)
    inserted = sum(batch.num_rows for batch in data)
    if there and mode == "overwrite":
        return Counts(rows_inserted=inserted, rows_deleted=_count(access, target))
    return Counts(rows_inserted=inserted)


def _count_transfer(
    access: DataAccessObject, source: DataObject, target: DataObject, given: Mapping[str, Any]
) -> Counts:
    mode = given.get("mode") or "error"
    if not _exists(access, source, otherwise=True):
        raise NotFoundError(f"{source.full_name!r} is not there")
    there = _is_there(access, target, mode)
    of_rows = not goes_as_bytes(source)
    if there and mode == "ignore":
        return Counts(rows_inserted=0) if of_rows else Counts(files=0)
    if not of_rows:
        return _files(access, source)
    rows, limit = _count(access, source, given.get("where")), given.get("limit")
    inserted = rows if rows is None or limit is None else min(rows, limit)
    if there and mode == "overwrite" and not goes_as_bytes(target):
        return Counts(rows_inserted=inserted, rows_deleted=_count(access, target))
    return Counts(rows_inserted=inserted)


def _count_upsert(
    access: DataAccessObject, target: DataObject, data: pa.RecordBatchReader, given: Mapping[str, Any]
) -> Counts:
    from dao.tables import check_keys, winners

    keys = _names(given.get("keys") or target.get("keys"))
    order_by = _names(given.get("order_by") or target.get("order_by"))
    check_keys(keys)
    there = _exists(access, target, otherwise=False)
    rows = _fitting(access, target, data, given, keys) if there else data
    needed = [*dict.fromkeys([*keys, *order_by])]
    arrivals = winners(_selected(rows, needed), keys, order_by)
    if given.get("delete_when") is not None:  # which of them would delete is the store's to say
        return Counts()
    if not there:
        return Counts(rows_inserted=arrivals.num_rows, rows_updated=0)
    known, updated = _matched(access.read_stream(target, columns=needed), arrivals, keys, order_by)
    return Counts(rows_inserted=arrivals.num_rows - known, rows_updated=updated)


def _matched(
    stored: pa.RecordBatchReader, arrivals: pa.Table, keys: Sequence[str], order_by: Sequence[str]
) -> tuple[int, int]:
    """How many stored rows have a key among the arrivals, and how many of them aren't newer."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from dao.tables import Matcher, precedes

    matcher = Matcher.of(arrivals, keys)
    known = updated = 0
    for batch in stored:
        found = matcher.match(batch)
        rows = pa.table(batch).filter(pc.is_valid(found))
        late = precedes(arrivals.take(found.drop_null()), rows, order_by)
        known += rows.num_rows
        updated += rows.num_rows - (pc.sum(late).as_py() or 0)
    return known, updated


def _fitting(
    access: DataAccessObject,
    target: DataObject,
    data: pa.RecordBatchReader,
    given: Mapping[str, Any],
    keys: Sequence[str] = (),
) -> pa.RecordBatchReader:
    """The data as the table that is there would store it, refused as it is read where it can't."""
    import pyarrow as pa

    from dao.arrow.convert import conform
    from dao.tables import reconcile

    mode = given.get("schema_mode") or target.get("schema_mode") or "strict"
    schema = reconcile(access.schema(target), data.schema, mode, keys)
    return conform(data, pa.schema([schema.field(name) for name in data.schema.names], metadata=schema.metadata))


def _selected(rows: pa.RecordBatchReader, names: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    from dao.arrow.convert import select_fields

    schema = select_fields(rows.schema, names)
    return pa.Table.from_batches([batch.select(schema.names) for batch in rows], schema)


def _is_there(access: DataAccessObject, target: DataObject, mode: str) -> bool:
    there = _exists(access, target, otherwise=False)
    if there and mode == "error":
        told = f"{target.full_name!r} is there: give another --mode, such as append or overwrite"
        raise AlreadyExistsError(told, data_object=target.full_name)
    return there


def _exists(access: DataAccessObject, data_object: DataObject, *, otherwise: bool) -> bool:
    """Whether an object is there; ``otherwise`` for a store that can't say it."""
    try:
        return access.exists(data_object)
    except NoRouteError:
        return otherwise


def _count(access: DataAccessObject, data_object: DataObject, where: str | None = None) -> int | None:
    """How many rows there are; None for a store that can't say it."""
    try:
        return access.count(data_object, where=where)
    except NoRouteError:
        return None


def _files(access: DataAccessObject, data_object: DataObject) -> Counts:
    try:
        files = list(access.list(data_object))
    except NoRouteError:
        return Counts()
    sizes = [file.size for file in files]
    return Counts(files=len(files), bytes=None if None in sizes else sum(filter(None, sizes)))


def _names(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
