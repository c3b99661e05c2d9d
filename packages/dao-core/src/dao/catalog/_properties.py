"""Which properties a store's interfaces know, and which unknown names are likely typos."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import attrs

from dao._arguments import value_problem
from dao.catalog._declaration import ObjectDeclaration
from dao.catalog._parsed_values import parse_problem
from dao.errors import PluginError, did_you_mean
from dao.file_formats import FORMATS
from dao.interface import arguments_of, takes_any_argument

__all__ = ["SCHEMA_FILE", "PropertyNames", "format_options"]

SCHEMA_FILE = Path(__file__).with_name("catalog.schema.json")
"""The shipped JSON Schema. It lists formats and their options without importing Arrow."""

_OWN = frozenset(attribute.name for attribute in attrs.fields(ObjectDeclaration))
_NEAR = 0.85
"""The similarity to a known name that makes a typo: 'sufix', not 'region' for 'version'."""
_SHORT = 4
"""A name this short is near too many others: a slip of it has its letters in another order, as 'kyes', or is a key of
DAO's own with one letter more or less inside, as 'keyes'."""


def format_options() -> dict[str, frozenset[str]]:
    """The names of the file formats known here, each with the names of its options."""
    # Not Plugins.load_formats(): a catalog loads without Arrow, and the shipped schema lists the formats of dao-files.
    return {**_shipped(), **{name: frozenset(form.option_names) for name, form in FORMATS.items()}}


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, frozenset[str]]:
    defined = json.loads(SCHEMA_FILE.read_text("utf-8"))["$defs"]
    formats = {name.removeprefix("format."): shape for name, shape in defined.items() if name.startswith("format.")}
    return {name: frozenset(shape["properties"]) for name, shape in formats.items()}


class PropertyNames:
    """The names that the interfaces of one store know.

    Args:
        kinds: the interfaces' classes; ``None`` or an error for one that can't be loaded here.
    """

    def __init__(self, kinds: Sequence[type | PluginError | None]) -> None:
        classes = [kind for kind in kinds if isinstance(kind, type)]
        self.takes_formats = any(getattr(kind, "takes_format_options", False) for kind in classes)
        self._is_closed = len(classes) == len(kinds) > 0 and not any(map(takes_any_argument, classes))
        self._classes = classes
        self._problems: dict[str, str] = {}

    def unknown(self, names: Iterable[str]) -> list[str]:
        """The names that no method accepts, in order; none if an interface accepts any, or can't be loaded."""
        if not self._is_closed:
            return []
        known = self._known()
        return [name for name in names if name not in known]

    def problem(self, name: str) -> str:
        """What is wrong with a property name: unknown, but close to a known one. Empty if nothing is."""
        found = self._problems.get(name)
        if found is None:
            found = self._problems[name] = "" if name in _OWN or not self._is_closed else self._slip(name)
        return found

    def _slip(self, name: str) -> str:
        known = self._known()
        if name in known:
            return ""
        plain = name.lower()
        near = get_close_matches(plain, [right for right in known if len(right) > _SHORT], n=2, cutoff=_NEAR)
        near = near or sorted(right for right in known if sorted(right) == sorted(plain))
        near = near or sorted(right for right in _OWN if len(right) <= _SHORT and _is_a_letter_off(plain, right))
        return f"no property {name!r}, did you mean {' or '.join(map(repr, near))}?" if near else ""

    def _known(self) -> frozenset[str]:
        taken = {name for kind in self._classes for name in arguments_of(kind)}
        options = format_options().values() if self.takes_formats else ()
        return _OWN.union(taken, *options)

    def value_problem(self, name: str, value: object) -> str:
        """What is wrong with the value of a property that calls use as an argument; empty if nothing is."""
        if not self._is_closed or name == "into":  # ``into`` can't be a property
            return ""
        own = [found[name] for found in map(arguments_of, self._classes) if name in found]
        return (value_problem(name, value, frozenset().union(*own)) or parse_problem(name, value)) if own else ""

    def format_problem(self, given: str) -> str:
        """What is wrong with a format's name; empty if nothing is, or if an interface may have its own."""
        known = {
            *format_options(),
            *(value for kind in self._classes for value in arguments_of(kind).get("format", ())),
        }
        if given.lower() in known:
            return ""
        hint = did_you_mean(given.lower(), known)
        if (self.takes_formats and self._is_closed) or hint.startswith("did you mean"):
            return f"no format {given!r}, {hint}"
        return ""

    def suffix_problem(self, given: str) -> str:
        """What is wrong with a suffix: it is added as it stands, so that a format's name alone lacks its dot."""
        bare = given.partition(".")[0].lower()
        return f"a suffix is added as it stands: write '.{given}'" if bare and bare in format_options() else ""


def _is_a_letter_off(name: str, right: str) -> bool:
    """Whether one of two names has one letter more than the other, neither first nor last.

    >>> _is_a_letter_off("keyes", "keys"), _is_a_letter_off("kes", "keys"), _is_a_letter_off("types", "type")
    (True, True, False)
    """
    short, long = sorted((name, right), key=len)
    inside = range(1, len(long) - 1)
    return len(long) == len(short) + 1 and any(long[:at] + long[at + 1 :] == short for at in inside)
