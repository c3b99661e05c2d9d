"""Redshift's JDBC driver, which Spark uses, on the local Redshift: `CheckRedshift.java` tells what it saw."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from services.postgres import PostgresServer

from dao_redshift.testing import RedshiftGateway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

JAR = "redshift-jdbc42-2.2.5.jar"
SHA256 = "fde34a0e2478996482cf114138df803f7dbc9b5450a59218318fe4b4a987a0e2"
CENTRAL = f"https://repo1.maven.org/maven2/com/amazon/redshift/redshift-jdbc42/2.2.5/{JAR}"


@pytest.fixture(scope="module")
def jar() -> Path:
    """The driver, from where Spark's jars are kept or from Maven Central."""
    folder = Path(os.environ.get("DAO_SPARK_JARS", f"{tempfile.gettempdir()}/dao-spark-jars"))
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / JAR
    if not kept.exists():
        with urlopen(CENTRAL, timeout=120) as answer:
            content = answer.read()
        assert hashlib.sha256(content).hexdigest() == SHA256
        kept.write_bytes(content)
    return kept


@pytest.fixture(scope="module")
def gateway(postgres_server: PostgresServer) -> Iterator[RedshiftGateway]:
    with RedshiftGateway(postgres_server.url) as gateway:
        yield gateway


def _checked(gateway: RedshiftGateway, jar: Path, *options: str) -> dict[str, str]:
    """What the program told, by the words before the colon."""
    url = f"jdbc:redshift://{gateway.host}:{gateway.port}/{gateway.database}"
    program = Path(__file__).with_name("CheckRedshift.java")
    java = ["java", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-Duser.timezone=UTC", "-cp", str(jar)]
    ended = subprocess.run(
        [*java, str(program), url, gateway.user, gateway.password, *options],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    return dict(line.split(": ", 1) for line in ended.stdout.splitlines())


def test_the_driver(gateway: RedshiftGateway, jar: Path) -> None:
    told = _checked(gateway, jar, "ssl", "false")
    assert told == {
        "inserted": "1",
        "i int4": "1",
        "l int8": "9223372036854775807",
        "s int2": "-7",
        "n numeric": "1234567890123456789012345678901234.5678",
        "d float8": "1.25",
        "r float4": "0.5",
        "b bool": "t",
        "c bpchar": "ab  ",
        "v varchar": "it's \\ ж漢",
        "da date": "2026-02-28",
        "t timestamp": "2026-02-28 12:34:56.789012",
        "z timestamptz": "2026-02-28 12:34:56.789012+00",
        "j super": '{"a":[1,2]}',
        "x varbyte": "00ff",
        "batch": "1000",
        "fetched": "1000 499500",
        "product": "Redshift 8.0.2",
        "catalogs": "1",
        "schemas": "1",
        "tables": "1",
        "columns": "2",
        "keys": "1",
        "error": "42P01",
        "version": "true",
    }
    inserts = [sent for sent in gateway.statements if sent.text.startswith("INSERT INTO jdbc_batch")]
    rows = sum(len(sent.parameters) for sent in inserts) // 2
    assert rows == 1000


def test_the_driver_checks_the_certificate(gateway: RedshiftGateway, jar: Path) -> None:
    with gateway.own_statements() as run:
        run("DROP TABLE IF EXISTS jdbc_types")
        run("DROP TABLE IF EXISTS jdbc_batch")
    trusted = ("ssl", "true", "sslmode", "verify-full", "sslrootcert", str(gateway.certificate))
    assert _checked(gateway, jar, *trusted)["version"] == "true"
