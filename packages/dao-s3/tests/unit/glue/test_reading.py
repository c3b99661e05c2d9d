"""Tables of Glue read and written by name."""

from __future__ import annotations

import gzip
import io
import pickle
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest
from glue_server import Glue, plugins_alone

from dao import DataAccessObject, PluginError, UnsupportedError
from dao_s3.glue import GlueTable, GlueTranslator
from dao_s3.glue._extractors import declared_schema, exact_schema

PARQUET = {"SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}}
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
ROWS = pa.table({"userId": [1, 2, 3], "name": ["Ann", "Bob", None]})


def parquet(rows: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(rows, sink)
    return sink.getvalue()


def serde(library: str, **parameters: str) -> dict[str, Any]:
    told = {name.replace("_", "."): value for name, value in parameters.items()}
    return {"SerdeInfo": {"SerializationLibrary": library, "Parameters": told}}


@pytest.fixture
def dao(glue: Glue) -> DataAccessObject:
    glue.database("sales", LocationUri="s3://lake/sales")
    return DataAccessObject(glue.catalog())


@pytest.mark.parametrize("interface", ["s3", "s3.obstore"])
@pytest.mark.parametrize("location", ["s3://lake/sales/users", "s3://attic/users/", "s3a://attic"])
def test_parquet(glue: Glue, interface: str, location: str) -> None:
    glue.database("sales", LocationUri="s3://lake/sales")
    glue.table("sales", "users", location, StorageDescriptor=PARQUET, columns={"userid": "bigint", "name": "string"})
    bucket, _, key = location.partition("://")[2].rstrip("/").partition("/")
    glue.s3.put_object(Bucket=bucket, Key=f"{key}/part-0".lstrip("/"), Body=parquet(ROWS))
    dao = DataAccessObject(glue.catalog(interface=interface))
    assert dao.read("sales.users") == ROWS
    assert dao.read("sales.users", columns=["name"], where="userId > 1", into="pylist") == [
        {"name": "Bob"},
        {"name": None},
    ]
    assert dao.count("sales.users") == 3
    assert dao.schema("sales.users") == ROWS.schema


def test_partitions_that_are_projected(glue: Glue, dao: DataAccessObject) -> None:
    projection = {"projection.enabled": "true", "storage.location.template": "s3://lake/sales/t/day=${day}"}
    glue.table(
        "sales",
        "t",
        "s3://lake/sales/t",
        StorageDescriptor={**PARQUET},
        columns={"name": "string", "userid": "bigint"},
        partition_keys={"day": "date"},
        Parameters=projection,
    )
    for day in ("2025-01-01", "2025-01-02"):
        glue.s3.put_object(Bucket="lake", Key=f"sales/t/day={day}/x.parquet", Body=parquet(ROWS))
    found = dao.read("sales.t", where="day = DATE '2025-01-02' AND userId < 3")
    assert found.num_rows == 2
    assert found.schema.field("day").type == pa.date32()


def test_partitions_have_their_declared_types_where_the_columns_are_sure(glue: Glue, dao: DataAccessObject) -> None:
    glue.table(
        "sales",
        "t",
        "s3://lake/sales/t",
        StorageDescriptor={**PARQUET},
        columns={"name": "string", "added_later": "array<int>"},
        partition_keys={"code": "string"},
        Parameters={"trino_query_id": "x"},
    )
    glue.s3.put_object(Bucket="lake", Key="sales/t/code=7/x.parquet", Body=parquet(ROWS.select(["name"])))
    found = dao.read("sales.t", where="code = '7'")
    assert found.schema == pa.schema(
        [("name", pa.string()), ("added_later", pa.list_(pa.int32())), ("code", pa.string())]
    )
    assert found["added_later"].null_count == 3


CSV = {
    "with headings": (serde(LAZY, field_delim="|"), {"skip.header.line.count": "1"}, b"ID|Who\n1|Ann\n2|Bob\n3|\\N\n"),
    "Hive's own": (serde(LAZY), {}, b"1\x01Ann\n2\x01Bob\n3\x01\\N\n"),
    "quoted": (
        serde(OPEN_CSV, separatorChar=";"),
        {"skip.header.line.count": "1"},
        b'"a";"b"\n"1";"Ann"\n2;Bob\n3;\n',
    ),
    "crawled": ({}, {"classification": "csv", "delimiter": "\t"}, b"1\tAnn\n2\tBob\n3\t\n"),
}


@pytest.mark.parametrize(("storage", "parameters", "content"), CSV.values(), ids=CSV)
def test_csv(
    glue: Glue, dao: DataAccessObject, storage: dict[str, Any], parameters: dict[str, str], content: bytes
) -> None:
    glue.table(
        "sales",
        "users",
        "s3://lake/sales/users",
        StorageDescriptor={**storage},
        columns={"userid": "int", "name": "string"},
        Parameters=parameters,
    )
    glue.s3.put_object(Bucket="lake", Key="sales/users/a", Body=content)
    glue.s3.put_object(Bucket="lake", Key="sales/users/b.gz", Body=gzip.compress(content))
    found = dao.read("sales.users")
    assert found.schema == pa.schema([("userid", pa.int32()), ("name", pa.string())])
    assert found["userid"].to_pylist() == [1, 2, 3] * 2
    assert found["name"].to_pylist() == ["Ann", "Bob", None] * 2


def test_json_lines_have_their_own_names(glue: Glue, dao: DataAccessObject) -> None:
    storage = serde("org.openx.data.jsonserde.JsonSerDe")
    glue.table("sales", "users", "s3://lake/sales/users", StorageDescriptor=storage, columns={"userid": "int"})
    glue.s3.put_object(Bucket="lake", Key="sales/users/a", Body=b'{"userId": 1}\n{"userId": 2}\n')
    assert dao.read("sales.users", into="pylist") == [{"userId": 1}, {"userId": 2}]


def test_orc(glue: Glue, dao: DataAccessObject) -> None:
    storage = serde("org.apache.hadoop.hive.ql.io.orc.OrcSerde")
    glue.table("sales", "users", "s3://lake/sales/users", StorageDescriptor=storage, columns={"userid": "bigint"})
    sink = io.BytesIO()
    orc.write_table(ROWS, sink)
    glue.s3.put_object(Bucket="lake", Key="sales/users/000000_0", Body=sink.getvalue())
    assert dao.read("sales.users") == ROWS


def test_columns_have_the_names_in_the_files_unless_glues_are_declared(glue: Glue) -> None:
    glue.database("sales")
    glue.table("sales", "t", "s3://lake/t", StorageDescriptor=PARQUET, columns={"userid": "bigint", "name": "string"})
    glue.s3.put_object(Bucket="lake", Key="t/x.parquet", Body=parquet(ROWS))
    careful = DataAccessObject(glue.catalog())
    assert careful.read("sales.t")["userId"].to_pylist() == [1, 2, 3]
    translator = GlueTranslator().with_extractor(declared_schema, instead_of=exact_schema)
    trusting = DataAccessObject(glue.catalog(translator=translator))
    assert trusting.schema("sales.t").names == ["userid", "name"]


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"TableType": "VIRTUAL_VIEW"}, "'sales.v' can't be used: it is a view (VIRTUAL_VIEW)"),
        ({}, "'sales.v' can't be used: Glue has no location for it"),
        ({"location": "hdfs://x/y"}, "which is not on S3"),
    ],
)
def test_what_holds_no_data_is_listed_and_says_so(
    glue: Glue, dao: DataAccessObject, table: dict[str, Any], why: str
) -> None:
    glue.table("sales", "v", **table)
    found = dao.catalog.search("sales.*")
    assert [each.full_name for each in found] == ["sales.v"]
    calls = [
        lambda: dao.read("sales.v"),
        lambda: dao.read("sales.v", columns=["a"], into="pylist"),
        lambda: dao.read_stream("sales.v"),
        lambda: dao.write(ROWS, "sales.v"),
        lambda: dao.upsert(ROWS, "sales.v", keys="userId"),
        lambda: dao.delete("sales.v"),
        lambda: dao.exists("sales.v"),
        lambda: dao.count("sales.v"),
        lambda: dao.schema("sales.v"),
        lambda: dao.history("sales.v"),
        lambda: dao.list("sales.v"),
        lambda: dao.run("metadata", "sales.v"),
        lambda: dao.copy("sales.v", found[0].replace(key="x")),
    ]
    for call in calls:
        with pytest.raises(UnsupportedError) as error:
            call()
        assert why in str(error.value)


