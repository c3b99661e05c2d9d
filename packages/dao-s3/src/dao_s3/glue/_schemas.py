"""Arrow schemas of Glue tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from dao.errors import DataError
from dao_s3.glue._hive_types import arrow_type
from dao_s3.glue._spark import spark_columns
from dao_s3.glue._table import GlueTable

__all__ = ["schema_of_table"]


def schema_of_table(table: GlueTable) -> pa.Schema:
    """The schema of a table's rows, partition columns last: Spark's if it stored one, else Glue's.

    A crawler may list a column both inside the files and as a partition: only the partition column is kept.

    Raises:
        DataError: duplicate names, or a type that can't be expressed; the message names the column.
    """
    columns = spark_columns(table)
    if columns is not None:
        return _unique(_field(column["name"], column["type"]) for column in columns)
    folders = {key.name for key in table.partition_keys}
    inside = [column for column in table.columns if column.name not in folders]
    return _unique(_field(column.name, column.type) for column in (*inside, *table.partition_keys))


def _unique(fields: Iterable[pa.Field]) -> pa.Schema:
    found: dict[str, pa.Field] = {}
    for field in fields:
        if field.name in found:
            raise DataError(f"the column {field.name!r} is there twice")
        found[field.name] = field
    return pa.schema(list(found.values()))


def _field(name: str, kind: Any) -> pa.Field:
    try:
        return pa.field(name, _type(kind))
    except DataError as error:
        raise DataError(f"column {name!r}: {error}") from error
    except (KeyError, TypeError, RecursionError) as error:
        raise DataError(f"column {name!r}: its type can't be understood") from error


def _type(told: str | Mapping[str, Any]) -> pa.DataType:
    """A type by its Hive name, or by Spark's JSON where it is nested."""
    if isinstance(told, str):
        return arrow_type(told)
    match told["type"]:
        case "struct":
            return pa.struct([pa.field(part["name"], _type(part["type"])) for part in told["fields"]])
        case "array":
            return pa.list_(_type(told["elementType"]))
        case "map":
            return pa.map_(_type(told["keyType"]), _type(told["valueType"]))
        case other:
            raise DataError(f"Spark's type {other!r} has nothing in Arrow for it")
