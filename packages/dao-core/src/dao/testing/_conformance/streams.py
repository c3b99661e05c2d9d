"""Streams buffer a few batches at a time, report progress, and release their resources."""

from __future__ import annotations

import gc
import weakref
from threading import RLock
from typing import Any

import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, NotFoundError
from dao.progress import Progress
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.processes import KEPT, open_files
from dao.testing._conformance.samples import BATCH_ROWS, batches_of, by_id, large, no_debris, people, rows

__all__ = ["ReadStreams", "WriteStreams"]

_STREAMS = 40
"""Repetitions of each case, so that a leak opens far more files than a connection pool retains."""


class Peak:
    """The peak of Arrow's allocated memory over all measurements, in bytes, relative to the start."""

    def __init__(self) -> None:
        gc.collect()
        self._start = pa.total_allocated_bytes()
        self.bytes = 0

    def held(self) -> int:
        """The bytes allocated now, relative to the start."""
        return int(pa.total_allocated_bytes() - self._start)

    def look(self) -> None:
        """Take a measurement."""
        self.bytes = max(self.bytes, self.held())


class _Content(bytearray):
    """The bytes of a column, with weak references: Arrow holds them as long as any batch needs them."""


class Waiting:
    """A stream of 2 MiB in small batches that counts how many of its bytes are in memory at once.

    Attributes:
        most: the peak so far, in bytes.
    """

    BATCHES = 32
    ROWS = BATCHES << 13

    def __init__(self) -> None:
        self.most = 0
        self._held = 0
        self._lock = RLock()  # a batch may be freed while another one is counted, in the same thread

    def stream(self) -> pa.RecordBatchReader:
        """The stream: a column ``n`` of numbers from 0 on."""
        return pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), map(self._batch, range(self.BATCHES)))

    def _batch(self, number: int) -> pa.RecordBatch:
        rows = self.ROWS // self.BATCHES
        numbers = pa.array(range(number * rows, (number + 1) * rows), pa.int64())
        content = _Content(numbers.buffers()[1])
        self._add(len(content))
        weakref.finalize(content, self._add, -len(content))
        return pa.record_batch({"n": pa.Array.from_buffers(pa.int64(), rows, [None, pa.py_buffer(content)])})

    def _add(self, size: int) -> None:
        with self._lock:
            self._held += size
            self.most = max(self.most, self._held)


class ReadStreams(
    Capability,
    requires=("read_stream", "read", "write"),
    written="dao.DataAccessObject.read_stream; docs/writing-an-interface.md, 'Streams'",
):
    """``read_stream`` reads lazily, in bounded memory."""

    @pytest.fixture
    def hundred(self, dao: DataAccessObject, backend: Backend) -> DataObject:
        """A table with a hundred people in it."""
        table = backend.table("people")
        dao.write(people(range(100)), table)
        return table

    def test_a_stream_gives_what_read_gives(self, dao: DataAccessObject, hundred: DataObject) -> None:
        """read_stream() returns a pyarrow.RecordBatchReader with the rows and the schema of read()."""
        options: list[dict[str, Any]] = [
            {},
            {"where": "day = 1"},
            {"columns": ["name", "id"]},
            {"where": "id < 0"},
            {"limit": 7},
        ]
        for given in options:
            with dao.read_stream(hundred, **given) as reader:
                assert isinstance(reader, pa.RecordBatchReader), f"read_stream gave a {type(reader)}"
                found = reader.read_all()
            expected = dao.read(hundred, **given)
            assert found.schema.equals(expected.schema), f"another schema than read's, with {given}"
            assert found.num_rows == expected.num_rows
            if "limit" not in given:
                assert by_id(found) == by_id(expected)

    def test_batches_are_no_larger_than_asked_for(self, dao: DataAccessObject, hundred: DataObject) -> None:
        """batch_size= is the maximum number of rows per batch."""
        with dao.read_stream(hundred, batch_size=9) as reader:
            sizes = [batch.num_rows for batch in reader]
        assert sum(sizes) == 100
        assert max(sizes) <= 9

    def test_what_is_missing_is_missed_at_once(self, dao: DataAccessObject, backend: Backend) -> None:
        """read_stream() of an object that doesn't exist is a NotFoundError of the call, not of the first batch."""
        with pytest.raises(NotFoundError):
            dao.read_stream(backend.table("nobody"))

    @needs("write_stream", "lazy_streams")
    def test_a_stream_holds_a_few_batches(self, dao: DataAccessObject, backend: Backend) -> None:
        """A read stream holds less than Backend.stream_buffer bytes at any time, regardless of the table's size."""
        table = backend.table("large")
        dao.write_stream(large(batches_of(backend)), table)
        peak = Peak()
        with dao.read_stream(table, batch_size=BATCH_ROWS) as reader:
            count = 0
            for batch in reader:
                count += batch.num_rows
                peak.look()
                assert peak.bytes < backend.stream_buffer, f"after {count:,} rows the stream holds {peak.bytes:,} bytes"
        assert count == batches_of(backend) * BATCH_ROWS

    def test_a_stream_lets_go(self, dao: DataAccessObject, backend: Backend) -> None:
        """A stream that was exhausted, or closed early, or just dropped, leaves no file or socket open."""
        table = backend.table("people")
        dao.write(people(range(1000)), table)
        dao.read(table)
        before = open_files()
        for _ in range(_STREAMS):
            with dao.read_stream(table, batch_size=10) as reader:
                reader.read_next_batch()
            ended = dao.read_stream(table, batch_size=10)
            ended.read_all()
            dropped = dao.read_stream(table, batch_size=10)
            dropped.read_next_batch()
            # pyarrow's close() doesn't close a stream's generator: that is freed with the last reference to the reader.
            del dropped, reader
        gc.collect()
        after = open_files()
        assert after <= before + KEPT, f"open files and sockets grew from {before} to {after} in {_STREAMS} rounds"

    def test_a_stream_may_be_left_early(self, dao: DataAccessObject, hundred: DataObject) -> None:
        """A stream that is closed before its end leaves the table readable and writable."""
        with dao.read_stream(hundred, batch_size=5) as reader:
            reader.read_next_batch()
        dao.write(people([1]), hundred, mode="overwrite")
        assert rows(dao, hundred) == people([1]).to_pylist()

    def test_reading_tells_how_far_it_is(self, dao: DataAccessObject, hundred: DataObject) -> None:
        """A read reports its progress: the last report is done and has the number of rows that were read."""
        reports: list[Progress] = []
        dao.read(hundred, progress=reports.append)
        assert reports, "dao.progress.advance() was never called"
        assert reports[-1].done
        assert reports[-1].rows == 100, f"100 rows were read, {reports[-1].rows} were reported"


