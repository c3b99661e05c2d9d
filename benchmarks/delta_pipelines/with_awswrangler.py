"""awswrangler: S3 only; pandas frames, written or appended, and filtered once they are read."""

import awswrangler as wr


def setup(root):
    return f"{root}/orders/"


def write(orders, rows):
    wr.s3.to_deltalake(rows, orders, partition_cols=["city"], s3_allow_unsafe_rename=True)


def append(orders, rows):
    wr.s3.to_deltalake(rows, orders, mode="append", s3_allow_unsafe_rename=True)


def read(orders):
    found = wr.s3.read_deltalake(orders, columns=["id", "k", "price"])
    return found.loc[(found["k"] < 10) & (found["price"] > 50), ["id", "price"]]


def read_version(orders, version):
    return wr.s3.read_deltalake(orders, version=version)


def append_once(orders, rows, batch):
    wr.s3.to_deltalake(rows, orders, mode="append", s3_allow_unsafe_rename=True)


def zeros(orders):
    found = wr.s3.read_deltalake(orders)
    return found[found["value"] == 0]


def above_one(orders):
    found = wr.s3.read_deltalake(orders)
    return found[found["value"] > 1]
