"""DAO on S3: another place in the catalog."""

from urllib.parse import urlsplit

from dao import DataAccessObject
from delta_pipelines.with_dao import above_one, append, append_once, delete, read, read_version, upsert, write, zeros

__all__ = ["above_one", "append", "append_once", "delete", "read", "read_version", "upsert", "write", "zeros"]


def setup(root):
    place = {"bucket": urlsplit(root).netloc, "prefix": urlsplit(root).path.strip("/")}
    orders = {"type": "table", "keys": ["id", "key"], "partition_by": ["city"]}
    return DataAccessObject({"lake": {"interface": "delta", "options": place, "objects": {"orders": orders}}})
