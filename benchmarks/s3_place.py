"""Where the S3 benchmark runs, and every library's way to get there, with its defaults as far as that goes."""

from __future__ import annotations

import json
import os
from functools import cached_property
from typing import Any

from attrs import asdict, frozen

VARIABLE = "DAO_BENCH_S3"
BUCKET = "benchmarks"
TABLE = "orders"
PARTITIONED = "daily"
FILES = 10
DAYS = 40
ROWS = 10_000_000
SMALL, SMALL_BYTES = 2_000, 64 << 10
BIG_BYTES = 2 << 30
PIECE = 1 << 20
"""Bytes that a stream is read in."""

THREADS = 16
TASKS = 64


@frozen(slots=False)
class Place:
    """A server, a bucket in it, and what is made for the contestants.

    Attributes:
        endpoint: the server's URL.
        access_key: of a user who may do anything.
        secret_key: that user's.
        rows_file: an Arrow IPC file with the table; contestants map it into memory.
        region: what the server takes itself to be in.
    """

    endpoint: str
    access_key: str
    secret_key: str
    rows_file: str
    region: str = "us-east-1"

    @classmethod
    def of_environment(cls) -> Place:
        """The place that a contestant's process was told."""
        return cls(**json.loads(os.environ[VARIABLE]))

    def environment(self) -> dict[str, str]:
        """The variable that tells it, beside those of AWS for the libraries that look there."""
        return {VARIABLE: json.dumps(asdict(self))}

    @cached_property
    def boto3_arguments(self) -> dict[str, Any]:
        """What boto3 and aiobotocore take."""
        return {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "region_name": self.region,
        }

    def boto3(self, connections: int = 10) -> Any:
        """A boto3 client with so many connections."""
        import boto3
        from botocore.config import Config

        return boto3.client("s3", config=Config(max_pool_connections=connections), **self.boto3_arguments)

    def obstore(self) -> Any:
        """A store of obstore."""
        from obstore.store import S3Store

        return S3Store(
            BUCKET,
            endpoint=self.endpoint,
            access_key_id=self.access_key,
            secret_access_key=self.secret_key,
            region=self.region,
            client_options={"allow_http": True},
        )

    def pyarrow(self) -> Any:
        """pyarrow's own S3 filesystem."""
        from pyarrow.fs import S3FileSystem

        return S3FileSystem(
            access_key=self.access_key,
            secret_key=self.secret_key,
            endpoint_override=self.endpoint,
            region=self.region,
        )

    def s3fs(self) -> Any:
        """An s3fs filesystem."""
        from s3fs import S3FileSystem

        return S3FileSystem(
            key=self.access_key,
            secret=self.secret_key,
            endpoint_url=self.endpoint,
            client_kwargs={"region_name": self.region},
        )

    @cached_property
    def polars_options(self) -> dict[str, str]:
        """What Polars takes as ``storage_options``."""
        return {
            "aws_endpoint_url": self.endpoint,
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "aws_region": self.region,
            "aws_allow_http": "true",
        }

    def dao_store(self, interface: str) -> Any:
        """A DAO store with one interface."""
        from dao import DataStore

        options = {
            "bucket": BUCKET,
            "endpoint": self.endpoint,
            "region": self.region,
            "access_key_id": self.access_key,
            "secret_access_key": self.secret_key,
        }
        return DataStore("lake", interface, options=options)

    def dao(self) -> Any:
        """A DAO without any configuration."""
        from dao import DataAccessObject, DataStoreRegistry

        return DataAccessObject(registry=DataStoreRegistry())

    def rows(self) -> Any:
        """The table, mapped from its file."""
        import pyarrow as pa

        return pa.ipc.open_file(pa.memory_map(self.rows_file)).read_all()
