"""``dao upsert``."""

from __future__ import annotations

from typing import Any

from dao._cli import output
from dao._cli.given import open_given
from dao._cli.options import command as subcommand
from dao._cli.options import given_data, keys_option, order_by_option
from dao._cli.preview import preview_upsert
from dao._cli.session import Session

__all__ = ["command"]


@given_data(
    keys_option("The columns that tell rows apart; by default the object's property of that name."),
    order_by_option,
    arguments="What else the store takes, such as schema_mode or delete_when.",
)
def upsert(
    session: Session,
    name: str,
    file: str,
    format: str | None,
    keys: list[str] | None,
    order_by: list[str] | None,
    reading: dict[str, Any],
    arguments: dict[str, Any],
    dry_run: bool,
) -> None:
    """Update the rows of a table whose keys are in FILE, insert the others.

    All of them, or nothing. The rows are those of FILE, or of the standard input. A key that is null, or that two rows
    have while no --order-by decides between them, is an error.

    \b
    Keys of --json, those of a WriteResult:
      rows_inserted, rows_updated, rows_deleted, bytes, files, version_before,
      version_after, interface, details; null for what the store can't know
    with --dry-run:
      dry_run (true), rows_inserted, rows_updated, rows_deleted, bytes, files,
      explanation (as of dao explain)

    \b
    Example:
      dao upsert silver.planes planes.csv --keys tailnum --dry-run
    """
    access, given = session.access(), {"keys": keys, "order_by": order_by, **arguments}
    with open_given(access, file, format, reading, as_bytes=False) as data:
        if dry_run:
            preview_upsert(session, name, data, given)
        else:
            output.outcome(access.upsert(data, name, progress=output.progress(), **given), session.as_json)


command = subcommand(upsert)
