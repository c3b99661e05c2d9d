"""Finds the tables of a store by their logs."""

from __future__ import annotations

from collections.abc import Iterator

from dao.errors import NotFoundError
from dao_delta._tables.client import Client
from dao_delta._tables.log import LOG
from dao_files.storage import check_key

__all__ = ["list_tables"]


def list_tables(client: Client, key: str) -> Iterator[str]:
    """The keys of the tables at or below a key; of all for the empty one.

    Raises:
        NotFoundError: there is none, but at the root.
    """
    if key:
        check_key(key)
    found = sorted(set(_tables(client, f"{key}/" if key else "")))
    if key and not found:
        raise NotFoundError(f"there is no Delta table at or below {key!r}")
    return iter(found)


def _tables(client: Client, prefix: str) -> Iterator[str]:
    """Folder by folder: what is below a table isn't looked at."""
    folders, _ = client.transport.folders(prefix)
    if f"{prefix}{LOG}/" in folders:
        yield prefix.rstrip("/")
        return
    for folder in folders:
        yield from _tables(client, folder)
