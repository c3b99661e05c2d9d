"""The lakes beside the tests are imported by their names, also where pytest looks for examples in their docstrings."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
