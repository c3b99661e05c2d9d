"""Kedro: pandas frames, written whole or appended, and filtered once they are read."""

from kedro.io import DataCatalog


def setup(root):
    orders = {"type": "pandas.DeltaTableDataset", "filepath": f"{root}/orders"}
    orders["save_args"] = {"mode": "append", "partition_by": ["city"]}
    old = {"type": "pandas.DeltaTableDataset", "filepath": f"{root}/orders", "load_args": {"version": 0}}
    return DataCatalog.from_config({"orders": orders, "old_orders": old})


def write(catalog, rows):
    catalog.save("orders", rows)


def append(catalog, rows):
    catalog.save("orders", rows)


def read(catalog):
    orders = catalog.load("orders")
    return orders.loc[(orders["k"] < 10) & (orders["price"] > 50), ["id", "price"]]


def read_version(catalog, version):
    return catalog.load("old_orders")


def append_once(catalog, rows, batch):
    catalog.save("orders", rows)


def zeros(catalog):
    orders = catalog.load("orders")
    return orders[orders["value"] == 0]


def above_one(catalog):
    orders = catalog.load("orders")
    return orders[orders["value"] > 1]
