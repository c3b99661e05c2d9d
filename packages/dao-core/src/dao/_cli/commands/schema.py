"""``dao schema``."""

from __future__ import annotations

import click

from dao._cli import output
from dao._cli.options import NAME
from dao._cli.options import command as subcommand
from dao._cli.session import Session

__all__ = ["command"]


@click.argument("name", type=NAME)
def schema(session: Session, name: str) -> None:
    """Show the columns of an object, without reading its data.

    \b
    Keys of --json:
      name, columns (a list of name, type, nullable)

    \b
    Example:
      dao schema silver.flights
    """
    found = [
        {"name": field.name, "type": str(field.type), "nullable": field.nullable}
        for field in session.access().schema(name)
    ]
    if session.as_json:
        output.document({"name": name, "columns": found})
        return
    rows = [
        (output.printable(column["name"]), column["type"], "" if column["nullable"] else "not null") for column in found
    ]
    output.table(["column", "type", ""], rows, "no columns")


command = subcommand(schema)
