"""Calls with an idempotency key that a table remembers: one line of its log for each, before those of its versions.

The lines are apart from the versions', so that a key outlives any number of later writes, and a call that changed no
row is remembered without a version of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from dao_files._storage.stored_json import check, moment, parse_object, value

__all__ = ["KEPT", "Done", "find_done", "is_done"]

KEPT = 1000
"""The number of calls that a table remembers. The log is rewritten with each version, so it must not grow unbounded."""

_START = '{"idempotency_key": '


@frozen
class Done:
    """One call that was done.

    Attributes:
        key: its idempotency key.
        request: the digest of its arguments and data, see :class:`dao.tables.RequestDigest`.
        version: the table's version after it; None for a table of another program that it left unchanged.
        timestamp: the time of its commit, in UTC.
    """

    key: str
    request: str
    version: int | None
    timestamp: datetime

    def encode(self) -> str:
        """Encode it as a line of the log."""
        said = {"request": self.request, "version": self.version, "timestamp": self.timestamp.isoformat()}
        return json.dumps({"idempotency_key": self.key, **said})


def is_done(line: str) -> bool:
    """Check whether a line of a log is one of these."""
    return line.startswith(_START)


def find_done(lines: Sequence[str], key: str) -> Done | None:
    """Find the call of a key among the lines of a log, None if it isn't remembered. Only its own line is decoded.

    Raises:
        ValueError: the line is damaged.
    """
    start = f"{_START}{json.dumps(key)}, "
    line = next((line for line in reversed(lines) if line.startswith(start)), None)
    return None if line is None else _decode(line)


def _decode(line: str) -> Done:
    entry = parse_object(line)
    return Done(
        key=check(entry.get("idempotency_key"), str, "idempotency_key"),
        request=check(entry.get("request"), str, "request"),
        version=value(entry, "version", int),
        timestamp=moment(entry.get("timestamp"), "timestamp"),
    )
