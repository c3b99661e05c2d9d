"""Which files Arrow reads by itself, and memory that is Arrow's own.

Arrow's threads may release what they worked on a moment after the call that used it has returned. For memory or a file
of Python's they need the interpreter for that, and end the process (pyarrow 26) when it is shutting down just then. So
these threads get nothing that holds a Python object:

* Near files (on a disk, in Arrow's memory) are read by Arrow itself, and any of its threads may do it.
* Far ones (behind a network, or of Python's) are read and decoded by threads of ours, which are joined before the call
  returns. What is decoded in place from Python's memory is copied (:func:`owned`) before it is given away.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyarrow import fs

__all__ = ["arrow_buffer", "handler_facts", "is_near", "owned"]


def is_near(filesystem: fs.FileSystem) -> bool:
    """Whether Arrow reads the files of a filesystem without Python, and at little cost however it is done."""
    return isinstance(filesystem, fs.LocalFileSystem) or bool(handler_facts(filesystem).get("near"))


def handler_facts(filesystem: fs.FileSystem) -> dict[str, Any]:
    """The attributes of what stands behind a filesystem that is written in Python; none for any other."""
    return getattr(getattr(filesystem, "handler", None), "__dict__", {})


def arrow_buffer(data: Any) -> pa.Buffer:
    """Bytes copied into memory that Arrow allocated."""
    sink = pa.BufferOutputStream()
    sink.write(data)
    return sink.getvalue()


def owned(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Copy rows into memory that Arrow allocated, regardless of the owner of ``batch``."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(use_threads=False)) as writer:
        writer.write_batch(batch)
    options = pa.ipc.IpcReadOptions(use_threads=False)
    with pa.ipc.open_stream(pa.BufferReader(sink.getvalue()), options=options) as reader:
        return reader.read_next_batch()
