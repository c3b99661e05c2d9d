"""What becomes of a Glue table: markers, formats, options of CSV, partitions, odd tables, extractors of one's own."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
from glue_server import columns
from hypothesis import given
from hypothesis import strategies as st

from dao import ConfigError
from dao_s3.glue import GlueTable, GlueTranslator
from dao_s3.glue.csv_options import csv
from dao_s3.glue.extractors import declared_schema, exact_schema
from dao_s3.glue.file_formats import format

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


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("s3://lake/a/b/", "s3://lake/a/b"),
        ("s3a://lake/a", "s3://lake/a"),
        ("S3N://lake/a", "s3://lake/a"),
        ("s3://lake", "s3://lake"),
        ("s3://lake/a b/c=%41//", "s3://lake/a b/c=%41"),
    ],
)
def test_locations(location: str, told: str) -> None:
    assert properties(table(location)) == {"location": told}


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (GlueTable("db", "t", {}), "Glue has no location for it"),
        (GlueTable("db", "t", {"StorageDescriptor": {"Columns": []}}), "Glue has no location for it"),
        (GlueTable("db", "t", {"StorageDescriptor": None, "Parameters": None}), "Glue has no location for it"),
        (table(""), "Glue has no location for it"),
        (table("hdfs://namenode/t"), "it is at 'hdfs://namenode/t', which is not on S3"),
        (table("shop.public.orders", Parameters={"classification": "postgresql"}), "a form that DAO has no reader for"),
        (table("arn:aws:dynamodb:eu-central-1:1:table/x"), "which is not on S3"),
        (table(serde="org.apache.hadoop.hive.serde2.RegexSerDe"), "(SerDe org.apache.hadoop.hive.serde2.RegexSerDe)"),
        (table(serde=LAZY_SIMPLE, input_format=SEQUENCE), f"input format {SEQUENCE}"),
        (table(Parameters={"classification": "xml"}), "no reader for (classification xml)"),
        (table(TableType="VIRTUAL_VIEW"), "it is a view (VIRTUAL_VIEW), a query without data of its own"),
        (table("", TableType="VIRTUAL_VIEW", ViewOriginalText="/* Presto View */"), "it is a view"),
        (
            GlueTable("db", "t", {"TargetTable": {"CatalogId": "1", "DatabaseName": "far", "Name": "x"}}),
            "it is a link to 1.far.x, which these credentials may not see",
        ),
        (
            table(serde=PARQUET, input_format="org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat"),
            "it is a list of files elsewhere",
        ),
    ],
)
def test_tables_without_data_that_can_be_read(odd: GlueTable, why: str) -> None:
    assert why in properties(odd)["unreadable"]


@pytest.mark.parametrize(
    ("marked", "found"),
    [
        (table(Parameters={"table_type": "ICEBERG"}), "iceberg"),
        (table(Parameters={"table_type": "iceberg"}), "iceberg"),
        (table(input_format="org.apache.iceberg.mr.hive.HiveIcebergInputFormat"), "iceberg"),
        (table(Parameters={"spark.sql.sources.provider": "delta"}, serde=LAZY_SIMPLE, input_format=SEQUENCE), "delta"),
        (table(Parameters={"spark.sql.sources.provider": "DELTA"}), "delta"),
        (table(Parameters={"table_type": "DELTA"}), "delta"),
        (table(Parameters={"classification": "delta"}, serde=PARQUET), "delta"),
        (table(input_format="io.delta.hive.DeltaInputFormat"), "delta"),
        (table("s3://lake/t/_symlink_format_manifest/", serde=PARQUET), "delta"),
        (table(Parameters={"spark.sql.sources.provider": "hudi"}, serde=PARQUET), "hudi"),
        (table(input_format="org.apache.hudi.hadoop.HoodieParquetInputFormat", serde=PARQUET), "hudi"),
        (table(input_format="org.apache.hudi.hadoop.realtime.HoodieParquetRealtimeInputFormat"), "hudi"),
        (table(serde=PARQUET), "s3.table"),
        (table(Parameters={"spark.sql.sources.provider": "parquet"}), "s3.table"),
    ],
)
def test_markers(marked: GlueTable, found: str) -> None:
    translation = GlueTranslator().translate(marked)
    assert translation.type == found
    assert translation.properties["location"] == "s3://lake/t"
    assert "unreadable" not in translation.properties
    assert ("format" in translation.properties) == (found == "s3.table")


def test_iceberg_says_where_its_metadata_is() -> None:
    parameters = {"table_type": "ICEBERG", "metadata_location": "s3://lake/t/metadata/1.json"}
    assert properties(table(Parameters=parameters))["metadata_location"] == "s3://lake/t/metadata/1.json"
    assert properties(table("", Parameters=parameters)) == {"metadata_location": "s3://lake/t/metadata/1.json"}


def test_where_spark_keeps_the_location_of_its_own_tables() -> None:
    told = {"Parameters": {"spark.sql.sources.provider": "delta"}, "given": {"path": "s3a://lake/true"}}
    assert properties(table("s3://lake/t-__PLACEHOLDER__", **told))["location"] == "s3://lake/true"
    assert properties(table(None, **told))["location"] == "s3://lake/true"
    assert properties(table("s3://lake/t", **told))["location"] == "s3://lake/t"


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (table(serde=PARQUET, Parameters={"classification": "csv"}), "parquet"),
        (table(serde="org.apache.hadoop.hive.ql.io.orc.OrcSerde"), "orc"),
        (table(serde="org.apache.hadoop.hive.serde2.avro.AvroSerDe"), "avro"),
        (table(serde="org.openx.data.jsonserde.JsonSerDe", input_format=TEXT), "ndjson"),
        (table(serde="org.apache.hive.hcatalog.data.JsonSerDe"), "ndjson"),
        (table(serde=OPEN_CSV, input_format=TEXT), "csv"),
        (table(serde=LAZY_SIMPLE, input_format=TEXT), "csv"),
        (table(input_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"), "parquet"),
        (table(input_format="org.apache.hadoop.hive.ql.io.orc.OrcInputFormat"), "orc"),
        (table(Parameters={"classification": "json"}), "ndjson"),
        (table(Parameters={"classification": "Parquet"}), "parquet"),
        (table(Parameters={"spark.sql.sources.provider": "orc"}, serde=LAZY_SIMPLE, input_format=SEQUENCE), "orc"),
        (table(Parameters={"spark.sql.sources.provider": "json"}), "ndjson"),
        (table(Parameters={"spark.sql.sources.provider": "json"}, given={"multiLine": "true"}), "json"),
    ],
)
def test_formats(told: GlueTable, found: str) -> None:
    assert format(told) == {"format": found}


def test_a_table_that_says_nothing_is_left_to_its_files_names() -> None:
    assert format(table()) == {}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (table(serde=PARQUET, Parameters={"parquet.compression": "SNAPPY"}), "snappy"),
        (table(serde=PARQUET, Parameters={"compressionType": "uncompressed"}), "none"),
        (table(serde=PARQUET, given={"compression": "zstd"}), "zstd"),
        (table(serde=PARQUET, Parameters={"compressionType": "lzo"}), None),
        (table(serde="x.OrcSerde", Parameters={"orc.compress": "ZLIB"}), "zlib"),
        (table(serde="x.OrcSerde", Parameters={"compressionType": "gzip"}), None),
        (table(serde=OPEN_CSV, Parameters={"compressionType": "gzip"}), None),
        (table(Parameters={"table_type": "ICEBERG", "compressionType": "zstd"}), None),
    ],
)
def test_codecs(told: GlueTable, found: str | None) -> None:
    assert properties(told).get("compression") == found


TYPES = {"id": "bigint", "name": "string"}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (
            table(serde=LAZY_SIMPLE, types=TYPES),
            {"delimiter": "\x01", "quote": None, "escape": None, "null_values": ["\\N", ""], "skip_rows": 0},
        ),
        (
            table(
                serde=LAZY_SIMPLE,
                types=TYPES,
                given={"field.delim": "|", "escape.delim": "\\", "serialization.null.format": "NA"},
                Parameters={"skip.header.line.count": "1"},
            ),
            {"delimiter": "|", "quote": None, "escape": "\\", "null_values": ["NA", ""], "skip_rows": 1},
        ),
        (
            table(serde=LAZY_SIMPLE, types=TYPES, given={"field.delim": "9", "serialization.encoding": "latin-1"}),
            {"delimiter": "\t", "quote": None, "escape": None, "null_values": ["\\N", ""], "skip_rows": 0}
            | {"encoding": "latin-1"},
        ),
        (
            table(
                serde=LAZY_SIMPLE,
                types=TYPES,
                given={"field.delim": ",", "skip.header.line.count": "2"},
                Parameters={"areColumnsQuoted": "true"},
            ),
            {"delimiter": ",", "quote": '"', "escape": None, "null_values": ["\\N", ""], "skip_rows": 2},
        ),
        (
            table(serde=OPEN_CSV, types=TYPES),
            {"delimiter": ",", "quote": '"', "escape": "\\", "skip_rows": 0},
        ),
        (
            table(serde=OPEN_CSV, types=TYPES, given={"separatorChar": ";", "quoteChar": "'", "escapeChar": "'"}),
            {"delimiter": ";", "quote": "'", "escape": None, "skip_rows": 0},
        ),
        (
            table(
                Parameters={"spark.sql.sources.provider": "csv"},
                types=TYPES,
                given={"header": "true", "sep": "\t", "nullValue": "-", "encoding": "UTF-16"},
            ),
            {"delimiter": "\t", "quote": '"', "escape": "\\", "null_values": ["-"], "encoding": "UTF-16"}
            | {"skip_rows": 1},
        ),
        (
            table(types=TYPES, Parameters={"classification": "csv", "delimiter": ";", "skip.header.line.count": "1"}),
            {"delimiter": ";", "skip_rows": 1},
        ),
    ],
)
def test_csv(told: GlueTable, found: Mapping[str, Any]) -> None:
    assert csv(told) == {**found, "header": ["id", "name"]}


@pytest.mark.parametrize(("headings", "header", "skipped"), [("0", False, 0), ("1", True, 0), ("3", True, 2)])
def test_csv_without_columns_takes_their_names_from_the_files(headings: str, header: bool, skipped: int) -> None:
    found = csv(table(serde=OPEN_CSV, Parameters={"skip.header.line.count": headings}))
    assert (found["header"], found["skip_rows"]) == (header, skipped)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (table(serde=OPEN_CSV, given={"separatorChar": "||"}), "its delimiter is '||'"),
        (table(serde=OPEN_CSV, given={"separatorChar": "\n"}), r"its delimiter is '\n'"),
        (table(serde=OPEN_CSV, given={"quoteChar": "»"}), "its quote is '»'"),
        (table(serde=LAZY_SIMPLE, given={"field.delim": "-2"}), "its delimiter is 'þ'"),
        (table(serde=OPEN_CSV, given={"separatorChar": '"'}), "one character has two meanings"),
        (table(serde=OPEN_CSV, Parameters={"skip.footer.line.count": "1"}), "it ends in lines that are no rows"),
    ],
)
def test_csv_that_can_not_be_read(told: GlueTable, why: str) -> None:
    assert why in csv(told)["unreadable"]


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


def test_partitions() -> None:
    keys = {"year": "int", "month": "int"}
    assert properties(table(keys=keys))["partition_by"] == ["year", "month"]
    projected = {"projection.enabled": "true", "storage.location.template": "s3://lake/t/year=${year}/month=${month}"}
    assert properties(table(keys=keys, Parameters=projected))["partition_by"] == ["year", "month"]
    projected["storage.location.template"] = "s3://lake/t/${year}/${month}"
    assert (
        "folders that are not named 'column=value'" in properties(table(keys=keys, Parameters=projected))["unreadable"]
    )
    projected["projection.enabled"] = "false"
    assert properties(table(keys=keys, Parameters=projected))["partition_by"] == ["year", "month"]


def test_descriptions() -> None:
    assert properties(table(Description="of Glue", Parameters={"comment": "of Hive"}))["description"] == "of Glue"
    assert properties(table(Parameters={"comment": "of Hive"}))["description"] == "of Hive"


def owner(found: GlueTable) -> Mapping[str, Any]:
    return {"owner": found.raw.get("Owner", "nobody")}


def always_ndjson(found: GlueTable) -> Mapping[str, Any]:
    return {"format": "ndjson"}


def test_an_extractor_can_be_added_replaced_and_left_out() -> None:
    standard = GlueTranslator()
    told = table(serde=PARQUET, Description="x")
    assert standard.with_extractor(owner).translate(told).properties["owner"] == "nobody"
    replaced = standard.with_extractor(always_ndjson, instead_of=format)
    assert replaced.translate(told).properties["format"] == "ndjson"
    assert standard.translate(told).properties["format"] == "parquet"
    assert "format" not in standard.without(format).translate(told).properties
    assert GlueTranslator([owner]).translate(told).properties == {"owner": "nobody"}
    assert repr(replaced).startswith("GlueTranslator(location, description, always_ndjson, codec, ")
    assert pickle.loads(pickle.dumps(replaced)).extractors == replaced.extractors


def test_an_extractor_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="has no extractor owner; its own are location, description"):
        GlueTranslator().with_extractor(format, instead_of=owner)
    with pytest.raises(ConfigError, match="has no extractor owner"):
        GlueTranslator().without(owner)


def broken(found: GlueTable) -> Mapping[str, Any]:
    return {"x": found.raw["Nothing"]}


def test_the_error_of_an_extractor_says_which_it_is() -> None:
    with pytest.raises(KeyError) as error:
        GlueTranslator().with_extractor(broken).translate(table())
    assert error.value.__notes__ == ["by the extractor broken, of Glue's table db.t"]


texts = st.sampled_from(
    ["", "true", "1", "csv", "s3://x/y", "ICEBERG", "\\", "é", "{}", "int", LAZY_SIMPLE, OPEN_CSV, TEXT]
)
parameters = st.none() | st.dictionaries(
    st.sampled_from(
        [
            *("classification", "table_type", "spark.sql.sources.provider", "spark.sql.sources.schema", "field.delim"),
            *("skip.header.line.count", "serialization.format", "escape.delim", "separatorChar", "quoteChar", "path"),
            *("storage.location.template", "projection.enabled", "compressionType", "header", "sep"),
        ]
    ),
    texts,
)
told_columns = st.none() | st.lists(
    st.fixed_dictionaries({}, optional={"Name": texts, "Type": texts, "Comment": texts})
)
storages = st.fixed_dictionaries(
    {},
    optional={
        "Location": texts,
        "InputFormat": texts,
        "Columns": told_columns,
        "SerdeInfo": st.none()
        | st.fixed_dictionaries({}, optional={"SerializationLibrary": texts, "Parameters": parameters}),
    },
)
raws = st.fixed_dictionaries(
    {},
    optional={
        "StorageDescriptor": st.none() | storages,
        "Parameters": parameters,
        "PartitionKeys": told_columns,
        "TableType": texts,
        "TargetTable": st.none() | st.fixed_dictionaries({}, optional={"Name": texts}),
        "Description": texts,
    },
)


@given(raws)
def test_no_table_is_so_odd_that_it_can_not_be_listed(raw: dict[str, Any]) -> None:
    found = GlueTranslator().translate(GlueTable("db", "t", raw))
    assert found.type in {"s3.table", "iceberg", "delta", "hudi", "object"}
    assert "location" in found.properties or "unreadable" in found.properties or "metadata_location" in found.properties
