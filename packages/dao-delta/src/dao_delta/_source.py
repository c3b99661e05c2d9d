"""The rows of a call: read once, written into data files, and checked against what their columns take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from attrs import define

from dao.arrow.convert import conform, to_reader
from dao.errors import ConflictError
from dao_delta._client import Client, Snapshot
from dao_delta._expressions import checked_rows, given_schema
from dao_delta._parquet import DataFiles, Layout
from dao_delta._remembered import Keyed
from dao_delta._rules import rules_of
from dao_files.lake import FileSettings, valid_rows, with_missing, without_extensions

__all__ = ["Source"]


@define(eq=False)
class Source:
    """The rows of a call: written into files once, and again only if the table was changed so that they don't fit.

    Attributes:
        data: what was handed in.
        schema: the schema to which it is cast; None for its own.
        keyed: the call, if it has an idempotency key.
    """

    data: Any
    schema: pa.Schema | None = None
    keyed: Keyed | None = None
    _reader: pa.RecordBatchReader | None = None
    _files: DataFiles | None = None
    _made_for: Any = None

    @property
    def arriving(self) -> pa.Schema:
        """The columns of the rows."""
        return self._rows().schema

    def _rows(self) -> pa.RecordBatchReader:
        if self._reader is None:
            self._reader = without_extensions(to_reader(self.data, schema=self.schema))
            if self.keyed is not None:
                self._reader = self.keyed.watch(self._reader)
        return self._reader

    def read_rest(self) -> None:
        """Read the rows that were not yet read, and drop them."""
        for _ in self._rows():
            pass

    @property
    def can_be_read_again(self) -> bool:
        """Whether the data is in memory, and no stream."""
        return isinstance(self.data, (pa.Table, pa.RecordBatch, list)) or hasattr(self.data, "__dataframe__")

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
        made_for = layout, None if snapshot is None else rules_of(snapshot)
        if self._files is not None and self._made_for == made_for:
            return self._files
        if self._files is not None:
            if not self.can_be_read_again:
                raise ConflictError(
                    "another writer changed the table's columns or constraints, and the stream can't be read again"
                )
            self.discard()
            self._reader = None
        reader = self._rows()
        self._files, self._made_for = DataFiles(client.transport, table, layout, settings=settings), made_for
        given = given_schema(layout.schema, snapshot, reader.schema)
        rows = conform(with_missing(reader, given), given)
        self._files.write(valid_rows(checked_rows(rows, layout.schema, snapshot), check))
        return self._files

    def discard(self) -> None:
        """Delete the files: they are in no log."""
        if self._files is not None:
            self._files.discard()
            self._files = None
