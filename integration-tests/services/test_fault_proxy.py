"""Every toxic does to one request what it says, and to no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from attrs import evolve
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError, ResponseStreamingError

from dao.testing import FaultPlan
from services import minio
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer
from services.toxics import Toxic

_BODY = b"0123456789" * 1000
_BYTES_OF = (b"", b"x", _BODY * 30)


@pytest.fixture
def proxy(object_server: ObjectServer) -> Iterator[FaultProxy]:
    with FaultProxy(object_server.endpoint) as proxy:
        yield proxy


@pytest.fixture
def through(object_server: ObjectServer, proxy: FaultProxy) -> Iterator[Any]:
    """A client that goes through the proxy."""
    config = {"retries": {"total_max_attempts": 1}, "read_timeout": 1}
    with closing(minio.client(evolve(object_server, endpoint=proxy.endpoint), **config)) as client:
        yield client


@pytest.fixture
def past(object_server: ObjectServer) -> Iterator[Any]:
    """A client that sees what is really there."""
    with closing(minio.client(object_server)) as client:
        yield client


def exists(client: Any, bucket: str, key: str) -> bool:
    return bool(client.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"])


def test_requests_pass_as_they_are(through: Any, past: Any, bucket: str, proxy: FaultProxy) -> None:
    for position in range(3):
        through.put_object(Bucket=bucket, Key=f"folder/é {position}", Body=_BYTES_OF[position])
        assert past.get_object(Bucket=bucket, Key=f"folder/é {position}")["Body"].read() == _BYTES_OF[position]
        assert through.get_object(Bucket=bucket, Key=f"folder/é {position}")["Body"].read() == _BYTES_OF[position]
    assert [found["Key"] for found in through.list_objects_v2(Bucket=bucket)["Contents"]] == [
        f"folder/é {position}" for position in range(3)
    ]
    assert proxy.requests == 7


def test_a_body_of_unknown_length_passes(through: Any, past: Any, bucket: str) -> None:
    through.put_object(Bucket=bucket, Key="k", Body=_BODY, ChecksumAlgorithm="CRC64NVME")
    upload = through.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = through.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=_BODY)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    through.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload=parts)
    assert past.get_object(Bucket=bucket, Key="parts")["Body"].read() == _BODY


@pytest.mark.parametrize(
    ("toxic", "error", "done"),
    [
        (Toxic.RESET, ConnectionClosedError, False),
        (Toxic.SLOW_DOWN, ClientError, False),
        (Toxic.LOST, ConnectionClosedError, True),
        (Toxic.STALL, ReadTimeoutError, False),
        (Toxic.CUT, ConnectionClosedError, True),
    ],
)
def test_the_second_request_fails(
    through: Any, past: Any, bucket: str, proxy: FaultProxy, toxic: Toxic, error: type[Exception], done: bool
) -> None:
    with proxy.under(FaultPlan(at=2), toxic) as plan:
        through.put_object(Bucket=bucket, Key="first", Body=_BODY)
        with pytest.raises(error) as caught:
            through.put_object(Bucket=bucket, Key="second", Body=_BODY)
        through.put_object(Bucket=bucket, Key="third", Body=_BODY)
    assert [exists(past, bucket, key) for key in ("first", "second", "third")] == [True, done, True]
    assert plan.fired
    assert len(plan.seen) == 3
    if toxic is Toxic.SLOW_DOWN:
        assert caught.value.response["Error"]["Code"] == "SlowDown"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_a_late_answer_is_the_right_one(through: Any, past: Any, bucket: str, proxy: FaultProxy) -> None:
    past.put_object(Bucket=bucket, Key="k", Body=_BODY)
    with proxy.under(FaultPlan(at=1), Toxic.LATENCY):
        assert through.get_object(Bucket=bucket, Key="k")["Body"].read() == _BODY


def test_a_body_is_cut_in_the_middle(through: Any, past: Any, bucket: str, proxy: FaultProxy) -> None:
    past.put_object(Bucket=bucket, Key="k", Body=_BODY)
    with proxy.under(FaultPlan(at=1), Toxic.CUT):
        body = through.get_object(Bucket=bucket, Key="k")["Body"]
        with pytest.raises(ResponseStreamingError):
            body.read()


def test_only_conditional_writes_conflict(through: Any, past: Any, bucket: str, proxy: FaultProxy) -> None:
    with proxy.under(FaultPlan(at=1), Toxic.CONFLICT) as plan:
        through.put_object(Bucket=bucket, Key="plain", Body=_BODY)
        with pytest.raises(ClientError) as caught:
            through.put_object(Bucket=bucket, Key="new", Body=_BODY, IfNoneMatch="*")
        through.put_object(Bucket=bucket, Key="new", Body=b"again", IfNoneMatch="*")
    assert caught.value.response["Error"]["Code"] == "ConditionalRequestConflict"
    assert len(plan.seen) == 2
    assert past.get_object(Bucket=bucket, Key="new")["Body"].read() == b"again"


def test_only_what_takes_long_fails_with_200(through: Any, past: Any, bucket: str, proxy: FaultProxy) -> None:
    with proxy.under(FaultPlan(at=1), Toxic.ERROR_BODY) as plan:
        through.put_object(Bucket=bucket, Key="source", Body=_BODY)
        with pytest.raises(ClientError) as caught:
            through.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "source"})
    assert caught.value.response["Error"]["Code"] == "InternalError"
    assert len(plan.seen) == 1
    assert not exists(past, bucket, "copy")


def test_everything_fails_from_then_on(through: Any, past: Any, bucket: str, proxy: FaultProxy) -> None:
    with proxy.under(FaultPlan(at=2, onwards=True)):
        through.put_object(Bucket=bucket, Key="first", Body=_BODY)
        for key in ("second", "third"):
            with pytest.raises(ConnectionClosedError):
                through.put_object(Bucket=bucket, Key=key, Body=_BODY)
    assert [exists(past, bucket, key) for key in ("first", "second", "third")] == [True, False, False]
