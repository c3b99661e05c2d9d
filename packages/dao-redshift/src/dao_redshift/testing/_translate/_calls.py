"""Calls that become something else than a call of another name."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._translate._draft import Draft
from dao_redshift.testing._translate._names import DATE_PARTS
from dao_redshift.testing._translate._tokens import Kind, words

__all__ = ["CALLS"]

Call = Callable[[Draft, int, int, list[int]], None]
"""Changes a call: its opening and closing parentheses, and the commas between its arguments."""


def _date_part(draft: Draft, opened: int, _closed: int, commas: list[int]) -> None:
    """``date_part(day, ...)``: the part is a word."""
    first = opened + 1
    if commas and commas[0] == first + 1 and draft[first].kind is Kind.WORD:
        draft.replace(first, f"'{draft.key(first).lower()}'")


def _moments(*places: int) -> Call:
    """Arguments at `places` are timestamps, also where they are strings, which PostgreSQL would take for another
    type.
    """

    def change(draft: Draft, opened: int, closed: int, commas: list[int]) -> None:
        if draft.key(opened - 1) in DATE_PARTS:
            _date_part(draft, opened, closed, commas)
        for (start, end), place in zip(pairwise([opened, *commas, closed]), range(len(commas) + 1), strict=True):
            if place in places and end == start + 2 and draft[start + 1].kind in (Kind.STRING, Kind.PARAMETER):
                draft.insert_first(end, "::timestamp")

    return change


def _convert_timezone(draft: Draft, opened: int, closed: int, commas: list[int]) -> None:
    _moments(len(commas))(draft, opened, closed, commas)


_WHOLE = words("YEAR QUARTER MONTH WEEK DAY DOW DOY HOUR MINUTE")


def _extract(draft: Draft, opened: int, closed: int, _commas: list[int]) -> None:
    """PostgreSQL gives numeric; see "EXTRACT function" (r_EXTRACT_function)."""
    if draft.key(opened + 1) in _WHOLE:
        draft.replace(closed, ")::integer")


def _nvl2(draft: Draft, opened: int, closed: int, commas: list[int]) -> None:
    if len(commas) != 2:
        raise RedshiftError("NVL2 takes three arguments", "42883")
    draft.replace(opened - 1, "CASE WHEN")
    draft.replace(commas[0], ") IS NOT NULL THEN (")
    draft.replace(commas[1], ") ELSE (")
    draft.replace(closed, ") END")


def _decode(draft: Draft, opened: int, closed: int, commas: list[int]) -> None:
    """``DECODE(value, search, result, ..., default)``: nulls are equal; see "DECODE expression"
    (r_DECODE_expression).
    """
    if len(commas) < 2:
        raise RedshiftError("DECODE takes at least three arguments", "42883")
    bounds = [opened, *commas, closed]
    value, *rest = (draft.argument(start + 1, end) for start, end in pairwise(bounds))
    cases = [
        f"WHEN ({value}) IS NOT DISTINCT FROM ({search}) THEN ({result})"
        for search, result in zip(rest[::2], rest[1::2], strict=False)
    ]
    default = f" ELSE ({rest[-1]})" if len(rest) % 2 else ""
    draft.remove(range(opened - 1, closed + 1))
    draft.replace(opened - 1, f"CASE {' '.join(cases)}{default} END")


def _within_group(draft: Draft, opened: int, closed: int, _commas: list[int]) -> None:
    """The order of a LISTAGG goes into its own parentheses; see "LISTAGG function" (r_LISTAGG)."""
    call_end = opened - 3
    if not draft.at(call_end, ")", "WITHIN", "GROUP") or draft.key(draft.opening(call_end) - 1) != "LISTAGG":
        return
    if draft.key(closed + 1) == "OVER":
        raise RedshiftError("the local Redshift has no LISTAGG ... WITHIN GROUP as a window function", "0A000")
    order = draft.argument(opened + 1, closed)
    draft.remove(range(opened - 2, closed + 1))
    draft.insert(call_end, f" {order}")


CALLS: dict[str, Call] = {
    **dict.fromkeys(DATE_PARTS, _date_part),
    **dict.fromkeys(("DATEADD", "DATE_ADD"), _moments(2)),
    **dict.fromkeys(("DATEDIFF", "DATE_DIFF"), _moments(1, 2)),
    **dict.fromkeys(("LAST_DAY", "ADD_MONTHS", "NEXT_DAY"), _moments(0)),
    "DATE_TRUNC": _moments(1),
    "EXTRACT": _extract,
    "MONTHS_BETWEEN": _moments(0, 1),
    "CONVERT_TIMEZONE": _convert_timezone,
    "NVL2": _nvl2,
    "DECODE": _decode,
    "GROUP": _within_group,
}
