"""``dao read``."""

from __future__ import annotations

import shutil
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from dao._cli import output
from dao._cli.export import export_rows, open_staged, unreadable_if_broken_off
from dao._cli.options import NAME, arguments_option, columns_option, limit_option, where_option
from dao._cli.options import command as subcommand
from dao._cli.rows import rows_of
from dao._cli.session import Session
from dao.errors import AlreadyExistsError
from dao.file_formats import infer_format
from dao.plugins import default_plugins

__all__ = ["command"]

_FORMATS = ("csv", "json", "ndjson", "parquet", "bytes")


@click.argument("name", type=NAME)
@click.option(
    "--into",
    type=click.Choice(_FORMATS),
    help="The format: csv, json (one list), ndjson (one object a line), parquet, or bytes for a file as it is. "
    "By default what FILE's ending says; without FILE csv, or ndjson with --json.",
)
@click.option(
    "--output", "-o", "file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write there."
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@columns_option
@where_option
@limit_option
@arguments_option("What else a read takes, such as version or as_of, and options of its format, such as delimiter=;")
def read(
    session: Session,
    name: str,
    into: str | None,
    file: Path | None,
    overwrite: bool,
    columns: list[str] | None,
    where: str | None,
    limit: int | None,
    arguments: dict[str, Any],
) -> None:
    """Write an object's data out, in a format of choice.

    It goes to the standard output, or into a FILE. Rows are passed on as they are read, so size doesn't matter. A
    FILE gets its name when it is complete; a pipe that breaks off ends in a line that can't be read. In JSON, which
    has no NaN, it is null.

    \b
    Examples:
      dao read silver.flights --where "month = 1" --limit 100
      dao read silver.flights --columns carrier,dep_delay -o delays.parquet
      dao read silver.flights --arg version=3 -o third.parquet
      dao read bronze.flights --into bytes -o flights.csv.zip
    """
    for own in ("columns", "where", "limit", "into"):
        if own in arguments:
            raise click.UsageError(f"--arg {own}=: there is an option --{own}.")
    if file is not None:
        _check_place(file, overwrite)
    chosen = into or (_format_of(file) if file is not None else "ndjson" if session.as_json else "csv")
    if chosen == "parquet" and file is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a screen: add -o FILE, or send it on with > or |.")
    if chosen == "bytes" and (columns or where or limit is not None):
        raise click.UsageError("--columns, --where and --limit are about rows, --into bytes has none.")
    if chosen == "bytes":
        with session.access().read_stream(name, into="bytes", **arguments) as source, _sink(file) as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
            sink.flush()
        return
    with (
        rows_of(session.access(), name, columns=columns, where=where, limit=limit, further=arguments) as rows,
        _sink(file) as sink,
        _complete(sink, chosen, file),
    ):
        export_rows(rows, chosen, sink, file.name if file else "")


def _sink(file: Path | None) -> AbstractContextManager[Any]:
    return nullcontext(output.ByteOutput()) if file is None else open_staged(file)


def _complete(sink: Any, chosen: str, file: Path | None) -> AbstractContextManager[None]:
    """A screen shows the error, a file gets its name when it is complete; a pipe tells nothing of a failure."""
    return unreadable_if_broken_off(sink, chosen) if file is None and not sys.stdout.isatty() else nullcontext()


def _check_place(file: Path, overwrite: bool) -> None:
    if file.exists() and not file.is_file():
        raise click.UsageError(f"{str(file)!r} is no file; without -o the data goes to the standard output.")
    if file.exists() and not overwrite:
        raise AlreadyExistsError(f"{str(file)!r} is there already: --overwrite replaces it")


def _format_of(file: Path) -> str:
    default_plugins().load_formats()
    found = infer_format(file.name)
    if found not in _FORMATS:
        raise click.UsageError(f"The name {file.name!r} doesn't say one of the formats of --into: add it.")
    return found


command = subcommand(read)
