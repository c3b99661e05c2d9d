"""``dao run``."""

from __future__ import annotations

from typing import Any

import click

from dao._cli import output
from dao._cli.options import STORE_OR_OBJECT, arguments_option
from dao._cli.options import command as subcommand
from dao._cli.questions import ask_before_deleting
from dao._cli.session import Session
from dao.capabilities import DELETING
from dao.results import WriteResult

__all__ = ["command"]


@click.argument("name", metavar="NAME", type=STORE_OR_OBJECT)
@click.argument("operation")
@arguments_option("An argument of the operation, such as older_than=30d or version=4.")
@click.option(
    "--dry-run/--no-dry-run",
    "dry_run",
    default=None,
    help="Say what would be done, or do it. Operations that delete only say it by default.",
)
@click.option("--yes", "-y", is_flag=True, help="Don't ask on a terminal.")
def run(
    session: Session, name: str, operation: str, arguments: dict[str, Any], dry_run: bool | None, yes: bool
) -> None:
    """Look after a store or an object: compact, vacuum, expire, orphans, restore, analyze, and what its interface has.

    vacuum, expire and orphans delete: they only say what they would delete, until --no-dry-run. On a terminal that
    asks first.

    \b
    Keys of --json: those of a WriteResult, where the operation gives one:
      rows_inserted, rows_updated, rows_deleted, bytes, files, version_before,
      version_after, interface, details (dry_run among them)

    \b
    Example:
      dao run silver.flights compact
      dao run silver.flights vacuum --arg older_than=7d --no-dry-run
    """
    given = {"dry_run": dry_run, **arguments}
    deletes = operation in DELETING
    if deletes and given["dry_run"] is False:
        ask_before_deleting(lambda: f"{operation} of {name} deletes what can't be brought back. Do it?", yes=yes)
    result = session.access().run(operation, name, progress=output.progress(), **given)
    if session.as_json:
        output.document(_rows(result))
        return
    _show(result)
    if deletes and given["dry_run"] is not False:
        output.line("nothing was deleted: that takes --no-dry-run")


def _show(result: Any) -> None:
    if isinstance(result, (dict, list)):
        output.document(result)
    elif isinstance(result, WriteResult) or not hasattr(result, "to_batches"):
        output.line("done" if result is None else str(result))
    else:
        from dao._cli.tables import data_table

        for text in data_table(result.to_batches(), result.schema, output.width()):
            output.line(text)


def _rows(result: Any) -> Any:
    return result.to_pylist() if hasattr(result, "to_pylist") else result


command = subcommand(run)
