"""``dao ls``."""

from __future__ import annotations

import click

from dao._cli import output
from dao._cli.options import STORE_OR_OBJECT
from dao._cli.options import command as subcommand
from dao._cli.session import Session
from dao.display import moment, size, thousands
from dao.results import Listed, TableInfo

__all__ = ["command"]


@click.argument("name", metavar="STORE[.OBJECT]", type=STORE_OR_OBJECT)
def ls(session: Session, name: str) -> None:
    """List the files, or the tables, of a store or of an object.

    They come in the order in which the store gives them, page by page.

    \b
    Keys of --json, one line each:
      key (from the store's root), size (bytes), modified (ISO 8601), etag,
      version; of a table key, kind, rows, size, modified; null for what the
      store doesn't say

    \b
    Example:
      dao ls bronze.flights
    """
    count, total, noun = 0, 0, "file"
    for info in session.access().list(name):
        count += 1
        total += info.size or 0
        noun = "table" if isinstance(info, TableInfo) else noun
        if session.as_json:
            output.record(info)
        else:
            output.line(_line(info))
    if not session.as_json:
        output.line(f"{thousands(count)} {noun}{'' if count == 1 else 's'}, {size(total)}" if count else "nothing")


def _line(info: Listed) -> str:
    # Sizes and times first, in fixed columns: lines can be written before the longest key is known.
    return f"{thousands(info.size):>15}  {moment(info.modified):19}  {output.printable(info.key)}"


command = subcommand(ls)
