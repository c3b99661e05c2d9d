"""The option ``read_dictionary`` of Parquet: its names are checked, as pyarrow refuses unknown ones by a KeyError, and
ignores those of columns that it doesn't read as dictionaries.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve

from dao.arrow.convert import make_list_type, without_views
from dao.errors import DataError, did_you_mean
from dao_files.formats._kinds import is_bytes, is_text
from dao_files.formats._parquet_options import ParquetOptions

__all__ = ["as_dictionaries", "check_read_dictionary", "of_file"]


def check_read_dictionary(schema: pa.Schema, named: Sequence[str]) -> None:
    """Refuse names of ``read_dictionary`` that no file has.

    Raises:
        DataError: a name that is neither a column's nor inside one.
    """
    names = set(schema.names)
    for column in named:
        if not names & {column, column.split(".")[0]}:
            raise DataError(f"option 'read_dictionary': no column {column!r}; {did_you_mean(column, schema.names)}")


def of_file(options: ParquetOptions, schema: pq.ParquetSchema) -> ParquetOptions:
    """Return the options for one file, without columns of ``read_dictionary`` that only others have.

    Raises:
        DataError: a name that is no column of values, but has some inside, or is inside one; the message has these.
            Or a column of neither text nor bytes.
    """
    if not options.read_dictionary:
        return options
    columns = {schema.column(index).path: schema.column(index) for index in range(len(schema))}
    paths = list(columns)
    for column in options.read_dictionary:
        near = [path for path in paths if path.split(".")[0] == column.split(".")[0]]
        if near and column not in paths:
            raise DataError(f"option 'read_dictionary': {column!r} has no values of its own; {did_you_mean('', near)}")
        if near and columns[column].physical_type != "BYTE_ARRAY":
            kind = columns[column].physical_type.lower()
            raise DataError(
                f"option 'read_dictionary': column {column!r} is stored as {kind}: give texts and bytes only"
            )
    return evolve(options, read_dictionary=tuple(name for name in options.read_dictionary if name in paths))


def as_dictionaries(schema: pa.Schema, found: pa.Schema, named: Sequence[str]) -> pa.Schema:
    """Return a known schema with the dictionaries of the option, which files are found to be read as.

    Args:
        schema: the known schema.
        found: the schema of the files, as inferred with the option.
        named: the names of the option.

    Raises:
        DataError: a column that the known schema has as neither text nor bytes.
    """
    columns = frozenset(found.names)
    tops = {name if name in columns else name.split(".")[0] for name in named}
    return pa.schema(
        [
            field.with_type(_as_dictionaries(field.type, found.field(field.name).type, field.name))
            if field.name in tops
            else field
            for field in schema
        ],
        metadata=schema.metadata,
    )


def _as_dictionaries(known: pa.DataType, found: pa.DataType, name: str) -> pa.DataType:
    def inside(field: pa.Field, other: pa.Field) -> pa.Field:
        return field.with_type(_as_dictionaries(field.type, other.type, name))

    if known.equals(found) or pa.types.is_dictionary(known):
        return known
    if pa.types.is_dictionary(found):
        if is_text(known) or is_bytes(known):
            return pa.dictionary(found.index_type, without_views(known))
        raise DataError(
            f"option 'read_dictionary': column {name!r} is {known} in the schema: leave it out of the option"
        )
    if pa.types.is_struct(known) and pa.types.is_struct(found):
        fields = frozenset(found.names)
        return pa.struct([inside(one, found.field(one.name)) if one.name in fields else one for one in known])
    if pa.types.is_map(known) and pa.types.is_map(found):
        return pa.map_(
            inside(known.key_field, found.key_field),
            inside(known.item_field, found.item_field),
            keys_sorted=known.keys_sorted,
        )
    if make_list_type(found, lambda field: field) is None:
        return known
    lists = make_list_type(known, lambda field: inside(field, found.value_field))
    return known if lists is None else lists
