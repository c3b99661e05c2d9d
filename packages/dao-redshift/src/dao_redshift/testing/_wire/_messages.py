"""Messages of the protocol: what the session builds, and what it reads of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct

from attrs import frozen

from dao_redshift.testing._statements import RedshiftError

_SHORT, _INT = Struct("!h"), Struct("!i")
_FIELD = Struct("!ihihih")

SYNC, FLUSH, TERMINATE = b"S\0\0\0\4", b"H\0\0\0\4", b"X\0\0\0\4"
PARSE_COMPLETE, BIND_COMPLETE, CLOSE_COMPLETE = b"1\0\0\0\4", b"2\0\0\0\4", b"3\0\0\0\4"
NO_DATA, EMPTY_QUERY = b"n\0\0\0\4", b"I\0\0\0\4"
AUTHENTICATED = b"R\0\0\0\x08\0\0\0\0"

NULL = b"\xff\xff\xff\xff"
"""The length of a value that is none."""

VARCHAR = 1043


@frozen
class Column:
    """One column of a RowDescription.

    Attributes:
        name: its label.
        origin: of the table's oid and the column's number, zeros for an expression.
        type: the oid of its type.
        size: the size of its type; negative if it varies.
        modifier: the type's modifier.
        format: 0 for texts, 1 for binary values.
    """

    name: bytes
    origin: tuple[int, int]
    type: int
    size: int
    modifier: int
    format: int


def message(kind: bytes, body: bytes | bytearray = b"") -> bytes:
    """One message."""
    return kind + _INT.pack(len(body) + 4) + body


def text(value: str) -> bytes:
    """A text as messages have them: UTF-8 up to a zero."""
    return value.encode() + b"\0"


def texts(body: bytes, at: int = 0, count: int = 1) -> tuple[list[str], int]:
    """Some texts of a body, and where they end."""
    found = []
    for _ in range(count):
        end = body.index(0, at)
        found.append(body[at:end].decode())
        at = end + 1
    return found, at


def fields_of(body: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse or NoticeResponse by their letters."""
    parts = body.rstrip(b"\0").split(b"\0")
    return {part[:1].decode(): part[1:].decode(errors="replace") for part in parts if part}


def error_of(body: bytes) -> RedshiftError:
    """An ErrorResponse of the server behind."""
    found = fields_of(body)
    return RedshiftError(found.get("M", ""), found.get("C", "XX000"), found.get("D", ""))


def error(fault: RedshiftError, severity: str = "ERROR") -> bytes:
    """An ErrorResponse."""
    return message(b"E", _fields({"S": severity, "C": fault.sqlstate, "M": fault.message, "D": fault.detail}))


def notice(words: str) -> bytes:
    """A NoticeResponse of the severity INFO, as Redshift reports loads."""
    return message(b"N", _fields({"S": "INFO", "C": "00000", "M": words}))


def _fields(values: dict[str, str]) -> bytes:
    return b"".join(key.encode() + text(value) for key, value in values.items() if value) + b"\0"


def status(name: str, value: str) -> bytes:
    """A ParameterStatus."""
    return message(b"S", text(name) + text(value))


def ready(transaction: bytes) -> bytes:
    """A ReadyForQuery: I for idle, T inside a transaction, E inside one that has failed."""
    return message(b"Z", transaction)


def complete(tag: str) -> bytes:
    """A CommandComplete."""
    return message(b"C", text(tag))


def parse(name: str, sql: str, types: Sequence[int] = ()) -> bytes:
    """A Parse."""
    numbers = b"".join(Struct("!I").pack(number) for number in types)
    return message(b"P", text(name) + text(sql) + _SHORT.pack(len(types)) + numbers)


def bind(portal: str, name: str, rest: bytes = b"\0\0\0\0\0\0") -> bytes:
    """A Bind; `rest` is what follows the names: formats, values and formats of results; by default none, and texts."""
    return message(b"B", text(portal) + text(name) + rest)


def describe(what: bytes, name: str) -> bytes:
    """A Describe of a statement (``S``) or a portal (``P``)."""
    return message(b"D", what + text(name))


def execute(portal: str, limit: int = 0) -> bytes:
    """An Execute."""
    return message(b"E", text(portal) + _INT.pack(limit))


def close(what: bytes, name: str) -> bytes:
    """A Close of a statement (``S``) or a portal (``P``)."""
    return message(b"C", what + text(name))


def parameters(types: Iterable[int]) -> bytes:
    """A ParameterDescription."""
    numbers = [Struct("!I").pack(number) for number in types]
    return message(b"t", _SHORT.pack(len(numbers)) + b"".join(numbers))


def columns_of(body: bytes) -> list[Column]:
    """The columns of a RowDescription."""
    (count,), at, found = _SHORT.unpack_from(body), 2, []
    for _ in range(count):
        end = body.index(0, at)
        table, number, kind, size, modifier, form = _FIELD.unpack_from(body, end + 1)
        found.append(Column(body[at:end], (table, number), kind, size, modifier, form))
        at = end + 1 + _FIELD.size
    return found


def row_description(columns: Sequence[Column]) -> bytes:
    """A RowDescription."""
    packed = (
        one.name + b"\0" + _FIELD.pack(*one.origin, one.type, one.size, one.modifier, one.format) for one in columns
    )
    return message(b"T", _SHORT.pack(len(columns)) + b"".join(packed))


def text_column(name: str) -> Column:
    """A column of texts that is no table's."""
    return Column(name.encode(), (0, 0), VARCHAR, -1, -1, 0)


def row(values: Sequence[bytes | None]) -> bytes:
    """A DataRow."""
    packed = (NULL if value is None else _INT.pack(len(value)) + value for value in values)
    return message(b"D", _SHORT.pack(len(values)) + b"".join(packed))


def counted_types(body: bytes) -> tuple[int, ...]:
    """The types of a ParameterDescription."""
    (count,) = _SHORT.unpack_from(body)
    return Struct(f"!{count}I").unpack_from(body, 2)


def values_of(body: bytes) -> list[bytes | None]:
    """The values of a DataRow."""
    (count,) = _SHORT.unpack_from(body)
    return _values(body, 2, count)[0]


def rows_of(run: bytes) -> Iterator[list[bytes | None]]:
    """The values of DataRows that follow each other."""
    at = 0
    while at < len(run):
        (length,) = _INT.unpack_from(run, at + 1)
        yield values_of(run[at + 5 : at + 1 + length])
        at += 1 + length


def _values(body: bytes, at: int, count: int) -> tuple[list[bytes | None], int]:
    found: list[bytes | None] = []
    for _ in range(count):
        (length,) = _INT.unpack_from(body, at)
        at += 4
        if length < 0:
            found.append(None)
        else:
            found.append(body[at : at + length])
            at += length
    return found, at


def shorts(body: bytes, at: int) -> tuple[tuple[int, ...], int]:
    """A list of numbers of two bytes, and where it ends."""
    (count,) = _SHORT.unpack_from(body, at)
    at += 2
    return tuple(_SHORT.unpack_from(body, at + 2 * index)[0] for index in range(count)), at + 2 * count


def packed_shorts(numbers: Sequence[int]) -> bytes:
    """A list of numbers of two bytes, with its length before it."""
    return b"".join(_SHORT.pack(number) for number in (len(numbers), *numbers))


def counted_values(body: bytes, at: int) -> tuple[list[bytes | None], int]:
    """A list of values with its length before it, and where it ends."""
    (count,) = _SHORT.unpack_from(body, at)
    return _values(body, at + 2, count)
