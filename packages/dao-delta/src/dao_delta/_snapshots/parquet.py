"""The data files of a Delta table: where they are, and what its log says of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa
from attrs import define, field, frozen

from dao.errors import DataError
from dao_delta._tables.footers import mark_of
from dao_delta._tables.log import Action, log_path, now
from dao_delta._tables.partition_values import partition_folder
from dao_delta._tables.statistics import statistics_of
from dao_files.lake import OpenFile, PartitionedFiles, Values, split_by_values

__all__ = ["DataFiles", "Layout", "partition_text"]

_CHANGE_DATA = "_change_data"
"""The folder of the change data feed, see the Delta protocol, "Change Data Files"."""


@frozen
class Layout:
    """What decides how rows lie in files.

    Attributes:
        schema: the table's columns.
        partition_by: the partition columns, which are in the log and not in the files.
        indexed: how many columns get statistics.
    """

    schema: pa.Schema
    partition_by: tuple[str, ...] = ()
    indexed: int = 32

    @property
    def stored(self) -> pa.Schema:
        """The columns that are in the files."""
        return pa.schema([one for one in self.schema if one.name not in self.partition_by])


@define(eq=False, slots=False)
class DataFiles(PartitionedFiles):
    """New data files of one table, not yet in its log.

    Attributes:
        table: the table's key.
        layout: of the files.
        change_data: whether they are of the change data feed, which has files and ``cdc`` actions of its own.
        actions: the ``add`` or ``cdc`` actions of the complete files.
    """

    table: str
    layout: Layout
    change_data: bool = False
    actions: list[Action] = field(factory=list, init=False)

    @property
    def stored(self) -> pa.Schema:
        return self.layout.stored

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[Values, pa.RecordBatch]]:
        names = self.layout.partition_by
        if not names:
            yield (), batch
            return
        stored = batch.select(self.stored.names)
        try:
            parts = list(split_by_values(batch, names))
        except (OverflowError, ValueError) as error:
            raise DataError(
                f"a partition column ({', '.join(names)}) has a date or time beyond the years 1 to 9999, which the log "
                f"can't keep; replace it, or partition by another column: {error}"
            ) from error
        for rows, values in parts:
            yield values, stored if len(rows) == batch.num_rows else stored.take(rows)

    def new_key(self, values: Values) -> str:
        folder = partition_folder(self._texts(values))
        start = "cdc-00000" if self.change_data else f"part-{mark_of(self.stored)}"
        name = f"{start}-{uuid4()}-c000.{self.settings.compression}.parquet"
        return "/".join(filter(None, (self.table, _CHANGE_DATA if self.change_data else "", folder, name)))

    def note(self, values: Values, opened: OpenFile, size: int) -> None:
        path = log_path(opened.key.removeprefix(f"{self.table}/"))
        action: dict[str, Any] = {"path": path, "partitionValues": self._texts(values), "size": size}
        if self.change_data:
            self.actions.append({"cdc": {**action, "dataChange": False}})
        else:
            stats = statistics_of(opened.metadata, self.stored, self.layout.indexed)
            self.actions.append({"add": {**action, "modificationTime": now(), "dataChange": True, "stats": stats}})

    def forget(self) -> None:
        self.actions.clear()

    def _texts(self, values: Values) -> dict[str, str | None]:
        return dict(zip(self.layout.partition_by, map(partition_text, values), strict=True))


def partition_text(value: Any) -> str | None:
    """A partition value as the log keeps it; see the Delta protocol, "Partition Value Serialization".

    Raises:
        DataError: it is an empty text, which the log can't tell from null.
    """
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case datetime():
            return (
                (value.astimezone(UTC) if value.tzinfo else value).replace(tzinfo=None).isoformat(" ", "microseconds")
            )
        case date():
            return value.isoformat()
        case "":
            raise DataError("a partition column has an empty text, which Delta can't tell from null; replace it")
    return str(value)
