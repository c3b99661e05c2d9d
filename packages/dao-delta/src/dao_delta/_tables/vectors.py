"""Deletion vectors as the log has them, which deltalake doesn't say: a commit that removes a file must name its vector.

Source: the Delta protocol, "Deletion Vectors".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dao_delta._tables.active import active_files
from dao_files.manifest import Transport

__all__ = ["vectors_in_log"]


def vectors_in_log(transport: Transport, table: str, version: int) -> dict[str, Mapping[str, Any]]:
    """The descriptors of the deletion vectors of a version, by the paths of the files.

    Args:
        transport: the store.
        table: the table's key.
        version: the version.

    Raises:
        StoreError: the log is damaged.
    """
    found = active_files(transport, table, version, "deletionVector")
    return {add["path"]: add["deletionVector"] for add in found.values()}
