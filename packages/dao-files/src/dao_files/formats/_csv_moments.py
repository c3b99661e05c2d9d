"""Dates and timestamps of CSV that are written by a format of the options. Days that don't exist are none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["parse_moments"]

_IN_PYTHON = {"%T": "%H:%M:%S", "%R": "%H:%M", "%D": "%m/%d/%y", "%F": "%Y-%m-%d", "%e": "%d", "%h": "%b", "%n": " "}


def parse_moments(texts: pa.Array, formats: Sequence[str]) -> pa.Array:
    """The texts as timestamps of seconds, each by the first format that fits it; null where none does.

    With ``%z`` they are in UTC. What rolls over (31 February, the second 60) fits no format.
    """
    found: pa.Array | None = None
    for pattern in formats:
        parsed = _exact(texts, pattern)
        if found is None or found.type.equals(parsed.type):
            found = parsed if found is None else pc.coalesce(found, parsed)
    assert found is not None  # there is a format at least
    return found


def _exact(texts: pa.Array, pattern: str) -> pa.Array:
    """The texts by one format, null where they don't fit or name a moment that isn't there."""
    parsed = pc.strptime(texts, format=pattern, unit="s", error_is_null=True)
    again = pc.strftime(parsed, format=pattern).cast(texts.type)
    same = pc.equal(_normal(again), _normal(texts))
    # Python's strptime takes four digits as a year, and decides where the same moment may be written in another way.
    doubtful = pc.and_(parsed.is_valid(), pc.or_(pc.invert(same), pc.less(pc.year(parsed), 1000)))
    if not pc.any(doubtful).as_py():
        return parsed
    moments = dict(zip(texts.filter(doubtful).to_pylist(), parsed.filter(doubtful).to_pylist(), strict=True))
    right = [text for text, moment in moments.items() if _in_python(text, pattern) == moment]
    wrong = pc.and_(doubtful, pc.invert(pc.is_in(texts, pa.array(right, texts.type))))
    return pc.if_else(wrong, pa.scalar(None, parsed.type), parsed)


def _normal(texts: pa.Array) -> pa.Array:
    """Without leading zeros and letter case, which formats read past."""
    return pc.replace_substring_regex(pc.utf8_lower(texts), r"(^|[^0-9])0+([0-9])", r"\1\2")


def _in_python(text: str, pattern: str) -> datetime | None:
    pattern = re.sub("%.", lambda found: _IN_PYTHON.get(found[0], found[0]), pattern)
    try:
        return datetime.strptime(text.strip(), pattern)
    except ValueError:
        return None
