"""``dao count``."""

from __future__ import annotations

import click

from dao._cli import output
from dao._cli.options import NAME, where_option
from dao._cli.options import command as subcommand
from dao._cli.session import Session
from dao.display import thousands

__all__ = ["command"]


@click.argument("name", type=NAME)
@where_option
def count(session: Session, name: str, where: str | None) -> None:
    """Count the rows of an object.

    That takes no reading where metadata tells it. On a screen the number has thousands separators; to a file or a
    pipe it goes without.

    \b
    Keys of --json:
      name, rows

    \b
    Example:
      dao count silver.flights --where "month = 1"
    """
    rows = session.access().count(name, where=where)
    if session.as_json:
        output.document({"name": name, "rows": rows})
    else:
        output.line(thousands(rows) if output.width() else str(rows))


command = subcommand(count)
