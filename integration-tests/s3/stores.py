"""Stores on the tests' S3 server, whose connections give up soon enough for tests."""

from __future__ import annotations

from typing import Any

from services.minio import ObjectServer

from dao import DataStore

INTERFACES = ("s3", "s3.obstore")
"""Both interfaces, by the names that catalogs call them."""


def options_of(server: ObjectServer, bucket: str, **others: Any) -> dict[str, Any]:
    """The options of a store in a bucket; ``others`` take the place of these or come beside them."""
    return {
        "bucket": bucket,
        "endpoint": server.endpoint,
        "region": server.region,
        "access_key_id": server.access_key,
        "secret_access_key": server.secret_key,
        "retry": {"attempts": 3, "max_backoff": 0.05},
        "timeouts": {"connect": 5, "read": 10},
        **others,
    }


def store_of(interface: str, server: ObjectServer, bucket: str, *, name: str = "lake", **others: Any) -> DataStore:
    """A store in a bucket."""
    return DataStore(name, interface, options=options_of(server, bucket, **others))
