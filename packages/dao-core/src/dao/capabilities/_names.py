"""The names of what a backend may lack, and how types may differ: what each one means."""

from __future__ import annotations

from collections.abc import Mapping

from dao._arguments import MODES
from dao.interface import ACTIONS

__all__ = ["ACTIONS_CHECKED", "DELETING", "FEATURES", "MODES", "OPERATIONS", "RELAXATIONS", "TYPES"]

ACTIONS_CHECKED = tuple(action for action in ACTIONS if action != "run")
"""The actions whose meaning is the same everywhere; of ``run`` it is that of :data:`OPERATIONS`."""

FEATURES: Mapping[str, str] = {
    "files": "a file object takes and gives bytes just as they are",
    "foreign_files": "a table is the files of its directory, those that other programs put there too",
    "partitions": "the property partition_by lays a table out by the values of columns",
    "schema_evolution": "schema_mode='evolve' lets a write add columns",
    "time_travel": "version= reads an older version that history() names, as_of= the last one at or before a moment",
    "branches": "branch= reads and writes a line of versions that has a name",
    "tags": "tag= reads a version that was given a name",
    "idempotency": "a write with the idempotency_key of one that was done changes nothing",
    "upsert_deletes": "delete_when= of an upsert deletes the stored rows of the keys for which it is true",
    "positions": "position= is kept in the commit that it came with, and read_position gives it back",
    "atomic_create": "if many create one object at once, one wins and the others get AlreadyExistsError",
    "concurrent_appends": "no append that was acknowledged is lost or doubled, however many write at once",
    "memory_limit": "streams, copies and upserts hold to memory_limit=, or refuse it before anything is written",
    "lazy_streams": "read_stream and write_stream hold a few batches at a time, not the table",
    "synchronous": "every action can be called, not only awaited",
    "fault_injection": "the backend's tests give the kit a hook that makes its I/O fail: Backend.faults",
}
"""What a backend may lack beside actions, modes, operations and types, with what each one promises."""

OPERATIONS: Mapping[str, str] = {
    "compact": "rewrites many small files as few large ones; the rows stay",
    "vacuum": "deletes the files that no version needs and that are older than older_than",
    "expire": "deletes the versions that are older than older_than; the newest one stays",
    "orphans": "deletes the files that no metadata names and that are older than older_than",
    "restore": "makes version= the newest one again, as a new version",
    "analyze": "gathers the statistics that make reads faster; the rows stay",
}
"""The operations of ``run`` that mean the same everywhere. Those that delete have ``dry_run=True`` as default."""

DELETING = ("vacuum", "expire", "orphans")
"""The operations that delete: without ``dry_run=False`` they only say what they would delete."""

TYPES: Mapping[str, str] = {
    "null": "columns of the type null, which hold nothing but nulls",
    "bool": "truth values",
    "int8": "integers of 8 bits", "int16": "of 16 bits", "int32": "of 32 bits", "int64": "of 64 bits",
    "uint8": "unsigned integers of 8 bits", "uint16": "of 16 bits", "uint32": "of 32 bits", "uint64": "of 64 bits",
    "float16": "floats of 16 bits", "float32": "of 32 bits", "float64": "of 64 bits",
    "decimal128": "decimals of up to 38 digits", "decimal256": "of up to 76 digits",
    "string": "text", "large_string": "text with 64-bit offsets", "string_view": "text as views",
    "binary": "bytes", "large_binary": "bytes with 64-bit offsets", "binary_view": "bytes as views",
    "fixed_size_binary": "bytes of one length",
    "date32": "dates in days", "date64": "dates in milliseconds",
    "time_s": "times of day in seconds", "time_ms": "in milliseconds", "time_us": "in microseconds",
    "time_ns": "in nanoseconds",
    "timestamp_s": "timestamps in seconds", "timestamp_ms": "in milliseconds", "timestamp_us": "in microseconds",
    "timestamp_ns": "in nanoseconds",
    "zones": "timestamps with a zone: UTC, a named one, an offset",
    "duration": "lengths of time",
    "list": "lists", "large_list": "lists with 64-bit offsets", "fixed_size_list": "lists of one length",
    "struct": "structs", "map": "maps", "dictionary": "dictionary-encoded columns",
    "uuid": "Arrow's extension type for UUIDs",
    "not_null": "columns that are declared not to be null",
    "nan": "NaN, as something else than null", "infinity": "infinite floats", "negative_zero": "-0.0 and its sign",
    "subnormal": "floats below the smallest normal one",
    "early_dates": "dates and timestamps from the year 1 on, and before 1900",
    "late_dates": "dates and timestamps up to the end of the year 9999",
    "empty_text": "an empty text, as something else than null", "control_text": "line ends, quotes and NUL in text",
    "null_fixed_size_list": "a list of fixed length that is null",
    "null_struct": "a struct that is null, as something else than one of nulls",
    "empty_list": "an empty list, as something else than null",
    "no_rows": "tables without rows, with their columns and types",
    "fraction_38": "decimals of 38 digits that are all after the point",
    "long_text": "texts of more than 65,535 bytes",
    "odd_names": "column names with spaces, dots, quotes, non-ASCII letters, or that are words of SQL",
    "long_names": "column names of more than 63 bytes",
    "names_by_case": "columns whose names differ only in the case of a letter",
    "many_columns": "a thousand columns",
}  # fmt: skip
"""Types and values that a store may be unable to keep, by name."""

RELAXATIONS: Mapping[str, str] = {
    "layout": "text, bytes and lists may come back with other offsets or as views: string for large_string",
    "dictionary": "a dictionary may come back as its values",
    "nullability": "a column that may not be null may come back as one that may",
    "fixed_size": "bytes and lists of one length may come back as ones of any length",
    "integers": "integers may come back wider, and unsigned ones as signed",
    "floats": "floats may come back wider",
    "decimals": "decimals may come back with more digits before the point, and in more bits",
    "units": "timestamps, times and durations may come back in a finer unit, dates in days",
    "zones": "timestamps with a zone may come back in another zone, at the same instant",
    "uuid": "UUIDs may come back as 16 bytes",
    "null": "a column of the type null may come back as one of another type that holds nothing but nulls",
}
"""How types may differ when they come back. The values are the same under every one of them."""
