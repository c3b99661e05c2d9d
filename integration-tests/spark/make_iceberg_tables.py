"""Makes ../corpora/iceberg_tables.tar.xz: tables by Spark, and what Spark reads of each of their versions.

`python make_iceberg_tables.py`, in an environment with pyspark 4.1.1; Java 17 must be there.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from iceberg_session import rows_of, session
from pyspark.sql import SparkSession

MERGE_ON_READ = (
    "'write.delete.mode'='merge-on-read', 'write.update.mode'='merge-on-read', 'write.merge.mode'='merge-on-read'"
)
TYPES = """b boolean, i int, l bigint, f float, d double, d5 decimal(5,2), d18 decimal(18,6), d38 decimal(38,10),
    dt date, tz timestamp, ntz timestamp_ntz, s string, bin binary,
    st struct<a: int, b: struct<c: string, d: array<int>>>,
    ls array<struct<x: int, y: map<string, double>>>, m map<int, struct<p: decimal(10,2), q: array<date>>>"""
VALUES = """
    (true, 2147483647, 9223372036854775807, float('1.5'), double('-0.0'), 999.99, 123456789012.123456,
     1234567890123456789012345678.0123456789BD, date'1969-12-31', timestamp'1969-12-31 23:59:59.999999',
     timestamp_ntz'1900-01-01 00:00:00.000001', 'é√ \U0001f600', X'00FF',
     named_struct('a', 1, 'b', named_struct('c', 'x', 'd', array(1, null))),
     array(named_struct('x', 1, 'y', map('k', 1.5D)), null),
     map(1, named_struct('p', 1.25BD, 'q', array(date'2020-02-29')))),
    (false, -2147483648, -9223372036854775808, float('NaN'), double('-Infinity'), -999.99, -0.000001, -1,
     date'0001-01-01', timestamp'0002-01-01 00:00:00', timestamp_ntz'9999-12-31 23:59:59.999999', '', X'',
     named_struct('a', null, 'b', null),
     array(), map()),
    (null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)"""
PARTED = """
    (1, -11, 'abc', date'1969-12-31', timestamp'1969-12-31 23:59:59.999999',
     timestamp_ntz'1959-12-31 23:00:00', -10.65, 'a/b c'),
    (2, 9, '\U0001f600x\U0001f600', date'1960-02-29', timestamp'2024-02-29 12:34:56',
     timestamp_ntz'2024-02-29 12:34:56', 0.01, 'é%=&#'),
    (3, null, null, null, null, null, null, null),
    (4, 0, '', date'2024-02-29', timestamp'1900-01-01 00:00:00', timestamp_ntz'1970-01-01 00:00:00', 99.99, '')"""

TABLES: dict[str, list[str]] = {
    **{
        f"types_v{version}": [
            f"create table $T ({TYPES}) using iceberg tblproperties ('format-version'='{version}')",
            f"insert into $T values {VALUES}",
        ]
        for version in (1, 3)
    },
    **{
        f"partitions_{number}": [
            "create table $T (id int, i int, s string, dt date, tz timestamp, ntz timestamp_ntz, n decimal(9,2), "
            f"p string) using iceberg partitioned by ({terms})",
            f"insert into $T values {PARTED}",
        ]
        for number, terms in enumerate(
            (
                "years(dt), hours(tz), p",
                "days(ntz), truncate(10, i), truncate(2, s)",
                "bucket(7, i), bucket(7, n), months(tz)",
            )
        )
    },
    "evolved": [
        "create table $T (a int, b float, c decimal(5,2), x string, st struct<p: int, q: string>, "
        "li array<struct<u: int>>) using iceberg",
        "insert into $T values (1, 1.5, 1.25, 'x1', named_struct('p', 1, 'q', 'q'), array(named_struct('u', 1)))",
        "alter table $T alter column a type bigint",
        "alter table $T alter column b type double",
        "alter table $T alter column c type decimal(12,2)",
        "alter table $T add column st.r int first",
        "alter table $T add column li.element.v string",
        "alter table $T rename column x to xx",
        "alter table $T add column x int after a",
        "insert into $T values (5000000000, 7, 1e300, 1234567890.12, 'x2', named_struct('r', 9, 'p', 2, 'q', 'q2'), "
        "array(named_struct('u', 2, 'v', 'v')))",
        "alter table $T drop column st.p",
        "alter table $T add column st.p string",
        "alter table $T rename column a to other",
        "alter table $T rename column x to a",
        "alter table $T rename column other to x",
        "insert into $T select 6, 60, 6.5, 6, 'x3', named_struct('r', 9, 'q', 'q3', 'p', 'P'), null",
    ],
    "specs_v1": [  # fields that go are void in version 1
        "create table $T (id int, s string, d date) using iceberg partitioned by (s, bucket(4, id)) "
        "tblproperties ('format-version'='1')",
        "insert into $T values (1, 'a', date'2020-01-01'), (2, null, null)",
        "alter table $T drop partition field s",
        "alter table $T add partition field months(d)",
        "insert into $T values (3, 'a', date'1960-01-01'), (4, 'b', null)",
        "alter table $T replace partition field months(d) with years(d)",
        "alter table $T rename column s to t",
        "insert into $T values (5, 'a', date'2020-01-01')",
    ],
    **{
        f"deletes_v{version}": [
            "create table $T (id int, v string, p string) using iceberg partitioned by (p) "
            f"tblproperties ('format-version'='{version}', {MERGE_ON_READ})",
            "insert into $T select id, concat('v', id), if(id % 3 = 0, 'a', if(id % 3 = 1, 'b', null)) "
            "from range(0, 30)",
            "delete from $T where id in (0, 3, 7)",
            "update $T set v = 'U' where id % 10 = 5",
            "merge into $T t using (select id, 'M' v, 'a' p from range(20, 40, 7)) n on t.id = n.id "
            "when matched and n.id = 27 then delete when matched then update set v = n.v, p = n.p "
            "when not matched then insert *",
        ]
        for version in (2, 3)
    },
    "upgraded": [
        f"create table $T (id int) using iceberg tblproperties ('format-version'='2', {MERGE_ON_READ})",
        "insert into $T select /*+ COALESCE(1) */ cast(id as int) from range(0, 20)",
        "delete from $T where id < 5",
        "alter table $T set tblproperties ('format-version'='3')",
        "delete from $T where id in (7, 9)",
    ],
    "row_groups": [
        "create table $T (id int, v string) using iceberg tblproperties ('format-version'='2', "
        f"'write.parquet.row-group-size-bytes'='4096', 'write.parquet.page-size-bytes'='512', {MERGE_ON_READ})",
        "insert into $T select /*+ COALESCE(1) */ cast(id as int), concat('v', id) from range(0, 3000)",
        "delete from $T where id % 500 = 1 or id between 1000 and 1999",
    ],
    "refs": [
        "create table $T (id int, s string) using iceberg tblproperties ('write.wap.enabled'='true')",
        "insert into $T values (1, 'a')",
        "alter table $T create branch br",
        "alter table $T create tag tg",
        "insert into $T.branch_br values (2, 'b')",
        "alter table $T add column z int",
        "set spark.wap.id=staged",
        "insert into $T values (9, 'staged', 1)",
        "reset spark.wap.id",
        "insert into $T values (3, 'c', 5)",
        "call ice.system.publish_changes('$N', 'staged')",
    ],
    "replaced": [
        "create table $T (id int, s string) using iceberg partitioned by (s)",
        "insert into $T values (1, 'a')",
        "create or replace table $T using iceberg as select 'zz' as id, 5 as n",
        "create or replace table $T (id bigint, q string) using iceberg partitioned by (bucket(2, id))",
        "insert into $T values (1, 'q')",
    ],
    "overwritten": [
        "create table $T (id int, p string) using iceberg partitioned by (p) "
        "tblproperties ('write.metadata.compression-codec'='gzip', 'write.object-storage.enabled'='true')",
        "insert into $T values (1, 'a'), (2, 'b')",
        "set spark.sql.sources.partitionOverwriteMode=dynamic",
        "insert overwrite $T values (3, 'a')",
        "reset spark.sql.sources.partitionOverwriteMode",
        "delete from $T where p = 'b'",
        "truncate table $T",
    ],
    "kept": [
        f"create table $T (id int, p int) using iceberg partitioned by (p) tblproperties ({MERGE_ON_READ})",
        "insert into $T select cast(id as int), cast(id % 2 as int) from range(0, 10)",
        "insert into $T select cast(id as int), cast(id % 2 as int) from range(10, 20)",
        "delete from $T where id % 7 = 3",
        "call ice.system.rewrite_manifests('$N')",
        "call ice.system.rewrite_data_files(table => '$N', options => map('rewrite-all', 'true'))",
        "call ice.system.compute_table_stats('$N')",
        "call ice.system.expire_snapshots(table => '$N', older_than => timestamp'2999-01-01 00:00:00', "
        "retain_last => 2)",
    ],
    "names": [
        "create table $T (`a.b` int, `c d` string, `Ünï` int, `UPPER` int, `1st` struct<`x.y`: int, `z z`: string>) "
        "using iceberg partitioned by (`c d`, bucket(2, `a.b`), `Ünï`)",
        "insert into $T values (1, 'x', 2, 3, named_struct('x.y', 5, 'z z', 'zz')), (2, 'y/ z', null, 3, null)",
    ],
    "bounds": [
        "create table $T (id int, s string, d double, bin binary) using iceberg "
        "tblproperties ('write.metadata.metrics.default'='truncate(4)')",
        "insert into $T values (1, concat(repeat('\U0001f600', 6), 'b'), double('NaN'), X'FFFFFFFFFFFF'), "
        "(2, 'zzzzzz', 1.0D, X'00'), (3, repeat('\U0010ffff', 6), -0.0D, null)",
    ],
    "empty": ["create table $T (id int, s string) using iceberg partitioned by (s)"],
    "taken_over": [
        "set spark.sql.parquet.outputTimestampType=INT96",
        "create table hive using parquet partitioned by (p) location '$W/db/taken_over/hive' as "
        "select id, named_struct('a', id, 'l', array(named_struct('c', id))) st, map('k', id) m, "
        "timestamp'1969-12-31 23:59:59.123456' t, cast(id * 1.5 as decimal(9,2)) d, if(id % 2 = 0, 'x y', 'z') p "
        "from range(0, 4)",
        "create table $T (id bigint, st struct<a: bigint, l: array<struct<c: bigint>>>, m map<string, bigint>, "
        "t timestamp, d decimal(9,2), p string) using iceberg partitioned by (p) "
        f"tblproperties ('format-version'='2', {MERGE_ON_READ})",
        "call ice.system.add_files(table => '$N', source_table => '`parquet`.`$W/db/taken_over/hive`')",
        "alter table $T rename column d to e",
        "delete from $T where id = 3",
    ],
}


def make(spark: SparkSession, warehouse: str) -> dict[str, list[dict[str, Any]]]:
    """Make the tables, and tell what Spark reads of them."""
    found = {}
    for key, statements in TABLES.items():
        for statement in statements:
            text = statement.replace("$T", f"ice.db.{key}").replace("$N", f"db.{key}").replace("$W", warehouse)
            spark.sql(text)
        found[key] = states(spark, f"ice.db.{key}")
    delete_equal(spark, "equality")
    found["equality"] = states(spark, "ice.db.equality")
    return found


def states(spark: SparkSession, table: str) -> list[dict[str, Any]]:
    """The rows of a table now, of each version, of each branch and tag."""
    found = [state(spark, table)]
    versions = spark.sql(f"select snapshot_id from {table}.snapshots order by committed_at").collect()
    found += [{"version": one, **state(spark, f"{table} version as of {one}")} for (one,) in versions]
    for name, kind in spark.sql(f"select name, lower(type) from {table}.refs where name <> 'main'").collect():
        found.append({kind: name, **state(spark, f"{table} version as of '{name}'")})
    return found


def state(spark: SparkSession, what: str) -> dict[str, Any]:
    frame = spark.sql(f"select * from {what}")
    return {"columns": frame.columns, "rows": rows_of(frame)}


def delete_equal(spark: SparkSession, key: str) -> None:
    """Make a table with equality deletes, which Flink writes: by Iceberg's Java library, since Spark writes none."""
    name, java = f"ice.db.{key}", spark._jvm  # type: ignore[attr-defined]
    spark.sql(f"create table {name} (s string, t string) using iceberg tblproperties ('format-version'='2')")
    spark.sql(f"insert into {name} values ('a', 'x'), ('b', 'x'), ('c', null), (null, 'y'), ('', '')")
    for column, values in {"s": ["a", None], "t": [None]}.items():
        iceberg = java.org.apache.iceberg
        table = iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, name)
        schema = table.schema().select([column])
        ids = spark._sc._gateway.new_array(java.int, 1)  # type: ignore[attr-defined]
        ids[0] = schema.findField(column).fieldId()
        file = table.io().newOutputFile(table.locationProvider().newDataLocation(f"deletes-{column}.parquet"))
        plain = iceberg.encryption.EncryptedFiles.plainAsEncryptedOutput(file)
        factory = iceberg.data.GenericAppenderFactory(table.schema(), table.spec(), ids, schema, None)
        writer = factory.newEqDeleteWriter(plain, iceberg.FileFormat.PARQUET, None)
        for value in values:
            record = iceberg.data.GenericRecord.create(schema)
            record.setField(column, value)
            writer.write(record)
        writer.close()
        table.newRowDelta().addDeletes(writer.toDeleteFile()).commit()
        spark.sql(f"refresh table {name}")
        spark.sql(f"insert into {name} values ('a', null)")


def packed(folder: Path, into: Path) -> None:
    """Keep the tables in one archive, without Hadoop's checksums."""
    with tarfile.open(into, "w:xz", preset=9) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.endswith(".crc"):
                archive.add(path, path.relative_to(folder))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        told = make(session(made), made)
        Path(made, "expected.json").write_text(json.dumps(told, ensure_ascii=False))
        packed(Path(made), Path(*sys.argv[1:2] or [Path(__file__).parent.parent / "corpora" / "iceberg_tables.tar.xz"]))
