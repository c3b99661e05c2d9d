"""Arrow IPC: what its metadata tells."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from format_files import LOCAL, load, save

from dao.errors import StoreError
from dao_files.formats import get_format
from dao_files.formats._ipc_codec import read_codec

LONG = pa.table({"id": range(1000), "text": pa.array(["a", "b"] * 500).dictionary_encode(), "list": [[1], None] * 500})


def codec_of(path: str) -> Any:
    return get_format("arrow").metadata(path, LOCAL)["compression"]


@pytest.mark.parametrize("compression", ["zstd", "lz4", None])
@pytest.mark.parametrize("name", ["t.arrow", "t.arrows"])
def test_the_metadata_has_the_compression(name: str, compression: str | None, tmp_path: Path) -> None:
    for table in (LONG, LONG.slice(0, 1), LONG.drop_columns(["text", "list"])):
        assert codec_of(save(table, tmp_path / name, batches=300, compression=compression)) == compression
    assert codec_of(save(LONG.slice(0, 0), tmp_path / name, compression=compression)) is None


def test_files_of_others_have_their_compression(tmp_path: Path) -> None:
    path = str(tmp_path / "t.feather")
    for codec in ("lz4", "zstd"):
        with pa.ipc.new_file(path, LONG.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
            writer.write_table(LONG)
        assert codec_of(path) == codec


def test_damaged_headers_have_an_end() -> None:
    """Headers are read before a batch is checked: any bytes in them lead to an answer, not on and on."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, LONG.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(LONG)
    whole = sink.getvalue().to_pybytes()
    chance = random.Random(1)
    for _ in range(2000):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            damaged[chance.randrange(1200)] = chance.choice((0, 1, 3, 127, 128, 255))
        assert read_codec(pa.BufferReader(bytes(damaged)), 0) in (None, "lz4", "zstd")


def test_a_stream_that_was_cut_between_batches_is_refused(tmp_path: Path) -> None:
    whole = Path(save(LONG, tmp_path / "t.arrows", batches=300))
    end = whole.read_bytes().removesuffix(b"\xff\xff\xff\xff\0\0\0\0")
    whole.write_bytes(end)
    with pytest.raises(StoreError, match="no end mark"):
        load(whole)
    assert load(whole, options={"validate": False}).equals(LONG)
