"""Whether a new table can be made at a key: everything at and below it becomes the table's, to be deleted with it."""

from __future__ import annotations

from dao.errors import AlreadyExistsError, DataError
from dao_delta._tables.client import Client
from dao_delta._tables.footers import mark_in
from dao_delta._tables.keys import begins_a_table
from dao_delta._tables.log import LOG

__all__ = ["check_vacant", "refuse_nested"]

_LOG_OF_FILES = "_dao_log"
"""What the name of the log of a table of plain files begins with."""


def check_vacant(client: Client, table: str) -> None:
    """Make room for a new table where one was deleted, and check that there is nothing else.

    Data files of DAO's own are what killed writers left, or other writers write at this moment.

    Raises:
        AlreadyExistsError: there are files that are in no table.
        DataError: the table would be inside of another one, or have one inside.
    """
    was_deleted = client.clear_remains(table)
    refuse_nested(client, table)
    if was_deleted:
        return
    for stat in client.transport.list(f"{table}/"):
        path = stat.key.removeprefix(f"{table}/")
        if not _is_hidden(path) and mark_in(path) is None:
            raise AlreadyExistsError(
                f"there are files at {table!r} that are in no Delta table, such as {path!r}: make a table of them by "
                "run('convert') if they are Parquet, or write to another key"
            )


def refuse_nested(client: Client, table: str) -> None:
    """Check that a new table would neither be inside of another one nor have one inside.

    Raises:
        DataError: it would.
    """
    parts = table.split("/")
    for count in range(len(parts)):
        above = "/".join(parts[:count])
        if any(map(begins_a_table, client.log_keys(above))):
            raise DataError(f"key {table!r} is inside of the Delta table at {above!r}: use another key")
    inside = f"/{LOG}/"
    for stat in client.transport.list(f"{table}/"):
        below, found, _ = stat.key.removeprefix(f"{table}/").partition(inside)
        if found:
            raise DataError(f"key {table!r} has the Delta table at {f'{table}/{below}'!r} inside: use another key")


def _is_hidden(path: str) -> bool:
    """Whether no reader of files takes a file for data."""
    parts = path.split("/")
    hidden = any(part.startswith(("_", ".")) and "=" not in part for part in parts)
    return hidden and not parts[-1].startswith(_LOG_OF_FILES)
