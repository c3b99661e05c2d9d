"""What hooks get beside the request: where it went, what it moved; and a hook that takes its time."""

from __future__ import annotations

import asyncio
import gc
import io
import pydoc
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from watching_hooks import Counting, access

import dao as door
from dao import (
    AsyncDataAccessObject,
    DataObject,
    DataStore,
    NotFoundError,
    hookimpl,
    hookspecs,
)
from dao.errors import StoreError

ROWS = pa.table({"id": [1, 2, 3]})


def test_a_request_says_who_serves_it_and_when_it_began() -> None:
    seen = Counting()
    dao = access(seen)
    dao.write(ROWS, "a.x")
    dao.copy("a.x", "b.x")
    by_action = {request.action: request for _, request, _, _ in seen.seen}
    write, copy = by_action["write"], by_action["copy"]
    assert (write.interface, write.route) == ("memory", "MemoryInterface.write")
    assert (copy.interface, copy.route) == (None, None)
    assert (by_action["read_stream"].interface, by_action["read_stream"].parent) == ("memory", copy)
    assert [type(request.start) for request in by_action.values()] == [datetime] * 4
    assert write.start.tzinfo is UTC


def test_an_outcome_has_rows_and_bytes() -> None:
    seen = Counting()
    dao = access(seen)
    written = dao.write(ROWS, "a.x")
    dao.read("a.x", into="pylist")
    dao.count("a.x")
    dao.write(b"hello", "a.note")
    dao.read("a.note", into="bytes")
    dao.upsert([{"id": 3}, {"id": 4}], "a.x", keys="id")
    assert seen.moved[:5] == [
        ("after", "write", 3, written.bytes), ("after", "read", 3, ROWS.nbytes), ("after", "count", None, None),
        ("after", "write", None, 5), ("after", "read", None, 5),
    ]  # fmt: skip
    assert seen.moved[5][:3] == ("after", "upsert", 2)
    assert seen.seen[0][2].files == written.files == 1


def test_a_stream_is_told_when_it_has_been_read() -> None:
    seen = Counting()
    dao = access(seen)
    dao.write(ROWS, "a.x")
    seen.seen.clear()
    stream = dao.read_stream("a.x", batch_size=2)
    assert isinstance(stream, pa.RecordBatchReader)
    assert seen.moved == [("after", "read_stream", None, None)]
    assert stream.read_all().equals(ROWS)
    assert seen.moved[1:] == [("stream", "read_stream", 3, ROWS.nbytes)]
    assert seen.seen[0][1] is seen.seen[1][1]
    del stream
    gc.collect()
    assert len(seen.seen) == 2


@pytest.mark.parametrize("read", [0, 1])
def test_a_stream_that_is_dropped_is_told_too(read: int) -> None:
    seen = Counting()
    dao = access(seen)
    dao.write(ROWS, "a.x")
    stream = dao.read_stream("a.x", batch_size=1)
    for _ in range(read):
        stream.read_next_batch()
    del stream
    gc.collect()
    assert seen.moved[-1][:3] == ("stream", "read_stream", read)
    assert seen.seen[-1][3] is None


def test_a_stream_that_fails_is_told_with_its_error() -> None:
    class Breaks:
        def read_stream(self, data_object: DataObject) -> Any:
            def batches() -> Any:
                yield ROWS.to_batches()[0]
                raise StoreError("the line is cut")

            return pa.RecordBatchReader.from_batches(ROWS.schema, batches())

    seen = Counting()
    stream = access(seen).read_stream(DataObject("x", DataStore("s", Breaks())))
    with pytest.raises(StoreError, match="the line is cut"):
        stream.read_all()
    when, _, outcome, error = seen.seen[-1]
    assert (when, outcome.rows) == ("stream", 3)
    assert isinstance(error, StoreError)


