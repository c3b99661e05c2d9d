"""Glue tables made without asking Glue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glue_server import columns

from dao_s3.glue import GlueTable, GlueTranslator

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
TEXT = "org.apache.hadoop.mapred.TextInputFormat"
SEQUENCE = "org.apache.hadoop.mapred.SequenceFileInputFormat"


def table(
    location: str | None = "s3://lake/t",
    *,
    serde: str = "",
    input_format: str = "",
    given: Mapping[str, str] | None = None,
    types: Mapping[str, str] | None = None,
    keys: Mapping[str, str] | None = None,
    **raw: Any,
) -> GlueTable:
    """A table; ``given`` are the SerDe's parameters, ``raw`` is Glue's own."""
    storage = {
        "Location": location,
        "InputFormat": input_format,
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": dict(given or {})},
        "Columns": columns(types or {}),
    }
    kept = {name: value for name, value in storage.items() if value}
    return GlueTable("db", "t", {"StorageDescriptor": kept, "PartitionKeys": columns(keys or {}), **raw})


def properties(found: GlueTable) -> dict[str, Any]:
    return dict(GlueTranslator().translate(found).properties)
