"""``dao head``."""

from __future__ import annotations

import click

from dao._cli import output
from dao._cli.options import NAME, columns_option, where_option
from dao._cli.options import command as subcommand
from dao._cli.rows import rows_of
from dao._cli.session import Session

__all__ = ["command"]


@click.argument("name", type=NAME)
@click.option(
    "-n",
    "--rows",
    "limit",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="N",
    help="How many rows.",
)
@columns_option
@where_option
def head(session: Session, name: str, limit: int, columns: list[str] | None, where: str | None) -> None:
    """Show the first rows of an object.

    On a screen, columns that don't fit are named below. With --json there is one line a row, with the columns as
    keys.

    \b
    Example:
      dao head silver.flights -n 5 --columns carrier,dep_delay
    """
    with rows_of(session.access(), name, columns=columns, where=where, limit=limit) as rows:
        if session.as_json:
            from dao._cli.export import export_rows

            export_rows(rows, "ndjson", output.ByteOutput())
            return
        from dao._cli.tables import data_table

        batches = list(rows)
        for line in data_table(batches, rows.schema, output.width()):
            output.line(line)
        if not sum(batch.num_rows for batch in batches):
            output.line("no rows")


command = subcommand(head)
