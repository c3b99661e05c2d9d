"""``python -m dao_redshift.testing``: run as users run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psutil
import redshift_connector
import yaml

from dao import DataAccessObject, DataStore, TableObject
from dao_redshift.testing._services._programs import free_port, listens

MARK = "DAO_REDSHIFT_TEST_MARK"
SECONDS = 60
"""It ends much sooner; this is for one that doesn't."""


@contextmanager
def running(mark: str, services: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command on the services that these variables name, with a mark that all that it starts inherits."""
    environment = {**os.environ, **services, MARK: mark}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "dao_redshift.testing", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def marked(mark: str) -> list[int]:
    """The processes that have the mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark:
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def query(options: dict[str, Any], sql: str) -> Any:
    names = ("host", "port", "database", "user", "password")
    with redshift_connector.connect(**{name: options[name] for name in names}, ssl=False) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall()


def test_it_serves_until_its_input_ends(named_services: dict[str, str]) -> None:
    mark, port = uuid.uuid4().hex, free_port()
    with running(mark, named_services, "--json", "--port", str(port)) as process:
        options = json.loads(first_line(process))
        assert options["port"] == port
        assert query(options, "SELECT 40 + 2") == ([42],)
        orders = TableObject("orders", DataStore("warehouse", "redshift", options=options))
        dao = DataAccessObject()
        dao.write([{"id": 7}], orders)
        assert dao.read(orders, into="pylist") == [{"id": 7}]
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(SECONDS) == 0
    assert not listens(options["host"], port)
    assert not marked(mark)


def test_it_starts_what_is_missing_and_ends_it_when_it_is_terminated() -> None:
    mark = uuid.uuid4().hex
    with running(mark, {"DAO_REDSHIFT_SERVICES": "wheels"}) as process:
        page = [first_line(process)]
        while not page[-1].startswith("    s3:"):
            page.append(first_line(process))
        [(_, store)] = yaml.safe_load("".join(page)).items()
        assert store["interface"] == "redshift"
        assert query(store["options"], "SELECT 1") == ([1],)
        assert len(marked(mark)) > 1  # PostgreSQL too
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert not marked(mark)
