"""moto's Glue, with short ways to put databases and tables into it, and lists in pages, which moto doesn't make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
from attrs import define, field
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult
from moto.glue.models import glue_backends
from moto.glue.responses import GlueResponse

import dao_files._plugin
import dao_s3._plugin
from dao.plugins import Plugins
from dao_s3.glue import GlueCatalog

__all__ = ["BUCKETS", "LOGIN", "REGION", "Glue", "plugins_alone"]

LOGIN = {"access_key_id": "testing", "secret_access_key": "testing"}
REGION = "eu-central-1"
BUCKETS = ("lake", "attic")
_PAGE = 20


def plugins_alone() -> Plugins:
    """The plugins of dao-s3 and what it stands on, whatever else is installed."""
    plugins = Plugins(discover=False)
    plugins.register(dao_files._plugin, "files")
    plugins.register(dao_s3._plugin, "s3")
    return plugins


@define
class Glue:
    """A server with an empty Glue and two empty buckets.

    Attributes:
        url: where it is.
        asked: what Glue was asked, such as ``get_table sales.orders``.
    """

    url: str
    asked: list[str] = field(factory=list)
    client: Any = field(init=False)
    s3: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        login = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
        self.client = boto3.client("glue", endpoint_url=self.url, **login)
        self.s3 = boto3.client("s3", endpoint_url=self.url, **login)
        for bucket in BUCKETS:
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})

    def catalog(self, **options: Any) -> GlueCatalog:
        """A catalog of this server, with its stores on this server too."""
        stores = options.pop("options", {})
        stores = None if stores is None else {"endpoint": self.url, **stores}
        return GlueCatalog(options=stores, **{"region": REGION, "endpoint": self.url, **LOGIN, **options})

    def database(self, name: str, **more: Any) -> None:
        self.client.create_database(DatabaseInput={"Name": name, **more})

    def table(self, database: str, name: str, location: str | None = None, **more: Any) -> None:
        """A table; ``columns`` and ``partition_keys`` map names to types, other keys are Glue's own."""
        storage = more.pop("StorageDescriptor", {})
        if location is not None:
            storage["Location"] = location
        if "columns" in more:
            storage["Columns"] = columns(more.pop("columns"))
        given = {"Name": name, "TableType": "EXTERNAL_TABLE", **more}
        if "partition_keys" in given:
            given["PartitionKeys"] = columns(given.pop("partition_keys"))
        if storage:
            given["StorageDescriptor"] = storage
        self.client.create_table(DatabaseName=database, TableInput=given)

    def close(self) -> None:
        """Take away what was put there, and nothing of other tests that share moto's memory."""
        glue_backends[DEFAULT_ACCOUNT_ID][REGION].databases.clear()
        for bucket in BUCKETS:
            for found in self.s3.list_objects_v2(Bucket=bucket).get("Contents", []):
                self.s3.delete_object(Bucket=bucket, Key=found["Key"])
            self.s3.delete_bucket(Bucket=bucket)
        self.client.close()
        self.s3.close()


def columns(types: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in types.items()]


def watched(asked: list[str]) -> Mapping[str, Callable[[Any], Any]]:
    """moto's answers to Glue's questions, each question written down and each list in pages."""
    lists = {"get_databases": "DatabaseList", "get_tables": "TableList"}
    found = {action: _paged(getattr(GlueResponse, action), result, asked) for action, result in lists.items()}
    single = ("get_database", "get_table")
    return {**found, **{action: _noted(getattr(GlueResponse, action), asked) for action in single}}


def _noted(method: Callable[[Any], Any], asked: list[str]) -> Callable[[Any], Any]:
    def noted(response: Any) -> Any:
        given = response.parameters
        name = ".".join(filter(None, (given.get("DatabaseName"), given.get("Name"))))
        asked.append(f"{method.__name__} {name}")
        return method(response)

    return noted


def _paged(method: Callable[[Any], Any], result: str, asked: list[str]) -> Callable[[Any], Any]:
    def paged(response: Any) -> Any:
        start = int(response.parameters.get("NextToken") or 0)
        asked.append(" ".join([method.__name__, *filter(None, [response.parameters.get("DatabaseName")])]))
        found = method(response).result[result]
        more = {"NextToken": str(start + _PAGE)} if len(found) > start + _PAGE else {}
        return ActionResult({result: found[start : start + _PAGE], **more})

    return paged
