"""What an action on a Delta table costs as the table grows, beside bare deltalake; see ``lakes_growth``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import pyarrow as pa
from delta import Deltalake
from lakes_growth import Growth, growths
from measuring import Row


class DeltaGrowth(Growth):
    """Tables of deltalake, whose changes it reads in their feed."""

    kind = Deltalake
    properties: ClassVar[Mapping[str, str]] = {"delta.enableChangeDataFeed": "true"}

    def newest(self) -> Callable[[], Any]:
        bare = Deltalake(self.place.root)
        newest = bare.open("bare").version()
        return lambda: pa.RecordBatchReader.from_stream(bare.open("bare").load_cdf(starting_version=newest)).read_all()


def rows() -> Iterator[Row]:
    """The report's lines on growth."""
    return growths(DeltaGrowth)
