"""Which columns a table has, and where their names are believed."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from glue_tables import OPEN_CSV, PARQUET, properties, table

from dao_s3.glue import declared_schema, exact_schema


def test_columns_of_one_name_can_not_be_told_apart() -> None:
    twice = table(serde=OPEN_CSV)
    twice.raw["StorageDescriptor"]["Columns"] = [{"Name": "a", "Type": "int"}] * 2
    assert "two columns have one name" in properties(twice)["unreadable"]
    twice.raw["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"] = PARQUET
    assert properties(twice)["schema_problem"] == "the column 'a' is there twice"


def test_a_column_that_is_also_a_folder_is_there_once() -> None:
    found = declared_schema(table(types={"day": "string", "id": "int"}, keys={"day": "date"}))
    assert found == {"schema": pa.schema([("id", pa.int32()), ("day", pa.date32())])}


def test_columns_are_declared_where_their_names_are_sure() -> None:
    types, keys = {"userid": "bigint"}, {"day": "date"}
    schema = pa.schema([("userid", pa.int64()), ("day", pa.date32())])
    assert exact_schema(table(serde=PARQUET, types=types, keys=keys)) == {"glue_schema": schema}
    assert exact_schema(table(serde="x.JsonSerDe", types=types, keys=keys)) == {"glue_schema": schema}
    both = {"glue_schema": schema, "schema": schema}
    assert exact_schema(table(serde=OPEN_CSV, types=types, keys=keys)) == both
    for made_by in ("presto_query_id", "trino_query_id"):
        assert exact_schema(table(serde=PARQUET, types=types, keys=keys, Parameters={made_by: "x"})) == both
    assert exact_schema(table(types=types, Parameters={"table_type": "ICEBERG"})) == {}
    assert exact_schema(table(serde=PARQUET)) == {}


def test_a_type_that_arrow_lacks_leaves_the_schema_to_the_files() -> None:
    found = properties(table(serde=PARQUET, types={"a": "int", "b": "uniontype<int,string>"}))
    assert "schema" not in found
    assert found["schema_problem"].startswith("column 'b': Hive type 'uniontype<int,string>'")
    assert found["format"] == "parquet"


def spark(fields: list[dict[str, Any]], parts: int = 1, **more: str) -> dict[str, str]:
    """A table's properties as Spark writes them."""
    text = json.dumps({"type": "struct", "fields": fields})
    size = -(-len(text) // parts)
    cut = {f"spark.sql.sources.schema.part.{at}": text[at * size : (at + 1) * size] for at in range(parts)}
    whole = {"spark.sql.sources.schema": text} if parts == 1 else cut
    return {"spark.sql.sources.provider": "parquet", **whole, **more}


FIELDS = [
    {"name": "userId", "type": "long", "nullable": True, "metadata": {}},
    {"name": "Tags", "type": {"type": "array", "elementType": "string", "containsNull": True}},
    {
        "name": "Where",
        "type": {"type": "struct", "fields": [{"name": "Lat", "type": "double"}, {"name": "Lon", "type": "float"}]},
    },
    {"name": "Seen", "type": {"type": "map", "keyType": "short", "valueType": "timestamp", "valueContainsNull": True}},
    {"name": "Price", "type": "decimal(8,2)"},
    {"name": "Day", "type": "date"},
]
SPARK_SCHEMA = pa.schema(
    [
        ("userId", pa.int64()),
        ("Tags", pa.list_(pa.string())),
        ("Where", pa.struct([("Lat", pa.float64()), ("Lon", pa.float32())])),
        ("Seen", pa.map_(pa.int16(), pa.timestamp("us"))),
        ("Price", pa.decimal128(8, 2)),
        ("Day", pa.date32()),
    ]
)
HIVE = {"userid": "bigint", "tags": "array<string>", "where": "string", "seen": "string", "price": "string"}


@pytest.mark.parametrize("parts", [1, 3])
def test_spark_knows_the_true_names(parts: int) -> None:
    found = properties(table(types=HIVE, keys={"day": "date"}, Parameters=spark(FIELDS, parts)))
    assert found["schema"] == SPARK_SCHEMA
    assert found["partition_by"] == ["Day"]


def test_columns_that_changed_since_are_hives() -> None:
    found = properties(table(types={**HIVE, "new": "int"}, keys={"day": "date"}, Parameters=spark(FIELDS)))
    assert "schema" not in found
    assert found["glue_schema"].names == [*HIVE, "new", "day"]
    assert found["partition_by"] == ["day"]


def test_what_hive_can_not_read_has_a_stand_in_for_columns() -> None:
    told = spark(FIELDS, **{"spark.sql.sources.provider": "csv"})
    found = properties(table(types={"col": "array<string>"}, keys={"day": "date"}, Parameters=told))
    assert found["schema"] == SPARK_SCHEMA
    assert found["header"] == ["userId", "Tags", "Where", "Seen", "Price"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"fields": 3}', '{"fields": [{}]}', '{"fields": [{"name": 1}]}'])
def test_what_is_no_schema_of_spark(text: str) -> None:
    told = {"spark.sql.sources.provider": "parquet", "spark.sql.sources.schema": text}
    assert properties(table(types={"a": "int"}, Parameters=told))["glue_schema"].names == ["a"]


@pytest.mark.parametrize("kind", [{}, {"type": "udt"}, 7, None, {"type": "array"}])
def test_a_type_of_spark_that_can_not_be_understood(kind: Any) -> None:
    told = spark([{"name": "A", "type": kind}])
    assert properties(table(types={"a": "int"}, Parameters=told))["schema_problem"].startswith("column 'A': ")
