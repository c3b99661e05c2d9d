"""What the parsers of catalog files have in common."""

from __future__ import annotations

from typing import Any

__all__ = ["MAX_DEPTH", "Repeated"]

MAX_DEPTH = 100
"""Levels of nesting that a catalog may have."""


class Repeated(dict[str, Any]):
    """A mapping with duplicate keys in its file; records which, each with its position if known."""

    keys_twice: list[tuple[str, str]]
