"""Streams that are written, and read while they are."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from dao.data_object import TableObject
from dao.memory import Budget
from dao_files import FilesInterface

SIMPLE = pa.table({"id": [1, 2, 3], "name": ["a", None, "ü"]})


class TestStreams:
    def test_a_table_is_overwritten_by_a_stream_of_itself(self, store: FilesInterface, table: TableObject) -> None:
        store.write(pa.table({"a": list(range(10))}), table, format="parquet")
        stream = store.read_stream(table, where="a < 5")
        assert store.write(stream, table, mode="overwrite").rows_inserted == 5
        assert store.read(table).to_pydict() == {"a": [0, 1, 2, 3, 4]}
        store.write(store.read_stream(table), table, mode="append")
        assert store.count(table) == 10

    def test_big_data_becomes_several_files_in_order(
        self, store: FilesInterface, table: TableObject, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("dao.memory.USUAL", Budget(chunk=8_000))
        big = pa.table({"a": list(range(20_000))})
        done = store.write(big, table, format="parquet")
        assert done.files > 1
        assert store.read(table).equals(big)
        assert store.read(table, limit=5).num_rows == 5

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    def test_an_interrupt_in_the_stream_leaves_everything_as_it_was(
        self, store: FilesInterface, table: TableObject, rows: pa.Table, kind: type[BaseException]
    ) -> None:
        def interrupted() -> Iterator[pa.RecordBatch]:
            yield from rows.to_batches()
            raise kind

        store.write(rows, table, format="parquet", partition_by="day")
        with pytest.raises(kind):
            store.write(interrupted(), table, mode="overwrite", format="parquet")
        assert store.count(table) == 3
