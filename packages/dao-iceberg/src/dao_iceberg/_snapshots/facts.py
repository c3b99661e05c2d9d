"""What the manifests say of data files' values, as files are skipped by it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, IdentityTransform
from pyiceberg.types import NestedField

from dao_files.lake import Bounds, FileFacts
from dao_iceberg._snapshots.planning import StoredFile
from dao_iceberg._tables.client import Snapshot
from dao_iceberg._tables.file_bounds import bound_of
from dao_iceberg._tables.schemas import arrow_field, arrow_schema

__all__ = ["facts_of", "in_their_buckets"]

_ORDERED = (pt.is_integer, pt.is_floating, pt.is_date, pt.is_timestamp, pt.is_decimal, pt.is_string)


def facts_of(snapshot: Snapshot, files: Sequence[StoredFile], columns: Schema | None = None) -> FileFacts:
    """What is known of some files.

    Args:
        snapshot: the snapshot.
        files: its files.
        columns: the table's columns, if they aren't those of the snapshot.
    """
    columns = snapshot.columns if columns is None else columns
    by_name = {one.name: one for one in columns.fields}
    schema = arrow_schema(columns)
    partitions = {}
    for one in columns.fields:
        values = _partitions(snapshot, files, one)
        if values is not None:
            partitions[one.name] = values
    return FileFacts(len(files), schema, partitions, partial(_bounds, files, by_name))


def in_their_buckets(snapshot: Snapshot, files: Sequence[StoredFile], columns: Schema, keys: pa.Table) -> list[bool]:
    """Whether the buckets of each file are those of one of some keys; true for files without buckets of key columns.

    Args:
        snapshot: the snapshot.
        files: its files.
        columns: the table's columns.
        keys: the keys, see :func:`dao_files.lake.files_with_keys`.
    """
    specs = snapshot.metadata.specs()
    reached = {number: _buckets(specs[number], columns, keys) for number in {one.entry.file.spec_id for one in files}}
    found = []
    for one in files:
        places, values = reached[one.entry.file.spec_id]
        found.append(not places or tuple(one.entry.file.partition[place] for place in places) in values)
    return found


def _buckets(spec: PartitionSpec, columns: Schema, keys: pa.Table) -> tuple[list[int], set[tuple[Any, ...]]]:
    """Which fields of a spec are buckets of key columns, and the buckets that the keys are in together."""
    by_id = {one.field_id: one for one in columns.fields if one.name in keys.column_names}
    places, parts = [], []
    for place, one in enumerate(spec.fields):
        column = by_id.get(one.source_id)
        if column is None or not isinstance(one.transform, BucketTransform):
            continue
        values = keys.column(column.name).combine_chunks()
        kind = arrow_field(column).type
        if values.type.equals(kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind):
            places.append(place)
            parts.append(one.transform.pyarrow_transform(column.field_type)(values))
    together = pa.table(parts, [str(place) for place in places]) if parts else pa.table({})
    distinct = together.group_by(together.column_names, use_threads=False).aggregate([]) if parts else together
    return places, set(zip(*(one.to_pylist() for one in distinct.columns), strict=True))


def _partitions(snapshot: Snapshot, files: Sequence[StoredFile], column: NestedField) -> pa.Array | None:
    """The one value that a column has in each file; None where it isn't a partition of all of them."""
    places = {}
    for spec_id, spec in snapshot.metadata.specs().items():
        for place, one in enumerate(spec.fields):
            if one.source_id == column.field_id and isinstance(one.transform, IdentityTransform):
                places[spec_id] = place
    if not files or any(one.entry.file.spec_id not in places for one in files):
        return None
    return _array([one.entry.file.partition[places[one.entry.file.spec_id]] for one in files], arrow_field(column).type)


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Values of Iceberg's own form as Arrow has them: moments and dates are counts."""
    if pt.is_temporal(kind):
        return pa.array(values, pa.int32() if kind.bit_width == 32 else pa.int64()).cast(kind)
    return pa.array(values, kind)


def _bounds(
    files: Sequence[StoredFile], by_name: dict[str, NestedField], name: str, kind: pa.DataType
) -> Bounds | None:
    column = by_name.get(name)
    own = None if column is None else arrow_field(column).type
    if column is None or own is None or not any(test(own) for test in _ORDERED):
        return None
    least = [bound_of(one.entry.file.lower_bounds, column.field_id, column.field_type) for one in files]
    greatest = [bound_of(one.entry.file.upper_bounds, column.field_id, column.field_type) for one in files]
    low, high = _array(least, own), _array(greatest, own)
    if pt.is_floating(own):  # NaN is no bound of anything
        low, high = (pc.if_else(pc.is_finite(one), one, pa.scalar(None, own)) for one in (low, high))
    return Bounds(low.cast(kind), high.cast(kind))
