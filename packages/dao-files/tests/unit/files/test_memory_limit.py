"""What tables of files hold in memory under ``memory_limit=``, counted in bytes of Arrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataError
from dao_files._actions import partitioned, rewriting
from dao_files.formats import _parquet_writer

_MiB = 1 << 20
ROWS = 1 << 20
BIG = pa.table({"n": pa.array(range(ROWS), pa.int64()), "m": pa.array(range(ROWS, 0, -1), pa.int64())})


@pytest.fixture
def dao(tmp_path: Path) -> DataAccessObject:
    objects = {name: {"type": "table"} for name in ("big", "copied")}
    return DataAccessObject({"t": {"interface": "local", "options": {"root": str(tmp_path)}, "objects": objects}})


def peak_of(read: Any) -> int:
    """The bytes that Arrow allocated at most meanwhile."""
    usual = pa.default_memory_pool()
    counting = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(counting)
    try:
        read()
    finally:
        pa.set_memory_pool(usual)
    return int(counting.max_memory())


def test_a_stream_that_is_read_holds_to_its_limit_after_the_call(dao: DataAccessObject) -> None:
    dao.write(BIG, "t.big", row_group_rows=ROWS, compression="none", dictionary=False)

    def read(**given: Any) -> int:
        return sum(batch.num_rows for batch in dao.read_stream("t.big", **given))

    assert read(memory_limit="4 MiB") == ROWS
    assert peak_of(lambda: read(memory_limit="4 MiB")) <= 4 * _MiB
    assert peak_of(read) > 4 * _MiB, "the limit changes nothing: make the table larger"


def test_row_groups_that_wait_to_be_written_have_their_share(
    dao: DataAccessObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    dao.write(BIG, "t.big")
    largest = _spied(monkeypatch, _parquet_writer.ParquetFileWriter, "flush", lambda writer: writer._bytes)
    dao.delete("t.big", where="n = 5", memory_limit="4 MiB")
    assert max(largest) <= _MiB
    assert dao.count("t.big") == ROWS - 1


def test_partitions_wait_within_their_share(dao: DataAccessObject, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = _spied(monkeypatch, partitioned._Partitions, "relieve", lambda partitions: partitions.size)
    files = _spied(monkeypatch, partitioned._Partitions, "_complete", lambda partitions: len(partitions.open))
    rows = pa.table({"p": [n % 7 for n in range(1 << 16)], "n": range(1 << 16)})
    batches = iter(rows.to_batches(max_chunksize=1 << 12))
    dao.write(batches, "t.big", partition_by="p", memory_limit="1 MiB")
    assert max(waiting) <= _MiB // 2
    assert max(files) == 1
    assert dao.read("t.big").sort_by("n")["n"].to_pylist() == list(range(1 << 16))


def test_one_file_at_a_time_is_rewritten_under_a_limit(dao: DataAccessObject, monkeypatch: pytest.MonkeyPatch) -> None:
    workers: list[int] = []
    usual = rewriting.in_parallel

    def counted(work: Any, items: Any, at_once: int) -> Any:
        workers.append(at_once)
        return usual(work, items, at_once)

    monkeypatch.setattr(rewriting, "in_parallel", counted)
    dao.write(pa.table({"n": [1, 2]}), "t.big")
    dao.delete("t.big", where="n = 1", memory_limit="1 GiB")
    dao.delete("t.big", where="n = 3")
    assert workers[0] == 1 < workers[1]


@pytest.mark.parametrize("streamed", [False, True])
def test_an_upsert_that_cant_hold_its_rows_is_refused_before_anything_is_written(
    dao: DataAccessObject, streamed: bool
) -> None:
    dao.write(BIG.slice(0, 10), "t.big")
    rows = BIG.slice(5, 100_000)  # 1.6 MB

    def source() -> Any:
        return rows.to_reader(max_chunksize=1000) if streamed else rows

    with pytest.raises(DataError, match="quarter of the limit: upsert them in parts, or with a limit of four times"):
        dao.upsert(source(), "t.big", keys="n", memory_limit="4 MiB")
    assert len(dao.history("t.big")) == 1
    assert dao.read("t.big").equals(BIG.slice(0, 10))
    done = dao.upsert(source(), "t.big", keys="n", memory_limit="7 MiB")
    assert (done.rows_updated, done.rows_inserted) == (5, 99_995)


def test_a_file_that_can_only_be_read_in_larger_pieces_says_so(dao: DataAccessObject, tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    with pa.ipc.new_file(tmp_path / "big" / "one.arrow", BIG.schema) as file:
        file.write_table(BIG)
    with pytest.raises(DataError, match=r"is read in pieces, one of which takes 16 MiB: a limit of 64 MiB reads it"):
        dao.copy("t.big", "t.copied", memory_limit="4 MiB", columns=["m", "n"])
    assert not dao.exists("t.copied")
    dao.copy("t.big", "t.copied", memory_limit="64 MiB", columns=["m", "n"])
    assert dao.count("t.copied") == ROWS


def _spied(monkeypatch: pytest.MonkeyPatch, kind: type, name: str, look: Any) -> list[int]:
    """What is seen of an object before each call of its method."""
    seen = [0]
    usual = getattr(kind, name)

    def method(self: Any, *given: Any) -> Any:
        seen.append(look(self))
        return usual(self, *given)

    monkeypatch.setattr(kind, name, method)
    return seen
