"""CHECK constraints and generated columns: evaluated by deltalake, on a table in a temporary folder with the same ones.

So that they mean for rows that DAO writes what they mean for rows that deltalake writes, and no other table is slowed.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError

from dao.arrow.convert import normalise_views
from dao.errors import DataError, UnsupportedError
from dao.memory import current
from dao_delta._client import Snapshot
from dao_delta._errors import translate
from dao_delta._log import LOG, Action, commit_key

__all__ = ["checked_rows", "given_schema", "has_rules", "rules_of"]

_GENERATED = "delta.generationExpression"


def given_schema(schema: pa.Schema, snapshot: Snapshot | None, arriving: pa.Schema) -> pa.Schema:
    """The columns of a table that rows must have: all but the generated ones that arriving rows leave out."""
    generated = {} if snapshot is None else snapshot.generated
    return pa.schema([one for one in schema if one.name not in generated or one.name in arriving.names])


def checked_rows(rows: pa.RecordBatchReader, schema: pa.Schema, snapshot: Snapshot | None) -> pa.RecordBatchReader:
    """Rows with their generated columns, each checked against the table's constraints.

    Args:
        rows: with the columns of :func:`given_schema`, in the table's types.
        schema: the table's columns after the write.
        snapshot: the table; None for a new one, which has neither constraints nor generated columns.

    Raises:
        DataError: while it is read: a row breaks a constraint, or a generated column has another value.
        UnsupportedError: deltalake can't evaluate the SQL of one.
    """
    if snapshot is None or not has_rules(snapshot):
        return rows
    return pa.RecordBatchReader.from_batches(schema, _checked(rows, schema, _template(snapshot, schema)))


def has_rules(snapshot: Snapshot) -> bool:
    """Whether rows are checked, or get generated columns: then they come in another order."""
    return any(rules_of(snapshot))


def rules_of(snapshot: Snapshot) -> Sequence[Mapping[str, str]]:
    """The SQL of a table's constraints, generated columns and invariants."""
    key = "delta.invariants"
    invariants = {one["name"]: one["metadata"][key] for one in snapshot.fields if key in one["metadata"]}
    return snapshot.constraints, snapshot.generated, invariants


def _checked(rows: pa.RecordBatchReader, schema: pa.Schema, template: list[Action]) -> Iterator[pa.RecordBatch]:
    for chunk in _chunks(rows):
        with tempfile.TemporaryDirectory(prefix="dao-delta-") as folder:
            commit = Path(folder, LOG, Path(commit_key("", 0)).name)
            commit.parent.mkdir()
            commit.write_text("\n".join(map(json.dumps, template)))
            yield from _evaluated(folder, chunk, schema)


def _chunks(rows: pa.RecordBatchReader) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in rows:
        held.append(batch)
        if sum(one.nbytes for one in held) >= current().chunk:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _evaluated(folder: str, chunk: pa.Table, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    try:
        write_deltalake(DeltaTable(folder), chunk, mode="append")
        found = normalise_views(pa.RecordBatchReader.from_stream(DeltaTable(folder).scan()))
        batches = list(found)
    except DeltaError as error:
        meant = translate(error)
        if isinstance(meant, DataError):
            raise meant from error
        text = f"deltalake can't evaluate a constraint or generated column of the table: {error}"
        raise UnsupportedError(text[:600]) from error
    for batch in batches:
        columns = [batch.column(name).cast(schema.field(name).type) for name in schema.names]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _template(snapshot: Snapshot, schema: pa.Schema) -> list[Action]:
    known = {one["name"]: one for one in snapshot.fields}
    fields = [_plain_field(known[name]) for name in schema.names if name in known]
    start = "delta.constraints."
    constraints = {f"{start}{name}": _translated(sql) for name, sql in snapshot.constraints.items()}
    features = ["checkConstraints", "generatedColumns", "invariants"]
    protocol: dict[str, Any] = {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": features}
    if "timestampNtz" in snapshot.features:
        protocol = {**protocol, "minReaderVersion": 3, "readerFeatures": ["timestampNtz"]}
        protocol["writerFeatures"] = [*features, "timestampNtz"]
    text = json.dumps({"type": "struct", "fields": fields})
    metadata = snapshot.metadata_action(schemaString=text, partitionColumns=[], configuration=constraints)
    return [{"protocol": protocol}, metadata]


def _plain_field(field: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in field["metadata"].items() if name == "delta.invariants"}
    expression = field["metadata"].get(_GENERATED)
    if expression is not None:
        kind = field["type"] if isinstance(field["type"], str) else None
        kept[_GENERATED] = _translated(expression, kind)
    return {**field, "metadata": kept}


_SQL_TYPES = {"long": "BIGINT", "integer": "INT", "short": "SMALLINT", "byte": "TINYINT", "double": "DOUBLE"}


def _translated(sql: str, kind: str | None = None) -> str:
    """Spark's SQL, which tables hold, as DataFusion reads it; with the cast to a column's type that Spark implies."""
    from sqlglot import ParseError, exp, parse_one

    parts = {exp.Year: "YEAR", exp.Quarter: "QUARTER", exp.Month: "MONTH", exp.Day: "DAY"}

    def of_standard(node: exp.Expression) -> exp.Expression:
        part = parts.get(type(node))
        return node if part is None else exp.Extract(this=exp.var(part), expression=node.this)

    try:
        text = parse_one(sql, read="spark").transform(of_standard).sql(dialect="postgres", identify=True)
    except ParseError:
        return sql
    return f"CAST({text} AS {_SQL_TYPES[kind]})" if kind in _SQL_TYPES else text
