"""``dao copy``."""

from __future__ import annotations

import sys
from typing import Any

import click

from dao._arguments import MODES, Mode
from dao._cli import output
from dao._cli.options import NAME, columns_option, keys_option, limit_option, where_option
from dao._cli.options import command as subcommand
from dao._cli.session import Session
from dao._display_progress import progress_bar

__all__ = ["command"]


@click.argument("source", type=NAME)
@click.argument("target", type=NAME)
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default="error",
    show_default=True,
    help="What to do with what is there: error refuses, ignore leaves it.",
)
@click.option("--incremental", is_flag=True, help="Copy only what changed since the last incremental copy.")
@keys_option
@click.option("--name", help="With --incremental: what the target calls the source; its full name by default.")
@columns_option
@where_option
@limit_option
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
) -> None:
    """Copy an object to another, in any store.

    All of it is copied, or nothing. On a screen a bar shows how far it is. With --incremental the target remembers
    up to which version of the source it has got, and only what changed since is copied: by --keys, or the target's
    property of that name, rows are updated and deleted too.

    \b
    Keys of --json, those of a WriteResult:
      rows_inserted, rows_updated, rows_deleted, bytes, files, version_before,
      version_after, interface; null for what the store can't know

    \b
    Example:
      dao copy bronze.flights silver.flights --mode overwrite
      dao copy bronze.orders silver.orders --incremental --keys id
    """
    bar = progress_bar() if sys.stderr.isatty() else False
    wanted: dict[str, Any] = {"columns": columns, "where": where, "limit": limit, "keys": keys, "name": name}
    result = session.access().copy(source, target, mode=mode, incremental=incremental, progress=bar, **wanted)
    if session.as_json:
        output.document(result)
    else:
        output.line(str(result))


command = subcommand(copy)
