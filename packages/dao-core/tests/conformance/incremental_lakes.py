"""Lakes and rows for incremental copies."""

from __future__ import annotations

import asyncio

import pyarrow as pa
from full_lake import FullLakeInterface

from dao import (
    DataAccessObject,
    TableObject,
)

GONE = "_change_type = 'delete'"


class Lake(FullLakeInterface):
    """Records what it is asked for, and fails or does something else at a step."""

    def asked(self) -> list[str]:
        return self.__dict__.setdefault("steps", [])

    def at(self, step: str) -> None:
        self.asked().append(step)
        action = self.__dict__.get("then", {}).pop(step, None)
        if action is not None:
            action()

    def read_changes(self, data_object, *, since=None, until=None, columns=None, where=None, limit=None):
        self.at("read_changes")
        return super().read_changes(data_object, since=since, until=until, columns=columns, where=where, limit=limit)

    def _publish(self, data_object, operation, change):
        self.at("before the commit")
        result = super()._publish(data_object, operation, change)
        self.at("after the commit")
        return result


def orders(values: dict[int, str]) -> pa.Table:
    return pa.table({"id": pa.array(values, pa.int64()), "v": pa.array(values.values(), pa.string())})


def change(dao: DataAccessObject, source: TableObject) -> None:
    dao.upsert(orders({2: "B", 4: "D"}), source, keys="id")
    dao.delete(source, where="id = 1")


def same(dao: DataAccessObject, source: TableObject, target: TableObject) -> bool:
    return sorted(map(str, dao.read(source, into="pylist"))) == sorted(map(str, dao.read(target, into="pylist")))


class Coroutines:
    """A lake whose methods are coroutines, and whose streams are asynchronous."""

    def __init__(self) -> None:
        self.lake = FullLakeInterface()

    async def read_stream(self, data_object, *, version=None):
        for batch in self.lake.read(data_object, version=version).to_batches():
            await asyncio.sleep(0)
            yield batch

    async def read(self, data_object, *, version=None):
        return self.lake.read(data_object, version=version)

    async def read_changes(self, data_object, *, since=None):
        return self.lake.read_changes(data_object, since=since)

    async def read_position(self, data_object, *, source):
        return self.lake.read_position(data_object, source=source)

    async def history(self, data_object):
        return self.lake.history(data_object)

    async def write(self, data, data_object, *, mode="error", position=None):
        return self.lake.write(data, data_object, mode=mode, position=position)

    async def upsert(self, data, data_object, *, keys=None, delete_when=None, position=None):
        return self.lake.upsert(data, data_object, keys=keys, delete_when=delete_when, position=position)

    async def delete(self, data_object, *, where=None):
        return self.lake.delete(data_object, where=where)
