"""The rows of a call: read once, written into data files, and checked against what their columns take."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from attrs import define

from dao.arrow.convert import conform
from dao_delta._commits.remembered import Keyed
from dao_delta._snapshots.expressions import checked_rows, given_schema
from dao_delta._snapshots.parquet import DataFiles, Layout
from dao_delta._snapshots.rules import rules_of
from dao_delta._tables.client import Client, Snapshot
from dao_files.lake import FileSettings, RowSource, valid_rows, with_missing, without_extensions

__all__ = ["Source"]


@define(eq=False, slots=False)
class Source(RowSource[DataFiles]):
    """See :class:`dao_files.lake.RowSource`."""

    keyed: Keyed | None = None

    def opened(self) -> pa.RecordBatchReader:
        """The rows with the storage of extension types, which Delta lacks."""
        return without_extensions(super().opened())

    def files(
        self,
        client: Client,
        table: str,
        layout: Layout,
        settings: FileSettings,
        snapshot: Snapshot | None = None,
        check: Callable[[pa.RecordBatch], None] | None = None,
    ) -> DataFiles:
        """The data files with the rows; a table's constraints hold for them, and its generated columns are in them.

        Args:
            client: the store.
            table: the table's key.
            layout: of the files.
            settings: how they are written.
            snapshot: the version that they are written for; None for a new table.
            check: called with each batch before it is written, to refuse rows; always the same.

        Raises:
            ConflictError: the table was changed so that the rows must be written again, and they were a stream.
            DataError: a value doesn't fit its column.
        """
        return self.written(
            (layout, None if snapshot is None else rules_of(snapshot)),
            lambda: DataFiles(client.transport, table, layout, settings=settings),
            lambda reader: valid_rows(_checked(reader, layout.schema, snapshot), check),
            "columns or constraints",
        )


def _checked(reader: pa.RecordBatchReader, schema: pa.Schema, snapshot: Snapshot | None) -> pa.RecordBatchReader:
    given = given_schema(schema, snapshot, reader.schema)
    return checked_rows(conform(with_missing(reader, given), given), schema, snapshot)
