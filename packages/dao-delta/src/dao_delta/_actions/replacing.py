"""Replaces the rows for which a predicate is true: those that are stored go, and those that come must fulfil it too."""

from __future__ import annotations

from functools import partial

from dao.arrow.predicates import Predicate, bind
from dao.results import WriteResult
from dao_delta._actions.removing import remove_stored
from dao_delta._actions.rewriting import NewFiles, Rewriting
from dao_delta._actions.source import Source
from dao_delta._actions.writing import (
    Write,
    check_given_partitions,
    evolved,
    first_layout,
    layout_of,
    new_table_actions,
)
from dao_delta._commits.remembered import Remembered
from dao_delta._commits.transaction import Change, commit
from dao_delta._snapshots.parquet import DataFiles, Layout
from dao_delta._snapshots.stored import StoredFile
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.keys import plain_path
from dao_delta._tables.log import Action
from dao_files.lake import check_same_properties, must_fulfil

__all__ = ["replace_rows"]


def replace_rows(client: Client, table: str, source: Source, where: Predicate, asked: Write) -> WriteResult:
    """See :meth:`dao_delta.DeltaInterface.replace_where`."""
    new = NewFiles(client, table, asked.settings)

    def discard() -> None:
        new.discard()
        source.discard()

    remembered = Remembered(source.keyed, asked.position)
    plan = partial(_plan, new, source, where, asked)
    return commit(client, table, plan, asked.timeout, discard, remembered, source.read_rest)


def _plan(new: NewFiles, source: Source, where: Predicate, asked: Write, snapshot: Snapshot | None) -> Change:
    new.discard()
    if snapshot is None:
        layout = first_layout(source.arriving, asked.partition_by, asked.properties)
        begin = new_table_actions(layout.schema, layout.partition_by, asked.properties, asked.description)
        files = _write(new, source, layout, bind(where, layout.schema), asked, snapshot)
        return _change(files, new, where, [*begin, *files.actions], 0)
    check_given_partitions(asked.partition_by, snapshot)
    check_same_properties(asked.properties, snapshot.properties)
    schema, changes = evolved(snapshot, source.arriving, asked.schema_mode)
    predicate = bind(where, schema)
    snapshot.check_writable(removes=True)
    rewriting = Rewriting(snapshot, layout_of(snapshot, schema), new)
    files = _write(new, source, rewriting.layout, predicate, asked, snapshot)
    removed = remove_stored(rewriting, predicate)
    if removed.noted:
        rewriting.note_whole(_stored(files), "insert")
    return _change(files, new, where, [*changes, *rewriting.actions, *files.actions], removed.rows)


def _write(
    new: NewFiles, source: Source, layout: Layout, predicate: Predicate, asked: Write, snapshot: Snapshot | None
) -> DataFiles:
    check = must_fulfil(predicate, layout.schema)
    return source.files(new.client, new.table, layout, asked.settings, snapshot, check)


def _stored(files: DataFiles) -> list[StoredFile]:
    """New files, to be read again."""
    adds = [action["add"] for action in files.actions]
    return [
        StoredFile(
            add["path"],
            f"{files.table}/{plain_path(add['path'])}",
            add["size"],
            None,
            dict(zip(files.layout.partition_by, values, strict=True)),
        )
        for add, values in zip(adds, files.partitions, strict=True)
    ]


def _change(files: DataFiles, new: NewFiles, where: Predicate, actions: list[Action], deleted: int) -> Change:
    result = WriteResult(files.rows, 0, deleted, files.size + new.size, len(files.actions) + new.count)
    return Change(
        operation="WRITE", parameters={"mode": "Overwrite", "predicate": str(where)}, actions=actions, result=result
    )