@pytest.mark.parametrize("format", ["delta", "iceberg", "hudi"])
def test_a_backend_that_is_not_installed_is_named_when_it_is_needed(
    glue: Glue, dao: DataAccessObject, format: str
) -> None:
    plugins = plugins_alone()
    dao = DataAccessObject(glue.catalog(plugins=plugins), plugins=plugins)
    glue.table("sales", "new", "s3://lake/sales/new", Parameters={"table_type": format.upper()})
    glue.table("sales", "old", "s3://lake/sales/old", StorageDescriptor=PARQUET)
    assert [found.identifier for found in dao.catalog.search("sales.*")] == ["new", "old"]
    assert [found.type_name for found in dao.catalog.search("sales.*")] == [format, "s3.table"]
    assert dao.catalog["sales.new"].location == "s3://lake/sales/new"
    assert pickle.loads(pickle.dumps(dao.catalog["sales.new"])) == dao.catalog["sales.new"]
    with pytest.raises(PluginError, match=f"no plugin registers interface '{format}'"):
        dao.read("sales.new")


def test_a_table_is_written_and_read_back(glue: Glue, dao: DataAccessObject) -> None:
    glue.table(
        "sales",
        "users",
        "s3://lake/sales/users",
        StorageDescriptor={**PARQUET},
        columns={"userid": "bigint"},
        partition_keys={"name": "string"},
        Parameters={"parquet.compression": "SNAPPY"},
    )
    rows = ROWS.slice(0, 2)
    dao.write(rows, "sales.users")
    assert dao.read("sales.users").sort_by("userId") == rows
    folders = {found["Key"].split("/")[2] for found in glue.s3.list_objects_v2(Bucket="lake")["Contents"]}
    assert {"name=Ann", "name=Bob"} <= folders


