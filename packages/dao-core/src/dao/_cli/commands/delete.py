"""``dao delete``."""

from __future__ import annotations

from typing import Any

import click

from dao._cli import output
from dao._cli.options import NAME, arguments_option, dry_run_option, where_option
from dao._cli.options import command as subcommand
from dao._cli.preview import count_delete, preview_delete
from dao._cli.questions import ask_before_deleting
from dao._cli.session import Session

__all__ = ["command"]


@click.argument("name", type=NAME)
@where_option
@click.option("--all", "everything", is_flag=True, help="The whole object. Without --where it must be said.")
@click.option("--yes", "-y", is_flag=True, help="Don't ask on a terminal.")
@arguments_option("What else the store takes, such as branch.")
@dry_run_option
def delete(
    session: Session,
    name: str,
    where: str | None,
    everything: bool,
    yes: bool,
    arguments: dict[str, Any],
    dry_run: bool,
) -> None:
    """Delete an object, or the rows for which --where is true.

    On a terminal it says how much that is, and asks first. A script isn't asked.

    \b
    Keys of --json, those of a WriteResult:
      rows_inserted, rows_updated, rows_deleted, bytes, files, version_before,
      version_after, interface, details; null for what the store can't know
    with --dry-run:
      dry_run (true), rows_inserted, rows_updated, rows_deleted, bytes, files,
      explanation (as of dao explain)

    \b
    Example:
      dao delete silver.flights --where "month = 1" --dry-run
      dao delete silver.flights --all
    """
    if everything == (where is not None):
        raise click.UsageError("Give either --where, for some of the rows, or --all, for the whole object.")
    given = {"where": where, **arguments}
    if dry_run:
        preview_delete(session, name, given)
        return
    whole = f", which is all of {name}" if everything else f" of {name}"
    ask_before_deleting(lambda: f"{count_delete(session, name, where).sentence('delete')}{whole}?", yes=yes)
    output.outcome(session.access().delete(name, progress=output.progress(), **given), session.as_json)


command = subcommand(delete)
