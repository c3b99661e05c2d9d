"""The interface ``s3``: which driver sends what, what is verified, and that both drivers are set alike."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dao import DataAccessObject, DataStore, DataStoreRegistry, FileObject, TableObject
from dao.connections import S3Role
from dao.errors import ConfigError, NotFoundError, PermissionDeniedError, StoreError
from dao.secrets import Secret
from dao_files.manifest import Transport
from dao_s3._boto3.transport import Boto3Transport
from dao_s3._combined import CombinedTransport
from dao_s3._interface_boto3 import S3Boto3Interface
from dao_s3._obstore import credentials
from dao_s3._options import Encryption, Retry

CONTENT = os.urandom(70_000)
MiB = 1 << 20

Make = Callable[..., Any]


@pytest.fixture
def combined(s3_options: dict[str, Any], bucket: str) -> Make:
    """Makes transports of the interface ``s3`` to the stub; an option that is None is left out."""
    base = {**s3_options, "url": None, "bucket": bucket, "prefix": "pre fix"}

    def make(**options: Any) -> Any:
        given = {name: value for name, value in {**base, **options}.items() if value is not None}
        return S3Boto3Interface(**given)._make_transport()

    return make


@pytest.fixture
def transport(combined: Make, stub: Any) -> Iterator[CombinedTransport]:
    """One that has stored an object; requests are counted from now on."""
    made = combined()
    made.slow.put("key", CONTENT)  # moto keeps no checksum of what obstore puts
    stub.seen.clear()
    yield made
    made.close()


REQUESTS: dict[str, Callable[[Transport], object]] = {
    "head": lambda transport: transport.head("key").size,
    "get": lambda transport: bytes(transport.get("key")),
    "range": lambda transport: bytes(transport.get("key", start=3, length=9)),
    "put": lambda transport: transport.put("other", CONTENT).size,
    "list": lambda transport: [stat.key for stat in transport.list("")],
    "folders": lambda transport: [stat.key for stat in transport.folders("")[1]],
    "delete": lambda transport: transport.delete(["key"]),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_that_come_in_numbers_are_obstores(transport: CombinedTransport, stub: Any, name: str) -> None:
    REQUESTS[name](transport)
    assert len(stub.seen) == 1
    assert stub.drivers() == {"obstore"}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_bucket_in_another_region_is_found_by_boto3(transport: CombinedTransport, stub: Any, name: str) -> None:
    expected = REQUESTS[name](transport)
    transport.put("key", CONTENT)
    transport.delete(["other"])
    stub.seen.clear()
    method = {"head": "HEAD", "put": "PUT", "delete": "POST"}.get(name, "GET")
    stub.fail(method, "answer", status=301, code="PermanentRedirect")
    assert REQUESTS[name](transport) == expected
    stub.seen.clear()
    with pytest.raises(NotFoundError):
        transport.get("nothing")
    assert stub.drivers() == {"boto3"}, "it is known from then on"


def test_damaged_bytes_are_read_again(transport: CombinedTransport, stub: Any) -> None:
    stub.fail("GET", "flip")
    assert bytes(transport.get("key")) == CONTENT
    assert stub.methods() == ["GET", "GET"]
    stub.seen.clear()
    assert bytes(transport.get("key")) == CONTENT
    assert stub.drivers() == {"obstore"}, "one damaged answer is no lesson"


def test_damaged_bytes_are_never_taken_for_good(transport: CombinedTransport, stub: Any) -> None:
    stub.fail("GET", "flip", times=100)
    with pytest.raises(StoreError, match="checksum"):
        transport.get("key")


def test_an_etag_that_is_no_md5_is_found_out_once(transport: CombinedTransport, stub: Any) -> None:
    stub.fail("GET", "mark", times=100)
    assert bytes(transport.get("key")) == CONTENT
    assert len(stub.seen) == 2
    stub.seen.clear()
    assert bytes(transport.get("key")) == CONTENT
    assert len(stub.seen) == 1
    assert stub.drivers() == {"boto3"}
    stub.fail("GET", "flip", times=100)
    stub.faults.reverse()
    with pytest.raises(StoreError, match="checksum"):
        transport.get("key")


def test_with_kms_nobody_takes_etags_for_md5(combined: Make, stub: Any) -> None:
    transport = combined(encryption=Encryption(sse="aws:kms"))
    transport.put("key", CONTENT)
    stub.seen.clear()
    assert bytes(transport.get("key")) == CONTENT
    assert len(stub.seen) == 1
    assert stub.drivers() == {"boto3"}


def test_objects_in_parts_are_compared_with_their_checksum(transport: CombinedTransport, stub: Any) -> None:
    content = os.urandom(11 * MiB)
    writer = transport.writer("parts")
    writer.write(content)
    writer.close()
    assert "-" in str(writer.written.etag)
    assert bytes(transport.get("parts")) == content
    stub.fail("GET", "flip", path="parts", times=100)
    with pytest.raises(StoreError, match="checksum"):
        transport.get("parts")


@pytest.mark.parametrize(
    ("options", "header", "value"),
    [
        ({"checksum": "CRC32C"}, "x-amz-checksum-crc32c", None),
        ({"checksum": "SHA256"}, "x-amz-checksum-sha256", None),
        ({}, "x-amz-checksum-crc64nvme", None),
        ({"acl": "bucket-owner-full-control"}, "x-amz-acl", "bucket-owner-full-control"),
        ({"storage_class": "STANDARD_IA"}, "x-amz-storage-class", "STANDARD_IA"),
        ({"metadata": {"made-by": "me"}}, "x-amz-meta-made-by", "me"),
        ({"tags": {"a": "b"}}, "x-amz-tagging", "a=b"),
        ({"encryption": Encryption(sse="AES256")}, "x-amz-server-side-encryption", "AES256"),
        ({"requester_pays": True}, "x-amz-request-payer", "requester"),
    ],
)
def test_options_of_what_is_written(
    combined: Make, stub: Any, options: dict[str, Any], header: str, value: str | None
) -> None:
    transport = combined(**options)
    transport.put("key", b"hello")
    writer = transport.writer("written")
    writer.write(b"hello")
    writer.close()
    for _, _, headers in stub.seen:
        found = {name.lower(): said for name, said in headers.items()}
        assert header in found
        assert value in (None, found[header])


@pytest.mark.parametrize(
    "options",
    [{"retry": Retry(mode="adaptive")}, {"bucket": "arn:aws:s3:eu-west-1:123456789012:accesspoint/raw", "prefix": ""}],
    ids=["adaptive", "access-point"],
)
def test_what_obstore_cannot_do_is_boto3_alone(combined: Make, options: dict[str, Any]) -> None:
    assert isinstance(combined(**options), Boto3Transport)


def test_a_rotated_key_is_seen(combined: Make, stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_KEPT", -credentials._BEFORE_THE_END)
    transport = combined(access_key_id=Secret.parse("${env:KEY}"), secret_access_key=Secret.parse("${env:HIDDEN}"))
    for key in ("first", "rotated"):
        monkeypatch.setenv("KEY", key)
        monkeypatch.setenv("HIDDEN", "x")
        transport.put("x", b"1")
        assert f"Credential={key}/" in str(stub.seen[-1][2])
    monkeypatch.delenv("KEY")
    with pytest.raises(ConfigError, match="KEY"):
        transport.put("x", b"1")


def test_without_credentials(combined: Make, stub: Any, tmp_path: Path) -> None:
    nobody = {"access_key_id": None, "secret_access_key": None}
    with pytest.raises(PermissionDeniedError, match="no credentials"):
        combined(**nobody).get("key")
    with pytest.raises(ConfigError, match="nobody"):
        combined(**nobody, profile="nobody").get("key")
    reader = S3Role(arn="arn:aws:iam::123456789012:role/reader")
    with pytest.raises(PermissionDeniedError, match="credentials"):
        combined(**nobody, role=reader).get("key")
    assert stub.seen == []


def test_a_role_is_assumed_where_the_endpoint_is(combined: Make, stub: Any) -> None:
    reader = S3Role(arn="arn:aws:iam::123456789012:role/reader")
    transport = combined(role=reader)
    transport.put("x", b"1")
    transport.put("x", b"2")
    assert stub.methods() == ["POST", "PUT", "PUT"]
    stub.fail("POST", "answer", status=403, code="AccessDenied", times=100)
    with pytest.raises(PermissionDeniedError):
        combined(role=reader).put("x", b"1")


def test_it_can_be_pickled(transport: CombinedTransport, monkeypatch: pytest.MonkeyPatch, combined: Make) -> None:
    monkeypatch.setenv("CANARY", "a-canary")
    by_name = Secret.parse("${env:CANARY}")
    sent = pickle.dumps(combined(access_key_id=by_name, secret_access_key=by_name))
    assert b"a-canary" not in sent
    assert bytes(pickle.loads(sent).get("key")) == CONTENT


@pytest.fixture
def store(s3_options: dict[str, Any], bucket: str) -> Iterator[DataStore]:
    """A store by the interface ``s3``."""
    given = {**s3_options, "bucket": bucket, "prefix": "root"}
    del given["url"]
    made = DataStore("lake", "s3", options=given)
    yield made
    made.interface.close()  # type: ignore[attr-defined]


@pytest.fixture
def dao() -> DataAccessObject:
    """One without a catalog."""
    return DataAccessObject(registry=DataStoreRegistry())


def test_metadata_is_all_that_the_store_tells(dao: DataAccessObject, store: DataStore) -> None:
    file = FileObject("a.bin", store)
    store.interface.storage.transport.slow.put("a.bin", CONTENT)  # type: ignore[attr-defined]  # see above
    about = dao.run("metadata", file)
    assert about["checksum"].startswith("CRC64NVME:")
    assert about["storage_class"] == "STANDARD"


def test_an_upsert_of_two_small_files_is_nine_requests(dao: DataAccessObject, store: DataStore, stub: Any) -> None:
    table = TableObject("orders", store, format="parquet", keys=["id"])
    dao.write([{"id": 1, "total": 1.0}, {"id": 2, "total": 2.0}], table)
    dao.write([{"id": 11, "total": 1.0}, {"id": 12, "total": 2.0}], table, mode="append")
    stub.seen.clear()
    dao.upsert([{"id": 2, "total": 20.0}, {"id": 12, "total": 20.0}], table)
    assert len(stub.seen) <= 9, [(method, path) for method, path, _ in stub.seen]
    assert stub.drivers() == {"obstore"}


def test_a_table_of_small_files_is_one_request_a_file(dao: DataAccessObject, store: DataStore, stub: Any) -> None:
    table = TableObject("sales", store, format="parquet", partition_by=["month"])
    dao.write([{"month": month, "total": 1.0} for month in range(8)], table)
    stub.seen.clear()
    assert dao.read(table).num_rows == 8
    assert len(stub.seen) == 2 + 8, "the listing, the manifest, and each file once"
    assert stub.drivers() == {"obstore"}


def test_whether_something_is_there_is_two_requests(dao: DataAccessObject, store: DataStore, stub: Any) -> None:
    table, file = TableObject("orders", store, format="parquet"), FileObject("a.bin", store)
    dao.write([{"id": 1}], table)
    dao.write(b"1", file)
    stub.seen.clear()
    assert dao.exists(file)
    assert len(stub.seen) == 1
    stub.seen.clear()
    assert dao.exists(table)
    assert len(stub.seen) <= 2, [(method, path) for method, path, _ in stub.seen]


@pytest.mark.parametrize("interface", ["s3", "s3.obstore"])
@pytest.mark.parametrize("action", ["exists", "list", "count", "read"])
def test_a_bucket_that_is_not_there_is_an_error_of_every_action(
    interface: str, action: str, s3_options: dict[str, Any]
) -> None:
    options = {name: value for name, value in s3_options.items() if name != "url"}
    lake = DataStore("lake", interface, options={**options, "bucket": "there-is-no-such"})
    with DataAccessObject(registry=DataStoreRegistry([lake])) as dao:
        for place in (TableObject("orders", lake, format="parquet"), FileObject("a.csv", lake, format="csv")):
            with pytest.raises(NotFoundError, match=r"s3://there-is-no-such/.*: there is no such bucket"):
                list(getattr(dao, action)(place))
