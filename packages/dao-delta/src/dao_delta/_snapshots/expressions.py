"""Holds rows against a table's CHECK constraints and invariants, and makes its generated columns.

deltalake evaluates their SQL, on the columns that it needs, in a temporary folder: so it means for rows that DAO writes
what it means for those that deltalake writes, and no other table is slowed. That folder's table has no statistics, by
which deltalake would leave rows out: they have no NaN.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define
from deltalake import ColumnProperties, DeltaTable, QueryBuilder, WriterProperties, write_deltalake

from dao.arrow.convert import normalise_views
from dao.errors import DataError, UnsupportedError
from dao.memory import current
from dao_delta._snapshots.rules import Meaning, Rule, rules_of
from dao_delta._tables.client import Snapshot
from dao_files.lake import grouped

__all__ = ["Checks", "checked_rows", "given_schema", "has_rules"]

_ROWS = "dao rows"
_NUMBER = "dao row number"
_NO_STATISTICS = WriterProperties(default_column_properties=ColumnProperties(statistics_enabled="NONE"))


def given_schema(schema: pa.Schema, snapshot: Snapshot | None, arriving: pa.Schema) -> pa.Schema:
    """The columns of a table that rows must have: all but the generated ones that arriving rows leave out."""
    generated = {} if snapshot is None else snapshot.generated
    return pa.schema([one for one in schema if one.name not in generated or one.name in arriving.names])


def has_rules(snapshot: Snapshot) -> bool:
    """Whether rows are checked, or get generated columns."""
    return bool(rules_of(snapshot))


def checked_rows(rows: pa.RecordBatchReader, schema: pa.Schema, snapshot: Snapshot | None) -> pa.RecordBatchReader:
    """Rows with their generated columns, each checked against the table's constraints, in the same order.

    Args:
        rows: with the columns of :func:`given_schema`, in the table's types.
        schema: the table's columns after the write.
        snapshot: the table; None for a new one, which has neither constraints nor generated columns.

    Raises:
        DataError: a rule needs a column that the table won't have; and while it is read: a row breaks a constraint, or
            a generated column has another value.
        UnsupportedError: deltalake can't evaluate the SQL of one, or it is ambiguous.
    """
    if snapshot is None or not has_rules(snapshot):
        return rows
    kept = [one for one in rules_of(snapshot) if one.kind == "constraint" or one.name in schema.names]
    types = {one["name"]: one["type"] for one in snapshot.fields}
    checks = Checks({rule: rule.meaning(schema) for rule in kept}, schema, types)
    return pa.RecordBatchReader.from_batches(schema, checks.applied(rows))


@define(eq=False, slots=False)
class Checks:
    """What rows are held against.

    Attributes:
        rules: with what they mean.
        schema: the columns that rows have afterwards.
        types: of generated columns, in Delta's JSON.
    """

    rules: Mapping[Rule, Meaning]
    schema: pa.Schema
    types: Mapping[str, Any]

    def applied(self, rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        """The rows, chunk by chunk.

        Raises:
            DataError: a row breaks a rule.
            UnsupportedError: deltalake can't evaluate one.
        """
        for chunk in grouped(rows, current().chunk):
            yield from self._applied(pa.Table.from_batches(chunk)).to_batches()

    def _applied(self, chunk: pa.Table) -> pa.Table:
        made = [one for one in self.rules if one.kind == "generated" and one.name not in chunk.column_names]
        checked = [one for one in self.rules if one not in made]
        needed = [name for name in chunk.column_names if name in self._needed]
        numbered = chunk.select(needed).append_column(_NUMBER, pa.array(range(chunk.num_rows), pa.int64()))
        found = self._evaluated(numbered, made, checked)
        for number, rule in enumerate(checked):
            self._refuse_broken(rule, found, f"ok {number}", numbered)
        for rule in made:
            kind = self.schema.field(rule.name).type
            chunk = chunk.append_column(self.schema.field(rule.name), found[rule.name].cast(kind))
        return pa.Table.from_arrays([chunk[name] for name in self.schema.names], schema=self.schema)

    @cached_property
    def _needed(self) -> frozenset[str]:
        own = {rule.name for rule in self.rules if rule.kind == "generated"}
        return frozenset(own.union(*(meaning.columns for meaning in self.rules.values())))

    def _evaluated(self, rows: pa.Table, made: Sequence[Rule], checked: Sequence[Rule]) -> pa.Table:
        """The generated columns, and whether each check is true, in the order of the rows."""
        table = _quoted(_ROWS)
        made_sql = [f"{self._value(rule)} AS {_quoted(rule.name)}" for rule in made]
        inner = f"SELECT {', '.join([*map(_quoted, rows.column_names), *made_sql])} FROM {table}"
        verdicts = [f"({self._verdict(rule)}) AS {_quoted(f'ok {number}')}" for number, rule in enumerate(checked)]
        names = [_quoted(name) for name in (_NUMBER, *(rule.name for rule in made))]
        query = f"SELECT {', '.join([*names, *verdicts])} FROM ({inner}) AS {table}"
        with tempfile.TemporaryDirectory(prefix="dao-delta-") as folder:
            try:
                write_deltalake(
                    folder,
                    rows,
                    configuration={"delta.dataSkippingNumIndexedCols": "0"},
                    writer_properties=_NO_STATISTICS,
                )
                reader = QueryBuilder().register(table, DeltaTable(folder)).execute(query)
                found = normalise_views(pa.RecordBatchReader.from_stream(reader)).read_all()
            except Exception as error:
                what = " or ".join(map(str, self.rules))
                reason = " ".join(str(error).split())
                raise UnsupportedError(f"deltalake can't evaluate {what}: {reason}"[:600]) from error
        return found.sort_by(_NUMBER)

    def _value(self, rule: Rule) -> str:
        return self.rules[rule].sql(self.types[rule.name])

    def _verdict(self, rule: Rule) -> str:
        if rule.kind == "generated":
            return f"{_quoted(rule.name)} IS NOT DISTINCT FROM {self._value(rule)}"
        return f"({self.rules[rule].sql()}) IS TRUE"

    def _refuse_broken(self, rule: Rule, found: pa.Table, verdict: str, rows: pa.Table) -> None:
        broken = pc.index(found[verdict], False).as_py()
        if broken < 0:
            return
        columns = {*self.rules[rule].columns, *([rule.name] if rule.kind == "generated" else [])}
        names = [name for name in self.schema.names if name in columns]
        source = {name: (found if name in found.column_names else rows)[name][broken].as_py() for name in names}
        text = f"{rule} is broken by a row with {source}"
        raise DataError(f"{text}: it has another value" if rule.kind == "generated" else f"{text}: {_why(source)}")


def _why(values: Mapping[str, Any]) -> str:
    if None in values.values():
        return "it must be true, and null isn't; allow nulls by `... OR column IS NULL`"
    return "it must be true"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
