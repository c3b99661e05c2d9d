"""Which files below a table's folder are the table's own: those alone are deleted with it, or by a vacuum.

They are the log, what the log names or once named, and what has the form of a data file's name: killed writers leave
such. Whatever else is there, others have put there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dao_delta._tables.client import Snapshot
from dao_delta._tables.keys import plain_path
from dao_delta._tables.log import LOG

__all__ = ["has_own_form", "named_files", "removed_files"]

_FORMS = re.compile(
    r"part-.*\.parquet|cdc-.*\.parquet|deletion_vector_.*\.bin"  # of DAO, Spark and deltalake
    r"|\..*\.[0-9a-f]{32}\.tmp",  # staged by DAO in a folder
    re.DOTALL,
)
_CHANGES = "_change_data/"


def has_own_form(path: str) -> bool:
    """Whether a file has the form of the names that writers of tables give, or is in the log.

    Args:
        path: below the table's folder.
    """
    name = path.rpartition("/")[2]
    return path.startswith((f"{LOG}/", _CHANGES)) or _FORMS.fullmatch(name) is not None


def removed_files(snapshot: Snapshot, hours: int | None = 0) -> set[str]:
    """The paths of files that the log says were taken out, and that aren't in the table again.

    Args:
        snapshot: the newest version.
        hours: only those that were taken out that long ago; None for the table's own retention.
    """
    found = snapshot.table.vacuum(retention_hours=hours, dry_run=True, enforce_retention_duration=False, full=False)
    return set(found)


def named_files(snapshot: Snapshot) -> Iterator[str]:
    """The paths of the files that a version has, below the table's folder."""
    return map(plain_path, snapshot.files["path"].to_pylist())
