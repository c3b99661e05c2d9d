"""Daft: what makes its appends idempotent wants Ray, so they are plain here."""

import daft


def setup(root):
    return f"{root}/orders"


def write(orders, rows):
    rows.write_deltalake(orders, partition_cols=["city"])


def append(orders, rows):
    rows.write_deltalake(orders, partition_cols=["city"], mode="append")


def read(orders):
    wanted = (daft.col("k") < 10) & (daft.col("price") > 50)
    return daft.read_deltalake(orders).where(wanted).select("id", "price").to_arrow()


def read_version(orders, version):
    return daft.read_deltalake(orders, version=version).to_arrow()


def append_once(orders, rows, batch):
    rows.write_deltalake(orders, partition_cols=["city"], mode="append")


def zeros(orders):
    return daft.read_deltalake(orders).where(daft.col("value") == 0).to_arrow()


def above_one(orders):
    return daft.read_deltalake(orders).where(daft.col("value") > 1).to_arrow()
