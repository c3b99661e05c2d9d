"""Extractors for the properties of a Glue table: location, schema, partitions, description.

An extractor takes a :class:`~dao_s3.glue._table.GlueTable` and returns properties of its object. None raises: a table
with one unsupported property is still useful for others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dao.errors import DataError
from dao_s3.glue._file_formats import file_format
from dao_s3.glue._markers import SYMLINKS, table_format
from dao_s3.glue._spark import spark_columns
from dao_s3.glue._table import GlueTable

__all__ = ["declared_schema", "description", "exact_schema", "location", "partitions"]

_S3 = re.compile(r"s3[an]?://", re.IGNORECASE)
_PLACEHOLDER = "-__PLACEHOLDER__"
_LOWER_CASE_WRITERS = ("presto_query_id", "trino_query_id")
"""Properties of tables that Athena, Presto or Trino made: these write all names in lower case."""


def location(table: GlueTable) -> Mapping[str, Any]:
    """``location``: the URI of the table's folder on S3; else ``unreadable``."""
    place = table.location
    if not place or place.endswith(_PLACEHOLDER):  # Spark keeps the true one in its own property
        place = table.serde_parameters.get("path", "")
    scheme = _S3.match(place)
    if scheme is not None:
        place = f"s3://{place[scheme.end() :]}".rstrip("/")
        if table_format(table) == "delta":
            place = place.partition(f"/{SYMLINKS}")[0]
        return {"location": place}
    if not place and table.parameters.get("metadata_location"):
        return {}  # Iceberg's own tools need nothing else
    return {"unreadable": f"it is at {place!r}, which is not on S3" if place else "Glue has no location for it"}


def description(table: GlueTable) -> Mapping[str, Any]:
    """``description``: the table's comment."""
    found = table.raw.get("Description") or table.parameters.get("comment")
    return {"description": found} if found else {}


def partitions(table: GlueTable) -> Mapping[str, Any]:
    """``partition_by``: the partition columns; else ``unreadable``, if the folders aren't in Hive layout."""
    if not table.partition_keys:
        return {}
    exact = {column["name"].lower(): column["name"] for column in spark_columns(table) or ()}
    names = [key.name for key in table.partition_keys]
    template = table.parameters.get("storage.location.template", "")
    if template and table.parameters.get("projection.enabled", "").lower() == "true" and not _is_hive(template, names):
        reason = f"its partitions are in folders that are not named 'column=value' ({template})"
        return {"unreadable": reason}
    return {"partition_by": [exact.get(name.lower(), name) for name in names]}


def _is_hive(template: str, names: list[str]) -> bool:
    folders = [part for part in template.split("/") if "${" in part]
    return folders == [f"{name}=${{{name}}}" for name in names]


def exact_schema(table: GlueTable) -> Mapping[str, Any]:
    """``glue_schema``, and ``schema`` where the names are sure to be those in the files.

    Glue and Hive write names in lower case whatever the files have, and find them regardless of case. DAO takes names
    as they are: by a schema with ``userid``, files with ``userId`` have no such column, and it would be read as null.
    So the columns are declared where they are found by place (CSV), where Spark wrote down their true names, and where
    Athena, Presto or Trino made the table, which write lower case. Other files tell their schema themselves.
    """
    found = declared_schema(table)
    if "schema" in found and not _has_exact_names(table):
        return {"glue_schema": found["schema"]}
    return {"glue_schema": found["schema"], **found} if "schema" in found else found


def declared_schema(table: GlueTable) -> Mapping[str, Any]:
    """``schema``: all columns as Glue has them, for files whose names are in the same case.

    Where it can't be expressed in Arrow, ``schema_problem`` says why, and the files are asked. Not for Iceberg, Delta
    and Hudi, which know better.
    """
    if table_format(table) is not None or not (table.columns or table.partition_keys):
        return {}
    try:
        from dao_s3.glue._schemas import schema_of_table
    except ModuleNotFoundError as error:
        if error.name != "pyarrow":
            raise
        return {}  # nothing can be read as rows then, but tables can be listed
    try:
        return {"schema": schema_of_table(table)}
    except DataError as error:
        return {"schema_problem": str(error)}


def _has_exact_names(table: GlueTable) -> bool:
    by_place = file_format(table) == "csv"
    return by_place or spark_columns(table) is not None or any(key in table.parameters for key in _LOWER_CASE_WRITERS)
