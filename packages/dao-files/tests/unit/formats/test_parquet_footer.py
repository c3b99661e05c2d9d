"""What is read out of a Parquet footer without Arrow: the same as Arrow reads, and of a damaged one only an error."""

from __future__ import annotations

import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao.errors import StoreError
from dao_files.formats._parquet_footer import column_chunks


def file_of(table: pa.Table, **how: object) -> bytes:
    target = io.BytesIO()
    pq.write_table(table, target, **how)
    return target.getvalue()


def footer_of(content: bytes) -> bytes:
    length = int.from_bytes(content[-8:-4], "little")
    return content[-8 - length : -8]


TABLE = pa.table(
    {
        "id": range(300),
        "name": [f"n{number}" for number in range(300)],
        "when": pa.array(range(300), pa.timestamp("us")),
        "inside": [{"a": number, "b": [number]} for number in range(300)],
    }
)
CONTENT = file_of(TABLE, row_group_size=40, write_page_index=True)


def test_it_says_what_arrow_says() -> None:
    told = pq.ParquetFile(pa.BufferReader(CONTENT)).metadata
    found = column_chunks(footer_of(CONTENT))
    assert len(found) == told.num_row_groups == 8
    for place, chunks in enumerate(found):
        for number, chunk in enumerate(chunks):
            column = told.row_group(place).column(number)
            starts = (column.data_page_offset, column.dictionary_page_offset or column.data_page_offset)
            assert chunk.path == column.path_in_schema
            assert chunk.physical == column.physical_type
            assert (chunk.start, chunk.packed) == (min(starts), column.total_compressed_size)
            assert (chunk.unpacked, chunk.values) == (column.total_uncompressed_size, column.num_values)
            assert chunk.page_index


@pytest.mark.parametrize("seed", range(30))
def test_damage_is_an_error_or_another_footer(seed: int) -> None:
    chance, whole = random.Random(seed), footer_of(CONTENT)
    for _ in range(50):
        damaged = bytearray(whole[: chance.choice([len(whole), chance.randrange(len(whole))])])
        for _ in range(chance.randrange(1, 4) if damaged else 0):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            column_chunks(bytes(damaged))
        except StoreError:
            continue


@pytest.mark.parametrize(
    ("footer", "reason"),
    [
        (b"", "ends too early"),
        (b"\x19\xfc\xff\xff\xff\xff\x0f", "more values"),
        (b"\x18\x7f", "ends too early"),
        (b"\x15" + b"\xff" * 11, "too long"),
        (b"\x1c" * 40, "too deeply"),
        (b"\x1d\x00", "unknown kind 13"),
    ],
)
def test_what_cannot_be_is_told(footer: bytes, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        column_chunks(footer)


def test_a_place_that_is_no_number_is_told() -> None:
    # row groups, columns, their metadata, with a text where the data pages begin
    meta = b"\x15\x02\x19\x00\x19\x18\x01a\x15\x00\x16\x00\x16\x00\x16\x00\x28\x01x\x00"
    with pytest.raises(StoreError, match="invalid literal"):
        column_chunks(b"\x49\x1c\x19\x1c\x3c" + meta + b"\x00\x00\x00")