@pytest.mark.parametrize(
    ("use", "size"),
    [
        (lambda file: file.read(), 11),
        (lambda file: [file.read(4), file.read(4), file.read(4), file.read(4)], 11),
        (lambda file: list(file), 11),
        (lambda file: io.TextIOWrapper(file).read(), 11),
        (lambda file: (file.readinto(bytearray(4)), file.close()), 4),
        (lambda file: (file.seek(6), file.read(), file.seek(0), file.read(5), file.close()), 10),
    ],
)
def test_a_binary_file_is_told_when_it_was_read_or_closed(use: Callable[[Any], Any], size: int) -> None:
    seen = Counting()
    dao = access(seen)
    dao.write(b"hello\nworld", "a.note")
    seen.seen.clear()
    file = dao.read_stream("a.note", into="bytes")
    assert seen.moved == [("after", "read_stream", None, None)]
    use(file)
    assert seen.moved[1:] == [("stream", "read_stream", None, size)]
    file.close()
    assert len(seen.seen) == 2
    assert file.closed


def test_a_watched_binary_file_is_one_like_any_other() -> None:
    dao = access(Counting())
    with zipfile.ZipFile(into := io.BytesIO(), "w") as archive:
        archive.writestr("a.txt", "hello")
    dao.write(into.getvalue(), "a.note")
    with dao.read_stream("a.note", into="bytes") as file, zipfile.ZipFile(file) as archive:
        assert archive.read("a.txt") == b"hello"


def test_a_binary_file_that_breaks_off_is_told_with_its_error() -> None:
    class Breaks:
        def read(self, size: int = -1) -> bytes:
            raise StoreError("the line is cut")

        def close(self) -> None:
            pass

    class Files:
        def read_stream(self, data_object: DataObject, into: str) -> Any:
            return Breaks()

    seen = Counting()
    file = access(seen).read_stream(DataObject("x", DataStore("s", Files())), into="bytes")
    with pytest.raises(StoreError, match="the line is cut"):
        file.read()
    del file
    assert [(when, type(error)) for when, _, _, error in seen.seen] == [("after", type(None)), ("stream", StoreError)]


def test_the_streams_of_a_copy_are_told_before_the_copy_is() -> None:
    seen = Counting()
    dao = access(seen)
    dao.write(ROWS, "a.x")
    seen.seen.clear()
    dao.copy("a.x", "b.x")
    assert [one[:3] for one in seen.moved] == [
        ("after", "read_stream", None), ("stream", "read_stream", 3),
        ("after", "write_stream", 3), ("after", "copy", 3),
    ]  # fmt: skip
    assert len({request.id for _, request, _, _ in seen.seen}) == 1


def test_an_asynchronous_stream_is_told_too() -> None:
    class Later:
        async def read_stream(self, data_object: DataObject) -> AsyncIterator[pa.RecordBatch]:
            for batch in ROWS.to_batches(max_chunksize=1):
                yield batch

    seen = Counting()

    async def main() -> None:
        dao = access(seen, kind=AsyncDataAccessObject)
        stream = await dao.read_stream(DataObject("x", DataStore("s", Later())))
        assert [batch.num_rows async for batch in stream] == [1, 1, 1]

    asyncio.run(main())
    assert seen.moved == [("after", "read_stream", None, None), ("stream", "read_stream", 3, ROWS.nbytes)]


def test_a_failure_has_an_outcome_without_rows() -> None:
    seen = Counting()
    with pytest.raises(NotFoundError):
        access(seen).read("a.x")
    assert seen.moved == [("failure", "read", None, None)]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_a_hook_that_ends_the_program_is_let_to(kind: type[BaseException]) -> None:
    class Quits:
        @hookimpl
        def dao_after_action(self) -> None:
            raise kind

    seen = Counting()
    dao = access(Quits(), seen)  # the last one registered is called first
    with pytest.raises(kind):
        dao.write(ROWS, "a.x")
    assert [when for when, *_ in seen.moved] == ["after"]


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (door, ["class Plugins", "class Request", "class Outcome", "dao.hookspecs"]),
        (hookspecs, [name for name in hookspecs.__all__ if name.startswith("dao_")]),
    ],
)
def test_help_has_the_plugins_and_the_hooks(subject: Any, words: list[str]) -> None:
    text = pydoc.plain(pydoc.render_doc(subject))
    assert [word for word in words if word not in text] == []
