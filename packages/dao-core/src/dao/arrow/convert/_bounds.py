"""Depth and size of nested Python values, checked before they are converted: a list can contain itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from dao.arrow.convert._recognise import is_row_type, per_type
from dao.arrow.convert._records import row_values

__all__ = ["Unbounded", "check_bounds"]

_DEEPEST = 64  # levels of lists and records inside each other: what Arrow's own files can hold
_MOST_VALUES = 2**31 - 1  # what the offsets of Arrow's lists can count


class Unbounded(Exception):
    """A value that no column can hold, at index ``row``; callers turn it into a DataError that names the column."""

    def __init__(self, message: str, row: int) -> None:
        super().__init__(message)
        self.row = row


def check_bounds(values: Sequence[Any]) -> None:
    """Check the depth and size of nested values, without recursion; shared containers are measured once.

    Raises:
        Unbounded: a value contains itself, is nested too deeply, or expands to more values than a list can hold.
    """
    if not any(map(_holds_values, set(map(type, values)))):
        return
    known: dict[int, tuple[int, int]] = {}
    for row, value in enumerate(values):
        if _holds_values(type(value)):
            _measure(value, known, row)


@define
class _Level:
    """A container that is being traversed: its elements still to visit, and the depth and count found so far."""

    container: Any
    inner: Iterator[Any]
    count: int
    depth: int = field(default=1)

    def add(self, depth: int, count: int) -> None:
        self.depth = max(self.depth, depth + 1)
        self.count += count


def _measure(value: Any, known: dict[int, tuple[int, int]], row: int) -> None:
    """Add to ``known``, by id, the number of levels and values of a container and of all containers inside it."""
    if id(value) in known:
        return
    levels = [_level(value)]
    opened = {id(value)}
    while levels:
        level = levels[-1]
        child = next(level.inner, None)
        if child is None:
            levels.pop()
            opened.discard(id(level.container))
            known[id(level.container)] = (level.depth, level.count)
            if levels:
                levels[-1].add(level.depth, level.count)
        elif id(child) in opened:
            raise Unbounded("it contains itself", row)
        elif id(child) in known:
            level.add(*known[id(child)])
        else:
            levels.append(_level(child))
            opened.add(id(child))
        if len(levels) > _DEEPEST or level.depth > _DEEPEST:
            raise Unbounded(f"it is nested deeper than {_DEEPEST} levels", row)
        if level.count > _MOST_VALUES:
            raise Unbounded(f"it expands to more than {_MOST_VALUES} values, the most that a list can hold", row)


def _level(container: Any) -> _Level:
    inside: Collection[Any] = container
    if isinstance(container, Mapping) or is_row_type(type(container)):
        inside = row_values(container).values()
    kinds = {kind for kind in set(map(type, inside)) if _holds_values(kind)}
    return _Level(container, (v for v in inside if type(v) in kinds) if kinds else iter(()), len(inside))


@per_type
def _holds_values(kind: type) -> bool:
    return issubclass(kind, (Mapping, list, tuple, set, frozenset)) or is_row_type(kind)
