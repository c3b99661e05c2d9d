"""dlt: loads are its own; tables are read and rows deleted by the objects that its helper gives."""

import dlt
import pyarrow as pa
from dlt.common.libs.deltalake import get_delta_tables

ORDERS = {"table_name": "orders", "table_format": "delta", "columns": {"city": {"partition": True}}}


def setup(root):
    lake = dlt.destinations.filesystem(root)
    return dlt.pipeline("orders", destination=lake, dataset_name="lake", pipelines_dir=f"{root}/pipelines")


def write(pipeline, rows):
    pipeline.run(rows, write_disposition="replace", **ORDERS)


def append(pipeline, rows):
    pipeline.run(rows, write_disposition="append", **ORDERS)


def upsert(pipeline, rows):
    how = {"disposition": "merge", "strategy": "upsert"}
    pipeline.run(rows, write_disposition=how, primary_key=("id", "key"), **ORDERS)


def read(pipeline):
    orders = get_delta_tables(pipeline, "orders")["orders"]
    return pa.table(orders.scan(columns=["id", "price"], predicate="k < 10 AND price > 50"))


def read_version(pipeline, version):
    orders = get_delta_tables(pipeline, "orders")["orders"]
    orders.load_as_version(version)
    return orders.to_pyarrow_table()


def delete(pipeline):
    get_delta_tables(pipeline, "orders")["orders"].delete("k < 10")


def append_once(pipeline, rows, batch):
    pipeline.run(rows, write_disposition="append", **ORDERS)


def zeros(pipeline):
    return pa.table(get_delta_tables(pipeline, "orders")["orders"].scan(predicate="value = 0"))


def above_one(pipeline):
    return pa.table(get_delta_tables(pipeline, "orders")["orders"].scan(predicate="value > 1"))
