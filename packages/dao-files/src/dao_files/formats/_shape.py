"""Batches brought into a wanted schema: columns chosen and ordered, missing ones null, types cast without loss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from dao.arrow.convert import cast_column, change_types, make_list_type, refuse_invalid
from dao.errors import DataError

__all__ = [
    "check_batch",
    "checked",
    "refuse_duplicates",
    "repeated_names",
    "shape_batch",
    "types_text",
    "unify",
    "unordered",
]


def shape_batch(batch: pa.RecordBatch, schema: pa.Schema, fixed: Mapping[str, Any]) -> pa.RecordBatch:
    """The batch with exactly the columns and types of ``schema``; columns that it lacks are null.

    Args:
        batch: the rows.
        schema: the columns wanted.
        fixed: scalars for columns that have one value in all rows.

    Raises:
        DataError: a value that its column's wanted type can't hold exactly.
    """
    if not fixed and batch.schema.equals(schema):
        return batch
    if not fixed and batch.schema.names == schema.names:  # by place, so that duplicate names stay apart
        arrays = [cast_column(array, field) for array, field in zip(batch.columns, schema, strict=True)]
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
    return cast_column(batch.column(place), field)


def types_text(schema: pa.Schema) -> str:
    """A schema's names and types as Arrow prints them: what is not in the text is in no type, however deep."""
    return str(schema.to_string(show_field_metadata=False, show_schema_metadata=False))


def unordered(schema: pa.Schema, except_of: Callable[[pa.DataType], bool] = lambda values: False) -> pa.Schema:
    """The schema without the mark of ordered categories, those inside nested columns included.

    For what builds dictionaries from values: their order is that of appearance then.

    Args:
        schema: the schema.
        except_of: the types of values whose dictionaries stay as they are.
    """
    if "ordered=1" not in types_text(schema):
        return schema

    def plain(kind: pa.DataType) -> pa.DataType:
        if not pa.types.is_dictionary(kind) or not kind.ordered or except_of(kind.value_type):
            return kind
        return pa.dictionary(kind.index_type, kind.value_type)

    return pa.schema([part.with_type(change_types(part.type, plain)) for part in schema], metadata=schema.metadata)


def checked(schema: pa.Schema) -> pa.Schema:
    """The schema of a file, when all its names are text (pyarrow raises only when a damaged one is looked at), and no
    column has the name of another one.

    Raises:
        UnicodeDecodeError: a name is not UTF-8.
        DataError: several columns have one name; the message names them.
    """
    waiting = list(schema)
    while waiting:
        field = waiting.pop()
        field.name  # noqa: B018 - looking is the check
        if pa.types.is_nested(field.type):
            waiting.extend(field.type.field(place) for place in range(field.type.num_fields))
    twice = repeated_names(schema.names)
    if twice:
        names = ", ".join(map(repr, twice))
        raise DataError(f"the columns {names} are there more than once, and nothing tells them apart: rename them")
    return schema


def unify(schemas: Sequence[pa.Schema], paths: Sequence[str] = ()) -> pa.Schema:
    """The one schema that all the given ones fit: columns in order of first appearance, types widened where needed.

    A column, or a field of a struct, that one of them lacks or allows to be null is nullable.

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
        unified = pa.unify_schemas(list(schemas), promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        where = f" ({paths[0]} and {len(paths) - 1} more)" if paths else ""
        raise DataError(f"the files have no common schema{where}: {error}; schema= would say what to read") from error
    return pa.schema(_nullable_where_absent(unified, schemas), metadata=unified.metadata)


def _nullable_where_absent(fields: Iterable[pa.Field], groups: Sequence[Iterable[pa.Field]]) -> list[pa.Field]:
    """The fields that groups of fields were joined to, nullable where a group lacks one."""
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
    """Make sure that a batch is what a writer was opened for, and that its values are those of its types.

    Raises:
        DataError: it has another schema, or an array holds what its type does not allow; the message names the first
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
    """Make sure that no two columns have one name.

    Raises:
        DataError: two have; the message names them.
    """
    twice = repeated_names(schema.names)
    if twice:
        raise DataError(f"{format_name} can't keep columns of the same name apart: {', '.join(map(repr, twice))}")


def repeated_names(names: Sequence[str]) -> list[str]:
    """The names that are there more than once, sorted."""
    return sorted(name for name, count in Counter(names).items() if count > 1)
