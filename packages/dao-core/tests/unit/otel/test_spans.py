"""The spans of actions: one each, in one tree per call, with what was moved."""

from __future__ import annotations

import asyncio
import gc
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from opentelemetry import trace
from opentelemetry.semconv.attributes import db_attributes, error_attributes
from opentelemetry.trace import SpanKind, StatusCode

from dao import (
    AsyncDataAccessObject,
    DataAccessObject,
    DataObject,
    DataStore,
    NotFoundError,
    PermissionDeniedError,
    Secret,
    StoreError,
    WriteResult,
    hookimpl,
)
from dao.otel._attributes import error_type

if TYPE_CHECKING:
    from conftest import Seen

ROWS = pa.table({"id": [1, 2, 3]})


def test_an_action_is_a_span_with_what_it_moved(seen: Seen) -> None:
    dao = seen.access()
    written = dao.write(ROWS, "a.x")
    span = seen.span("write a.x")
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == "dao"
    attributes = dict(span.attributes or {})
    assert len(str(attributes.pop("dao.id"))) == 32
    assert attributes == {
        "db.system.name": "memory",
        "db.namespace": "a",
        "db.collection.name": "x",
        "db.operation.name": "write",
        "dao.interface": "memory",
        "dao.route": "MemoryInterface.write",
        "dao.rows": 3,
        "dao.rows.inserted": 3,
        "dao.rows.deleted": 0,
        "dao.bytes": written.bytes,
        "dao.files": 1,
        "dao.version.after": str(written.version_after),
    }


def test_names_are_those_of_the_conventions(seen: Seen) -> None:
    with suppress(NotFoundError):
        seen.access().read("a.x")
    named = {name for name in seen.span("read a.x").attributes or {} if not name.startswith("dao.")}
    stable = {value for name, value in vars(db_attributes).items() if name.startswith("DB_") and isinstance(value, str)}
    assert named <= {*stable, error_attributes.ERROR_TYPE}
    assert len(named) == 5


def test_versions_are_texts(seen: Seen) -> None:
    dao = seen.access()
    dao.write(ROWS, "a.x")
    result = dao.upsert([{"id": 3}, {"id": 4}], "a.x", keys="id")
    attributes = seen.span("upsert a.x").attributes or {}
    assert attributes["dao.version.before"] == str(result.version_before)
    assert attributes["dao.version.after"] == str(result.version_after)
    assert (attributes["dao.rows.inserted"], attributes["dao.rows.updated"], attributes["dao.rows"]) == (1, 1, 2)


def test_a_copy_is_one_tree(seen: Seen) -> None:
    dao = seen.access()
    dao.write(ROWS, "a.x")
    seen.exporter.clear()
    dao.move("a.x", "b.x")
    whole = seen.span("move a.x")
    assert [span.name for span in seen.spans] == ["read_stream a.x", "write_stream b.x", "delete a.x", "move a.x"]
    for part in seen.spans[:-1]:
        assert part.parent is not None
        assert whole.context is not None
        assert part.parent.span_id == whole.context.span_id
        assert (part.attributes or {})["dao.id"] == (whole.attributes or {})["dao.id"]
        assert (part.attributes or {})["dao.rows"] == 3 or part.name == "delete a.x"
    attributes = whole.attributes or {}
    assert whole.kind is SpanKind.INTERNAL
    assert "db.system.name" not in attributes
    assert (attributes["dao.target"], attributes["dao.rows"]) == ("b.x", 3)
    assert seen.span("read_stream a.x").end_time <= seen.span("write_stream b.x").end_time  # type: ignore[operator]


def test_spans_are_in_the_caller_s_trace_and_around_the_driver_s(seen: Seen) -> None:
    tracer = seen.tracers.get_tracer("program")

    class Driver:
        def count(self, data_object: DataObject) -> int:
            with tracer.start_as_current_span("request"):
                return 1

    dao = seen.access()
    with tracer.start_as_current_span("job") as job:
        dao.count(DataObject("x", DataStore("s", Driver())))
        assert trace.get_current_span() is job
    request, count, outer = seen.spans
    assert request.parent is not None
    assert count.context is not None
    assert count.parent is not None
    assert outer.context is not None
    assert request.parent.span_id == count.context.span_id
    assert count.parent.span_id == outer.context.span_id


