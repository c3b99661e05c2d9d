"""Appends rows to a table of a local Redshift; the test ends the process by SIGKILL while a statement is delayed."""

from __future__ import annotations

import json
import sys

import pyarrow as pa

from dao import DataAccessObject, DataStore, TableObject
from dao.connections import S3Connection
from dao.secrets import Secret


def main() -> None:
    """Write as the options on standard input say."""
    given = json.load(sys.stdin)
    secrets = {name: Secret(value) for name, value in given.pop("keys").items()}
    options = {**given, "s3": S3Connection(**given["s3"], **secrets)}
    store = DataStore("dwh", "redshift", options=options)
    DataAccessObject().write(pa.table({"id": range(1000, 6000)}), TableObject("orders", store), mode="append")


if __name__ == "__main__":
    main()
