"""Rows and bytes out of a store, into a file or to whoever reads the standard output."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dao.cli.rows import Rows
from dao.errors import StoreError

__all__ = ["export_rows", "staged"]


def export_rows(rows: Rows, format_name: str, sink: Any, name: str = "") -> None:
    """Write rows in a format, batch by batch. JSON has no NaN and no infinity: as in most tools they become null.

    Args:
        rows: what to write.
        format_name: the format's name, as :mod:`dao.arrow.formats` knows it.
        sink: a binary file; stays open.
        name: the file's name; an ending such as ``.gz`` has text compressed.

    Raises:
        DataError: the format can't hold a type or value of these rows.
    """
    from dao.arrow.formats import get_format
    from dao.arrow.formats.parquet_variant import refuse_variants

    format = get_format(format_name)
    options = format.options({"nan": "null"} if "nan" in format.option_names else {})
    refuse_variants(rows.schema)
    with format.writer(sink, rows.schema, options, path=name) as writer:
        for batch in rows:
            writer.write(batch)
    sink.flush()


@contextmanager
def staged(path: Path) -> Iterator[Any]:
    """A binary file that gets its name when all is written; after an error there is what was there before.

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
