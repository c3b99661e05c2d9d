"""JSON documents: a type of a database that keeps them as values, not as texts, loses a key that is there twice."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pyarrow as pa

from dao.errors import DataError

__all__ = ["refuse_repeated_keys"]


def refuse_repeated_keys(name: str, documents: pa.Array, first_row: int) -> None:
    """Check that no object in some documents has a key twice.

    Args:
        name: the column's name, for messages.
        documents: the documents, as texts; what is no JSON is left to the database.
        first_row: the number of the first one's row.

    Raises:
        DataError: one has.
    """
    for row, text in enumerate(documents.to_pylist(), first_row):
        if text is None:
            continue
        try:
            json.loads(text, object_pairs_hook=_distinct)
        except _RepeatedKey as error:
            raise DataError(
                f"column {name!r}, row {row}: the document has the key {error.args[0]!r:.100} twice, and the database "
                "keeps the last one alone: give it once, or make the column json or text"
            ) from None
        except (ValueError, RecursionError):
            continue


class _RepeatedKey(Exception):
    pass


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    times = Counter(name for name, _ in pairs)
    if len(times) < len(pairs):
        raise _RepeatedKey(times.most_common(1)[0][0])
