"""``dao ls``."""

from __future__ import annotations

import click

from dao._cli import output
from dao._cli.options import STORE_OR_OBJECT
from dao._cli.options import command as subcommand
from dao._cli.session import Session
from dao.display import moment, size, thousands
from dao.results import FileInfo

__all__ = ["command"]


@click.argument("name", metavar="STORE[.OBJECT]", type=STORE_OR_OBJECT)
def ls(session: Session, name: str) -> None:
    """List the files of a store or of an object.

    They come in the order in which the store gives them, page by page.

    \b
    Keys of --json, one line a file:
      key (from the store's root), size (bytes), modified (ISO 8601), etag,
      version; null for what the store doesn't say

    \b
    Example:
      dao ls bronze.flights
    """
    files, total = 0, 0
    for info in session.access().list(name):
        files += 1
        total += info.size or 0
        if session.as_json:
            output.record(info)
        else:
            output.line(_line(info))
    if not session.as_json:
        output.line(f"{thousands(files)} file{'' if files == 1 else 's'}, {size(total)}" if files else "no files")


def _line(info: FileInfo) -> str:
    # Sizes and times first, in fixed columns: lines can be written before the longest key is known.
    return f"{thousands(info.size):>15}  {moment(info.modified):19}  {output.printable(info.key)}"


command = subcommand(ls)
