"""Writes rows of a model to the target of a connector: its columns, then the rows and positions in one commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from attrs import frozen

from dao import AsyncDataAccessObject
from dao.arrow.convert import is_tabular, to_reader
from dao.errors import DataError, did_you_mean
from dao.results import WriteResult
from dao.tables import winners
from dao_iceberg.connector._moments import moment_kind
from dao_iceberg.connector._reading import threaded
from dao_iceberg.connector._records import Part, Records
from dao_iceberg.connector._rows import marks_of, newer, pairs_of
from dao_iceberg.connector._tables import ConnectorTables
from dao_iceberg.converter import IcebergConverter

__all__ = ["Writing"]


@frozen(kw_only=True)
class Writing:
    """One write.

    Attributes:
        dao: writes.
        tables: the tables.
        model: of the target's rows.
    """

    dao: AsyncDataAccessObject
    tables: ConnectorTables
    model: Any

    async def run(self, records: Any) -> WriteResult:
        """Write; see :meth:`dao_iceberg.connector.AWSConnector.write`."""
        if isinstance(records, Records) and records.config != self.tables.config:
            raise DataError("the records were read by a connector with another config: its target lacks other rows")
        target = await threaded(lambda: self.tables.target)
        rows = await threaded(lambda: self._rows(records))
        config = self.tables.config.target
        keys, terms = [config.index_field], list(config.terms) or None
        positions = [one for part in records.parts for one in part.positions] if isinstance(records, Records) else []
        if isinstance(records, Records) and records.replaces:
            await threaded(lambda: self.tables.make_target(self.model, evolve=False))
            only = await threaded(lambda: winners(rows, keys, [config.datetime_field]))
            result = await self.dao.write(
                only, target, mode="overwrite", partition_by=terms, position=positions or None
            )
            await threaded(lambda: self.tables.make_target(self.model))
            return result
        await threaded(lambda: self.tables.make_target(self.model))
        return await self.dao.upsert(
            rows,
            target,
            keys=keys,
            order_by=config.datetime_field,
            partition_by=terms,
            schema_mode="evolve",
            position=positions or None,
        )

    def _rows(self, records: Any) -> pa.Table:
        schema = IcebergConverter().to_arrow(self.model)
        self._check_fields(schema)
        if not isinstance(records, Records):
            return rows_of(records, self.model, schema)
        made = [rows_of(part.written, self.model, schema) for part in records.parts]
        rows = pa.concat_tables(made)
        for part in records.parts:
            if part.is_cut:
                self._check_progress(part, rows)
        return rows

    def _check_fields(self, schema: pa.Schema) -> None:
        config = self.tables.config.target
        for name in (config.index_field, config.datetime_field):
            if name not in schema.names:
                hint = did_you_mean(name, schema.names)
                raise DataError(f"the model has no field {name!r}, which the target's config names: {hint}")
        moment_kind(schema.field(config.datetime_field).type, f"the model's field {config.datetime_field!r}")

    def _check_progress(self, part: Part, rows: pa.Table) -> None:
        """Refuse rows by which the next read couldn't tell that a cut read was written, and would read it again."""
        config = self.tables.config.target
        names = config.index_field, config.datetime_field
        kinds = {moment_kind(table.schema.field(names[1]).type, names[1]) for table in (part.found, rows)}
        left = pairs_of(part.found, *names)
        if len(kinds) == 1:
            left = newer(left, marks_of(pairs_of(rows, *names)))
        if left.num_rows:
            raise DataError(
                f"{left.num_rows} of the rows of {part.name} are not among those to write, by {names[0]} and "
                f"{names[1]}, and the next read would begin with them again, since max_records cut this one; leave "
                "them out of the read by where= of the table, or read without max_records"
            )


def rows_of(data: Any, model: Any, schema: pa.Schema) -> pa.Table:
    """Rows of a model as a table: of tabular data, or of instances of the model or dicts of its fields.

    Raises:
        DataError: a column that the model doesn't have, or that it needs; a value that its type doesn't hold.
    """
    if isinstance(data, (list, tuple)) or not is_tabular(data):
        filled = [_filled(row, model) if isinstance(row, Mapping) else row for row in data]
        return IcebergConverter().to_table(filled, model)
    table = to_reader(data).read_all()
    extra = [name for name in table.column_names if name not in schema.names]
    if extra and getattr(model, "model_config", {}).get("extra") != "ignore":
        raise DataError(
            f"the model has no field {extra[0]!r}: {did_you_mean(extra[0], schema.names)} A model with "
            "model_config = ConfigDict(extra='ignore') leaves such columns out"
        )
    for one in schema:
        if one.name not in table.column_names:
            table = table.append_column(one, _defaults(one, model, table.num_rows))
    return to_reader(table.select(schema.names), schema=schema).read_all()


def _filled(row: Mapping[str, Any], model: Any) -> Mapping[str, Any]:
    return {**{name: make() for name, make in _made_by(model).items() if name not in row}, **row}


def _defaults(field: pa.Field, model: Any, count: int) -> pa.ChunkedArray:
    make = _made_by(model).get(field.name)
    if make is None:
        raise DataError(f"the rows lack the column {field.name!r}, for which the model has no default")
    rows = [{field.name: make()} for _ in range(count)]
    return IcebergConverter().to_table(rows, pa.schema([field])).column(0)


def _made_by(model: Any) -> dict[str, Callable[[], Any]]:
    """What makes the defaults of a pydantic model, by field."""
    fields = getattr(model, "model_fields", {})
    return {
        name: partial(one.get_default, call_default_factory=True)
        for name, one in fields.items()
        if not one.is_required()
    }
