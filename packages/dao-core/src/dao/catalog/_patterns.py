"""Object names with placeholders: ``sales_{region}`` declares ``sales_emea``, ``sales_apac`` and all the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import frozen

from dao.errors import ConfigError, did_you_mean
from dao.secrets import Template

__all__ = ["NamePattern", "best_match"]

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_IN_VALUE = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}")
# A value must stay within one part of a key: no separators, no '..', no control characters.
_NOT_IN_VALUE = re.compile(r"[/\\{}\x00-\x1f\x7f]|\.(?=\.)")
_MOST_TRIALS = 20_000
"""The most combinations tried if a placeholder occurs twice; otherwise the match is unambiguous."""


@frozen
class NamePattern:
    """An object name with placeholders.

    A placeholder matches one or more characters, non-greedily, without ``/``, ``\\``, ``..``, braces or control
    characters; if it occurs twice, both must have the same value.

    Attributes:
        text: the name as declared.
        placeholders: their names.
        literals: the number of characters outside placeholders; more literals are a better match.

    >>> NamePattern.parse("sales_{region}_{year}").match("sales_emea_2025")
    {'region': 'emea', 'year': '2025'}
    """

    text: str
    placeholders: frozenset[str]
    literals: int
    _holes: tuple[str, ...]
    _between: tuple[str, ...]
    """The literal texts: before the first placeholder, between two, and after the last."""

    @classmethod
    def parse(cls, text: str) -> NamePattern:
        """Parse a declared name.

        Raises:
            ConfigError: a brace that belongs to no ``{placeholder}``.
        """
        between = tuple(_PLACEHOLDER.sub("\0", text).split("\0"))
        if "\0" in text or any("{" in literal or "}" in literal for literal in between):
            raise ConfigError(f"the name {text!r} has a brace that belongs to no placeholder such as {{region}}")
        holes = tuple(_PLACEHOLDER.findall(text))
        return cls(text, frozenset(holes), sum(map(len, between)), holes, between)

    def match(self, name: str) -> dict[str, str] | None:
        """The placeholders' values if a name matches, else ``None``.

        Runs in time linear in the name's length.

        Raises:
            ConfigError: a placeholder that occurs twice has too many possible matches.
        """
        first, last = self._between[0], self._between[-1]
        if len(name) < self.literals + len(self._holes) or not name.startswith(first) or not name.endswith(last):
            return None
        if not self._holes:
            return {} if name == first else None
        ends = self._ends(name)
        values = self._first(name, ends) if len(self.placeholders) == len(self._holes) else self._equal(name, ends)
        return None if values is None or "." in values.values() else values

    def _ends(self, name: str) -> list[list[int]]:
        """For each placeholder and each start, the nearest end after which the rest matches; else 0."""
        size = len(name)
        allowed = bytearray(b"\1") * size
        for found in _NOT_IN_VALUE.finditer(name):
            allowed[found.start()] = 0
        # Whether the literal after the placeholder, and all that follows, matches from a position on.
        fits = bytearray(size + 1)
        fits[size - len(self._between[-1])] = 1
        tables: list[list[int]] = []
        for literal in reversed(self._between[:-1]):
            ends = [0] * (size + 1)
            for at in range(size - 1, -1, -1):
                if allowed[at]:
                    ends[at] = at + 1 if fits[at + 1] else ends[at + 1]
            tables.append(ends)
            fits = bytearray(size + 1)
            at = name.find(literal)
            while at >= 0:
                fits[at] = ends[at + len(literal)] > 0
                at = name.find(literal, at + 1)
        return tables[::-1]

    def _first(self, name: str, ends: list[list[int]]) -> dict[str, str] | None:
        """The values, each as short as possible."""
        values: dict[str, str] = {}
        at = len(self._between[0])
        for hole, table, literal in zip(self._holes, ends, self._between[1:], strict=True):
            end = table[at]
            if not end:
                return None
            values[hole] = name[at:end]
            at = end + len(literal)
        return values

    def _equal(self, name: str, ends: list[list[int]]) -> dict[str, str] | None:
        """Match by backtracking: if a placeholder occurs twice, the nearest end need not be the right one."""
        trials = 0
        starts, stack = [len(self._between[0])], [ends[0][len(self._between[0])]]
        while stack:
            trials += 1
            if trials > _MOST_TRIALS:
                raise ConfigError(f"a name of {len(name)} characters fits {self.text!r} in too many ways to try")
            depth, end = len(stack) - 1, stack[-1]
            if not end:
                stack.pop()
                starts.pop()
            elif not self._agrees(name, starts, stack):
                stack[-1] = ends[depth][end]
            elif depth + 1 == len(self._holes):
                return {hole: name[at:to] for hole, at, to in zip(self._holes, starts, stack, strict=True)}
            else:
                starts.append(end + len(self._between[depth + 1]))
                stack.append(ends[depth + 1][starts[-1]])
                continue
            if stack and not end:
                stack[-1] = ends[len(stack) - 1][stack[-1]]
        return None

    def _agrees(self, name: str, starts: list[int], stack: list[int]) -> bool:
        """Whether the last placeholder has the same value as its earlier occurrence."""
        last = len(stack) - 1
        before = self._holes.index(self._holes[last])
        return name[starts[before] : stack[before]] == name[starts[last] : stack[last]]

    def problem(self, value: Any) -> str:
        """What is wrong with the placeholders in a property of the declaration; empty if nothing is."""
        for text in _literals(value):
            for found in _IN_VALUE.finditer(text):
                if found[1] and found[1] not in self.placeholders:
                    hint = did_you_mean(found[1], self.placeholders)
                    return f"the name {self.text!r} has no placeholder {found[1]!r}, {hint} ('{{{{' is a literal '{{')"
        return ""


def _literals(value: Any) -> Iterable[str]:
    if isinstance(value, str) and "{" in value:
        yield from (part for part in Template.parse(value).parts if isinstance(part, str))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _literals(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _literals(inner)


def filler(values: Mapping[str, str]) -> Callable[[str], str]:
    """A function that fills placeholders' values into literal text."""

    def put(found: re.Match[str]) -> str:
        return values.get(found[1], found[0]) if found[1] else found[0][0]

    return lambda text: _IN_VALUE.sub(put, text)


def best_match(patterns: Iterable[NamePattern], name: str) -> tuple[NamePattern, dict[str, str]] | None:
    """The pattern that matches a name with the most literal characters, with the placeholders' values.

    Raises:
        ConfigError: two of them match equally well.
    """
    best: tuple[NamePattern, dict[str, str]] | None = None
    tied: NamePattern | None = None
    for pattern in patterns:
        if best is not None and pattern.literals < best[0].literals:
            continue
        values = pattern.match(name)
        if values is None:
            continue
        tied = best[0] if best is not None and best[0].literals == pattern.literals else None
        best = pattern, values
    if best is not None and tied is not None:
        raise ConfigError(
            f"the name {name!r} fits {tied.text!r} and {best[0].text!r} equally well: "
            "declare it by itself, or give one of them more literal text"
        )
    return best
