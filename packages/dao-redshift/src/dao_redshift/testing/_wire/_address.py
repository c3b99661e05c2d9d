"""Where PostgreSQL is: read from a URL, or from libpq's keywords and values."""

from __future__ import annotations

import re
import socket
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import field, frozen

from dao.errors import ConfigError

_KEYS = {"host", "port", "user", "password", "dbname", "sslmode", "connect_timeout"}
_WITHOUT_TLS = ("disable", "allow", "prefer")
_PAIR = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)(?=\s|$)")


@frozen
class Address:
    """Where a PostgreSQL server listens, and the login there.

    Attributes:
        host: a name or an address; a folder for the socket in it.
        port: the port; a part of the socket's name too.
        user: a superuser.
        password: that user's; never shown.
        database: the database.
    """

    host: str = "127.0.0.1"
    port: int = 5432
    user: str = "postgres"
    password: str = field(default="", repr=False)
    database: str = "postgres"

    @classmethod
    def of(cls, dsn: str) -> Address:
        """Read one such as ``postgresql://user:password@host:5432/database``, or ``host=/run/postgresql user=me``.

        Raises:
            ConfigError: it is neither, or asks for what the gateway hasn't, such as TLS to PostgreSQL.
        """
        given = _of_url(dsn) if "://" in dsn else _of_pairs(dsn)
        if unknown := sorted(set(given) - _KEYS):
            raise ConfigError(
                f"postgres: found {unknown[0]!r} in the address, expected only {', '.join(sorted(_KEYS))}"
            )
        if given.get("sslmode", "prefer") not in _WITHOUT_TLS:
            raise ConfigError(f"postgres: found sslmode={given['sslmode']}: the gateway reaches PostgreSQL without TLS")
        try:
            port = int(given.get("port") or 5432)
        except ValueError:
            raise ConfigError(f"postgres: found the port {given['port']!r}, expected a number") from None
        user = given.get("user") or "postgres"
        host = given.get("host") or "127.0.0.1"
        return cls(host, port, user, given.get("password", ""), given.get("dbname") or user)

    def connect(self, timeout: float = 30) -> socket.socket:
        """A new connection.

        Raises:
            OSError: there is none to be had.
        """
        if self.host.startswith("/"):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(timeout)
            connection.connect(f"{self.host}/.s.PGSQL.{self.port}")
        else:
            connection = socket.create_connection((self.host, self.port), timeout)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(None)
        return connection


def _of_url(dsn: str) -> dict[str, str]:
    try:
        parts = urlsplit(dsn)
        found = {
            "host": unquote(parts.hostname or ""),
            "port": str(parts.port or ""),
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "dbname": unquote(parts.path.removeprefix("/")),
        }
    except ValueError:
        raise ConfigError("postgres: found a URL that isn't one, expected postgresql://user@host:port/name") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise ConfigError(f"postgres: found a URL of {parts.scheme!r}, expected one of postgresql://")
    return found | dict(parse_qsl(parts.query))


def _of_pairs(dsn: str) -> dict[str, str]:
    found, at = {}, 0
    while at < len(dsn.rstrip()):
        pair = _PAIR.match(dsn, at)
        if pair is None:
            raise ConfigError("postgres: found no address, expected a URL, or host=... port=... user=... dbname=...")
        value = pair[2][1:-1] if pair[2].startswith("'") else pair[2]
        found[pair[1]] = re.sub(r"\\(.)", r"\1", value)
        at = pair.end()
    return found
