"""What an action on an Iceberg table costs as the table grows, beside bare pyiceberg; see ``lakes_growth``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from iceberg import Pyiceberg
from lakes_growth import CHANGED, Growth, growths
from measuring import Row


class IcebergGrowth(Growth):
    """Tables of pyiceberg, which has no way to read changes: it reads what is known to be new by its keys."""

    kind = Pyiceberg

    def newest(self) -> Callable[[], Any]:
        bare, new = self.place.bare, f"id >= {-CHANGED} AND id < 0"
        return lambda: bare.read("bare", where=new)


def rows() -> Iterator[Row]:
    """The report's lines on growth."""
    return growths(IcebergGrowth)
