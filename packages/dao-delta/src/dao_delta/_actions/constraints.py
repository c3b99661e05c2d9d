"""Adds and drops CHECK constraints: with the SQL as it was given, where deltalake would put its own words."""

from __future__ import annotations

import tempfile

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError

from dao.errors import DataError, NotFoundError
from dao.results import WriteResult
from dao.tables import Selection
from dao_delta._actions.reading import stream_rows
from dao_delta._commits.transaction import Change, commit
from dao_delta._snapshots.expressions import Checks
from dao_delta._snapshots.portable import portable
from dao_delta._snapshots.rules import Rule
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.log import Action

__all__ = ["add_constraint", "drop_constraint"]

_START = "delta.constraints."
_PLANNING = ("Invalid function", "No field named", "during planning", "not implemented", "Schema error", "ParserError")


def add_constraint(client: Client, table: str, timeout: float, name: str, expression: str) -> WriteResult:
    """Add a CHECK constraint that all rows fulfil."""
    if not isinstance(expression, str) or not isinstance(name, str) or not name:
        raise DataError(f"name, expression: found {name!r} and {expression!r}, expected two texts")

    def plan(snapshot: Snapshot | None) -> Change:
        if snapshot is None:
            raise NotFoundError(f"there is no Delta table at {table!r}")
        snapshot.check_writable(removes=False)
        known = next((one for one in snapshot.constraints if one.casefold() == name.casefold()), None)
        if known is not None:
            raise DataError(f"name: the table has a constraint {known!r} already: {snapshot.constraints[known]}")
        rule = Rule("constraint", name, portable(expression, snapshot.schema))
        _check_planned(rule, snapshot.schema)
        _check_stored(rule, snapshot)
        configuration = {**snapshot.properties, f"{_START}{name}": rule.sql}
        return Change(
            operation="ADD CONSTRAINT",
            parameters={"name": name, "expr": rule.sql},
            actions=[*_protocol(snapshot), snapshot.metadata_action(configuration=configuration)],
        )

    return commit(client, table, plan, timeout, lambda: None)


def drop_constraint(client: Client, table: str, timeout: float, name: str) -> WriteResult:
    """Drop a CHECK constraint."""

    def plan(snapshot: Snapshot | None) -> Change:
        if snapshot is None:
            raise NotFoundError(f"there is no Delta table at {table!r}")
        snapshot.check_writable(removes=False)
        if name not in snapshot.constraints:
            known = ", ".join(snapshot.constraints) or "none"
            raise NotFoundError(f"the table has no constraint {name!r}; it has {known}")
        kept = {key: value for key, value in snapshot.properties.items() if key != f"{_START}{name}"}
        return Change(
            operation="DROP CONSTRAINT",
            parameters={"name": name},
            actions=[snapshot.metadata_action(configuration=kept)],
        )

    return commit(client, table, plan, timeout, lambda: None)


def _check_planned(rule: Rule, schema: pa.Schema) -> None:
    """Check that deltalake can read the SQL as it will be stored.

    Raises:
        DataError: it can't.
    """
    with tempfile.TemporaryDirectory(prefix="dao-delta-") as folder:
        empty = DeltaTable.create(folder, Schema.from_arrow(schema))
        try:
            empty.alter.add_constraint({"planned": rule.sql})
        except (DeltaError, ValueError) as error:
            # It can't write each expression in its own words, which isn't asked of it.
            if any(text in str(error) for text in _PLANNING):
                reason = " ".join(str(error).split())[:300]
                raise DataError(
                    f"expression: found {rule.sql!r}, which deltalake can't read: {reason}; write names in backticks"
                ) from error


def _check_stored(rule: Rule, snapshot: Snapshot) -> None:
    """Check the rows of a table.

    Raises:
        DataError: one breaks the rule.
    """
    meaning = rule.meaning(snapshot.schema)
    names = [name for name in snapshot.schema.names if name in meaning.columns]
    schema = pa.schema([snapshot.schema.field(name) for name in names])
    for _ in Checks({rule: meaning}, schema, {}).applied(stream_rows(snapshot, Selection(columns=names))):
        pass


def _protocol(snapshot: Snapshot) -> list[Action]:
    """The action that lets a table have constraints; none if it may already."""
    given = snapshot.table.protocol()
    readers, writers = snapshot.named_features
    if given.min_writer_version >= 7:
        if "checkConstraints" in writers:
            return []
        named = {"readerFeatures": sorted(readers)} if given.min_reader_version >= 3 else {}
        features = {"writerFeatures": sorted({*writers, "checkConstraints"}), **named}
        return [{"protocol": {"minReaderVersion": given.min_reader_version, "minWriterVersion": 7, **features}}]
    if given.min_writer_version >= 3:
        return []
    return [{"protocol": {"minReaderVersion": given.min_reader_version, "minWriterVersion": 3}}]
