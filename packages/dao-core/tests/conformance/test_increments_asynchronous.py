"""Incremental copies on the asynchronous face, and as streams."""

from __future__ import annotations

import asyncio

import pyarrow as pa
from full_lake import FullLakeInterface
from incremental_lakes import GONE, Coroutines, change, orders, same

from dao import (
    AsyncDataAccessObject,
    DataAccessObject,
    DataStore,
    TableObject,
)


def test_the_asynchronous_face_does_the_same(dao, source, target) -> None:
    async def main() -> None:
        async with AsyncDataAccessObject() as awaited:
            await awaited.copy(source, target, incremental=True, keys="id")
            change(dao, source)
            found = await awaited.read_increment(source, target, keys="id")
            await awaited.upsert(found.changes, target, keys="id", delete_when=GONE, position=found.position)
            assert (await awaited.read_increment(source, target, keys="id")).is_empty

    asyncio.run(main())
    assert same(dao, source, target)


def test_coroutines_serve_the_asynchronous_face() -> None:
    source = TableObject("orders", DataStore("bronze", Coroutines()))
    target = TableObject("orders", DataStore("silver", Coroutines()), keys="id")

    async def main() -> None:
        async with AsyncDataAccessObject() as dao:
            await dao.write(orders({1: "a", 2: "b"}), source)
            first = await dao.read_increment(source, target)
            assert first.changes.read_all()["_change_type"].to_pylist() == ["insert", "insert"]
            await dao.copy(source, target, incremental=True)
            await dao.delete(source, where="id = 1")
            await dao.copy(source, target, incremental=True)
            assert (await dao.read(target, into="pylist")) == [{"id": 2, "v": "b"}]

    asyncio.run(main())


def test_the_first_increment_is_read_as_it_is_asked_for(target) -> None:
    class Streaming(FullLakeInterface):
        read_so_far = 0

        def read_stream(self, data_object, *, version=None):
            def batches():
                for batch in self.read(data_object, version=version).to_batches(max_chunksize=1):
                    self.read_so_far += 1
                    yield batch

            return pa.RecordBatchReader.from_batches(orders({}).schema, batches())

    lake = Streaming()
    source = TableObject("orders", DataStore("bronze", lake))
    dao = DataAccessObject()
    dao.write(orders(dict.fromkeys(range(100), "x")), source)
    changes = dao.read_increment(source, target, keys="id").changes
    assert changes.schema.names == ["id", "v", "_change_type"]
    assert changes.read_next_batch().to_pylist() == [{"id": 0, "v": "x", "_change_type": "insert"}]
    assert lake.read_so_far < 5
