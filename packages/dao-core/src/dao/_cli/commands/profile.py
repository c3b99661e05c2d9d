"""``dao profile``."""

from __future__ import annotations

import click

from dao._cli import output
from dao._cli.options import NAME, arguments_option, columns_option, limit_option, where_option
from dao._cli.options import command as subcommand
from dao._cli.session import Session

__all__ = ["command"]


@click.argument("name", type=NAME)
@columns_option
@where_option
@limit_option
@arguments_option("What else a read takes, such as version or as_of.")
def profile(
    session: Session,
    name: str,
    columns: list[str] | None,
    where: str | None,
    limit: int | None,
    arguments: dict[str, object],
) -> None:
    """Say what is in the columns of an object.

    Of each its type, nulls, distinct values, the least and the greatest one, and a histogram. All rows are read once,
    as a stream. Distinct values are counted up to 50,000, and estimated beyond: ~ marks an estimate.

    \b
    Keys of --json:
      name, rows, columns (a list of name, type, nulls, nan, distinct,
      distinct_exact, min, max, histogram (start, width, counts))

    \b
    Example:
      dao profile silver.flights --where "month = 1"
    """
    from dao.profiles import profile

    options = {"limit": limit, "progress": output.progress(), **arguments}
    found = profile(session.access(), name, columns=columns, where=where, **options)
    if session.as_json:
        output.document(found)
    else:
        output.line(found.text(output.room()))


command = subcommand(profile)
