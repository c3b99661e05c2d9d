"""Types that Redshift has under other numbers, and values of theirs that it writes in another way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from attrs import evolve

from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._frontend import Bind

JSONB, SUPER = 3802, 4000
BYTEA, VARBYTE = 17, 6551
UNKNOWN = 705

_AS_REDSHIFT = {JSONB: SUPER, BYTEA: VARBYTE}
_AS_POSTGRES = {redshift: postgres for postgres, redshift in _AS_REDSHIFT.items()}

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
    """Values as PostgreSQL reads them: hexadecimal digits begin with ``\\x`` there."""
    places = [p for p, kind in enumerate(types) if kind == VARBYTE and p < len(bound.values) and not bound.format_of(p)]
    if not places:
        return bound
    values = list(bound.values)
    for place in places:
        value = values[place]
        values[place] = None if value is None else b"\\x" + value
    return bound.with_values(values)


def as_redshift(columns: Sequence[m.Column]) -> list[m.Column]:
    """Columns with Redshift's types."""
    return [evolve(one, type=_AS_REDSHIFT.get(one.type, one.type)) for one in columns]


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
        if (change := _CHANGES.get((column.type, form))) is not None:
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


_CHANGES: Mapping[tuple[int, int], Callable[[bytes], bytes]] = {
    (JSONB, 0): _compact,
    (JSONB, 1): lambda value: _compact(value[1:]),  # after the number of its version
    (BYTEA, 0): lambda value: value[2:],  # Redshift writes hexadecimal digits alone
}