def test_a_failure_is_an_error_without_its_text(seen: Seen) -> None:
    with pytest.raises(NotFoundError):
        seen.access().read("a.x")
    span = seen.span("read a.x")
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description is None
    assert (span.attributes or {})["error.type"] == "NotFoundError"
    assert not span.events


def test_types_of_errors() -> None:
    assert error_type(ValueError()) == "ValueError"
    assert error_type(pa.ArrowInvalid()) == "pyarrow.lib.ArrowInvalid"


@pytest.mark.parametrize("first", [True, False])
def test_a_call_that_another_plugin_stops_leaves_nothing_open(seen: Seen, first: bool) -> None:
    class Guard:
        @hookimpl(tryfirst=first, trylast=not first)
        def dao_before_action(self) -> None:
            raise PermissionDeniedError("no")

    with pytest.raises(PermissionDeniedError):
        seen.access(DataAccessObject, Guard()).count("a.x")
    assert len(seen.spans) == (0 if first else 1)
    assert not seen.plugin._spans
    assert not seen.plugin._current
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_the_span_of_a_stream_ends_with_it(seen: Seen) -> None:
    dao = seen.access()
    dao.write(ROWS, "a.x")
    seen.exporter.clear()
    stream = dao.read_stream("a.x")
    assert not seen.spans
    assert trace.get_current_span() is trace.INVALID_SPAN
    stream.read_all()
    assert (seen.span("read_stream a.x").attributes or {})["dao.rows"] == 3
    dropped = dao.read_stream("a.x")
    del dropped
    gc.collect()
    assert [(span.attributes or {})["dao.rows"] for span in seen.spans] == [3, 0]
    assert not seen.plugin._spans


class Later:
    """Coroutines, and a stream that never ends by itself."""

    async def count(self, data_object: DataObject) -> int:
        await asyncio.sleep(0)
        span = trace.get_current_span()
        assert isinstance(span.name, str)  # type: ignore[attr-defined]
        return 1

    async def read_stream(self, data_object: DataObject) -> AsyncIterator[pa.RecordBatch]:
        for batch in ROWS.to_batches(max_chunksize=1):
            yield batch


def test_the_asynchronous_face_has_the_same_spans(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    thing = DataObject("x", DataStore("s", Later()))

    async def main() -> None:
        dao = seen.access(AsyncDataAccessObject)
        await asyncio.gather(*(dao.count(thing) for _ in range(3)))
        await dao.write(ROWS, "a.x")
        await dao.copy("a.x", "b.x")
        await dao.copy(thing, "a.y")
        stream = await dao.read_stream(thing)
        assert [batch.num_rows async for batch in stream] == [1, 1, 1]
        never = await dao.read_stream(thing)
        del never
        gc.collect()

    asyncio.run(main())
    names = [span.name for span in seen.spans]
    assert names == [
        *["count s.x"] * 3, "write a.x", "read_stream a.x", "write_stream b.x", "copy a.x",
        "read_stream s.x", "write_stream a.y", "copy s.x", "read_stream s.x", "read_stream s.x",
    ]  # fmt: skip
    parents = [span.parent and span.parent.span_id for span in seen.spans]
    assert parents[4] == parents[5] == seen.spans[6].context.span_id  # type: ignore[union-attr]
    assert parents[7] == parents[8] == seen.spans[9].context.span_id  # type: ignore[union-attr]
    assert not any(parents[:4])
    assert not seen.plugin._spans
    assert "detach" not in caplog.text


class Keeper:
    """Has a secret, takes secrets, and fails with them."""

    def __init__(self, password: Secret) -> None:
        self.password = password

    def read(self, data_object: DataObject, *, token: str) -> Any:
        raise OSError(f"refused {token} and {self.password.reveal()}")

    def write(self, data: Any, data_object: DataObject, *, token: str | None = None) -> WriteResult:
        return WriteResult(rows_inserted=1, details={"token": token})


def test_no_span_and_no_metric_has_a_secret(seen: Seen) -> None:
    canary = "canary" + secrets.token_hex(8)
    thing = DataObject("x", DataStore("s", Keeper(Secret(canary))), password=canary, key=f"at/{canary}")
    dao = seen.access()
    dao.write([{"secret": canary}], thing, token=canary)
    with pytest.raises(StoreError, match=canary):
        dao.read(thing, token=canary)
    assert len(seen.spans) == 2
    assert canary not in "".join(span.to_json() for span in seen.spans)
    data = seen.reader.get_metrics_data()
    assert data is not None
    assert canary not in data.to_json()
