"""Exports rows and bytes from a store into a file or to standard output."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dao._cli.rows import Rows
from dao.errors import StoreError
from dao.file_formats import get_format
from dao.plugins import default_plugins

__all__ = ["export_rows", "open_staged", "unreadable_if_broken_off"]

_BROKEN_OFF = {
    "csv": '"dao read failed: not all rows are here\n',
    "ndjson": '{"dao read failed: not all rows are here\n',
}
"""Last lines that can't be read, as a quote is left open. The other formats have an end, which is missing then."""


def export_rows(rows: Rows, format_name: str, sink: Any, name: str = "") -> None:
    """Write rows in a format, batch by batch. JSON has no NaN and no infinity: as in most tools they become null.

    Args:
        rows: what to write.
        format_name: the format's name, such as ``parquet``.
        sink: a binary file; stays open.
        name: the file's name; an ending such as ``.gz`` has text compressed.

    Raises:
        UnsupportedError: no installed package has the format.
        DataError: the format can't hold a type or value of these rows.
    """
    from dao.arrow.convert import refuse_variants

    default_plugins().load_formats()

    format = get_format(format_name)
    options = format.options({"nan": "null"} if "nan" in format.option_names else {})
    refuse_variants(rows.schema)
    with format.writer(sink, rows.schema, options, path=name) as writer:
        for batch in rows:
            writer.write(batch)
    sink.flush()


@contextmanager
def unreadable_if_broken_off(sink: Any, format_name: str) -> Iterator[None]:
    """Add a line that can't be read if the block fails, so that a part of the rows is not taken for all of them.

    A text format has no end mark: at the other end of a pipe a failure looks like the end of the data.
    """
    try:
        yield
    except Exception:
        with suppress(Exception):  # the failure itself is reported
            sink.write(_BROKEN_OFF.get(format_name, "").encode())
            sink.flush()
        raise


@contextmanager
def open_staged(path: Path) -> Iterator[Any]:
    """Open a binary file that replaces ``path`` only when complete; after an error the old file is unchanged.

    Raises:
        StoreError: the file can't be written.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        file = beside.open("wb")
    except OSError as error:
        raise StoreError(f"can't write {str(path)!r}: {error.strerror}") from error
    try:
        with file:
            yield file
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
