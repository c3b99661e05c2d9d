"""The page docs/writing-an-interface.md keeps its word: its interface is short, and passes the kit."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest


@pytest.fixture
def folder(saved: dict[str, str], tmp_path: Path) -> Path:
    for name, text in saved.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_an_interface_takes_fewer_than_90_lines(saved: dict[str, str]) -> None:
    assert len(saved["shelf.py"].splitlines()) <= 90


@pytest.mark.slow  # a whole run of the kit
@pytest.mark.timeout(600)
def test_the_pages_interface_passes_the_kit(folder: Path) -> None:
    installed = any(point.value == "dao.testing._plugin" for point in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "dao.testing._plugin"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, "test_shelf.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "action upsert: the interface has no method for it" in done.stdout
