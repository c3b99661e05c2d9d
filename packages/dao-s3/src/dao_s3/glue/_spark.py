"""Reads the columns that Spark stores in a table's properties, which are more precise than Hive's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import count, takewhile
from typing import Any

from dao_s3.glue._table import GlueTable

__all__ = ["data_column_names", "spark_columns"]

_STAND_IN = [("col", "array<string>")]
"""The placeholder columns in Hive of a table whose format it can't read."""


def spark_columns(table: GlueTable) -> Sequence[Mapping[str, Any]] | None:
    """The columns as Spark's own JSON has them, with names in the case that the files have.

    None if there are none, or if they are outdated: as in Spark, once another program has changed the table's columns,
    Hive's columns apply.
    """
    try:
        columns = json.loads(_text(table.parameters))["fields"]
        names = sorted(column["name"].lower() for column in columns)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    registered = [column.name.lower() for column in (*table.columns, *table.partition_keys)]
    is_stand_in = [(column.name, column.type) for column in table.columns] == _STAND_IN
    return columns if is_stand_in or names == sorted(registered) else None


def data_column_names(table: GlueTable) -> list[str]:
    """The names of the columns inside the files, in their order."""
    folders = {key.name.lower() for key in table.partition_keys}
    columns = spark_columns(table)
    if columns is None:
        return [column.name for column in table.columns]
    return [column["name"] for column in columns if column["name"].lower() not in folders]


def _text(parameters: Mapping[str, str]) -> str:
    """The JSON, joined from the parts that Spark splits it into to fit property limits."""
    whole = parameters.get("spark.sql.sources.schema")
    if whole is not None:
        return whole
    parts = (parameters.get(f"spark.sql.sources.schema.part.{at}") for at in count())
    return "".join(takewhile(lambda part: part is not None, parts))  # type: ignore[arg-type]
