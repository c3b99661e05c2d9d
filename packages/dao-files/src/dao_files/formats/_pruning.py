"""Which parts of a data set a predicate can't rule out, by what is known of each part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from pyarrow import fs

__all__ = ["surviving"]


def surviving(predicate: Any, schema: pa.Schema, guarantees: Sequence[Any]) -> list[int]:
    """The places of the parts that may have rows for which the predicate is true.

    Args:
        predicate: a ``pyarrow.compute.Expression`` over ``schema``.
        schema: the columns.
        guarantees: for each part an Expression that is true for all its rows.
    """
    import pyarrow.dataset as ds  # it imports pandas where that is installed: 50 MiB that most reads do without

    nowhere = fs.LocalFileSystem()
    format = ds.ParquetFileFormat()  # no file is opened: the fragments carry places as paths
    fragments = [
        format.make_fragment(str(place), nowhere, partition_expression=known) for place, known in enumerate(guarantees)
    ]
    dataset = ds.FileSystemDataset(fragments, schema, format, nowhere)
    return sorted(int(fragment.path) for fragment in dataset.get_fragments(filter=predicate))
