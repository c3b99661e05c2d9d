"""A login at PostgreSQL: trust, passwords as they are, MD5, and SCRAM."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from struct import Struct

from scramp import ScramClient

from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._address import Address
from dao_redshift.testing._wire._stream import ConnectionLost, MessageStream

_PROTOCOL = Struct("!i").pack(196608)
_CODE = Struct("!i")


def connect(address: Address, settings: Mapping[str, str]) -> tuple[MessageStream, dict[str, str], bytes]:
    """A session of PostgreSQL that waits for its first statement.

    Args:
        address: where, and the login.
        settings: parameters of the session, such as ``application_name``.

    Returns:
        the connection; what the server says of itself, by name; the key by which its statements are cancelled.

    Raises:
        RedshiftError: PostgreSQL doesn't want it, or isn't there.
    """
    try:
        stream = MessageStream(address.connect())
    except OSError as error:
        place = f"{address.host}:{address.port}"
        raise RedshiftError(f"the PostgreSQL behind the gateway isn't reached at {place}: {error}", "08001") from None
    given = {"user": address.user, "database": address.database, **settings}
    body = _PROTOCOL + b"".join(m.text(name) + m.text(value) for name, value in given.items()) + b"\0"
    try:
        stream.send(_CODE.pack(len(body) + 4) + body)
        return stream, *_greeted(stream, address)
    except ConnectionLost as error:
        raise RedshiftError(f"the PostgreSQL behind the gateway ended the login: {error}", "08006") from None
    except RedshiftError:
        stream.close()
        raise


def _greeted(stream: MessageStream, address: Address) -> tuple[dict[str, str], bytes]:
    told, key, scram = {}, b"", None
    while True:
        kind, body = stream.message()
        match kind:
            case b"R":
                scram = _answer(stream, body, address, scram)
            case b"S":
                (name, value), _ = m.texts(body, 0, 2)
                told[name] = value
            case b"K":
                key = body
            case b"E":
                raise m.error_of(body)
            case b"Z":
                return told, key


def _answer(stream: MessageStream, body: bytes, address: Address, scram: ScramClient | None) -> ScramClient | None:
    (code,) = _CODE.unpack_from(body)
    rest = body[4:]
    match code:
        case 0:
            pass
        case 3:
            stream.send(m.message(b"p", m.text(address.password)))
        case 5:
            stream.send(m.message(b"p", m.text(hashed(address.user, address.password, rest[:4]))))
        case 10:
            scram = ScramClient(["SCRAM-SHA-256"], address.user, address.password)
            first = scram.get_client_first().encode()
            stream.send(m.message(b"p", m.text("SCRAM-SHA-256") + _CODE.pack(len(first)) + first))
        case 11 if scram is not None:
            scram.set_server_first(rest.decode())
            stream.send(m.message(b"p", scram.get_client_final().encode()))
        case 12 if scram is not None:
            scram.set_server_final(rest.decode())
        case _:
            raise RedshiftError(f"PostgreSQL asks for a login (number {code}) that the gateway hasn't", "28000")
    return scram


def hashed(user: str, password: str, salt: bytes) -> str:
    """The answer to a request for an MD5 password."""
    inner = md5(password.encode() + user.encode()).hexdigest()
    return "md5" + md5(inner.encode() + salt).hexdigest()
