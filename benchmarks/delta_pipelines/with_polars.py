"""Polars."""

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction


def setup(root):
    return f"{root}/orders"


def write(orders, rows):
    rows.write_delta(orders, delta_write_options={"partition_by": ["city"]})


def append(orders, rows):
    rows.write_delta(orders, mode="append")


def upsert(orders, rows):
    how = {"predicate": "t.id = s.id AND t.key = s.key", "source_alias": "s", "target_alias": "t"}
    merge = rows.write_delta(orders, mode="merge", delta_merge_options=how)
    merge.when_matched_update_all().when_not_matched_insert_all().execute()


def read(orders):
    wanted = (pl.col("k") < 10) & (pl.col("price") > 50)
    return pl.scan_delta(orders).filter(wanted).select("id", "price").collect()


def read_version(orders, version):
    return pl.read_delta(orders, version=version)


def append_once(orders, rows, batch):
    done = DeltaTable(orders).transaction_version("orders")
    if done is None or done < batch:
        once = CommitProperties(app_transactions=[Transaction("orders", batch)])
        rows.write_delta(orders, mode="append", delta_write_options={"commit_properties": once})


def zeros(orders):
    return pl.scan_delta(orders).filter(pl.col("value") == 0).collect()


def above_one(orders):
    return pl.scan_delta(orders).filter(pl.col("value") > 1).collect()
