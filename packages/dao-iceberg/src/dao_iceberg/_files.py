"""The data files of an Iceberg table: where they are, how rows are parted, and what a manifest says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from attrs import define, field, frozen
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform, VoidTransform
from pyiceberg.typedef import Record
from pyiceberg.types import UUIDType

from dao_files.lake import OpenFile, PartitionedFiles, Values, split_by_values
from dao_iceberg._io import Locations
from dao_iceberg._metrics import NanCounts, metrics_of
from dao_iceberg._schemas import arrow_schema

__all__ = ["IcebergFiles", "Layout", "counted", "split_by_partition"]


@frozen(eq=False, slots=False)
class Layout:
    """What decides how rows lie in files.

    Attributes:
        columns: the table's columns.
        spec: how it is partitioned.
        data: the key of the folder of its data files.
    """

    columns: Schema
    spec: PartitionSpec
    data: str

    @cached_property
    def schema(self) -> pa.Schema:
        """The table's columns as rows have them."""
        return arrow_schema(self.columns)

    @cached_property
    def stored(self) -> pa.Schema:
        """The columns that are in the files, with their ids."""
        return arrow_schema(self.columns, ids=True)

    @property
    def made_of(self) -> Any:
        """What two layouts have in common whose files are the same."""
        return self.columns.as_struct(), self.spec.spec_id, self.spec.fields, self.data


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
        folder = self.layout.spec.partition_to_path(Record(*values), self.layout.columns) if values else ""
        return "/".join(filter(None, (self.layout.data, folder, f"00000-0-{uuid4()}.parquet")))

    def parquet_options(self, rows: pa.Table) -> Mapping[str, Any]:
        return {"write_page_index": True}

    def written(self, opened: OpenFile, rows: pa.Table) -> None:
        self._nans.setdefault(opened.key, NanCounts()).add(rows, self.stored)

    def note(self, values: Values, opened: OpenFile, size: int) -> None:
        made = DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=self.locations.of(opened.key),
            file_format=FileFormat.PARQUET,
            partition=Record(*values),
            record_count=opened.rows,
            file_size_in_bytes=size,
            sort_order_id=None,
            equality_ids=None,
            key_metadata=None,
            **metrics_of(opened.metadata, self.stored, self.layout.columns, self._nans.pop(opened.key)),
        )
        made.spec_id = self.layout.spec.spec_id
        self.added.append(made)

    def forget(self) -> None:
        self.added.clear()
        self._nans.clear()


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
        values = _source(rows, columns, one.source_id)
        if not isinstance(one.transform, IdentityTransform):
            values = one.transform.pyarrow_transform(columns.find_type(one.source_id))(values)
        made.append(counted(values))
    return pa.RecordBatch.from_arrays(made, [str(place) for place in range(len(made))])


def _source(rows: pa.RecordBatch, columns: Schema, number: int) -> pa.Array:
    """A column, or a field inside of structs, whose nulls are those of the structs too."""
    name = columns.find_column_name(number)
    assert name is not None
    found = next((one for one in columns.fields if one.field_id == number), None)
    if found is not None:
        return _storage(rows.column(found.name))
    head = next(one for one in columns.fields if name.startswith(f"{one.name}."))
    value = rows.column(head.name)
    rest, kind = name[len(head.name) + 1 :], head.field_type
    while rest:
        inner = next(one for one in kind.fields if rest == one.name or rest.startswith(f"{one.name}."))
        value = pc.struct_field(value, [[one.name for one in kind.fields].index(inner.name)])
        rest, kind = rest[len(inner.name) + 1 :], inner.field_type
    return _storage(value)


def _storage(values: pa.Array) -> pa.Array:
    return values.storage if isinstance(values.type, pa.BaseExtensionType) else values


def counted(values: pa.Array) -> pa.Array:
    """Values as manifests have them: moments, dates and times as their counts."""
    if pt.is_timestamp(values.type) or pt.is_time(values.type):
        return values.cast(pa.int64())
    return values.cast(pa.int32()) if pt.is_date(values.type) else values
