"""What both stores of dao-core need to be held against the kit."""

from __future__ import annotations

import pytest

from dao import memory


@pytest.fixture(autouse=True)
def small_part_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Part files of 1 MiB: by default several large ones are in memory at once, which only a huge table would show."""
    monkeypatch.setattr(memory, "USUAL", memory.Budget(chunk=1 << 20))
