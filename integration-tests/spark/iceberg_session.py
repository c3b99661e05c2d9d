"""Spark with Iceberg, in an environment of its own: Iceberg has no runtime for the newest Spark yet."""

from __future__ import annotations

import os
import tempfile
import time
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from values import told

PACKAGES = (
    "org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.11.0",
    "org.xerial:sqlite-jdbc:3.46.1.3",
)
"""For Spark 4.1.1, by their coordinates."""


def session(warehouse: str, database: str | None = None) -> SparkSession:
    """A session with the catalog `ice`, whose tables are folders of the warehouse.

    Args:
        warehouse: a folder.
        database: a file of SQLite, which the catalog `dao` is in.
    """
    os.environ["TZ"] = "UTC"  # moments are collected in it
    time.tzset()
    catalog = "org.apache.iceberg.spark.SparkCatalog"
    jars = os.environ.get("DAO_SPARK_JARS", f"{tempfile.gettempdir()}/dao-spark-jars")
    config = {
        "spark.jars.ivy": jars,
        "spark.jars.packages": ",".join(PACKAGES),
        "spark.jars.excludes": "org.slf4j:slf4j-api",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.ice": catalog,
        "spark.sql.catalog.ice.type": "hadoop",
        "spark.sql.catalog.ice.warehouse": warehouse,
        "spark.sql.warehouse.dir": warehouse,
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        # Tables of some rows: plans aren't worth compiling.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.adaptive.enabled": "false",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    }
    if database is not None:
        config |= {
            "spark.sql.catalog.dao": catalog,
            "spark.sql.catalog.dao.type": "jdbc",
            "spark.sql.catalog.dao.uri": f"jdbc:sqlite:{database}",
            "spark.sql.catalog.dao.warehouse": warehouse,
            "spark.sql.catalog.dao.jdbc.schema-version": "V1",
            "spark.sql.catalog.dao.cache-enabled": "false",
        }
    found = SparkSession.builder.master("local[1]").config(map=config).getOrCreate()
    found.sparkContext.setLogLevel("ERROR")
    return found


def rows_of(frame: DataFrame) -> list[list[Any]]:
    """The rows of a frame as JSON has them; see `values`."""
    return [[told(value) for value in row] for row in frame.collect()]
