"""What a read of the connector gives: rows of each source table, and how far the target has got with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, field, frozen

from dao.arrow.convert import conform, is_tabular
from dao.display import Displayed, table_of
from dao.errors import DataError
from dao.increments import Position
from dao.tables import reconcile
from dao_iceberg.connector._config import ConnectorConfig
from dao_iceberg.connector._moments import moments

__all__ = ["Part", "Records"]


@frozen(kw_only=True, eq=False)
class Part(Displayed):
    """Rows of one source table.

    Attributes:
        name: the table.
        found: the rows as they were read; index and datetime have the names that they have in the target.
        positions: what the target keeps with them.
        is_cut: whether more rows wait for the next read.
        rows: what is written of them.
    """

    name: str
    found: pa.Table
    positions: tuple[Position, ...] = ()
    is_cut: bool = False
    rows: Any = field(default=None)

    def _shown(self) -> Iterable[tuple[str, Any]]:
        return [("table", self.name), ("rows", self.found.num_rows), ("more to come", self.is_cut or None)]

    @property
    def written(self) -> Any:
        """The rows that are written: those that were read, unless others were made of them."""
        return self.found if self.rows is None else self.rows


@frozen(kw_only=True, eq=False, repr=False)
class Records:
    """Rows that the target lacks, the oldest first, as :meth:`AWSConnector.read` gives them.

    They are tabular data: ``pa.table(records)``, ``polars.DataFrame(records)``, and what else takes Arrow's C streams.
    Rows of tables with other columns are null in those that theirs lacks. The columns ``index_field`` and
    ``datetime_field`` have the names of the target's.

    Attributes:
        parts: the rows by table.
        config: of the connector, for whose target they are.
        more: whether ``max_records`` left rows for the next read.
        replaces: whether they replace all rows of the target.
    """

    parts: tuple[Part, ...]
    config: ConnectorConfig
    more: bool = False
    replaces: bool = False

    @property
    def table(self) -> pa.Table:
        """All rows, the oldest first.

        Raises:
            DataError: columns of one name have types of which none holds the values of all.
        """
        return _ordered(_joined(self.parts), self.config.target.datetime_field)

    def mapped(self, function: Callable[[pa.Table], Any]) -> Records:
        """The same read with other rows to write.

        What a transformation returns in the place of the rows of each source table; the target remembers the read all
        the same, so that rows which it leaves out don't come again.

        Args:
            function: gets the rows of one table, and returns tabular data or models.

        Raises:
            DataError: it returned neither.
        """
        return evolve(self, parts=tuple(evolve(part, rows=_given(part, function(part.found))) for part in self.parts))

    def to_pylist(self) -> list[dict[str, Any]]:
        """All rows as dicts."""
        rows: list[dict[str, Any]] = self.table.to_pylist(maps_as_pydicts="strict")
        return rows

    def __len__(self) -> int:
        return sum(part.found.num_rows for part in self.parts)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.to_pylist())

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        parts = ", ".join(f"{part.name}: {part.found.num_rows}" for part in self.parts)
        return f"Records({len(self)} rows of {parts}{', more to come' if self.more else ''})"

    def _repr_html_(self) -> str:
        rows = [(part.name, part.found.num_rows) for part in self.parts]
        return table_of(["table", "rows"], rows, f"Records{': more to come' if self.more else ''}").html()


def _given(part: Part, rows: Any) -> Any:
    if is_tabular(rows) or (isinstance(rows, Iterable) and not isinstance(rows, (str, bytes, Mapping))):
        return rows
    raise DataError(
        f"mapped: found {rows!r} for the rows of {part.name}, expected tabular data or models: does the "
        "function return?"
    )


def _joined(parts: tuple[Part, ...]) -> pa.Table:
    filled = [part.found for part in parts if part.found.num_rows] or [parts[0].found]
    schema = filled[0].schema
    for table in filled[1:]:
        try:
            schema = reconcile(schema, table.schema, "evolve")
        except DataError as error:
            raise DataError(f"the source tables have no columns in common types: {error.message}") from error
    schema = pa.schema([one.with_nullable(True) for one in schema])
    return pa.concat_tables([conform(_filled(table, schema).to_reader(), schema).read_all() for table in filled])


def _filled(table: pa.Table, schema: pa.Schema) -> pa.Table:
    missing = {one.name: pa.nulls(table.num_rows, one.type) for one in schema if one.name not in table.column_names}
    for name, column in missing.items():
        table = table.append_column(name, column)
    return table.select(schema.names)


def _ordered(table: pa.Table, datetime_field: str) -> pa.Table:
    return table.take(pc.sort_indices(moments(table.column(datetime_field))))
