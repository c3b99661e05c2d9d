"""DAO."""

from dao import DataAccessObject


def setup(root):
    orders = {"type": "table", "keys": ["id", "key"], "partition_by": ["city"]}
    return DataAccessObject({"lake": {"interface": "delta", "options": {"root": root}, "objects": {"orders": orders}}})


def write(dao, rows):
    dao.write(rows, "lake.orders")


def append(dao, rows):
    dao.write(rows, "lake.orders", mode="append")


def upsert(dao, rows):
    dao.upsert(rows, "lake.orders", order_by="ts")


def read(dao):
    return dao.read("lake.orders", columns=["id", "price"], where="k < 10 AND price > 50")


def read_version(dao, version):
    return dao.read("lake.orders", version=version)


def delete(dao):
    dao.delete("lake.orders", where="k < 10")


def append_once(dao, rows, batch):
    dao.write(rows, "lake.orders", mode="append", idempotency_key=f"orders {batch}")


def zeros(dao):
    return dao.read("lake.orders", where="value = 0")


def above_one(dao):
    return dao.read("lake.orders", where="value > 1")
