"""``dao copy``."""

from __future__ import annotations

from typing import Any

import click

from dao._arguments import Mode
from dao._cli import output
from dao._cli.options import NAME, columns_option, dry_run_option, keys_option, limit_option, mode_option, where_option
from dao._cli.options import command as subcommand
from dao._cli.preview import preview_transfer
from dao._cli.session import Session

__all__ = ["command"]


@click.argument("source", type=NAME)
@click.argument("target", type=NAME)
@mode_option
@click.option("--incremental", is_flag=True, help="Copy only what changed since the last incremental copy.")
@keys_option("With --incremental: the columns that tell rows apart.")
@click.option("--name", help="With --incremental: what the target calls the source; its full name by default.")
@columns_option
@where_option
@limit_option
@dry_run_option
def copy(
    session: Session,
    source: str,
    target: str,
    mode: Mode,
    incremental: bool,
    keys: list[str] | None,
    name: str | None,
    columns: list[str] | None,
    where: str | None,
    limit: int | None,
    dry_run: bool,
) -> None:
    """Copy an object to another, in any store.

    All of it is copied, or nothing. On a screen a bar shows how far it is. With --incremental the target remembers
    up to which version of the source it has got, and only what changed since is copied: by --keys, or the target's
    property of that name, rows are updated and deleted too.

    \b
    Keys of --json, those of a WriteResult:
      rows_inserted, rows_updated, rows_deleted, bytes, files, version_before,
      version_after, interface, details; null for what the store can't know

    \b
    Example:
      dao copy bronze.flights silver.flights --mode overwrite
      dao copy bronze.orders silver.orders --incremental --keys id
    """
    wanted: dict[str, Any] = {"columns": columns, "where": where, "limit": limit, "keys": keys, "name": name}
    if dry_run and incremental:
        raise click.UsageError(
            "--dry-run can't tell what an incremental copy would take; dao explain says how it goes."
        )
    if dry_run:
        preview_transfer(session, "copy", source, target, {"mode": mode, **wanted})
        return
    result = session.access().copy(
        source, target, mode=mode, incremental=incremental, progress=output.progress(), **wanted
    )
    output.outcome(result, session.as_json)


command = subcommand(copy)