class WriteStreams(
    Capability,
    requires=("write_stream", "read", "write"),
    written="dao.DataAccessObject.write_stream; docs/writing-an-interface.md, 'Streams'",
):
    """``write_stream`` is ``write`` in bounded memory."""

    def test_a_stream_is_written_like_a_table(self, dao: DataAccessObject, backend: Backend) -> None:
        """write_stream() writes the rows of a RecordBatchReader; by default an existing object is an
        AlreadyExistsError, and unchanged.
        """
        table = backend.table("people")
        result = dao.write_stream(people(range(100)).to_reader(max_chunksize=9), table)
        assert result.rows_inserted in (100, None)
        with pytest.raises(AlreadyExistsError):
            dao.write_stream(people([1]).to_reader(), table)
        assert rows(dao, table) == people(range(100)).to_pylist()
        no_debris(backend)

    def test_a_stream_without_batches_makes_an_empty_table(self, dao: DataAccessObject, backend: Backend) -> None:
        """A stream without batches creates a table with its schema and no rows."""
        table = backend.table("empty")
        dao.write_stream(pa.RecordBatchReader.from_batches(people([]).schema, []), table)
        found = dao.read(table)
        assert found.num_rows == 0
        assert found.column_names == people([]).column_names

    @needs("memory_limit", "lazy_streams", "read_stream", "copy")
    def test_a_stream_holds_to_its_memory_limit(self, dao: DataAccessObject, backend: Backend) -> None:
        """memory_limit= bounds the bytes of a stream that wait to be written, and changes no row of a write_stream,
        copy or read_stream.
        """
        source, target = backend.table("limited"), backend.table("copied")
        waiting = Waiting()
        dao.write_stream(waiting.stream(), source, memory_limit="1 MiB")
        assert waiting.most <= 1 << 20, f"{waiting.most:,} bytes of a stream waited at once, 1 MiB is the limit"
        dao.copy(source, target, memory_limit=1 << 20)
        with dao.read_stream(target, memory_limit="1 MiB") as reader:
            found = pa.Table.from_batches(list(reader))
        assert sorted(found["n"].to_pylist()) == list(range(Waiting.ROWS)), "other rows than were written"

    @needs("lazy_streams")
    def test_a_stream_is_written_as_it_comes(self, dao: DataAccessObject, backend: Backend) -> None:
        """write_stream() pulls batches as it writes them, and buffers less than Backend.stream_buffer bytes, which is
        its memory_limit= where the backend holds to one.
        """
        peak = Peak()
        limit = None if self.capabilities.absence("memory_limit") else backend.stream_buffer
        result = dao.write_stream(large(batches_of(backend), peak.look), backend.table("large"), memory_limit=limit)
        buffered = peak.bytes - peak.held()  # the rows that a store in memory retains are no buffer
        assert buffered < backend.stream_buffer, (
            f"{buffered:,} bytes of a table were buffered, {backend.stream_buffer:,} are allowed: "
            "is Backend.stream_buffer right, and are the backend's own buffers made small for the kit?"
        )
        count = batches_of(backend) * BATCH_ROWS
        assert result.rows_inserted in (count, None)
        assert dao.read(backend.table("large"), columns=["id"]).num_rows == count
        no_debris(backend)

    def test_writing_tells_how_far_it_is(self, dao: DataAccessObject, backend: Backend) -> None:
        """A write reports its progress: the last report is done and has the number of rows that were written."""
        reports: list[Progress] = []
        reader = people(range(100)).to_reader(max_chunksize=10)
        dao.write_stream(reader, backend.table("people"), progress=reports.append)
        assert reports, "dao.progress.advance() was never called"
        assert reports[-1].done
        assert reports[-1].rows == 100, f"100 rows were written, {reports[-1].rows} were reported"
