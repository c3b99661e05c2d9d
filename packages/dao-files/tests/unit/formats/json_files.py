"""Texts of JSON as files, and tables as texts."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
from format_files import load

from dao_files.formats import get_format


def read(
    text: str | bytes, tmp_path: Path, name: str = "t.json", schema: pa.Schema | None = None, **options: Any
) -> pa.Table:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path, options=options, schema=schema)


def write(table: pa.Table, format: str, **options: Any) -> str:
    sink = io.BytesIO()
    form = get_format(format)
    with form.writer(sink, table.schema, form.options(options)) as writer:
        for batch in table.to_batches():
            writer.write(batch)
    return sink.getvalue().decode()
