"""Types that Redshift has under other numbers, and values of theirs that it writes in another way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from struct import Struct

from attrs import evolve

from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._frontend import Bind

JSONB, SUPER = 3802, 4000
BYTEA, VARBYTE = 17, 6551
INTERVAL, YEAR_TO_MONTH, DAY_TO_SECOND = 1186, 1188, 1190
UNKNOWN = 705

_AS_REDSHIFT = {JSONB: SUPER, BYTEA: VARBYTE}
_AS_POSTGRES = {SUPER: JSONB, VARBYTE: BYTEA, YEAR_TO_MONTH: INTERVAL, DAY_TO_SECOND: INTERVAL}

_YEARS_AND_MONTHS = 0b110
"""The bits of an interval's modifier, above its 16 lowest, that stand for years and months."""
_EVERYTHING = 0x7FFF
_OURS, _THEIRS = Struct("!qii"), Struct("!qhh")
"""An interval's microseconds, days and months: PostgreSQL's, and Redshift's, whose days are in the microseconds."""
_MONTHS, _MICROSECONDS = Struct("!i"), Struct("!q")
_DAY = 86_400_000_000

_TEXT_OR_SPACE = re.compile(rb'"(?:[^"\\]|\\.)*"|(\s+)')


def to_postgres(types: Sequence[int]) -> tuple[int, ...]:
    """The types of parameters as PostgreSQL numbers them."""
    return tuple(_AS_POSTGRES.get(one, one) for one in types)


def to_redshift(types: Sequence[int], given: Sequence[int]) -> tuple[int, ...]:
    """The types of parameters as Redshift numbers them, those that the client has given as it gave them."""
    known = (*given, *(0 for _ in types[len(given) :]))
    return tuple(
        _AS_REDSHIFT.get(one, one) if one_given in (0, UNKNOWN) else one_given
        for one, one_given in zip(types, known, strict=False)
    )


def bound_for_postgres(bound: Bind, types: Sequence[int]) -> Bind:
    """Values as PostgreSQL reads them: hexadecimal digits begin with ``\\x`` there, and intervals are longer."""
    asked = [(p, _BOUND.get((kind, bound.format_of(p)))) for p, kind in enumerate(types[: len(bound.values)])]
    changes = {place: change for place, change in asked if change is not None}
    if not changes:
        return bound
    values = list(bound.values)
    for place, change in changes.items():
        if (value := values[place]) is not None:
            values[place] = change(value)
    return bound.with_values(values)


def as_redshift(columns: Sequence[m.Column]) -> list[m.Column]:
    """Columns with Redshift's types."""
    return [evolve(one, type=_type_of(one)) for one in columns]


def _type_of(column: m.Column) -> int:
    if column.type != INTERVAL or column.modifier < 0 or (column.modifier >> 16) & _EVERYTHING == _EVERYTHING:
        return _AS_REDSHIFT.get(column.type, column.type)
    return DAY_TO_SECOND if (column.modifier >> 16) & ~_YEARS_AND_MONTHS else YEAR_TO_MONTH


Rewriting = Mapping[int, Callable[[bytes], bytes]]


def rewriting_of(columns: Sequence[m.Column], formats: Sequence[int]) -> Rewriting:
    """How the values of columns change on their way to the client, by the columns' places; empty if none does.

    Args:
        columns: as PostgreSQL describes them.
        formats: of the values: one for all, or one each; none for texts.
    """
    found = {}
    for place, column in enumerate(columns):
        form = formats[place] if len(formats) > 1 else formats[0] if formats else 0
        if (change := _CHANGES.get((_type_of(column), form))) is not None:
            found[place] = change
    return found


def rewritten(run: bytes, changes: Rewriting) -> bytes:
    """Rows with the values of some columns changed."""
    found = []
    for values in m.rows_of(run):
        for place, change in changes.items():
            if (value := values[place]) is not None:
                values[place] = change(value)
        found.append(m.row(values))
    return b"".join(found)


def _compact(value: bytes) -> bytes:
    """JSON without the spaces that PostgreSQL writes between its parts."""
    return _TEXT_OR_SPACE.sub(lambda found: b"" if found[1] else found[0], value)


def _without_days(value: bytes) -> bytes:
    microseconds, days, months = _OURS.unpack(value)
    return _MICROSECONDS.pack(microseconds + days * _DAY) + _MONTHS.pack(months)


def _with_days(value: bytes) -> bytes:
    microseconds, days, months = _THEIRS.unpack(value)
    return _OURS.pack(microseconds, days, months)


_CHANGES: Mapping[tuple[int, int], Callable[[bytes], bytes]] = {
    (SUPER, 0): _compact,
    (SUPER, 1): lambda value: _compact(value[1:]),  # after the number of its version
    (VARBYTE, 0): lambda value: value[2:],  # Redshift writes hexadecimal digits alone
    (INTERVAL, 1): _without_days,
    (YEAR_TO_MONTH, 1): lambda value: value[12:],
    (DAY_TO_SECOND, 1): lambda value: _without_days(value)[:8],
}
_BOUND: Mapping[tuple[int, int], Callable[[bytes], bytes]] = {
    (VARBYTE, 0): lambda value: b"\\x" + value,
    (INTERVAL, 1): _with_days,
    (YEAR_TO_MONTH, 1): lambda value: _OURS.pack(0, 0, *_MONTHS.unpack(value)),
    (DAY_TO_SECOND, 1): lambda value: _OURS.pack(*_MICROSECONDS.unpack(value), 0, 0),
}
