"""Deletion of rows by a predicate: files without matching rows are kept, the others are rewritten."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from dao.arrow.predicates import filter_batch, parse, to_arrow
from dao.data_object import DataObject
from dao.errors import NotFoundError
from dao.progress import advance
from dao.results import FileInfo, WriteResult
from dao.tables import Selection, retry_conflicts
from dao_files._actions.calls import check_reading
from dao_files._actions.committing import commit, commit_nothing, part_sizes, read_log
from dao_files._actions.keyed import Keyed
from dao_files._actions.opening import open_table
from dao_files._actions.parts import Part
from dao_files._actions.rewriting import Rewritten, part_writer, prepare_rewriting, rewrite_each
from dao_files._actions.tables import StoredTable, declared_schema
from dao_files._actions.unkeyed import refuse_keyed_file

if TYPE_CHECKING:
    from dao_files._storage.storage import Change, Storage

__all__ = ["delete_rows"]


def delete_rows(
    storage: Storage,
    data_object: DataObject,
    *,
    where: Any,
    path: str | None,
    format: str | None,
    schema: Any,
    options: Mapping[str, Any],
    idempotency_key: str | None = None,
) -> WriteResult:
    """See :meth:`dao_files._actions.interface.FilesInterface.delete`."""
    place = check_reading(
        storage,
        data_object,
        path=path,
        format=format,
        where=where,
        schema=schema,
        options=options,
        changing=True,
        idempotency_key=idempotency_key,
    ).place
    predicate = parse(where)
    asked: dict[str, Any] = {
        "where": str(predicate),
        "format": format,
        "schema": declared_schema(schema),
        "options": options,
    }
    keyed = Keyed.of(idempotency_key, "delete", **asked)
    kind = storage.kind(place.key, place.wanted)
    place.refuse(kind)
    if kind is None:
        raise NotFoundError(f"{place.key!r} is not there")
    if kind == "file":
        refuse_keyed_file(idempotency_key, place.key)

    def work() -> WriteResult:
        with storage.change(place.key, tree=kind == "directory") as change:
            if change.base is None:
                raise NotFoundError(f"{place.key!r} is not there")
            found = None if keyed is None else keyed.find_result(read_log(change))
            if found is not None:
                return found
            table = open_table(change.base, data_object, format=format, options=options)
            return _delete(change, prepare_rewriting(table, schema), predicate, keyed)

    return retry_conflicts(storage.conflict_timeout, work)


def _delete(change: Change, table: StoredTable, predicate: Any, keyed: Keyed | None) -> WriteResult:
    schema = table.schema
    table = table.without_views()
    condition = to_arrow(predicate, table.schema)
    others = ~condition | condition.is_null()
    parts = part_writer(change, table, schema)

    def work(file: FileInfo, write: Callable[..., Part]) -> Rewritten:
        matching = sum(batch.num_rows for batch in table.scan(Selection([], predicate), [file]))
        if matching == 0:
            return Rewritten(file, untouched=True)
        if not table.snapshot.is_file and table.format.count([file.key], table.filesystem, table.options) == matching:
            return Rewritten(file, rows=matching)
        return Rewritten(file, write(_remaining_rows(table, file, others)), rows=matching)

    done = rewrite_each(table, parts, work)
    deleted = sum(one.rows for one in done)
    if deleted == 0:
        return commit_nothing(change, table.log, keyed)
    new = [one.part for one in done if one.part is not None]
    if table.snapshot.is_file:
        change.publish()
        return WriteResult(0, 0, deleted, new[0].size, 1)
    if not new and not any(one.untouched for one in done) and not table.partition_by:
        new = [parts.write(parts.new_path(), ())]  # an empty file, from which other programs read the schema
    touched = {one.file.key for one in done if not one.untouched}
    before = table.record.rows if table.record is not None else None
    return commit(
        change,
        table.log,
        "delete",
        new=part_sizes(new),
        kept=[info for info in table.snapshot.files if info.key not in touched],
        key=table.key,
        format=table.format,
        options=table.options,
        partition_by=table.partition_by,
        schema=schema,
        rows=None if before is None else before - deleted,
        inserted=0,
        updated=0,
        deleted=deleted,
        keyed=keyed,
    )


def _remaining_rows(table: StoredTable, file: FileInfo, condition: pc.Expression) -> Iterator[pa.RecordBatch]:
    for batch in table.scan(files=[file]):
        advance(batch.num_rows, batch.nbytes)
        yield filter_batch(batch, condition)
