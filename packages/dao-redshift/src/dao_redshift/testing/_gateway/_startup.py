"""The beginning of a session: TLS, who the client is, and PostgreSQL behind it."""

from __future__ import annotations

import hmac
import secrets
import socket
import ssl
from struct import Struct

from attrs import frozen

from dao_redshift.testing._gateway._context import Shared
from dao_redshift.testing._statements import COMPARING, RedshiftError
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._frontend import startup_of
from dao_redshift.testing._wire._login import connect, hashed
from dao_redshift.testing._wire._stream import MessageStream

_INT, _TWO = Struct("!i"), Struct("!ii")
_PROTOCOL, _CANCEL, _TLS, _GSS = 196608, 80877102, 80877103, 80877104
_LARGEST = 1 << 16

VERSION = "8.0.2"

_DRIVERS_OWN = {
    "client_protocol_version", "driver_version", "os_version", "driver_discovery_version", "plugin_name", "idp_type",
    "provider_name", "token_type", "identity_namespace", "idc_client_display_name", "replication", "user", "database",
    "standard_conforming_strings", "escape_string_warning",
}  # fmt: skip
"""What Redshift's drivers send, and PostgreSQL doesn't know; and what is the gateway's own affair."""

_SESSION = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "TimeZone": "UTC",
    "application_name": "",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "backslash_quote": "on",
    "bytea_output": "hex",
    "default_transaction_isolation": "serializable",
}
"""Settings with which Redshift's sessions begin, or that make PostgreSQL read SQL as Redshift does."""

_SEARCHED = '"$user", public'
_TOLD = (
    "server_encoding", "client_encoding", "DateStyle", "TimeZone", "integer_datetimes", "IntervalStyle",
    "application_name", "standard_conforming_strings",
)  # fmt: skip


@frozen
class Wanted:
    """What a client asks for when it connects.

    Attributes:
        cancelled: the key of the session whose statement is to be cancelled, if that is all it wants.
        parameters: else those of its startup message.
    """

    cancelled: bytes | None
    parameters: dict[str, str]


@frozen
class Welcomed:
    """A client that has logged in, and its session of PostgreSQL.

    Attributes:
        user: who it is.
        upstream: the messages of PostgreSQL.
        pid: the number of the process there.
        key: the key by which its statements are cancelled, the client's and PostgreSQL's.
    """

    user: str
    upstream: MessageStream
    pid: int
    key: bytes


def ask(connection: socket.socket, tls: ssl.SSLContext | None) -> tuple[socket.socket, MessageStream, Wanted]:
    """Learn what a client wants, over TLS if it wants that and the gateway has it.

    Raises:
        ConnectionLost: the client is gone.
        RedshiftError: it speaks another protocol.
        OSError: it doesn't agree on TLS.
    """
    while True:
        stream = MessageStream(connection)
        (size,) = _INT.unpack(stream.exactly(4))
        if not 8 <= size <= _LARGEST:
            raise RedshiftError("invalid length of startup packet", "08P01")
        body = stream.exactly(size - 4)
        (code,) = _INT.unpack_from(body)
        if code == _TLS and tls is not None and stream.empty:
            stream.send(b"S")
            connection = tls.wrap_socket(connection, server_side=True)
        elif code in (_TLS, _GSS):
            connection.sendall(b"N")
            if not stream.empty:
                raise RedshiftError("received unencrypted data after SSL request", "08P01")
        elif code == _CANCEL:
            return connection, stream, Wanted(body[4:], {})
        elif code == _PROTOCOL:
            return connection, stream, Wanted(None, startup_of(body[4:]))
        else:
            raise RedshiftError(f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}", "0A000")


def welcome(client: MessageStream, wanted: Wanted, shared: Shared) -> Welcomed:
    """Log a client in, and begin its session.

    Raises:
        ConnectionLost: the client is gone.
        RedshiftError: the login is wrong, the database is another, or PostgreSQL refuses.
    """
    given = wanted.parameters
    user, database = given.get("user", ""), given.get("database") or given.get("user", "")
    _check_password(client, user, shared)
    if database != shared.address.database:
        raise RedshiftError(f'database "{database}" does not exist', "3D000")
    others = {name: value for name, value in given.items() if name not in _DRIVERS_OWN and not name.startswith("_pq_")}
    path = f"{others.get('search_path', _SEARCHED)}, {COMPARING}"
    settings = _SESSION | others | {"role": user, "search_path": path}
    upstream, told, key = connect(shared.address, settings)
    client.send(
        m.AUTHENTICATED
        + m.status("server_version", VERSION)
        + m.status("session_authorization", user)
        + m.status("is_superuser", "on" if shared.users[user].superuser else "off")
        + b"".join(m.status(name, told[name]) for name in _TOLD if name in told)
        + m.message(b"K", key)
        + m.ready(b"I")
    )
    return Welcomed(user, upstream, _INT.unpack_from(key)[0], key)


def _check_password(client: MessageStream, user: str, shared: Shared) -> None:
    salt = secrets.token_bytes(4)
    client.send(m.message(b"R", _INT.pack(5) + salt))
    kind, body = client.message()
    known = shared.users.get(user)
    given = body.rstrip(b"\0").decode(errors="replace")
    right = hashed(user, known.password if known else secrets.token_hex(), salt)
    if kind != b"p" or known is None or not hmac.compare_digest(given.encode(), right.encode()):
        raise RedshiftError(f'password authentication failed for user "{user}"', "28000")
