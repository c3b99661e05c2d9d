"""The example of docs/writing-a-storage.md passes its own tests: the three kits, in memory and in a folder."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest

PAGE = Path(__file__).parents[4] / "docs" / "writing-a-storage.md"
_SAVED = re.compile(r"^```python +(\w+)\.py\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _module(name: str, text: str) -> ModuleType:
    """A block of the page as a module that others can import."""
    spec = importlib.util.spec_from_loader(name, loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(text, f"{PAGE.name}:{name}", "exec"), vars(module))
    return module


for _name, _text in _SAVED.findall(PAGE.read_text("utf-8")):
    _loaded = _module(_name, _text)

url = _loaded.url
TestTransport, TestStorage = _loaded.TestTransport, _loaded.TestStorage


class TestInterface(_loaded.TestInterface):  # type: ignore[misc, name-defined]
    """The whole kit in memory, and in a folder where there is time for it."""

    @pytest.fixture(params=["memory", pytest.param("file", marks=pytest.mark.slow)])
    def url(self, request: pytest.FixtureRequest, tmp_path: Path) -> str:
        return f"memory://{uuid4()}" if request.param == "memory" else tmp_path.as_uri()


def test_the_transport_is_short() -> None:
    """The page says 100 lines; blank ones and imports are not counted."""
    text = dict(_SAVED.findall(PAGE.read_text("utf-8")))["tables_on_fsspec"]
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("import", "from", '"""'))]
    assert len(lines) <= 110
