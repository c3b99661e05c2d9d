"""Reads that break on the way, and objects as files."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from boto3_stub import Fault

from dao.errors import ConflictError, StoreError, TransientError
from dao_s3._boto3 import reading
from dao_s3._boto3.transport import Boto3Transport
from dao_s3._options import Timeouts

Make = Callable[..., Boto3Transport]
CONTENT = os.urandom(3_000_000)


@pytest.fixture
def stored(transport: Boto3Transport, stub: Any) -> Boto3Transport:
    transport.put("x", CONTENT)
    stub.seen.clear()
    return transport


READS: dict[str, Callable[[Boto3Transport], bytes]] = {
    "get": lambda transport: bytes(transport.get("x")),
    "chunks": lambda transport: b"".join(transport.chunks("x")),
    "range": lambda transport: bytes(transport.get("x", start=0, length=len(CONTENT))),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_cut_body_is_asked_for_from_where_it_broke(
    stored: Boto3Transport, stub: Any, read: Callable[[Boto3Transport], bytes]
) -> None:
    stub.fail("GET", "cut", times=2)
    assert read(stored) == CONTENT
    etag = f'"{stored.head("x").etag}"'
    [_first, second, third] = [headers for method, _, headers in stub.seen if method == "GET"]
    assert second["Range"] == f"bytes={len(CONTENT) // 2}-{len(CONTENT) - 1}"
    assert third["Range"] == f"bytes={len(CONTENT) * 3 // 4}-{len(CONTENT) - 1}"
    assert second["If-Match"] == third["If-Match"] == etag


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_body_that_is_cut_for_ever_is_an_error(
    stored: Boto3Transport, stub: Any, read: Callable[[Boto3Transport], bytes]
) -> None:
    stub.fail("GET", "cut", times=10_000)
    with pytest.raises(TransientError):
        read(stored)
    assert 1 < len(stub.methods()) < 30


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_another_object_is_never_read_on(
    stored: Boto3Transport, stub: Any, client: Any, bucket: str, read: Callable[[Boto3Transport], bytes]
) -> None:
    def replacing(method: str, path: str) -> bool:
        if stub.methods().count("GET") == 2:
            client.put_object(Bucket=bucket, Key="x", Body=CONTENT[::-1])
        return False

    stub.fail("GET", "cut")
    stub.faults.append(Fault(replacing, "pass"))
    with pytest.raises(ConflictError):
        read(stored)


def test_a_version_is_read_on_though_another_came(make: Make, stub: Any, client: Any, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    transport = make()
    transport.put("x", CONTENT)
    stub.fail("GET", "cut")
    pieces = transport.chunks("x")
    client.put_object(Bucket=bucket, Key="x", Body=b"new")
    assert b"".join(pieces) == CONTENT


def test_a_store_that_falls_silent_is_an_error_in_time(make: Make, stub: Any) -> None:
    stub.fail("GET", "stall", times=100)
    with pytest.raises(TransientError, match="silent"):
        make(timeouts=Timeouts(connect=5, read=0.2)).get("x")
    assert stub.methods().count("GET") == 4


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_body_that_does_not_go_on_is_asked_for_again(
    make: Make, stored: Boto3Transport, stub: Any, read: Callable[[Boto3Transport], bytes]
) -> None:
    stub.fail("GET", "hang")
    assert read(make(timeouts=Timeouts(connect=5, read=1))) == CONTENT
    assert stub.methods() == ["GET", "GET"]


def test_damaged_bytes_are_asked_for_again(stored: Boto3Transport, stub: Any) -> None:
    stub.fail("GET", "flip")
    assert bytes(stored.get("x")) == CONTENT
    assert stub.methods() == ["GET", "GET"]


@pytest.mark.parametrize("read", [READS["get"], READS["chunks"]], ids=["get", "chunks"])
def test_damaged_bytes_are_never_taken_for_good(
    stored: Boto3Transport, stub: Any, read: Callable[[Boto3Transport], bytes]
) -> None:
    stub.fail("GET", "flip", times=100)
    with pytest.raises(StoreError, match="checksum"):
        read(stored)


def test_bytes_that_were_damaged_before_a_cut_are_found_out(stored: Boto3Transport, stub: Any) -> None:
    stub.fail("GET", "cut")
    stub.fail("GET", "flip", times=100)
    with pytest.raises(StoreError, match="checksum"):
        stored.get("x")


def test_a_stream_that_is_dropped_takes_its_connection_along(stored: Boto3Transport) -> None:
    for _ in range(3):
        next(iter(stored.chunks("x")))
    assert bytes(stored.get("x", length=3)) == CONTENT[:3]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection counts as slow, so that several fetch the content after its beginning."""
    monkeypatch.setattr(reading, "_SLOW", float("inf"))
    monkeypatch.setattr(reading, "_SAMPLE", 100_000)
    monkeypatch.setattr(reading, "_RANGE", 200_000)
    monkeypatch.setattr(reading, "_RANGES", 3)
    monkeypatch.setattr(reading, "PIECE", 64 * 1024)


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("start", [0, 12_345])
def test_over_slow_connections_ranges_are_fetched_ahead(stored: Boto3Transport, stub: Any, start: int) -> None:
    assert b"".join(stored.chunks("x", start=start)) == CONTENT[start:]
    ranges = [headers.get("Range") for _, _, headers in stub.seen]
    assert ranges[0] == (f"bytes={start}-" if start else None)
    assert sorted(ranges[1:], key=str) == sorted(set(ranges[1:]), key=str)
    assert len(ranges) == 1 + -(-(len(CONTENT) - start - 2 * 64 * 1024) // 200_000)
    assert len({headers["If-Match"] for _, _, headers in stub.seen[1:]}) == 1


@pytest.mark.usefixtures("slow")
def test_ranges_that_break_are_asked_for_again(stored: Boto3Transport, stub: Any) -> None:
    stub.fail("GET", "cut", skip=3, times=2)
    stub.fail("GET", "answer", skip=6, times=2)
    assert b"".join(stored.chunks("x")) == CONTENT


@pytest.mark.usefixtures("slow")
def test_ranges_are_never_of_another_object(stored: Boto3Transport) -> None:
    pieces = stored.chunks("x")
    next(pieces)
    stored.put("x", CONTENT[::-1])
    with pytest.raises(ConflictError):
        list(pieces)


@pytest.mark.usefixtures("slow")
def test_a_damaged_range_is_found_out(stored: Boto3Transport, stub: Any) -> None:
    stub.fail("GET", "flip", skip=5)
    with pytest.raises(StoreError, match="checksum"):
        list(stored.chunks("x"))


@pytest.mark.usefixtures("slow")
def test_ranges_that_nobody_wants_are_not_fetched(stored: Boto3Transport, stub: Any) -> None:
    pieces = stored.chunks("x")
    for _ in range(4):
        next(pieces)
    del pieces
    assert len(stub.seen) < 12
