"""What a client's driver sends: its messages as records."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from attrs import evolve, frozen

from dao_redshift.testing._wire import _messages as m

_INT, _SHORT = Struct("!i"), Struct("!h")


@frozen
class Parse:
    """A statement to prepare.

    Attributes:
        name: the statement's; empty for the one without a name.
        sql: its text.
        types: oids of its parameters' types as far as the driver says them; 0 leaves one to the server.
    """

    name: str
    sql: str
    types: tuple[int, ...]

    @classmethod
    def of(cls, body: bytes) -> Parse:
        """Of the message's body."""
        (name, sql), at = m.texts(body, 0, 2)
        (count,) = _SHORT.unpack_from(body, at)
        return cls(name, sql, Struct(f"!{count}I").unpack_from(body, at + 2))


@frozen
class Bind:
    """Values for a prepared statement.

    Attributes:
        portal: the name of what becomes of both; empty for the one without a name.
        statement: the statement's.
        formats: of the values: 0 for text, 1 for binary; one stands for all, none for texts.
        values: in order; None for NULL.
        results: the formats that the result's columns are to have; one stands for all, none for texts.
        rest: all that follows the names, as it came.
    """

    portal: str
    statement: str
    formats: tuple[int, ...]
    values: tuple[bytes | None, ...]
    results: tuple[int, ...]
    rest: bytes

    @classmethod
    def of(cls, body: bytes) -> Bind:
        """Of the message's body."""
        (portal, statement), start = m.texts(body, 0, 2)
        formats, at = m.shorts(body, start)
        values, at = m.counted_values(body, at)
        results, _ = m.shorts(body, at)
        return cls(portal, statement, formats, tuple(values), results, body[start:])

    def format_of(self, place: int) -> int:
        """The format of the value at a place."""
        return self.formats[place] if len(self.formats) > 1 else self.formats[0] if self.formats else 0

    def with_values(self, values: Sequence[bytes | None]) -> Bind:
        """The same with other values."""
        packed = (m.NULL if value is None else _INT.pack(len(value)) + value for value in values)
        rest = m.packed_shorts(self.formats) + _SHORT.pack(len(values)) + b"".join(packed)
        return evolve(self, values=tuple(values), rest=rest + m.packed_shorts(self.results))


@frozen
class Named:
    """What is described or closed.

    Attributes:
        what: ``S`` for a statement, ``P`` for a portal.
        name: its name.
    """

    what: bytes
    name: str

    @classmethod
    def of(cls, body: bytes) -> Named:
        """Of the message's body."""
        (name,), _ = m.texts(body, 1)
        return cls(body[:1], name)


@frozen
class Execute:
    """A portal to run.

    Attributes:
        portal: its name.
        limit: after how many rows to pause; 0 for never.
    """

    portal: str
    limit: int

    @classmethod
    def of(cls, body: bytes) -> Execute:
        """Of the message's body."""
        (portal,), at = m.texts(body)
        return cls(portal, _INT.unpack_from(body, at)[0])


def startup_of(body: bytes) -> dict[str, str]:
    """The parameters of a startup message, after the protocol's number."""
    parts = [part.decode() for part in body.split(b"\0")]
    return {name: value for name, value in zip(parts[0::2], parts[1::2], strict=False) if name}
