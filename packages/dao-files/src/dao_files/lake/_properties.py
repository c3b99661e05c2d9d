"""What properties of tables may be: rules that a format gives for those it knows, and what all formats ask of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from dao.errors import DataError

__all__ = ["PropertyRule", "check_same_properties"]


@frozen
class PropertyRule:
    """What a property may be.

    Attributes:
        expected: that in words.
        allows: whether it may be a text.
    """

    expected: str
    allows: Callable[[str], bool]

    @classmethod
    def choice(cls, *known: str) -> PropertyRule:
        """One of some texts.

        >>> PropertyRule.choice("true", "false").allows("yes")
        False
        """
        return cls(f"one of {', '.join(known)}", lambda text: text in known)

    @classmethod
    def number(cls, least: int) -> PropertyRule:
        """A whole number.

        >>> [PropertyRule.number(1).allows(text) for text in ("10", "0", "1.5")]
        [True, False, False]
        """
        return cls(
            f"a whole number of at least {least}",
            lambda text: bool(re.fullmatch(r"-?\d{1,18}", text, re.ASCII)) and int(text) >= least,
        )

    def number_in(self, properties: Mapping[str, Any], name: str, default: int) -> int:
        """The number that a property of any table has; the default where it has none that it may have."""
        text = properties.get(name, "")
        return int(text) if self.allows(text) else default


def check_same_properties(given: Mapping[str, str], properties: Mapping[str, str]) -> None:
    """Check that properties which a call gives are those that a table has: a call that made it can be made again.

    Args:
        given: what the call gives, checked.
        properties: of the table.

    Raises:
        DataError: the table has others.

    >>> check_same_properties({"a": "1"}, {"a": "1", "b": "2"})
    """
    other = next((name for name, value in given.items() if properties.get(name) != value), None)
    if other is not None:
        has = "has none" if other not in properties else f"has {properties[other]!r}"
        raise DataError(
            f"properties: found {given[other]!r} for {other}, of which the table {has}: a write gives a new table its "
            "properties; run('set_properties') changes those of this one"
        )
