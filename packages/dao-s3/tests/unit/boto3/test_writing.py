"""Objects of unknown length, and what is left when they fail."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from dao.errors import ConflictError, PermissionDeniedError, StoreError, TransientError
from dao_files.manifest._transport import ObjectSettings
from dao_s3._boto3 import strays
from dao_s3._boto3 import writer as writing
from dao_s3._boto3.transport import Boto3Transport
from dao_s3._boto3.writer import next_part_size

Make = Callable[..., Boto3Transport]
MiB = 1024 * 1024
CONTENT = os.urandom(12 * MiB)  # three parts
pytestmark = pytest.mark.usefixtures("no_open_uploads")


def write(transport: Boto3Transport, content: bytes = CONTENT, **how: Any) -> Any:
    writer = transport.writer("x", **how)
    for at in range(0, len(content), 700_001):
        assert writer.write(content[at : at + 700_001]) == len(content[at : at + 700_001])
    writer.close()
    return writer.written


def test_small_contents_are_one_request(transport: Boto3Transport, stub: Any) -> None:
    stat = write(transport, b"small")
    assert stub.methods() == ["PUT"]
    assert (stat.size, stat.etag) == (5, transport.head("x").etag)


def test_large_contents_are_parts(transport: Boto3Transport, stub: Any) -> None:
    settings = ObjectSettings(metadata={"made-by": "me"}, content_type="text/csv", tags={"a": "b"})
    stat = write(transport, settings=settings)
    assert stub.methods("partNumber") == ["PUT"] * 3
    found = transport.head("x")
    assert (stat.size, stat.etag) == (found.size, found.etag) == (len(CONTENT), found.etag)
    assert found.metadata == {"made-by": "me"}
    assert found.facts["content_type"] == "text/csv"
    assert found.facts["checksum"].startswith("CRC64NVME:")
    assert bytes(transport.get("x")) == CONTENT


@pytest.mark.parametrize("checksum", ["SHA256", "CRC32"])  # moto takes CRC32C of parts for something else
def test_other_checksums(make: Make, checksum: str) -> None:
    transport = make(checksum=checksum)
    write(transport)
    assert bytes(transport.get("x")) == CONTENT


def test_an_empty_object(transport: Boto3Transport) -> None:
    assert write(transport, b"").size == 0
    assert bytes(transport.get("x")) == b""


def test_nothing_is_visible_before_close(transport: Boto3Transport) -> None:
    writer = transport.writer("x")
    writer.write(CONTENT)
    assert list(transport.list("")) == []
    with pytest.raises(ValueError, match="not complete"):
        _ = writer.written
    writer.close()
    assert [stat.key for stat in transport.list("")] == ["x"]
    writer.close()
    writer.abort()
    assert bytes(transport.get("x")) == CONTENT
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"more")


@pytest.mark.parametrize("size", [3, len(CONTENT)])
def test_an_abort_leaves_nothing(transport: Boto3Transport, size: int) -> None:
    writer = transport.writer("x")
    writer.write(CONTENT[:size])
    writer.abort()
    writer.abort()
    writer.close()
    assert writer.closed
    assert list(transport.list("")) == []


@pytest.mark.parametrize("size", [3, len(CONTENT)])
def test_conditions_hold_at_the_end(transport: Boto3Transport, size: int) -> None:
    content = CONTENT[:size]
    first = write(transport, content, if_absent=True)
    with pytest.raises(ConflictError):
        write(transport, content, if_absent=True)
    write(transport, content + b"2", if_match=first.etag)
    assert transport.head("x").size == size + 1


def test_a_writer_that_nobody_closes_leaves_nothing(transport: Boto3Transport) -> None:
    writer = transport.writer("x")
    writer.write(CONTENT)
    del writer


def test_a_block_that_fails_leaves_nothing(transport: Boto3Transport) -> None:
    def interrupted() -> None:
        with transport.writer("x") as writer:
            writer.write(CONTENT)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(transport.list("")) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "uploads"), ("PUT", "partNumber=1"), ("PUT", "partNumber=3"), ("POST", "uploadId")],
)
@pytest.mark.parametrize("what", ["reset", "answer"])
def test_a_request_that_fails_for_ever_leaves_nothing(
    transport: Boto3Transport, stub: Any, method: str, path: str, what: str
) -> None:
    stub.fail(method, what, path=path, times=10_000)
    with pytest.raises(TransientError):
        write(transport)
    assert list(transport.list("")) == []


@pytest.mark.parametrize("path", ["uploads", "partNumber=2", "uploadId"])
@pytest.mark.parametrize("what", ["reset", "answer"])
def test_a_request_that_fails_twice_is_made_again(transport: Boto3Transport, stub: Any, path: str, what: str) -> None:
    stub.fail("PUT" if "part" in path else "POST", what, path=path, times=2)
    assert write(transport).size == len(CONTENT)
    assert bytes(transport.get("x")) == CONTENT


def test_an_error_after_status_200_is_an_error(transport: Boto3Transport, stub: Any) -> None:
    stub.fail("POST", "answer", path="uploadId", times=2, status=200, code="InternalError")
    write(transport)
    stub.fail("POST", "answer", path="uploadId", times=10_000, status=200, code="InternalError")
    with pytest.raises(TransientError):
        write(transport)


def test_a_completion_whose_answer_is_lost_is_unknown(transport: Boto3Transport, stub: Any) -> None:
    stub.fail("POST", "lose", path="uploadId")
    stub.fail("POST", "answer", path="uploadId", status=404, code="NoSuchUpload")  # as S3 says then, unlike moto
    with pytest.raises(TransientError, match="not known"):
        write(transport, settings=ObjectSettings(metadata={"mark": "mine"}))
    assert transport.head("x").metadata == {"mark": "mine"}


@pytest.fixture
def clock_of_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    """All uploads that moto knows were begun at the same moment, long ago."""
    monkeypatch.setattr(strays, "_now_there", lambda answer: datetime(2010, 11, 10, 20, 48, 34, tzinfo=UTC))


@pytest.mark.usefixtures("clock_of_moto")
def test_an_upload_whose_beginning_was_lost_does_not_stay_open(transport: Boto3Transport, stub: Any) -> None:
    stub.fail("POST", "lose", path="uploads")
    write(transport)
    assert transport.open_uploads() == []
    assert bytes(transport.get("x")) == CONTENT


@pytest.mark.usefixtures("clock_of_moto")
def test_uploads_whose_beginnings_are_all_lost_do_not_stay_open(transport: Boto3Transport, stub: Any) -> None:
    stub.fail("POST", "lose", path="uploads", times=10_000)
    with pytest.raises(TransientError):
        write(transport)
    assert transport.open_uploads() == []


def test_an_abort_is_tried_more_than_once(transport: Boto3Transport, stub: Any) -> None:
    stub.fail("DELETE", "answer", times=6)
    writer = transport.writer("x")
    writer.write(CONTENT)
    writer.abort()
    assert stub.methods().count("DELETE") == 7


def test_an_upload_that_may_be_open_is_named(transport: Boto3Transport, stub: Any) -> None:
    stub.fail("PUT", "answer", path="partNumber", times=10_000, status=403, code="AccessDenied")
    fault = stub.fail("DELETE", "answer", times=10_000)
    with pytest.raises(PermissionDeniedError) as caught:
        write(transport)
    [upload] = transport.open_uploads()
    assert any(upload.id in note for note in caught.value.__notes__)
    fault.times = 0
    writer = transport.writer("y")
    writer.write(CONTENT)
    transport.abort_upload(upload)
    fault.times = 10_000
    with pytest.raises(StoreError):
        writer.abort()
    fault.times = 0
    for left in transport.open_uploads():
        transport.abort_upload(left)


def test_parts_reach_five_tebibytes() -> None:
    for first in (5 * MiB, 8 * MiB, 64 * MiB):
        written, sizes = 0, []
        for _ in range(10_000):
            sizes.append(next_part_size(first, written))
            written += sizes[-1]
        assert written >= 5 * 1024**4
        assert sizes == sorted(sizes)
        assert sizes[-1] <= 5 * 1024**3


def test_few_parts_are_in_memory(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = make()
    held, most, lock = set[int](), [0], threading.Lock()
    send = writing.Multipart.send

    def counting(upload: Any, number: int, data: bytes) -> Any:
        checksum = send(upload, number, data)
        with lock:
            held.discard(number)
        return checksum

    submit = writing._Parts.send

    def noting(parts: Any, part: bytes) -> None:
        submit(parts, part)
        with lock:
            held.add(parts._number)
            most[0] = max(most[0], parts._bytes)

    monkeypatch.setattr(writing.Multipart, "send", counting)
    monkeypatch.setattr(writing._Parts, "send", noting)
    writer = transport.writer("x")
    for _ in range(10):
        writer.write(CONTENT[: 5 * MiB])
    writer.close()
    assert writer.written.size == 50 * MiB
    assert 0 < most[0] <= 4 * 5 * MiB


def test_an_error_of_a_part_ends_the_writing_soon(transport: Boto3Transport, stub: Any) -> None:
    stub.fail("PUT", "answer", path="partNumber=1", times=100, status=403, code="AccessDenied")
    writer = transport.writer("x")

    def write_on() -> None:
        for _ in range(100):
            writer.write(CONTENT)

    with pytest.raises(PermissionDeniedError):
        write_on()
    assert writer.closed
    assert len(stub.methods("partNumber")) < 20
