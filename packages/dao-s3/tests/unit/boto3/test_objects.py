"""One object: put, read, looked at, pinned, refused."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import pytest

from dao.errors import ConflictError, DataError, NotFoundError
from dao_files.manifest._transport import ObjectSettings
from dao_s3._boto3.transport import Boto3Transport
from dao_s3._options import Encryption

Make = Callable[..., Boto3Transport]


def test_a_put_is_read_back_with_everything(transport: Boto3Transport) -> None:
    settings = ObjectSettings(metadata={"made-by": "me"}, content_type="text/csv", tags={"a b": "c+d"})
    put = transport.put("raw/ü.csv", b"a,b\n1,2\n", settings=settings)
    stat = transport.head("raw/ü.csv")
    assert (put.key, put.size, put.etag) == (stat.key, stat.size, stat.etag) == ("raw/ü.csv", 8, stat.etag)
    assert stat.etag is not None
    assert '"' not in stat.etag
    assert stat.metadata == {"made-by": "me"}
    assert stat.facts["content_type"] == "text/csv"
    assert stat.facts["storage_class"] == "STANDARD"
    assert stat.modified is not None
    assert stat.modified.tzinfo is UTC
    assert bytes(transport.get("raw/ü.csv")) == b"a,b\n1,2\n"


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, None, b"0123456789"),
        (3, None, b"3456789"),
        (3, 4, b"3456"),
        (8, 99, b"89"),
        (10, None, b""),
        (99, 5, b""),
        (3, 0, b""),
    ],
)
def test_ranges(transport: Boto3Transport, start: int, length: int | None, expected: bytes) -> None:
    transport.put("x", b"0123456789")
    assert bytes(transport.get("x", start=start, length=length)) == expected


def test_an_empty_object_has_no_bytes(transport: Boto3Transport) -> None:
    transport.put("x", b"")
    assert bytes(transport.get("x")) == b""
    assert bytes(transport.get("x", start=0, length=5)) == b""
    assert list(transport.chunks("x")) == []


def test_chunks_are_all_of_it(transport: Boto3Transport) -> None:
    content = bytes(range(256)) * 10_000
    transport.put("x", content)
    pieces = list(transport.chunks("x"))
    assert len(pieces) > 1
    assert b"".join(pieces) == content
    assert b"".join(transport.chunks("x", start=1_234_567)) == content[1_234_567:]


def test_what_is_missing_is_missed_at_once(transport: Boto3Transport) -> None:
    for ask in (transport.head, transport.get, transport.chunks, transport.versions):
        with pytest.raises(NotFoundError, match="nothing is there"):
            ask("nope")


def test_a_missing_bucket_is_told_from_a_missing_key(make: Make) -> None:
    elsewhere = make(bucket="there-is-no-such")
    for ask in (lambda: elsewhere.get("x"), lambda: elsewhere.put("x", b""), lambda: list(elsewhere.list(""))):
        with pytest.raises(NotFoundError, match="no such bucket"):
            ask()


def test_conditions_of_a_put(transport: Boto3Transport) -> None:
    first = transport.put("x", b"1", if_absent=True)
    with pytest.raises(ConflictError):
        transport.put("x", b"2", if_absent=True)
    second = transport.put("x", b"2", if_match=first.etag)
    with pytest.raises(ConflictError):
        transport.put("x", b"3", if_match=first.etag)
    assert bytes(transport.get("x", etag=second.etag)) == b"2"
    with pytest.raises(ConflictError):
        transport.get("x", etag=first.etag)


def test_every_put_has_a_checksum(make: Make, stub: Any) -> None:
    for checksum in ("CRC64NVME", "SHA256", "CRC32C", "CRC32"):
        make(checksum=checksum).put("x", b"123456789")
    told = [headers for method, _, headers in stub.seen if method == "PUT"]
    assert told[0]["x-amz-checksum-crc64nvme"] == "rosUhgp5mIg="  # the published value for these nine bytes
    assert told[1]["x-amz-checksum-sha256"] == "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="
    assert told[2]["x-amz-checksum-crc32c"] == "4waSgw=="
    assert told[3]["x-amz-checksum-crc32"] == "y/Q5Jg=="


def test_the_stores_settings_go_with_every_write(make: Make, stub: Any) -> None:
    transport = make(
        storage_class="STANDARD_IA",
        acl="bucket-owner-full-control",
        metadata={"team": "lake"},
        tags={"cost": "7"},
        encryption=Encryption(sse="aws:kms", kms_key="alias/lake", bucket_key=True),
        requester_pays=True,
    )
    transport.put("x", b"1", settings=ObjectSettings(metadata={"by": "me"}, acl="private"))
    [headers] = [{name.lower(): value for name, value in headers.items()} for _, _, headers in stub.seen]
    assert headers["x-amz-storage-class"] == "STANDARD_IA"
    assert headers["x-amz-acl"] == "private"
    assert (headers["x-amz-meta-team"], headers["x-amz-meta-by"]) == ("lake", "me")
    assert headers["x-amz-tagging"] == "cost=7"
    assert headers["x-amz-server-side-encryption"] == "aws:kms"
    assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/lake"
    assert headers["x-amz-server-side-encryption-bucket-key-enabled"] == "true"
    assert headers["x-amz-request-payer"] == "requester"


@pytest.mark.parametrize(
    "settings",
    [
        ObjectSettings(metadata={"name": "ü"}),
        ObjectSettings(metadata={"Upper": "x"}),
        ObjectSettings(metadata={"n": "x" * 3000}),
        ObjectSettings(metadata={"n": "two\nlines"}),
        ObjectSettings(tags={str(n): "" for n in range(11)}),
        ObjectSettings(tags={"": "x"}),
    ],
)
def test_what_s3_would_not_keep_is_refused_before_it_is_sent(
    transport: Boto3Transport, stub: Any, settings: ObjectSettings
) -> None:
    with pytest.raises(DataError, match="expected"):
        transport.put("x", b"", settings=settings)
    with pytest.raises(DataError, match="expected"):
        transport.writer("x", settings=settings)
    assert stub.seen == []


def test_a_key_that_is_too_long_is_refused_before_it_is_sent(make: Make, stub: Any) -> None:
    transport = make(prefix="p" * 24)
    for ask in (lambda: transport.get("k" * 1000), lambda: transport.writer("ü" * 500), lambda: transport.put("", b"")):
        with pytest.raises(DataError, match="1,024 bytes"):
            ask()
    assert stub.seen == []


def test_keys_are_below_the_prefix_and_exact(make: Make, client: Any, bucket: str) -> None:
    transport = make(prefix="a/b")
    for key in ("c d.txt", "e\u0301", "\u00e9", "pct%2e%2e", "plus+", "'<&\">", "semi;colon?x=1#y"):
        transport.put(key, key.encode())
        assert bytes(transport.get(key)) == key.encode()
        assert client.head_object(Bucket=bucket, Key=f"a/b/{key}")["ContentLength"] == len(key.encode())
        assert [stat.key for stat in transport.list(key)] == [key]
    assert transport.uri == f"s3://{bucket}/a/b"


def test_versions_newest_first_and_deletions_are_none(make: Make, client: Any, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    transport = make()
    first = transport.put("x", b"1")
    second = transport.put("x", b"22")
    transport.put("xy", b"another")
    transport.delete(["x"])
    assert [(stat.version, stat.size) for stat in transport.versions("x")] == [(second.version, 2), (first.version, 1)]
    assert bytes(transport.get("x", version=first.version)) == b"1"
    assert transport.head("x", version=second.version).size == 2
    with pytest.raises(NotFoundError):
        transport.get("x")
    with pytest.raises(NotFoundError):
        transport.get("x", version="nosuchversion")


def test_many_versions_come_by_page(make: Make, client: Any, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    transport = make()
    made = [transport.put("x", str(n).encode()).version for n in range(5)]
    ask = transport._bucket.clients.s3.list_object_versions
    transport._bucket.clients.s3.list_object_versions = lambda **arguments: ask(**arguments, MaxKeys=2)
    assert [stat.version for stat in transport.versions("x")] == made[::-1]


def test_a_bucket_without_versions_gives_the_one_that_is_there(transport: Boto3Transport) -> None:
    put = transport.put("x", b"1")
    [stat] = transport.versions("x")
    assert (stat.etag, stat.version, put.version) == (put.etag, None, None)


def test_presigned_urls_do_what_they_say(transport: Boto3Transport) -> None:
    transport.put("a b", b"signed")
    url = transport.presign("a b", method="GET", expires=timedelta(minutes=5))
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
    assert "X-Amz-Expires=300" in url
    assert urllib.request.urlopen(url).read() == b"signed"
    url = transport.presign("new", method="PUT", expires=timedelta(seconds=1))
    headers = {"Content-Type": "application/octet-stream"}  # urllib's own makes a form of it
    urllib.request.urlopen(urllib.request.Request(url, b"put", headers, method="PUT"))
    assert bytes(transport.get("new")) == b"put"


@pytest.mark.parametrize(
    ("method", "expires"),
    [("DELETE", timedelta(1)), ("GET", timedelta(8)), ("GET", timedelta(0)), ("get", timedelta(1))],
)
def test_what_cannot_be_signed_is_refused(transport: Boto3Transport, method: str, expires: timedelta) -> None:
    with pytest.raises(DataError, match="expected"):
        transport.presign("x", method=method, expires=expires)
