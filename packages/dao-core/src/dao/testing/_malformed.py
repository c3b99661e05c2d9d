"""Malformed content for fuzzing parsers of notes, logs and manifests, which any program may have written.

Reading malformed metadata of a store must raise a DaoError, or ignore it if no data is lost: never another error, a
hang, or a path that leads out of the store.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["malformed", "misshapen"]

_WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e308,
    float("inf"),
    float("nan"),
    10**30,
    "",
    "x",
    "\0",
    "\ud800",
    "../x",
    "/etc/passwd",
    "2020-01-01",
    "2020-01-01T00:00:00",
    "9999-99-99T99:99:99Z",
    [],
    [[]],
    [None],
    ["../x"],
    {},
    {"": None},
)


def malformed() -> Iterator[bytes]:
    """Yield content that isn't a record: truncated, not UTF-8, of another shape, or nested too deeply."""
    yield from (b"", b"\n", b"\0" * 64, b"\xff\xfe{", b"\xef\xbb\xbf", b"{", b"{]", b'{"a"', b"NaN", b"-Infinity")
    yield from (b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000, b'"' + b"x" * (1 << 20) + b'"')
    yield from (json.dumps(wrong).encode() for wrong in _WRONG)


def misshapen(record: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield variants of a record with one fault at any depth: a field missing, of another type, or out of range.

    Args:
        record: a valid record, of JSON types.
    """
    for changed in _change(dict(record)):
        yield json.dumps(changed).encode()


def _change(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, field in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            for wrong in (*_WRONG, *_change(field)):
                yield {**value, name: wrong}
    elif isinstance(value, list):
        for position, item in enumerate(value):
            for wrong in (*_WRONG, *_change(item)):
                yield [*value[:position], wrong, *value[position + 1 :]]
