"""``dao copy``."""

from __future__ import annotations

import sys

import click

from dao._arguments import MODES, Mode
from dao._cli import output
from dao._cli.options import NAME, columns_option, limit_option, where_option
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
@columns_option
@where_option
@limit_option
def copy(
    session: Session,
    source: str,
    target: str,
    mode: Mode,
    columns: list[str] | None,
    where: str | None,
    limit: int | None,
) -> None:
    """Copy an object to another, in any store.

    All of it is copied, or nothing. On a screen a bar shows how far it is.

    \b
    Keys of --json, those of a WriteResult:
      rows_inserted, rows_updated, rows_deleted, bytes, files, version_before,
      version_after, interface; null for what the store can't know

    \b
    Example:
      dao copy bronze.flights silver.flights --mode overwrite
    """
    bar = progress_bar() if sys.stderr.isatty() else False
    wanted = {"columns": columns, "where": where, "limit": limit}
    result = session.access().copy(source, target, mode=mode, progress=bar, **wanted)
    if session.as_json:
        output.document(result)
    else:
        output.line(str(result))


command = subcommand(copy)
