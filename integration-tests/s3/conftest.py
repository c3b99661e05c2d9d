"""What tests of S3 may use: what is needed to stream in little memory."""

from __future__ import annotations

import pytest

from dao import memory


@pytest.fixture
def small_part_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Part files of 1 MiB: by default several large ones are in memory at once, which only a huge table would show."""
    monkeypatch.setattr(memory, "USUAL", memory.Budget(chunk=1 << 20))
