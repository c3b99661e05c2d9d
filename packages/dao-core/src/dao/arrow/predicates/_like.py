"""Translation of LIKE and ILIKE to Arrow's text functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dao.arrow.predicates._tree import Like
from dao.errors import DataError

__all__ = ["like_expression"]

_ANY_TEXT = object()
_ANY_CHARACTER = object()


def like_expression(node: Like, text: Any) -> Any:
    """Translate a LIKE to a pyarrow Expression.

    Args:
        node: a LIKE with a pattern of kind STRING.
        text: the Expression of its operand, of Arrow's string or large_string type.

    Raises:
        DataError: the pattern is too long for a regular expression of Arrow.
    """
    pattern, escape = node.pattern.value, node.escape
    assert isinstance(pattern, str)  # bind leaves no NULL pattern
    if node.ignore_case:  # as in DuckDB: both sides are lowered, character by character, and compared by LIKE
        text, pattern = pc.utf8_lower(text), pc.utf8_lower(pa.scalar(pattern)).as_py()
        escape = escape and escape.lower()
    parts = list(_parts(pattern, escape))
    plain = [part for part in parts if isinstance(part, str)]
    if len(plain) == len(parts):
        return text == "".join(plain)
    if parts[-1] is _ANY_TEXT and len(plain) == len(parts) - 1:
        return _starts_with(text, "".join(plain), bounded=not node.ignore_case)
    if parts[0] is _ANY_TEXT and len(plain) == len(parts) - 1:
        return pc.ends_with(text, "".join(plain))
    if len(parts) > 2 and parts[0] is parts[-1] is _ANY_TEXT and len(plain) == len(parts) - 2:
        return pc.match_substring(text, "".join(plain))
    return _regex(text, parts)


def _parts(pattern: str, escape: str | None) -> Iterator[Any]:
    """Yield the plain characters, and marks for the two wildcards; consecutive ``%`` are merged."""
    characters = iter(pattern)
    last: Any = None
    for character in characters:
        if character == escape:
            last = next(characters)
        elif character == "_":
            last = _ANY_CHARACTER
        elif character == "%":
            if last is _ANY_TEXT:
                continue
            last = _ANY_TEXT
        else:
            last = character
        yield last


def _starts_with(text: Any, prefix: str, *, bounded: bool) -> Any:
    """Test for a prefix; redundant bounds are added, as statistics can be compared with bounds but not a function."""
    condition = pc.starts_with(text, prefix)
    if not (bounded and prefix):
        return condition
    after = _after_all_with(prefix)
    below = condition & (text >= prefix)
    return below if after is None else below & (text < after)


def _after_all_with(prefix: str) -> str | None:
    """The least text above all texts with the prefix, in the order of UTF-8 bytes, which is that of code points."""
    while prefix:
        following = ord(prefix[-1]) + 1
        prefix = prefix[:-1]
        if following <= 0x10FFFF:
            return prefix + chr(0xE000 if 0xD800 <= following <= 0xDFFF else following)
    return None


def _regex(text: Any, parts: list[Any]) -> Any:
    regex = r"(?s)\A" + "".join(map(_regex_part, parts)) + r"\z"
    try:
        pc.match_substring_regex(pa.array([""]), regex)
    except pa.ArrowInvalid:
        raise DataError(f"the LIKE pattern of {len(parts)} characters is too long for Arrow") from None
    return pc.match_substring_regex(text, regex)


def _regex_part(part: Any) -> str:
    if part is _ANY_TEXT:
        return ".*"
    if part is _ANY_CHARACTER:
        return "."
    return part if part.isalnum() else f"\\x{{{ord(part):x}}}"
