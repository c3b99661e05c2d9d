"""Files being written, whose result is known when they are closed."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import TracebackType
from typing import Any

from dao_files.manifest._transport import Writer

__all__ = ["Held", "Sink", "native_sink"]


def native_sink(sink: io.RawIOBase) -> Any:
    """A sink as a ``pyarrow.NativeFile``."""
    import pyarrow as pa

    return pa.PythonFile(sink, mode="w")


class Sink(io.RawIOBase):
    """A file object over a :class:`~dao_files.manifest.Writer`: closing it completes the object.

    Args:
        writer: where the bytes go.
        done: called once the object is complete.
    """

    def __init__(self, writer: Writer, done: Callable[[], object]) -> None:
        super().__init__()
        self._writer = writer
        self._done = done
        self.size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: Any, /) -> int:
        size = self._writer.write(data)
        self.size += size
        return size

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        if not self._writer.closed:
            self._writer.close()
            self._done()

    def abort(self) -> None:
        """Abort: the object is not created."""
        self._writer.abort()
        self.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def __del__(self) -> None:
        """Abort if garbage-collected without close; the base class would complete it."""
        if not self.closed:
            self.abort()


class Held(Sink):
    """A sink whose object is completed later than the sink is closed: by :meth:`publish`."""

    def __init__(self, writer: Writer) -> None:
        super().__init__(writer, lambda: None)

    def close(self) -> None:
        io.RawIOBase.close(self)

    def publish(self) -> None:
        """Complete the object."""
        self._writer.close()

    def abort(self) -> None:
        """Abort: the object is not created, even if the sink is closed already."""
        self._writer.abort()
        self.close()
