"""Helpers of the format tests: tables to files and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import fs

from dao.tables import Selection
from dao_files.formats import Format, get_format

LOCAL = fs.LocalFileSystem()


def save(table: pa.Table, path: Path, format: str | None = None, *, batches: int | None = None, **options: Any) -> str:
    """Write a table to a file, in batches of so many rows; the format goes by the file name."""
    form = format_of(path, format)
    with path.open("wb") as sink, form.writer(sink, table.schema, form.options(options), path=str(path)) as writer:
        for batch in table.to_batches(max_chunksize=batches):
            writer.write(batch)
    return str(path)


def load(
    *paths: Path | str,
    format: str | None = None,
    options: dict[str, Any] | None = None,
    **arguments: Any,
) -> pa.Table:
    """Read files lazily; the arguments are what is known of them, and those of a selection."""
    form = format_of(paths[0], format)
    known = {name: arguments.pop(name) for name in ("schema", "partitions", "partition_schema") if name in arguments}
    selection = Selection(**arguments)
    return form.scan([str(path) for path in paths], LOCAL, form.options(options), selection, **known).read_all()


def format_of(path: Path | str, format: str | None) -> Format:
    from dao_files.formats import infer_format

    return get_format(format or infer_format(str(path)) or "?")


def same(left: pa.Table, right: pa.Table) -> bool:
    """Equal in schema and values, with NaN equal to NaN and -0.0 not to 0.0."""
    return bool(left.schema.equals(right.schema)) and repr(left.to_pylist()) == repr(right.to_pylist())
