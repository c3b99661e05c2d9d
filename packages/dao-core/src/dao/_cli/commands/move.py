"""``dao move``."""

from __future__ import annotations

from typing import Any

import click

from dao._arguments import Mode
from dao._cli import output
from dao._cli.options import NAME, arguments_option, dry_run_option, mode_option
from dao._cli.options import command as subcommand
from dao._cli.preview import preview_transfer
from dao._cli.session import Session

__all__ = ["command"]


@click.argument("source", type=NAME)
@click.argument("target", type=NAME)
@mode_option
@arguments_option("What else the target's store takes, such as partition_by.")
@dry_run_option
def move(session: Session, source: str, target: str, mode: Mode, arguments: dict[str, Any], dry_run: bool) -> None:
    """Move an object to another, in any store.

    As dao copy, and the source is deleted once the target is complete. Nothing is lost if that fails: the data is in
    both places then.

    \b
    Keys of --json, those of a WriteResult:
      rows_inserted, rows_updated, rows_deleted, bytes, files, version_before,
      version_after, interface, details; null for what the store can't know
    with --dry-run:
      dry_run (true), rows_inserted, rows_updated, rows_deleted, bytes, files,
      explanation (as of dao explain)

    \b
    Example:
      dao move bronze.flights archive.flights
    """
    given = {"mode": mode, **arguments}
    if dry_run:
        preview_transfer(session, "move", source, target, given)
        return
    result = session.access().move(source, target, progress=output.progress(), **given)
    output.outcome(result, session.as_json)


command = subcommand(move)
