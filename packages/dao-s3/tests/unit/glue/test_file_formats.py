"""Formats, codecs and options of CSV, as Glue tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from glue_tables import LAZY_SIMPLE, OPEN_CSV, PARQUET, SEQUENCE, TEXT, properties, table

from dao_s3.glue import GlueTable
from dao_s3.glue._csv_options import csv
from dao_s3.glue._file_formats import format


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
