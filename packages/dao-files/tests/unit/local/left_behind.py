"""What several of these tests look at."""

from __future__ import annotations

import os
from pathlib import Path


def left_behind(root: Path) -> list[str]:
    """What is in the own folder of a root besides its empty folders."""
    return [os.path.join(folder, name) for folder, _, names in os.walk(root / ".dao") for name in names] + [
        str(path) for path in (root / ".dao" / "staging").glob("*")
    ]
