"""Streams of this package's own stores with the buffers that users get; the other suites here make them small."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao import DataStore, memory
from dao.testing import Backend, Capabilities
from dao.testing._conformance.streams import ReadStreams, WriteStreams

STREAM_BUFFER = 128 << 20
"""What docs/reading-and-writing.md promises of a stream of any length, in bytes of Arrow memory."""


class TestDefaultBuffers(ReadStreams, WriteStreams):
    capabilities = Capabilities()

    @pytest.fixture(params=["local", "memory"])
    def backend(self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
        monkeypatch.setattr(memory, "USUAL", memory.Budget())
        options = {"root": str(tmp_path / "root")} if request.param == "local" else {}
        return Backend(
            store=DataStore("kit", request.param, options=options),
            other=DataStore("other", "memory"),
            table_properties={"format": "parquet"},
            stream_buffer=STREAM_BUFFER,
        )
