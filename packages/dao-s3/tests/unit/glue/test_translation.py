"""What becomes of a Glue table: location, markers, partitions, odd tables, extractors of one's own."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

import pytest
from glue_tables import LAZY_SIMPLE, OPEN_CSV, PARQUET, SEQUENCE, TEXT, properties, table
from hypothesis import given
from hypothesis import strategies as st

from dao import ConfigError
from dao_s3.glue import GlueTable, GlueTranslator
from dao_s3.glue._file_formats import format


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
