"""``dao history``."""

from __future__ import annotations

import click

from dao._cli import output
from dao._cli.options import NAME
from dao._cli.options import command as subcommand
from dao._cli.session import Session

__all__ = ["command"]


@click.argument("name", type=NAME)
@click.option("-n", "--versions", "limit", type=click.IntRange(min=1), metavar="N", help="The newest N versions alone.")
@click.option("--branch", help="The versions of this branch, where the store has branches.")
def history(session: Session, name: str, limit: int | None, branch: str | None) -> None:
    """Show the versions of an object, the newest first.

    \b
    Keys of --json, a list with one entry a version:
      version, timestamp (ISO 8601), operation, details (by the store's names)

    \b
    Example:
      dao history silver.flights -n 5
    """
    found = session.access().history(name, branch=branch)
    shown = type(found)(found[:limit])
    if session.as_json:
        output.document(list(shown))
        return
    output.line(shown.text(output.room()))
    if len(shown) < len(found):
        output.line(f"\nthe newest {len(shown)} of {len(found)} versions")


command = subcommand(history)
