"""Objects of unknown length, on each kind of store; S3 is held to leaving no upload open."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dao.errors import ConflictError, DataError, NotFoundError, StoreError, TransientError
from dao_files.manifest._transport import ObjectSettings, Writer
from dao_s3._obstore import writer as writing
from dao_s3._obstore.transport import ObstoreTransport

PART = 5 << 20
LARGE = b"0123456789" * (PART // 4)  # 2.5 parts


@pytest.fixture(autouse=True)
def _nothing_stays_spooled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spool))
    yield
    assert list(spool.iterdir()) == []


def pour(writer: Writer, content: bytes, step: int = 999_999) -> None:
    for begin in range(0, len(content), step):
        assert writer.write(content[begin : begin + step]) == len(content[begin : begin + step])
    writer.close()


@pytest.mark.parametrize("content", [b"", b"small", LARGE[:PART], LARGE[: PART + 1], LARGE], ids=len)
@pytest.mark.parametrize(
    ("condition", "step"), [("none", 999_999), ("none", 1 << 30), ("absent", 1 << 20), ("match", PART)]
)
def test_what_is_written_is_there(transport: ObstoreTransport, content: bytes, condition: str, step: int) -> None:
    how: dict[str, Any] = {"if_absent": True} if condition == "absent" else {}
    if condition == "match":
        how = {"if_match": transport.put("key", b"old").etag}
    writer = transport.writer("key", **how)
    pour(writer, content, step)
    found = transport.head("key")
    assert (writer.written.size, writer.written.etag) == (len(content), found.etag)
    assert bytes(transport.get("key")) == content
    writer.close()
    writer.abort()
    assert transport.head("key").etag == found.etag


def test_nothing_is_visible_before_the_end(transport: ObstoreTransport) -> None:
    writer = transport.writer("key")
    writer.write(LARGE)
    with pytest.raises(NotFoundError):
        transport.head("key")
    with pytest.raises(ValueError, match="not complete"):
        _ = writer.written
    writer.close()
    assert transport.head("key").size == len(LARGE)


def check_conditions_at_the_end(transport: ObstoreTransport, content: bytes) -> None:
    first = transport.put("key", b"first")
    for how in ({"if_absent": True}, {"if_match": first.etag}):
        writer = transport.writer("key", **how)  # type: ignore[arg-type]
        writer.write(content)
        transport.put("key", b"faster")
        with pytest.raises(ConflictError):
            writer.close()
        writer.abort()
        assert bytes(transport.get("key")) == b"faster"


def test_conditions_hold_at_the_end(transport: ObstoreTransport) -> None:
    check_conditions_at_the_end(transport, b"small")


@pytest.mark.parametrize("options", ["memory", "file"], indirect=True)
def test_conditions_on_large_content_hold_at_the_end(transport: ObstoreTransport) -> None:
    # moto looks at no condition of a completed upload: see the next test, and the integration tests.
    check_conditions_at_the_end(transport, LARGE)


@pytest.mark.parametrize(
    ("how", "header"), [({"if_absent": True}, ("if-none-match", "*")), ({"if_match": "abc"}, ("if-match", '"abc"'))]
)
def test_uploads_are_completed_under_the_condition(
    on_s3: Any, stub: Any, how: dict[str, Any], header: tuple[str, str]
) -> None:
    pour(on_s3().writer("key", **how), LARGE)
    ((_, _, headers),) = [request for request in stub.seen if request[0] == "POST" and "uploadId=" in request[1]]
    assert header in [(name.lower(), value) for name, value in headers.items()]


@pytest.mark.parametrize("how", [{}, {"if_absent": True}], ids=["plain", "absent"])
@pytest.mark.parametrize("content", [b"", b"small", LARGE], ids=len)
def test_giving_up_leaves_nothing(transport: ObstoreTransport, how: dict[str, Any], content: bytes) -> None:
    writer = transport.writer("key", **how)
    writer.write(content)
    writer.abort()
    writer.abort()
    assert writer.closed
    assert list(transport.list("")) == []
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"more")


def test_a_writer_that_is_dropped_leaves_nothing(transport: ObstoreTransport) -> None:
    writer = transport.writer("key")
    writer.write(LARGE)
    del writer
    assert list(transport.list("")) == []


def test_content_has_settings_whatever_its_size(transport: ObstoreTransport) -> None:
    settings = ObjectSettings() if transport.scheme == "file" else ObjectSettings(metadata={"a": "b"})
    for key, content in (("small", b"small"), ("large", LARGE)):
        pour(transport.writer(key, settings=settings), content)
        assert transport.head(key).metadata == settings.metadata


@pytest.mark.parametrize("request_line", [("POST", "uploads"), ("PUT", "partNumber=2"), ("POST", "uploadId")])
def test_a_failing_upload_is_aborted(on_s3: Any, stub: Any, request_line: tuple[str, str]) -> None:
    transport = on_s3()
    stub.fail(request_line[0], "answer", path=request_line[1], times=99)
    writer = transport.writer("key")
    with pytest.raises(TransientError):
        pour(writer, LARGE)
    writer.abort()
    stub.faults.clear()
    assert list(transport.list("")) == []


@pytest.mark.parametrize("what", ["answer", "reset", "cut"])
def test_parts_are_sent_again(on_s3: Any, stub: Any, what: str) -> None:
    transport = on_s3()
    stub.fail("PUT", what, path="partNumber=2")
    pour(transport.writer("key"), LARGE)
    assert bytes(transport.get("key")) == LARGE


def test_a_denied_upload_says_so(on_s3: Any, stub: Any) -> None:
    stub.fail("POST", "answer", path="uploads", status=403, code="AccessDenied", times=99)
    with pytest.raises(StoreError, match="denied"):
        pour(on_s3().writer("key"), LARGE)


def test_too_many_parts_are_refused(transport: ObstoreTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_PARTS", 2)
    if transport.scheme in ("file", "s3"):
        pour(transport.writer("key"), LARGE)  # a folder knows no parts, and to S3 the other driver sends them
        return
    with pytest.raises(DataError, match="part_size"):
        pour(transport.writer("key"), LARGE)
    assert list(transport.list("")) == []
