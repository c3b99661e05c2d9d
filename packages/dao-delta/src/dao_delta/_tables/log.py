"""Entries of a Delta log: actions, commits, and whose a commit is.

Source: the Delta protocol, "Actions". A commit is one object of the log, put there on the condition that its version
isn't taken. Its ``txnId`` is unique, so that a writer whose answer was lost finds out whether the commit is its own.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from dao.errors import ConflictError, DaoError, NotFoundError, StoreError, TransientError
from dao.progress import retrying
from dao_files.manifest import Transport

__all__ = ["LOG", "Action", "actions_in", "commit_key", "log_path", "now", "put_commit", "read_commit", "remove_file"]

Action = dict[str, Any]
"""One line of a commit: a name, such as ``add``, with its fields."""

LOG = "_delta_log"
_TRIES = 6
_PLAIN = "/!$&'()+,:;=@"
"""What deltalake leaves as it is in a path, beside letters, digits and ``-._~``."""


def now() -> int:
    """The time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def commit_key(table: str, version: int) -> str:
    """The key of a commit."""
    return f"{table}/{LOG}/{version:020d}.json"


def log_path(path: str) -> str:
    """The path of a data file as the log has it: percent-encoded, as in a URI.

    A file is known by this text: so it is the one that deltalake makes of a path, whatever it has read in the log.

    >>> log_path("note=a b/part-é.parquet")
    'note=a%20b/part-%C3%A9.parquet'
    """
    return quote(path, safe=_PLAIN)


def remove_file(
    path: str, partition: Mapping[str, str | None], size: int, vector: Mapping[str, Any] | None = None
) -> Action:
    """The action that takes a file out of a table.

    Args:
        path: its path as the log has it.
        partition: its partition values.
        size: bytes.
        vector: the descriptor of its deletion vector; without it another file would go.
    """
    named = {} if vector is None else {"deletionVector": dict(vector)}
    return {
        "remove": {
            "path": path,
            "deletionTimestamp": now(),
            "dataChange": True,
            "extendedFileMetadata": True,
            "partitionValues": dict(partition),
            "size": size,
            **named,
        }
    }


def put_commit(transport: Transport, table: str, version: int, actions: Sequence[Action], token: str) -> None:
    """Put a commit into the log, in one step.

    Args:
        transport: the store.
        table: the table's key.
        version: the version to make.
        actions: its lines; the first one is ``commitInfo`` with ``txnId``.
        token: that ``txnId``.

    Raises:
        ConflictError: another writer has made this version, or the store goes on answering that others write at this
            moment; nothing was done.
        TransientError: the store doesn't answer: the commit may have been made, or may be made yet.
        DaoError, OSError: the store refused the commit; nothing was done.
    """
    key = commit_key(table, version)
    body = "\n".join(json.dumps(action, separators=(",", ":"), ensure_ascii=False) for action in actions).encode()
    for attempt in range(_TRIES):
        try:
            transport.put(key, body, if_absent=True)
            return
        except (DaoError, OSError) as error:
            owner = _owner(transport, key, error)
            if owner == token:
                return
            if owner is not None:
                raise ConflictError(f"another writer made version {version} of {table!r}") from error
            # A driver doesn't send it again after a broken connection, since it can't know whose the answer would be.
            if not isinstance(error, ConflictError) and (not isinstance(error, TransientError) or attempt):
                raise
            if attempt == _TRIES - 1:
                raise ConflictError(f"the store goes on answering that others write at this moment: {error}") from error
            # S3 answers 409 to requests that come at the same moment, though none of them was done.
            pause = random.uniform(0.02, 0.1 * 2**attempt)
            retrying(error, pause)
            time.sleep(pause)


def _owner(transport: Transport, key: str, error: Exception) -> str | None:
    """The ``txnId`` of the commit at a key, ``""`` for one without; None if there is no commit."""
    try:
        lines = read_commit(transport, key)
    except NotFoundError:
        return None
    except (DaoError, OSError) as blind:
        unknown = TransientError(f"the commit was sent, and whether it was made can't be seen: {blind}")
        unknown.add_note("look at history() before it is tried again")
        raise unknown from error
    return next((str(line["commitInfo"].get("txnId", "")) for line in lines if "commitInfo" in line), "")


def actions_in(commit: bytes) -> list[Action]:
    r"""The actions of a commit, one a line. Nothing but a line feed ends it: a text may hold what else splits lines.

    >>> actions_in('{"txn": {"appId": "a\u2028b"}}\n{"txn": {"appId": "c"}}'.encode())[0]["txn"]["appId"]
    'a\u2028b'

    Raises:
        ValueError: a line is no JSON.
    """
    return [json.loads(line) for line in commit.split(b"\n") if line.strip()]


def read_commit(transport: Transport, key: str) -> list[Action]:
    """The actions of a commit.

    Raises:
        NotFoundError: there is no such commit.
        StoreError: it is damaged.
    """
    content = bytes(transport.get(key))
    try:
        return actions_in(content)
    except ValueError as error:
        raise StoreError(f"the commit {key!r} is damaged: {error}") from error
