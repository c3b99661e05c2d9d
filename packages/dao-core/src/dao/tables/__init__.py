"""Building blocks for table backends: write modes, keys, schema evolution, change rows, retries after conflicts.

- :func:`check_mode` and :func:`check_schema_mode` validate the modes of a call before anything is written;
- :func:`given_columns` and :func:`check_names_given` check names of columns by the rows that are handed in;
- :func:`winners` deduplicates the source of an upsert by key, :class:`Matcher` finds its keys in stored rows, and
  :func:`precedes` tells which of two rows is older;
- :func:`split_deletes` finds the rows of an upsert's source that delete;
- :func:`check_position` tells whether an increment continues from where its table is;
- :func:`reconcile` returns the schema of a table after rows of another schema are added to it;
- :func:`write_to_table`, :func:`merge_tables` and :func:`delete_from_table` run a write, an upsert and a delete on a
  table in memory;
- :func:`mark_changes` and :func:`select_changes` build the result of ``read_changes``;
- :func:`mark_renamed` notes in it which columns had other names;
- :func:`as_moment` and :func:`version_at` interpret ``as_of=``;
- :class:`Selection` holds the projection, predicate, row limit and batch size of a read;
- :class:`RowsDigest` and :class:`RequestDigest` tell whether a call with an ``idempotency_key=`` is the same as before,
  and :class:`KeyedCall` is such a call;
- :func:`retry_conflicts` retries an operation after another writer committed first, within a :class:`RetryBudget`.

Names are imported on first access.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao._arguments import MODES, SCHEMA_MODES
    from dao._moments import as_moment, version_at
    from dao.tables._changes import (
        Merged,
        check_change_columns,
        delete_from_table,
        mark_changes,
        merge_tables,
        select_changes,
        write_to_table,
    )
    from dao.tables._conflicts import HalfDoneError, RetryBudget, retry_conflicts
    from dao.tables._deletes import CHANGE_COLUMNS, Split, split_deletes
    from dao.tables._digest import RequestDigest, RowsDigest
    from dao.tables._given import check_names_given, given_columns
    from dao.tables._keyed import KeyedCall
    from dao.tables._matching import Matcher, check_keys, numbers, precedes, winners
    from dao.tables._modes import check_mode
    from dao.tables._positions import StalePositionError, check_position
    from dao.tables._renames import mark_renamed, renamed_columns
    from dao.tables._schemas import EVOLVE, check_schema_mode, reconcile, would_evolve
    from dao.tables._selection import EVERYTHING, Selection

_HOMES = {
    "CHANGE_COLUMNS": "dao.tables._deletes",
    "EVERYTHING": "dao.tables._selection",
    "EVOLVE": "dao.tables._schemas",
    "HalfDoneError": "dao.tables._conflicts",
    "KeyedCall": "dao.tables._keyed",
    "MODES": "dao._arguments",
    "Matcher": "dao.tables._matching",
    "Merged": "dao.tables._changes",
    "RequestDigest": "dao.tables._digest",
    "RetryBudget": "dao.tables._conflicts",
    "RowsDigest": "dao.tables._digest",
    "SCHEMA_MODES": "dao._arguments",
    "Selection": "dao.tables._selection",
    "Split": "dao.tables._deletes",
    "StalePositionError": "dao.tables._positions",
    "as_moment": "dao._moments",
    "check_change_columns": "dao.tables._changes",
    "check_keys": "dao.tables._matching",
    "check_mode": "dao.tables._modes",
    "check_names_given": "dao.tables._given",
    "check_position": "dao.tables._positions",
    "check_schema_mode": "dao.tables._schemas",
    "delete_from_table": "dao.tables._changes",
    "given_columns": "dao.tables._given",
    "mark_changes": "dao.tables._changes",
    "mark_renamed": "dao.tables._renames",
    "merge_tables": "dao.tables._changes",
    "numbers": "dao.tables._matching",
    "precedes": "dao.tables._matching",
    "reconcile": "dao.tables._schemas",
    "renamed_columns": "dao.tables._renames",
    "retry_conflicts": "dao.tables._conflicts",
    "select_changes": "dao.tables._changes",
    "split_deletes": "dao.tables._deletes",
    "version_at": "dao._moments",
    "winners": "dao.tables._matching",
    "would_evolve": "dao.tables._schemas",
    "write_to_table": "dao.tables._changes",
}

__all__ = [
    "CHANGE_COLUMNS",
    "EVERYTHING",
    "EVOLVE",
    "MODES",
    "SCHEMA_MODES",
    "HalfDoneError",
    "KeyedCall",
    "Matcher",
    "Merged",
    "RequestDigest",
    "RetryBudget",
    "RowsDigest",
    "Selection",
    "Split",
    "StalePositionError",
    "as_moment",
    "check_change_columns",
    "check_keys",
    "check_mode",
    "check_names_given",
    "check_position",
    "check_schema_mode",
    "delete_from_table",
    "given_columns",
    "mark_changes",
    "mark_renamed",
    "merge_tables",
    "numbers",
    "precedes",
    "reconcile",
    "renamed_columns",
    "retry_conflicts",
    "select_changes",
    "split_deletes",
    "version_at",
    "winners",
    "would_evolve",
    "write_to_table",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