def test_between_buckets_of_one_database(glue: Glue, dao: DataAccessObject) -> None:
    for name, location in {"here": "s3://lake/sales/x", "there": "s3://attic/sales/x"}.items():
        glue.table("sales", name, location, StorageDescriptor=PARQUET)
    dao.write(ROWS, "sales.here")
    dao.copy("sales.here", "sales.there")
    assert dao.read("sales.there") == ROWS
    assert "s3.table" in {found.type_name for found in dao.catalog.search("sales.*")}


def other_reader(table: GlueTable) -> Mapping[str, Any]:
    """Tables of one owner are of a kind of their own."""
    return {"type": "table"} if table.raw.get("Owner") == "me" else {}


class Mine:
    """An interface of a user's own, with one of the options that there are."""

    def __init__(self, region: str = "", greeting: str = "") -> None:
        self.told = f"{greeting} {region}"

    def read(self, data_object: Any) -> str:
        return f"{self.told} {data_object.key}"


def test_a_type_with_an_interface_of_its_own(glue: Glue) -> None:
    glue.database("sales")
    glue.table("sales", "mine", "s3://lake/mine", Owner="me")
    glue.table("sales", "other", "s3://lake/other", StorageDescriptor=PARQUET)
    own = {"interface": Mine, "options": {"greeting": "hello"}}
    translator = GlueTranslator().with_extractor(other_reader)
    dao = DataAccessObject(glue.catalog(translator=translator, interfaces={"table": own}))
    assert dao.read("sales.mine") == "hello eu-central-1 mine"
    assert not dao.exists("sales.other")


def of_nobody(table: GlueTable) -> Mapping[str, Any]:
    return {"type": "spreadsheet"}


def test_a_type_that_nobody_registers_is_an_error(glue: Glue) -> None:
    glue.database("sales")
    glue.table("sales", "t", "s3://lake/t")
    catalog = glue.catalog(translator=GlueTranslator().with_extractor(of_nobody))
    with pytest.raises(PluginError, match="no plugin registers object type 'spreadsheet'"):
        catalog["sales.t"]


class Bucket(Mine):
    """As Mine, with a bucket, but without a prefix."""

    def __init__(self, bucket: str, region: str = "") -> None:
        super().__init__(region, bucket)


def test_a_store_without_a_prefix_is_rooted_at_the_bucket(glue: Glue) -> None:
    glue.database("sales", LocationUri="s3://lake/sales")
    glue.table("sales", "orders", "s3://lake/sales/orders")
    glue.table("sales", "old", "s3://attic/old")
    dao = DataAccessObject(glue.catalog(interface=Bucket, options=None))
    assert dao.read("sales.orders") == "lake eu-central-1 sales/orders"
    assert dao.read("sales.old") == "attic eu-central-1 old"
