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
# A value must stay within one part of a key: no separators, no '..', nothing invisible.
_VALUE = r"(?:(?!\.\.)[^/\\{}\x00-\x1f\x7f])+?"


@frozen
class NamePattern:
    """One such name.

    A placeholder stands for one or more characters, as few as fit, without ``/``, ``\\``, ``..``, braces or control
    characters; one that stands twice has the same value in both places.

    Attributes:
        text: as it is declared.
        placeholders: their names.
        literals: how many characters of it are no placeholder; the more, the better it fits.

    >>> NamePattern.parse("sales_{region}_{year}").match("sales_emea_2025")
    {'region': 'emea', 'year': '2025'}
    """

    text: str
    placeholders: frozenset[str]
    literals: int
    _regex: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> NamePattern:
        """Parse a declared name.

        Raises:
            ConfigError: a brace that belongs to no ``{placeholder}``.
        """
        regex, names, literals, end = "", set[str](), 0, 0
        for found in _PLACEHOLDER.finditer(text):
            literal = text[end : found.start()]
            name = found[1]
            regex += re.escape(literal) + (f"(?P={name})" if name in names else f"(?P<{name}>{_VALUE})")
            names.add(name)
            literals += len(literal)
            end = found.end()
        rest = text[end:]
        if "{" in _PLACEHOLDER.sub("", text) or "}" in _PLACEHOLDER.sub("", text):
            raise ConfigError(f"the name {text!r} has a brace that belongs to no placeholder such as {{region}}")
        return cls(text, frozenset(names), literals + len(rest), re.compile(regex + re.escape(rest)))

    def match(self, name: str) -> dict[str, str] | None:
        """The placeholders' values in a name that fits, else ``None``."""
        found = self._regex.fullmatch(name)
        if found is None or any(not value.strip(".") for value in found.groupdict().values()):
            return None
        return found.groupdict()

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
    """A function that puts placeholders' values into literal text."""

    def put(found: re.Match[str]) -> str:
        return values.get(found[1], found[0]) if found[1] else found[0][0]

    return lambda text: _IN_VALUE.sub(put, text)


def best_match(patterns: Iterable[NamePattern], name: str) -> tuple[NamePattern, dict[str, str]] | None:
    """The pattern that fits a name and has most literal characters, with the placeholders' values.

    Raises:
        ConfigError: two of them fit equally well.
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
