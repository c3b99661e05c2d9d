"""Parsing of dates and timestamps by the formats of the CSV options; dates that don't exist are refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["parse_moments"]

_IN_PYTHON = {"%T": "%H:%M:%S", "%R": "%H:%M", "%D": "%m/%d/%y", "%F": "%Y-%m-%d", "%e": "%d", "%h": "%b", "%n": " "}


def parse_moments(texts: pa.Array, formats: Sequence[str]) -> pa.Array:
    """Parse texts to timestamps of seconds, each by the first format that fits; null where none does.

    With ``%z`` the result is in UTC. Values that strptime rolls over (31 February, the second 60) fit no format.
    """
    found: pa.Array | None = None
    for pattern in formats:
        parsed = _parse_exactly(texts, pattern)
        if found is None or found.type.equals(parsed.type):
            found = parsed if found is None else pc.coalesce(found, parsed)
    assert found is not None  # there is at least one format
    return found


def _parse_exactly(texts: pa.Array, pattern: str) -> pa.Array:
    """Parse texts by one format; null where they don't fit or name a moment that doesn't exist."""
    parsed = pc.strptime(texts, format=pattern, unit="s", error_is_null=True)
    formatted = pc.strftime(parsed, format=pattern).cast(texts.type)
    same = pc.equal(_normalize(formatted), _normalize(texts))
    # Python's strptime demands four digits of a year, and decides where formatting the moment yields another text.
    doubtful = pc.and_(parsed.is_valid(), pc.or_(pc.invert(same), pc.less(pc.year(parsed), 1000)))
    if not pc.any(doubtful).as_py():
        return parsed
    moments = dict(zip(texts.filter(doubtful).to_pylist(), parsed.filter(doubtful).to_pylist(), strict=True))
    right = [text for text, moment in moments.items() if _parse_in_python(text, pattern) == moment]
    wrong = pc.and_(doubtful, pc.invert(pc.is_in(texts, pa.array(right, texts.type))))
    return pc.if_else(wrong, pa.scalar(None, parsed.type), parsed)


def _normalize(texts: pa.Array) -> pa.Array:
    """Remove leading zeros and letter case, which strptime ignores."""
    return pc.replace_substring_regex(pc.utf8_lower(texts), r"(^|[^0-9])0+([0-9])", r"\1\2")


def _parse_in_python(text: str, pattern: str) -> datetime | None:
    pattern = re.sub("%.", lambda found: _IN_PYTHON.get(found[0], found[0]), pattern)
    try:
        return datetime.strptime(text.strip(), pattern)
    except ValueError:
        return None
