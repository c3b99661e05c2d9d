from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dao_files import LocalInterface
from dao_files._local import exchange, publishing

sys.path.insert(0, str(Path(__file__).parent))  # the helpers beside the tests


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def store(root: Path) -> LocalInterface:
    return LocalInterface(root, lock_timeout=5)


@pytest.fixture(params=["swap", "two steps"])
def publishing_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to replace a directory: by a swap of names, and by two renames where the system can't swap."""
    if request.param == "two steps":
        monkeypatch.setattr(publishing, "exchange", lambda one, other: False)
    elif exchange._swapper() is None:
        pytest.skip("this system can't swap names")
    return str(request.param)
