"""Many objects: listed, deleted, copied."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from dao.errors import ConflictError, NotFoundError, PermissionDeniedError, StoreError, TransientError
from dao_files.manifest._transport import ObjectSettings
from dao_s3._boto3 import copying
from dao_s3._boto3.transport import Boto3Transport

Make = Callable[..., Boto3Transport]
MiB = 1024 * 1024
pytestmark = pytest.mark.usefixtures("no_open_uploads")


def paged(transport: Boto3Transport, operation: str, **size: int) -> None:
    """Let a listing come in small pages."""
    client = transport._bucket.clients.s3
    ask = getattr(client, operation)
    setattr(client, operation, lambda **arguments: ask(**arguments, **size))


def test_a_listing_is_in_order_exact_and_whole(make: Make) -> None:
    transport = make(prefix="root")
    keys = ["a", "a b", "a/", "a/b", "a0", "ab", "b", "e\u0301", "\u00e9", "\uffee", "\U0001f600"]
    for key in keys:
        transport.put(key, b"1")
    paged(transport, "list_objects_v2", MaxKeys=2)
    assert [stat.key for stat in transport.list("")] == sorted(keys, key=str.encode)
    assert [stat.key for stat in transport.list("a/")] == ["a/", "a/b"]
    assert [stat.key for stat in transport.list("a", after="a/b")] == ["a0", "ab"]
    assert [stat.key for stat in transport.list("", after="b")] == ["e\u0301", "\u00e9", "\uffee", "\U0001f600"]
    assert list(transport.list("nothing")) == []


def test_a_listing_is_asked_for_as_it_is_read(transport: Boto3Transport, stub: Any) -> None:
    for key in "abc":
        transport.put(key, b"1")
    paged(transport, "list_objects_v2", MaxKeys=1)
    stub.seen.clear()
    listing = transport.list("")
    assert next(listing).key == "a"
    assert len(stub.seen) == 1


def test_folders(make: Make) -> None:
    transport = make(prefix="root")
    for key in ("t/1", "t/x/2", "t/x/3", "t/y/4", "u"):
        transport.put(key, b"1")
    paged(transport, "list_objects_v2", MaxKeys=1)
    below, here = transport.folders("t/")
    assert (list(below), [stat.key for stat in here]) == (["t/x/", "t/y/"], ["t/1"])
    below, here = transport.folders("")
    assert (list(below), [stat.key for stat in here]) == (["t/"], ["u"])


def test_open_uploads_are_found_and_given_up(make: Make) -> None:
    transport = make(prefix="root")
    writers = []
    for key in ("a b", "a/c", "z"):
        writers.append(transport.writer(key))
        writers[-1].write(bytes(11 * MiB))
    assert [upload.key for upload in transport.open_uploads()] == ["a b", "a/c", "z"]
    [upload] = transport.open_uploads("a/")
    assert upload.begun is not None
    transport.abort_upload(upload)
    with pytest.raises((NotFoundError, TransientError)):
        writers[1].close()
    for writer in writers:
        writer.abort()


def test_a_thousand_and_more_are_deleted_by_batches(
    transport: Boto3Transport, client: Any, bucket: str, stub: Any
) -> None:
    keys = [f"{n:04}" for n in range(1001)]
    for key in (keys[0], keys[-1], "kept"):
        client.put_object(Bucket=bucket, Key=key, Body=b"")
    transport.delete(iter(keys))
    assert [method for method, path, _ in stub.seen if "delete" in path] == ["POST", "POST"]
    assert [stat.key for stat in transport.list("")] == ["kept"]


def test_nothing_to_delete_asks_nothing(transport: Boto3Transport, stub: Any) -> None:
    transport.delete([])
    assert stub.seen == []


def answering(transport: Boto3Transport, *answers: list[dict[str, str]]) -> list[list[str]]:
    """Let deletions be refused in part; gives back the keys that each request was about."""
    asked: list[list[str]] = []
    rest = iter(answers)

    def delete_objects(**arguments: Any) -> dict[str, Any]:
        asked.append([entry["Key"] for entry in arguments["Delete"]["Objects"]])
        return {"Errors": next(rest, [])}

    transport._bucket.clients.s3.delete_objects = delete_objects
    return asked


def test_what_could_not_be_deleted_is_told(transport: Boto3Transport) -> None:
    refusals = [
        {"Key": "b", "Code": "AccessDenied", "Message": "no"},
        {"Key": "c", "Code": "Whatever", "Message": "no"},
    ]
    answering(transport, refusals)
    with pytest.raises(StoreError, match=r"2 of 3 objects .* the first: .*/b: .*permission"):
        transport.delete(["a", "b", "c"])
    answering(transport, refusals[:1])
    with pytest.raises(PermissionDeniedError, match="1 of 3"):
        transport.delete(["a", "b", "c"])


def test_what_the_store_was_too_busy_for_is_deleted_again(transport: Boto3Transport) -> None:
    busy = [{"Key": "b", "Code": "SlowDown", "Message": ""}]
    asked = answering(transport, busy, busy)
    transport.delete(["a", "b"])
    assert asked == [["a", "b"], ["b"], ["b"]]
    answering(transport, *[busy] * 9)
    with pytest.raises(TransientError, match="throttling"):
        transport.delete(["a", "b"])


def test_what_is_gone_is_no_error(transport: Boto3Transport) -> None:
    transport.delete(["nothing"])
    answering(transport, [{"Key": "b", "Code": "NoSuchKey", "Message": ""}])
    transport.delete(["a", "b"])


def test_keys_that_xml_cannot_hold_are_deleted_alone(transport: Boto3Transport, stub: Any) -> None:
    transport.delete(["a\x01", "b\r", "c"])
    assert stub.methods() == ["DELETE", "DELETE", "POST"]


KEPT = ObjectSettings(metadata={"made-by": "me"}, content_type="text/csv", tags={"a": "b c"})


def tags(client: Any, bucket: str, key: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]}


@pytest.mark.parametrize("size", [0, 10, 12 * MiB])
@pytest.mark.parametrize("if_absent", [False, True])
def test_a_copy_keeps_everything(make: Make, client: Any, bucket: str, if_absent: bool, size: int) -> None:
    transport = make(prefix="r", metadata={"store": "s"})
    content = os.urandom(size)
    transport.put("a ü", content, settings=KEPT)
    copied = transport.copy("a ü", "b", if_absent=if_absent)
    stat = transport.head("b")
    assert (copied.size, copied.etag) == (stat.size, stat.etag) == (size, stat.etag)
    assert bytes(transport.get("b")) == content
    assert stat.metadata == {"made-by": "me", "store": "s"}
    assert stat.facts["content_type"] == "text/csv"
    assert tags(client, bucket, "r/b") == {"a": "b c"}


def test_a_copy_in_parts(transport: Boto3Transport, client: Any, bucket: str, stub: Any) -> None:
    content = os.urandom(12 * MiB)
    transport.put("a", content, settings=KEPT)
    copying.copy(transport._bucket, "a", "b", largest=11 * MiB, part=5 * MiB)
    assert stub.methods("partNumber") == ["PUT"] * 3
    assert bytes(transport.get("b")) == content
    assert transport.head("b").metadata == {"made-by": "me"}
    assert tags(client, bucket, "b") == {"a": "b c"}


@pytest.mark.parametrize("size", [10, 6 * MiB])
@pytest.mark.parametrize("if_absent", [False, True])
def test_settings_replace(transport: Boto3Transport, client: Any, bucket: str, if_absent: bool, size: int) -> None:
    transport.put("a", bytes(size), settings=KEPT)
    settings = ObjectSettings(metadata={"new": "1"}, tags={"c": "d"})
    transport.copy("a", "b", if_absent=if_absent, settings=settings)
    stat = transport.head("b")
    assert stat.metadata == {"new": "1"}
    assert stat.facts["content_type"] == "text/csv"
    assert tags(client, bucket, "b") == {"c": "d"}


@pytest.mark.parametrize("size", [0, 10, 6 * MiB])
def test_a_copy_onto_something(transport: Boto3Transport, size: int) -> None:
    transport.put("a", bytes(size))
    transport.put("b", b"there")
    with pytest.raises(ConflictError):
        transport.copy("a", "b", if_absent=True)
    assert bytes(transport.get("b")) == b"there"
    transport.copy("a", "b")
    assert transport.head("b").size == size


def test_a_copy_of_nothing(transport: Boto3Transport) -> None:
    for if_absent in (False, True):
        with pytest.raises(NotFoundError):
            transport.copy("nope", "b", if_absent=if_absent)


def test_a_copy_of_a_version(make: Make, client: Any, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    transport = make()
    first = transport.put("a", b"old")
    transport.put("a", b"new")
    transport.copy("a", "b", version=first.version)
    transport.copy("a", "c", version=first.version, if_absent=True)
    assert bytes(transport.get("b")) == bytes(transport.get("c")) == b"old"


@pytest.mark.parametrize(
    ("path", "status"),
    [("uploads", 500), ("partNumber=2", 500), ("partNumber=2", 200), ("uploadId", 500), ("uploadId", 200)],
)
def test_a_copy_in_parts_that_fails_leaves_nothing(
    transport: Boto3Transport, stub: Any, path: str, status: int
) -> None:
    transport.put("a", bytes(12 * MiB))
    method = "PUT" if "part" in path else "POST"
    stub.fail(method, "answer", path=path, times=1000, status=status, code="InternalError")
    with pytest.raises(TransientError):
        copying.copy(transport._bucket, "a", "b", largest=1, part=5 * MiB)
    assert [stat.key for stat in transport.list("")] == ["a"]


def test_a_copy_with_an_error_after_status_200_is_made_again(transport: Boto3Transport, stub: Any) -> None:
    transport.put("a", b"1")
    stub.fail("PUT", "answer", times=2, status=200, code="InternalError")
    transport.copy("a", "b")
    assert bytes(transport.get("b")) == b"1"
    stub.fail("PUT", "answer", times=100, status=200, code="SlowDown")
    with pytest.raises(TransientError, match="throttling"):
        transport.copy("a", "b")
