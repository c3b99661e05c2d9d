"""A REST catalog of Iceberg: Nessie on this machine, else pyiceberg's own catalog behind a small server."""

from __future__ import annotations

import functools
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from attrs import frozen

from dao_redshift.testing._services._programs import LOOPBACK, free_port, running, web_answers
from services.choosing import Offer, choose
from services.minio import ObjectServer, make_bucket

_JAR = "NESSIE_JAR"
_OLDEST_JAVA = 21
_SERVER = Path(__file__).with_name("rest_server.py")


@frozen
class CatalogServer:
    """A running REST catalog.

    Attributes:
        endpoint: its URL.
        is_nessie: whether it is Nessie, which keeps one snapshot of a table alone.
    """

    endpoint: str
    is_nessie: bool = False

    def new(self, endpoint: str, name: str = "test") -> dict[str, Any]:
        """The options of an empty catalog: a branch of Nessie, or one of the server's catalogs.

        Args:
            endpoint: at which it is to be asked.
            name: with which its name begins.
        """
        name = f"{name}-{uuid.uuid4().hex}"
        if not self.is_nessie:
            return {"uri": f"{endpoint}/{name}"}
        trees = f"{self.endpoint}/api/v2/trees"
        with urlopen(f"{trees}/-") as answer:
            start = json.loads(answer.read())["reference"]
        asked = Request(f"{trees}?name={name}&type=BRANCH", json.dumps(start).encode(), method="POST")
        asked.add_header("content-type", "application/json")
        urlopen(asked).close()
        return {"uri": f"{endpoint}/iceberg/{name}"}


def offer() -> Offer[CatalogServer]:
    """The way in which this machine has a REST catalog; it is started over an S3 server."""
    return choose(
        "a REST catalog of Iceberg",
        [
            Offer("programs", f"Nessie's runner jar by {_JAR}, and Java {_OLDEST_JAVA}", _has_nessie, _as_a_program),
            Offer("stand-ins", "pyiceberg's own catalog", lambda: True, _as_a_stand_in),
        ],
    )


def _has_nessie() -> bool:
    return os.path.isfile(os.environ.get(_JAR, "")) and _java() is not None


@functools.cache
def _java() -> str | None:
    """A Java that Nessie runs on."""
    home = os.environ.get("JAVA_HOME")
    known = [f"{home}/bin/java"] if home else []
    for program in (*known, shutil.which("java"), *sorted(glob.glob("/usr/lib/jvm/*/bin/java"))):
        if program is not None and os.access(program, os.X_OK):
            told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
            found = re.search(r'version "(\d+)', told)
            if found and int(found[1]) >= _OLDEST_JAVA:
                return program
    return None


@contextmanager
def _as_a_program(s3: ObjectServer) -> Iterator[CatalogServer]:
    java, port, bucket = _java(), free_port(), make_bucket(s3, f"warehouse-{uuid.uuid4().hex}")
    assert java is not None
    catalog, files = "nessie.catalog", "nessie.catalog.service.s3.default-options"
    settings = {
        "quarkus.http.host": LOOPBACK,
        "quarkus.http.port": port,
        "quarkus.management.host": LOOPBACK,
        "quarkus.management.port": free_port(),
        "nessie.version.store.type": "IN_MEMORY",
        "nessie.server.authentication.enabled": "false",
        f"{catalog}.default-warehouse": "warehouse",
        f"{catalog}.warehouses.warehouse.location": f"s3://{bucket}/warehouse",
        f"{files}.region": s3.region,
        f"{files}.endpoint": f"{s3.endpoint}/",
        f"{files}.path-style-access": "true",
        f"{files}.access-key": "urn:nessie-secret:quarkus:s3-keys",
        "s3-keys.name": s3.access_key,
        "s3-keys.secret": s3.secret_key,
    }
    options = [f"-D{name}={value}" for name, value in settings.items()]
    server = CatalogServer(f"http://{LOOPBACK}:{port}", is_nessie=True)
    with running(
        [java, "-Xmx512m", "-XX:TieredStopAtLevel=1", *options, "-jar", os.environ[_JAR]],
        lambda: web_answers(f"{server.endpoint}/iceberg/v1/config"),
        end_by=signal.SIGKILL,  # it has nothing to keep, and takes its time
    ):
        yield server


def stand_in(s3: ObjectServer, vended: Mapping[str, str] | None = None) -> Any:
    """Pyiceberg's catalog behind a small server: a context that gives it.

    Args:
        s3: where the tables are.
        vended: what catalogs vend whose names begin with ``vending``.
    """
    return _as_a_stand_in(s3, vended)


@contextmanager
def _as_a_stand_in(s3: ObjectServer, vended: Mapping[str, str] | None = None) -> Iterator[CatalogServer]:
    login = {
        "s3.endpoint": s3.endpoint,
        "s3.region": s3.region,
        "s3.access-key-id": s3.access_key,
        "s3.secret-access-key": s3.secret_key,
    }
    port = free_port()
    server = CatalogServer(f"http://{LOOPBACK}:{port}")
    environment = {"REST_SERVER_IO": json.dumps(login), "REST_SERVER_VENDED": json.dumps(dict(vended or {}))}
    with (
        tempfile.TemporaryDirectory(prefix="rest-catalog-") as folder,
        running(
            [sys.executable, _SERVER, str(port), folder],
            lambda: web_answers(f"{server.endpoint}/ready/v1/config"),
            environment=environment,
        ),
    ):
        yield server
