"""Batches brought into a wanted schema: columns chosen and ordered, missing ones null, types cast without loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from dao.errors import DataError, did_you_mean

__all__ = ["check_batch", "conform", "refuse_duplicates", "select_fields", "unify"]


def select_fields(schema: pa.Schema, columns: Sequence[str] | None) -> pa.Schema:
    """The fields of ``columns`` in that order, or the whole schema for None.

    Raises:
        DataError: a column that the schema lacks (with the nearest right name) or has more than once.
    """
    if columns is None:
        return schema
    if isinstance(columns, str):
        raise DataError(f"columns: found the text {columns!r}, expected a list of column names")
    for name in columns:
        places = schema.get_all_field_indices(name)
        if not places:
            raise DataError(f"no column {name!r}; {did_you_mean(str(name), schema.names)}")
        if len(places) > 1:
            raise DataError(f"column {name!r} is there {len(places)} times, so it can't be chosen by name")
    return pa.schema([schema.field(name) for name in columns], metadata=schema.metadata)


def conform(batch: pa.RecordBatch, schema: pa.Schema, fixed: Mapping[str, Any]) -> pa.RecordBatch:
    """The batch with exactly the columns and types of ``schema``.

    Args:
        batch: the rows.
        schema: what they shall look like.
        fixed: scalars for columns that have one value in all rows.

    Raises:
        DataError: a value that its column's wanted type can't hold exactly.
    """
    if not fixed and batch.schema.equals(schema):
        return batch
    if not fixed and batch.schema.names == schema.names:  # by place, so that duplicate names stay apart
        arrays = [_cast(array, field) for array, field in zip(batch.columns, schema, strict=True)]
    else:
        arrays = [_column(batch, field, fixed) for field in schema]
    if not arrays:  # a batch of no columns still has rows
        return batch.select([])
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(batch: pa.RecordBatch, field: pa.Field, fixed: Mapping[str, Any]) -> pa.Array:
    if field.name in fixed:
        return pa.repeat(fixed[field.name], batch.num_rows)
    place = batch.schema.get_field_index(field.name)
    if place < 0:
        return pa.nulls(batch.num_rows, field.type)
    return _cast(batch.column(place), field)


def _cast(array: pa.Array, field: pa.Field) -> pa.Array:
    if array.type.equals(field.type):
        return array
    try:
        return array.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"column {field.name!r} has the type {array.type} and can't be read as {field.type} exactly: {error}"
        ) from error


def unify(schemas: Sequence[pa.Schema], paths: Sequence[str] = ()) -> pa.Schema:
    """The one schema that all the given ones fit: columns in order of first appearance, types widened where needed.

    Args:
        schemas: the schemas.
        paths: the files that they are of, for the error.

    Raises:
        DataError: there are none, or one column has types that no common type holds.
    """
    if not schemas:
        raise DataError("there are no files to take a schema from; give schema=")
    first = schemas[0]
    if all(schema.equals(first) for schema in schemas[1:]):
        return first
    try:
        return pa.unify_schemas(list(schemas), promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        where = f" ({paths[0]} and {len(paths) - 1} more)" if paths else ""
        raise DataError(f"the files have no common schema{where}: {error}; schema= would say what to read") from error


def check_batch(batch: pa.RecordBatch, schema: pa.Schema) -> None:
    """Make sure that a batch is what a writer was opened for.

    Raises:
        DataError: it has another schema; the message names the first difference.
    """
    if batch.schema.equals(schema):
        return
    if batch.schema.names != schema.names:
        raise DataError(f"a batch has the columns {batch.schema.names}, the file was opened for {schema.names}")
    for found, expected in zip(batch.schema, schema, strict=True):
        if not found.equals(expected):
            raise DataError(f"column {found.name!r} of a batch is {found}, the file was opened for {expected}")


def refuse_duplicates(schema: pa.Schema, format_name: str) -> None:
    """Make sure that no two columns have one name.

    Raises:
        DataError: two have; the message names them.
    """
    seen: set[str] = set()
    twice = sorted({name for name in schema.names if name in seen or seen.add(name)})  # type: ignore[func-returns-value]
    if twice:
        raise DataError(f"{format_name} can't keep columns of the same name apart: {', '.join(map(repr, twice))}")
