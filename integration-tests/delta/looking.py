"""What is really in a bucket below Delta tables, seen without any of our code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from s3.looking import keys_in, open_uploads
from services import minio
from services.minio import ObjectServer

LOG = "/_delta_log/"


def actions_of(server: ObjectServer, bucket: str, table: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The actions of the commits in a table's log, each with its version, in order."""
    client = minio.onlooker(server)
    for key in keys_in(server, bucket, f"{table}{LOG}"):
        name = key.rpartition("/")[2]
        if name.endswith(".json"):
            body = client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
            yield from ((int(name.split(".")[0]), json.loads(line)) for line in body.splitlines() if line)


def versions_of(server: ObjectServer, bucket: str, table: str) -> list[int]:
    """The versions in a table's log, in order."""
    return [version for version, action in actions_of(server, bucket, table) if "commitInfo" in action]


def leftovers(server: ObjectServer, bucket: str, prefix: str = "") -> Iterator[str]:
    """Objects in tables that no commit names, objects of no table, and open uploads."""
    keys = keys_in(server, bucket, prefix)
    tables = sorted({key.partition(LOG)[0] for key in keys if LOG in key})
    named = {f"{table}/{path}" for table in tables for path in _paths(server, bucket, table)}
    yield from (key for key in keys if LOG not in key and key not in named)
    yield from (f"open upload of {key}" for key in open_uploads(server, bucket))


def _paths(server: ObjectServer, bucket: str, table: str) -> Iterator[str]:
    for _, action in actions_of(server, bucket, table):
        for kind in ("add", "cdc"):
            if kind in action:
                yield unquote(action[kind]["path"])
