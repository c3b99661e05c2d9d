"""The option ``read_dictionary`` of Parquet: its names are checked, as pyarrow refuses unknown ones by a KeyError."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import evolve

from dao.errors import DataError, did_you_mean
from dao_files.formats._parquet_options import ParquetOptions

__all__ = ["check_read_dictionary", "of_file"]


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
    """
    if not options.read_dictionary:
        return options
    paths = [schema.column(index).path for index in range(len(schema))]
    for column in options.read_dictionary:
        near = [path for path in paths if path.split(".")[0] == column.split(".")[0]]
        if near and column not in paths:
            raise DataError(f"option 'read_dictionary': {column!r} has no values of its own; {did_you_mean('', near)}")
    return evolve(options, read_dictionary=tuple(name for name in options.read_dictionary if name in paths))
