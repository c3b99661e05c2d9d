"""A client that sends what it is given, message by message, and tells what came back."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from dao_redshift.testing import RedshiftGateway
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._address import Address
from dao_redshift.testing._wire._login import connect

Told = tuple[str, object]


class RawClient:
    """A session at a gateway. What comes back is a list of kinds, each with what matters of it."""

    def __init__(self, gateway: RedshiftGateway) -> None:
        address = Address(gateway.host, gateway.port, gateway.user, gateway.password, gateway.database)
        self.stream, self.told, self.key = connect(address, {"client_protocol_version": "2"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stream.close()

    def query(self, sql: str) -> list[Told]:
        """Send a simple query."""
        return self.send(m.message(b"Q", m.text(sql)))

    def send(self, *messages: bytes) -> list[Told]:
        """Send messages; return the answers up to a ReadyForQuery."""
        self.stream.send(b"".join(messages))
        return self.until("Z")

    def until(self, last: str) -> list[Told]:
        """The messages that come, up to one of a kind."""
        found: list[Told] = []
        while not found or found[-1][0] != last:
            kind, body = self.stream.message()
            found.append((kind.decode(), _told(kind, body)))
        return found


def _told(kind: bytes, body: bytes) -> object:
    match kind:
        case b"D":
            return tuple(m.values_of(body))
        case b"C":
            return m.texts(body)[0][0]
        case b"E":
            return m.fields_of(body)["C"]
        case b"N":
            return m.fields_of(body)["M"]
        case b"Z":
            return body.decode()
        case b"T":
            return tuple((one.name.decode(), one.type, one.format) for one in m.columns_of(body))
        case b"t":
            return m.counted_types(body)
        case _:
            return None
