"""Finds the tables of a store by its catalog."""

from __future__ import annotations

from collections.abc import Iterator

from dao.errors import NotFoundError
from dao_files.storage import check_key
from dao_iceberg._tables.client import Client

__all__ = ["list_tables"]


def list_tables(client: Client, key: str) -> Iterator[str]:
    """The keys of the tables at or below a key; of all for the empty one.

    Raises:
        NotFoundError: there is none, but at the root.
    """
    if key:
        check_key(key)
    found = sorted(one for one in client.list_keys() if not key or one == key or one.startswith(f"{key}/"))
    if key and not found:
        raise NotFoundError(f"there is no Iceberg table at or below {key!r}")
    return iter(found)
