"""``dao write``."""

from __future__ import annotations

from typing import Any

from dao._arguments import Mode
from dao._cli import output
from dao._cli.given import goes_as_bytes, open_given
from dao._cli.options import command as subcommand
from dao._cli.options import given_data, mode_option
from dao._cli.preview import preview_write
from dao._cli.session import Session

__all__ = ["command"]


@given_data(mode_option, arguments="What else the store takes, such as partition_by or schema_mode.")
def write(
    session: Session,
    name: str,
    file: str,
    format: str | None,
    mode: Mode,
    reading: dict[str, Any],
    arguments: dict[str, Any],
    dry_run: bool,
) -> None:
    """Write the rows of FILE, or of the standard input, into an object.

    All of them are written, or nothing. They pass as a stream, so size doesn't matter; a pipe is first copied to a
    temporary file. An object that is a file without a format gets FILE as it is.

    \b
    Keys of --json, those of a WriteResult:
      rows_inserted, rows_updated, rows_deleted, bytes, files, version_before,
      version_after, interface, details; null for what the store can't know
    with --dry-run:
      dry_run (true), rows_inserted, rows_updated, rows_deleted, bytes, files,
      explanation (as of dao explain)

    \b
    Example:
      dao write silver.flights january.csv --mode append --dry-run
      dao write silver.flights --format ndjson < january.ndjson
    """
    access, given = session.access(), {"mode": mode, **arguments}
    as_bytes = goes_as_bytes(session.object(name))
    with open_given(access, file, format, reading, as_bytes=as_bytes) as data:
        if dry_run:
            preview_write(session, name, data, given)
        else:
            output.outcome(access.write(data, name, progress=output.progress(), **given), session.as_json)


command = subcommand(write)
