"""Conversion of batches to a schema: projection, nulls for missing columns, lossless casts; and checks of schemas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from dao.arrow.convert import cast_column, change_types, make_list_type, null_in, refuse_invalid
from dao.errors import DataError

__all__ = [
    "check_batch",
    "check_schema",
    "refuse_duplicates",
    "refuse_nulls",
    "repeated_names",
    "shape_batch",
    "types_text",
    "unify",
    "without_order",
]


def shape_batch(batch: pa.RecordBatch, schema: pa.Schema, fixed: Mapping[str, Any]) -> pa.RecordBatch:
    """Convert a batch to exactly the columns and types of ``schema``; columns that it lacks are null.

    Args:
        batch: the rows.
        schema: the columns and types to convert to.
        fixed: scalars for columns that have one value in all rows.

    Raises:
        DataError: a value that its column's type in ``schema`` can't hold exactly.
    """
    if not fixed and batch.schema.equals(schema):
        return batch
    if not fixed and batch.schema.names == schema.names:  # by position, so that duplicate names stay distinct
        arrays = [cast_column(array, field) for array, field in zip(batch.columns, schema, strict=True)]
    else:
        arrays = [_column(batch, field, fixed) for field in schema]
    if not arrays:  # a batch of no columns still has rows
        return batch.select([])
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(batch: pa.RecordBatch, field: pa.Field, fixed: Mapping[str, Any]) -> pa.Array:
    if field.name in fixed:
        return pa.repeat(fixed[field.name], batch.num_rows)
    index = batch.schema.get_field_index(field.name)
    if index < 0:
        return pa.nulls(batch.num_rows, field.type)
    return cast_column(batch.column(index), field)


def refuse_nulls(batch: pa.RecordBatch) -> None:
    """Refuse a null that a field of the batch's schema doesn't allow.

    Raises:
        DataError: there is one; the message names its column.
    """
    for field, array in zip(batch.schema, batch.columns, strict=True):
        found = null_in(array, field)
        if found is not None:
            raise DataError(f"column {found[0]!r} may not be null by the schema, and is in a row of the file")


def types_text(schema: pa.Schema) -> str:
    """Print the names and types of a schema: a search in the text covers types at any depth of nesting."""
    return str(schema.to_string(show_field_metadata=False, show_schema_metadata=False))


def without_order(schema: pa.Schema, except_of: Callable[[pa.DataType], bool] = lambda values: False) -> pa.Schema:
    """Make all dictionary types of a schema without_order, including nested ones.

    For readers that build dictionaries from values, in the order of appearance.

    Args:
        schema: the schema.
        except_of: selects the value types whose dictionaries stay ordered.
    """
    if "ordered=1" not in types_text(schema):
        return schema

    def plain(kind: pa.DataType) -> pa.DataType:
        if not pa.types.is_dictionary(kind) or not kind.ordered or except_of(kind.value_type):
            return kind
        return pa.dictionary(kind.index_type, kind.value_type)

    return pa.schema([part.with_type(change_types(part.type, plain)) for part in schema], metadata=schema.metadata)


def check_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema of a file after checking that all names are UTF-8 and no two columns have the same name.

    Raises:
        UnicodeDecodeError: a name is not UTF-8, which pyarrow detects only when the name is accessed.
        DataError: several columns have one name; the message names them.
    """
    unchecked = list(schema)
    while unchecked:
        field = unchecked.pop()
        field.name  # noqa: B018 - the access is the check
        if pa.types.is_nested(field.type):
            unchecked.extend(field.type.field(index) for index in range(field.type.num_fields))
    twice = repeated_names(schema.names)
    if twice:
        names = ", ".join(map(repr, twice))
        raise DataError(f"the columns {names} occur more than once: rename them")
    return schema


def unify(schemas: Sequence[pa.Schema], paths: Sequence[str] = ()) -> pa.Schema:
    """Unify schemas: columns in order of first appearance, types widened where they differ.

    A column, or a field of a struct, is nullable if any of the schemas lacks it or has it nullable.

    Args:
        schemas: the schemas.
        paths: the file of each schema, for the error.

    Raises:
        DataError: there are no schemas, or a column has types without a common type.
    """
    if not schemas:
        raise DataError("there are no files to take a schema from; give schema=")
    first = schemas[0]
    if all(schema.equals(first) for schema in schemas[1:]):
        return first
    try:
        unified = pa.unify_schemas(list(schemas), promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        where = f" ({paths[0]} and {len(paths) - 1} more)" if paths else ""
        raise DataError(f"the files have no common schema{where}: {error}; schema= sets the types to read") from error
    return pa.schema(_nullable_where_absent(unified, schemas), metadata=unified.metadata)


def _nullable_where_absent(fields: Iterable[pa.Field], groups: Sequence[Iterable[pa.Field]]) -> list[pa.Field]:
    """Make unified fields nullable where one of the groups that they were unified from lacks them."""
    named: dict[str, list[pa.Field]] = {}
    for group in groups:
        for field in group:
            named.setdefault(field.name, []).append(field)
    found = []
    for field in fields:
        given = named[field.name]
        kind = _with_nullable_fields(field.type, [one.type for one in given])
        found.append(pa.field(field.name, kind, field.nullable or len(given) < len(groups), field.metadata))
    return found


def _with_nullable_fields(kind: pa.DataType, given: Sequence[pa.DataType]) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct(_nullable_where_absent(kind, [one for one in given if pa.types.is_struct(one)]))
    inner = [one.value_type for one in given if make_list_type(one, lambda item: item) is not None]
    lists = make_list_type(kind, lambda item: item.with_type(_with_nullable_fields(item.type, inner)))
    return kind if lists is None else lists


def check_batch(batch: pa.RecordBatch, schema: pa.Schema) -> None:
    """Check that a batch has the schema of its writer and that its values are valid for their types.

    Raises:
        DataError: another schema, or an array with values that its type does not allow; the message names the first
            such column.
    """
    refuse_invalid(batch)
    if batch.schema.equals(schema):
        return
    if batch.schema.names != schema.names:
        raise DataError(f"a batch has the columns {batch.schema.names}, the file was opened for {schema.names}")
    for found, expected in zip(batch.schema, schema, strict=True):
        if not found.equals(expected):
            raise DataError(f"column {found.name!r} of a batch is {found}, the file was opened for {expected}")


def refuse_duplicates(schema: pa.Schema, format_name: str) -> None:
    """Refuse a schema in which two columns have the same name.

    Raises:
        DataError: two columns do; the message names them.
    """
    twice = repeated_names(schema.names)
    if twice:
        raise DataError(f"{format_name} can't keep columns of the same name apart: {', '.join(map(repr, twice))}")


def repeated_names(names: Sequence[str]) -> list[str]:
    """Return the names that occur more than once, sorted."""
    return sorted(name for name, count in Counter(names).items() if count > 1)
