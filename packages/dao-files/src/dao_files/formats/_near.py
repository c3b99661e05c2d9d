"""The distinction of local files, which Arrow reads without Python, from remote files; and copies into Arrow's memory.

Arrow's threads may release buffers shortly after the call that used them has returned. For buffers or files that are
Python objects they need the interpreter for that, and end the process (pyarrow 26) if it is shutting down at that
moment. So Arrow's threads never get anything that holds a Python object:

* Local files (on a disk, in Arrow's memory) are read by Arrow, with any of its threads.
* Remote files (over a network, or implemented in Python) are read and decoded by our own threads, which are joined
  before the call returns. Batches over Python's memory are copied (:func:`copy_batch`) before they are returned.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyarrow import fs

__all__ = ["arrow_buffer", "copy_batch", "handler_facts", "is_near"]


def is_near(filesystem: fs.FileSystem) -> bool:
    """Check whether Arrow reads the files of a filesystem without Python, and cheaply with any access pattern."""
    return isinstance(filesystem, fs.LocalFileSystem) or bool(handler_facts(filesystem).get("near"))


def handler_facts(filesystem: fs.FileSystem) -> dict[str, Any]:
    """Return the attributes of the handler of a filesystem that is implemented in Python; an empty dict for others."""
    return getattr(getattr(filesystem, "handler", None), "__dict__", {})


def arrow_buffer(data: Any) -> pa.Buffer:
    """Copy bytes into memory that Arrow allocated."""
    sink = pa.BufferOutputStream()
    sink.write(data)
    return sink.getvalue()


def copy_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Copy rows into memory that Arrow allocated, regardless of the owner of ``batch``."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(use_threads=False)) as writer:
        writer.write_batch(batch)
    options = pa.ipc.IpcReadOptions(use_threads=False)
    with pa.ipc.open_stream(pa.BufferReader(sink.getvalue()), options=options) as reader:
        return reader.read_next_batch()
