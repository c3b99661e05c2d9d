"""deltalake."""

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake


def setup(root):
    return f"{root}/orders"


def write(orders, rows):
    write_deltalake(orders, rows, partition_by=["city"])


def append(orders, rows):
    write_deltalake(orders, rows, mode="append")


def upsert(orders, rows):
    merge = DeltaTable(orders).merge(rows, "t.id = s.id AND t.key = s.key", source_alias="s", target_alias="t")
    merge.when_matched_update_all().when_not_matched_insert_all().execute()


def read(orders):
    return pa.table(DeltaTable(orders).scan(columns=["id", "price"], predicate="k < 10 AND price > 50"))


def read_version(orders, version):
    return DeltaTable(orders, version=version).to_pyarrow_table()


def delete(orders):
    DeltaTable(orders).delete("k < 10")


def append_once(orders, rows, batch):
    done = DeltaTable(orders).transaction_version("orders")
    if done is None or done < batch:
        once = CommitProperties(app_transactions=[Transaction("orders", batch)])
        write_deltalake(orders, rows, mode="append", commit_properties=once)


def zeros(orders):
    return pa.table(DeltaTable(orders).scan(predicate="value = 0"))


def above_one(orders):
    return pa.table(DeltaTable(orders).scan(predicate="value > 1"))
