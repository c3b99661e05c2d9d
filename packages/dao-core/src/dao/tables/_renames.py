"""Columns that aren't what their names were in an older version: told by those who know columns by more than names."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pyarrow as pa

__all__ = ["mark_renamed", "renamed_columns"]

_MARK = b"dao.changes.renamed"


def mark_renamed(changes: pa.Table, renamed: Mapping[str, str]) -> pa.Table:
    """Note in the result of ``read_changes`` which columns aren't those of their names in the version ``since=``.

    An incremental copy is refused then: the rows that it copied before have the columns by their old names, and no
    change of a row says so. A format that knows columns by names alone has nothing to note.

    Args:
        changes: the change rows.
        renamed: by the name of a column what it was called in that version; its own name for a column that was dropped
            and added again under it. A column of which only a part was renamed counts too.

    >>> marked = mark_renamed(pa.table({"amount": [1]}), {"amount": "total"})
    >>> renamed_columns(marked.schema)
    {'amount': 'total'}
    """
    if not renamed:
        return changes
    return changes.replace_schema_metadata({**(changes.schema.metadata or {}), _MARK: json.dumps(dict(renamed))})


def renamed_columns(changes: pa.Schema) -> dict[str, str]:
    """What :func:`mark_renamed` noted; nothing where nothing was."""
    text = (changes.metadata or {}).get(_MARK)
    return {} if text is None else dict(json.loads(text))
