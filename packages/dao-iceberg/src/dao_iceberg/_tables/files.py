"""The data files of an Iceberg table: where they are, how rows are parted, and what a manifest says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID, uuid4

import pyarrow as pa
from attrs import define, field, frozen
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, SortOrder
from pyiceberg.transforms import VoidTransform
from pyiceberg.typedef import Record
from pyiceberg.types import UUIDType

from dao_files.lake import OpenFile, PartitionedFiles, Values, split_by_values
from dao_iceberg._tables.io import Locations
from dao_iceberg._tables.metrics import MetricsMode, NanCounts, columns_with_statistics, metrics_modes, metrics_of
from dao_iceberg._tables.properties import file_key, file_settings, parquet_options
from dao_iceberg._tables.schemas import arrow_schema
from dao_iceberg._tables.sorting import FileOrder, sorted_rows
from dao_iceberg._tables.transforms import transformed

__all__ = ["IcebergFiles", "Layout", "split_by_partition"]


@frozen(eq=False, slots=False)
class Layout:
    """What decides how rows lie in files.

    Attributes:
        columns: the table's columns.
        spec: how it is partitioned.
        data: the key of the folder of its data files.
        order: in which rows are in a file.
        properties: of the table, which say how files are written.
    """

    columns: Schema
    spec: PartitionSpec
    data: str
    order: SortOrder = UNSORTED_SORT_ORDER
    properties: Mapping[str, str] = field(factory=dict)

    @cached_property
    def schema(self) -> pa.Schema:
        """The table's columns as rows have them."""
        return arrow_schema(self.columns)

    @cached_property
    def stored(self) -> pa.Schema:
        """The columns that are in the files, with their ids."""
        return arrow_schema(self.columns, ids=True)

    @cached_property
    def metrics(self) -> Mapping[int, MetricsMode]:
        """How much a manifest says of each column."""
        return metrics_modes(self.properties, self.columns, self.order)

    @property
    def made_of(self) -> Any:
        """What two layouts have in common whose files are the same."""
        return self.columns.as_struct(), self.spec.spec_id, self.spec.fields, self.data, self.order


@define(eq=False, slots=False)
class IcebergFiles(PartitionedFiles):
    """New data files of one table, which no snapshot names yet.

    Attributes:
        locations: of the store.
        layout: of the files.
        added: the complete files, as a manifest has them.
    """

    locations: Locations
    layout: Layout
    added: list[DataFile] = field(factory=list, init=False)
    _nans: dict[str, NanCounts] = field(factory=dict, init=False)
    _orders: dict[str, FileOrder] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self.settings = file_settings(self.settings, self.layout.properties)

    @property
    def stored(self) -> pa.Schema:
        return self.layout.stored

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[Values, pa.RecordBatch]]:
        if not self.layout.spec.fields:
            yield (), batch
            return
        for rows, values in split_by_partition(batch, self.layout.columns, self.layout.spec):
            yield values, batch if len(rows) == batch.num_rows else batch.take(rows)

    def new_key(self, values: Values) -> str:
        folder = _folder_of(values, self.layout) if values else ""
        return file_key(self.layout.data, folder, f"00000-0-{uuid4()}.parquet", self.layout.properties)

    def parquet_options(self, rows: pa.Table) -> Mapping[str, Any]:
        statistics = columns_with_statistics(self.stored)
        further = parquet_options(self.layout.properties, self.settings.compression)
        return {"write_page_index": True, "write_statistics": statistics, **further}

    def arranged(self, rows: pa.Table) -> pa.Table:
        return sorted_rows(rows, self.layout.columns, self.layout.order)

    def written(self, opened: OpenFile, rows: pa.Table) -> None:
        self._nans.setdefault(opened.key, NanCounts()).add(rows, self.stored)
        if not self.layout.order.is_unsorted:
            self._orders.setdefault(opened.key, FileOrder(self.layout.columns, self.layout.order)).add(rows)

    def note(self, values: Values, opened: OpenFile, size: int) -> None:
        made = DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=self.locations.of(opened.key),
            file_format=FileFormat.PARQUET,
            partition=Record(*values),
            record_count=opened.rows,
            file_size_in_bytes=size,
            sort_order_id=self._order_of(opened.key),
            equality_ids=None,
            key_metadata=None,
            **metrics_of(
                opened.metadata, self.stored, self.layout.columns, self._nans.pop(opened.key), self.layout.metrics
            ),
        )
        made.spec_id = self.layout.spec.spec_id
        self.added.append(made)

    def forget(self) -> None:
        self.added.clear()
        self._nans.clear()
        self._orders.clear()

    def _order_of(self, key: str) -> int | None:
        """The order that all rows of a file are in; None if they aren't."""
        found = self._orders.pop(key, None)
        return self.layout.order.order_id if found is not None and found.holds else None


def _folder_of(values: Values, layout: Layout) -> str:
    """The folder of a partition, which is for people alone: engines have the values from manifests."""
    try:
        found: str = layout.spec.partition_to_path(Record(*values), layout.columns)
    except OverflowError:  # a moment of a year that Python's datetime doesn't have
        pairs = zip(layout.spec.fields, values, strict=True)
        return "/".join(f"{quote_plus(one.name)}={quote_plus(str(value))}" for one, value in pairs)
    return found


def split_by_partition(rows: pa.RecordBatch, columns: Schema, spec: PartitionSpec) -> Iterator[tuple[pa.Array, Values]]:
    """The numbers of the rows in each partition, in order, and the partition as a manifest has it.

    Args:
        rows: in the table's columns, or in those that partitions are made of.
        columns: the table's columns.
        spec: how the table is partitioned.
    """
    parts = _partition_columns(rows, columns, spec)
    kinds = [one.field_type for one in spec.partition_type(columns).fields]
    for numbers, values in split_by_values(parts, parts.schema.names):
        yield (
            numbers,
            tuple(
                UUID(bytes=value) if isinstance(kind, UUIDType) and value is not None else value
                for kind, value in zip(kinds, values, strict=True)
            ),
        )


def _partition_columns(rows: pa.RecordBatch, columns: Schema, spec: PartitionSpec) -> pa.RecordBatch:
    """The partition of each row, a column for each field of a spec."""
    made = []
    for one in spec.fields:
        if isinstance(one.transform, VoidTransform):
            made.append(pa.nulls(rows.num_rows))
            continue
        made.append(transformed(rows, columns, one.source_id, one.transform))
    return pa.RecordBatch.from_arrays(made, [str(place) for place in range(len(made))])
