"""The layout of a table that is written: its format, options, schema and partition columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from attrs import frozen

from dao.arrow.convert import find_names
from dao.errors import DataError
from dao.tables import reconcile
from dao_files._actions.declared import refuse_contradictions
from dao_files._actions.options import format_options, refuse_other_spelling
from dao_files._actions.partitioned import check_partition_columns
from dao_files._actions.places import Place
from dao_files._actions.tables import StoredTable
from dao_files._actions.target import Writing
from dao_files.formats import Format, get_format

__all__ = ["Layout", "choose_format", "plan_layout"]


@frozen
class Layout:
    """The planned format, schema and partitioning of a tree."""

    format: Format
    options: Any
    schema: pa.Schema
    partition_by: tuple[str, ...]


def choose_format(writing: Writing, place: Place, named: str | None) -> tuple[Format, Any]:
    """Return the format to write and its options: the declared format, else the named one.

    Raises:
        DataError: there is neither.
    """
    name = writing.format or named
    if name is None:
        raise DataError(f"no format is known for {place.key!r}: give format=, or the object {place.name!r} a format")
    found = get_format(name)
    return found, format_options(found, writing.data_object, writing.options, direction=writing.direction)


def plan_layout(data: pa.Schema, place: Place, writing: Writing, table: StoredTable | None) -> Layout:
    """Plan the layout of a tree after rows are added to its table, or replace it.

    Raises:
        DataError: the data, the format's options or the partition columns don't fit the existing table.
    """
    if table is not None and writing.mode != "overwrite":
        format, options = table.format, table.options
    else:
        format, options = choose_format(writing, place, table.format.name if table is not None else writing.default)
    refuse_other_spelling(format, writing.data_object, options)
    partition_by = writing.partition_by
    schema = data
    if table is not None and writing.mode != "overwrite":
        table.check_files()
        schema = reconcile(table.schema, data, writing.schema_mode)
        partition_by = table.partition_by if partition_by is None else _find_columns(partition_by, schema)
        if partition_by != table.partition_by:
            raise DataError(
                f"{place.key!r} is partitioned by {list(table.partition_by)}, not by {list(partition_by)}; "
                "overwrite it to change that"
            )
    partition_by = _find_columns(partition_by or (), schema)
    if writing.mode == "overwrite_partitions" and not partition_by:
        raise DataError(f"mode='overwrite_partitions': {place.key!r} has no partitions; partition_by= would make them")
    check_partition_columns(schema, partition_by)
    refuse_contradictions(writing.data_object, schema, data, format, options, partition_by)
    return Layout(format, options, schema, partition_by)


def _find_columns(partition_by: Sequence[str], schema: pa.Schema) -> tuple[str, ...]:
    return tuple(find_names(schema, partition_by, "partition_by"))
