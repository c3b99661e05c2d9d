"""The arguments with the same meaning on every backend: names, values, and other libraries' names for them.

A call's arguments are checked here before anything else, and numbers, names and paths of other libraries are
converted: an interface gets ``int``, ``list[str]`` and ``str``. Arguments outside the contract are the interface's own,
including all arguments of ``run``.
"""

from __future__ import annotations

import os
import reprlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from operator import index
from typing import Any, Literal, get_args

from dao._moments import as_moment
from dao.errors import DataError, did_you_mean
from dao.increments import Position

__all__ = [
    "CONTRACT",
    "INTOS",
    "MODES",
    "SCHEMA_MODES",
    "Check",
    "Format",
    "Into",
    "Mode",
    "SchemaMode",
    "check_one_version",
    "checks_of",
    "suggestion",
    "value_problem",
]

Mode = Literal["error", "append", "overwrite", "overwrite_partitions", "ignore"]
"""What to do where something is there already."""

SchemaMode = Literal["strict", "evolve"]
"""Whether a write may change a table's schema."""

Into = Literal["arrow", "bytes", "duckdb", "pandas", "polars", "pylist", "reader", "spark"]
"""What a read gives."""

Format = Literal["arrow", "avro", "csv", "json", "ndjson", "orc", "parquet"]
"""The formats that DAO brings. Those that a backend adds work as well; a type checker doesn't know them."""

MODES: tuple[str, ...] = get_args(Mode)
SCHEMA_MODES: tuple[str, ...] = get_args(SchemaMode)
INTOS: tuple[str, ...] = get_args(Into)

_POINTS = ("version", "as_of", "tag")
"""What each says which version is meant: a call has one of them."""

_TRAVEL = ("version", "as_of", "branch", "tag")
_SELECTION = ("columns", "where", "limit", *_TRAVEL, "schema", "format", "path")
_MOVING = ("mode", "format", "path", "partition_by", "schema", "schema_mode")
_WRITING = (*_MOVING, "branch", "idempotency_key", "position")
_UPSERTING = ("keys", "order_by", "delete_when", "partition_by", "schema", "schema_mode", "format")

CONTRACT: Mapping[str, tuple[str, ...]] = {
    "read": ("into", *_SELECTION, "offset", "length"),
    "read_stream": ("into", *_SELECTION, "batch_size"),
    "write": _WRITING,
    "write_stream": _WRITING,
    "upsert": (*_UPSERTING, "branch", "idempotency_key", "position"),
    "delete": ("where", "format", "path", "schema", "branch", "idempotency_key"),
    "list": ("path",),
    "count": ("where", *_TRAVEL, "format", "path", "schema"),
    "exists": ("path",),
    "schema": (*_TRAVEL, "format", "path", "schema"),
    "history": ("branch",),
    "read_changes": ("into", "since", "until", "columns", "where", "limit", "branch"),
    "read_position": ("source", "branch"),
    "copy": ("columns", "limit", "where", "version", "as_of", "tag", "batch_size", *_MOVING, "idempotency_key"),
    "move": _MOVING,
    "unload": ("columns", "limit", "where", "version", "as_of", "tag", "batch_size", *_MOVING, "idempotency_key"),
    "run": (),
}
"""For each action the arguments whose meaning the contract fixes."""

Check = Callable[[str, Any], Any]
"""Takes an argument's name and value; returns the value for the interface, or raises a DataError."""


_MOST = 2**63 - 1
"""Rows and bytes are 64-bit counts everywhere."""

_LONGEST_KEY = 256
"""Characters of an idempotency key: stores keep many of them with each version."""


def _describe(value: Any) -> str:
    kind = type(value)
    return f"{reprlib.repr(value)} ({kind.__qualname__})" if kind.__module__ == "builtins" else _qualified_name(kind)


def _qualified_name(kind: type) -> str:
    return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"


def _whole(name: str, value: Any, least: int) -> int:
    number = _as_int(value)
    if number is None or number < least:
        raise DataError(f"{name}: found {_describe(value)}, expected a whole number of at least {least}")
    if number > _MOST:
        raise DataError(f"{name}: found {_describe(value)}, expected a whole number of at most {_MOST}")
    return number


def _as_int(value: Any) -> int | None:
    """Convert an integer of any library to int; None for other values, including booleans."""
    if type(value) is int:
        return value
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):  # numpy's aren't a subclass of bool
        return None
    try:
        return index(value)
    except TypeError:
        # pandas makes 5.0 of a 5 where another row has no value.
        return int(value) if isinstance(value, float) and value.is_integer() else None


def _names(name: str, value: Any) -> list[str]:
    """Column names, given as one or as several."""
    if isinstance(value, str):
        return [str(value)]
    ordered = isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray, set, frozenset, Mapping))
    names = [getattr(item, "as_py", lambda item=item: item)() for item in value] if ordered else None
    if names is None or not all(isinstance(item, str) for item in names):
        raise DataError(f"{name}: found {_describe(value)}, expected the name of a column, or a list of them")
    if len(set(names)) < len(names):
        twice = next(item for item, times in Counter(names).items() if times > 1)
        raise DataError(f"{name}: asks for {twice!r} more than once: name each column once")
    return [str(item) for item in names]


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise DataError(f"{name}: found {_describe(value)}, expected a text")
    return value


def _word(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{name}: found {_describe(value)}, expected a text that is not empty")
    return value


def _key(name: str, value: Any) -> str:
    """A text that a store keeps beside its versions."""
    key = _word(name, value)
    if len(key) > _LONGEST_KEY:
        raise DataError(f"{name}: found a text of {len(key)} characters, expected at most {_LONGEST_KEY}")
    if "\0" in key or not _is_utf8(key):
        raise DataError(f"{name}: found {_describe(value)}, expected a text that UTF-8 holds, without NUL")
    return key


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _version(name: str, value: Any) -> int | str:
    """A version as ``history`` names it: a number or a text."""
    if isinstance(value, str):
        return _word(name, value)
    number = _as_int(value)
    if number is None:
        raise DataError(
            f"{name}: found {_describe(value)}, expected a version as history() names it: a number or a text"
        )
    return number


def _moment(name: str, value: Any) -> datetime:
    return as_moment(value, name)


def _bound(name: str, value: Any) -> int | str | datetime:
    """An end of a range of versions: a version, or a moment as a date or datetime."""
    return as_moment(value, name) if isinstance(value, date) else _version(name, value)


def _path(name: str, value: Any) -> str:
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str):
        raise DataError(f"{name}: found {_describe(value)}, expected a path as text")
    return text


def _predicate(name: str, value: Any) -> Any:
    kind = type(value)
    if kind is str:
        if not value.strip():
            raise DataError(f"{name}: found an empty text, expected a condition; leave it out for all rows")
        return value
    expressions = any(base.__module__.startswith(("pyarrow.", "dao.arrow.predicates")) for base in kind.__mro__)
    if not (isinstance(value, (str, list, tuple)) or expressions):
        raise DataError(
            f"{name}: found {_describe(value)}, expected a condition such as \"id > 5 AND country = 'DE'\", a list of "
            'tuples such as [("id", ">", 5)], or a pyarrow Expression'
        )
    return value


def _position(name: str, value: Any) -> Any:
    """One position, or a tuple of several: a list of one is that one."""
    listed = (value,) if isinstance(value, Position) else value
    if not isinstance(listed, (list, tuple)) or not listed or not all(isinstance(one, Position) for one in listed):
        raise DataError(f"{name}: found {_describe(value)}, expected a dao.Position, as read_increment gives it")
    return listed[0] if len(listed) == 1 else tuple(listed)


def _one_of(name: str, value: Any, *, choices: Collection[str]) -> str:
    if not isinstance(value, str):
        raise DataError(f"{name}: found {_describe(value)}, expected one of {', '.join(map(repr, choices))}")
    if value not in choices:
        raise DataError(f"{name}: found {value!r}; {did_you_mean(value, choices)}")
    return value


_CHECKS: Mapping[str, Check] = {
    "as_of": _moment,
    "branch": _word,
    "batch_size": partial(_whole, least=1),
    "columns": _names,
    "delete_when": _predicate,
    "format": _text,
    "idempotency_key": _key,
    "keys": _names,
    "length": partial(_whole, least=0),
    "limit": partial(_whole, least=0),
    "offset": partial(_whole, least=0),
    "order_by": _names,
    "partition_by": _names,
    "path": _path,
    "position": _position,
    "since": _bound,
    "source": _word,
    "tag": _word,
    "until": _bound,
    "version": _version,
    "where": _predicate,
}
_CHOICES: Mapping[str, tuple[str, ...]] = {"into": INTOS, "mode": MODES, "schema_mode": SCHEMA_MODES}


def checks_of(action: str, own: Mapping[str, Collection[Any] | None]) -> Mapping[str, Check]:
    """How the arguments of an action are checked.

    Args:
        action: the action.
        own: values of ``into``, ``mode`` and ``schema_mode`` that a store's interfaces have beside those of the
            contract, by name; None for an argument whose values they alone know.
    """
    known = CONTRACT[action]
    checks = {name: _CHECKS[name] for name in known if name in _CHECKS}
    for name in known:
        further = own.get(name, ())
        if name in _CHOICES and further is not None:
            texts = sorted(value for value in further if isinstance(value, str))
            checks[name] = partial(_one_of, choices=tuple(dict.fromkeys((*_CHOICES[name], *texts))))
    return checks


def check_one_version(action: str, arguments: Mapping[str, Any]) -> None:
    """Check that a call says in one way alone which version it means.

    Raises:
        DataError: it says it in several ways, of which the store could follow one.
    """
    given = [name for name in _POINTS if arguments.get(name) is not None and name in CONTRACT[action]]
    if len(given) > 1:
        raise DataError(f"{given[0]}: found with {' and '.join(given[1:])}, expected one of them: each is a version")


def value_problem(name: str, value: Any, own: Collection[Any] = ()) -> str:
    """What is wrong with a property that stands in for an argument of the contract; empty if nothing is.

    Args:
        name: its name.
        value: its value.
        own: values that a store's interfaces have beside those of the contract.
    """
    action = next((action for action, names in CONTRACT.items() if name in names), None)
    check = checks_of(action, {name: own}).get(name) if action is not None and value is not None else None
    try:
        if check is not None:
            check(name, value)
    except DataError as error:
        return error.message
    return ""


_WORDS: Mapping[str, tuple[str, ...]] = {
    "as_of": ("asof", "timestamp", "timestampasof"),
    "branch": ("ref", "reference"),
    "batch_size": ("batchrows", "chunksize", "maxchunksize", "rowsperbatch"),
    "columns": ("cols", "column", "fields", "include", "projection", "select", "usecols"),
    "compression": ("codec", "compress"),
    "delete_when": ("deletewhere", "applyasdeletes", "whenmatcheddelete"),
    "delimiter": ("delim", "fielddelimiter", "fieldseparator", "sep", "separator"),
    "format": ("fileformat", "fmt"),
    "idempotency_key": ("idempotencytoken", "idempotent", "requestid", "txnid"),
    "into": ("as", "asframe", "backend", "engine", "output", "outputtype", "returntype", "to"),
    "keys": ("id", "idcolumns", "joinkeys", "key", "on", "primarykey", "primarykeys", "uniquekey"),
    "limit": ("head", "maxrows", "n", "nrows", "numrows", "rows", "top"),
    "memory_limit": ("maxmemory", "memlimit", "memory", "memorybudget"),
    "mode": ("existing", "ifexists", "overwrite", "savemode", "writedisposition", "writemode"),
    "null_values": ("nanvalues", "navalues", "nullvalue"),
    "order_by": ("orderby", "sort", "sortby", "sortcolumns"),
    "partition_by": ("partitioncols", "partitioncolumns", "partitioning", "partitions"),
    "path": ("file", "filename", "filepath", "location"),
    "schema": ("dtype", "dtypes", "schemaoverrides", "types"),
    "schema_mode": ("mergeschema", "overwriteschema", "schemaevolution"),
    "since": ("after", "fromversion", "starttimestamp", "startingtimestamp", "startingversion", "startversion"),
    "skip_rows": ("skiprow", "skiprows"),
    "until": ("endingtimestamp", "endingversion", "endtimestamp", "endversion", "toversion"),
    "version": ("snapshot", "snapshotid", "versionasof"),
    "where": ("condition", "filter", "filters", "predicate", "query", "replacewhere"),
}
"""DAO's argument names with the equivalents of pandas, Polars, Spark, PyArrow, DuckDB and delta-rs."""

_PARTS = ("unload", "read_position")
"""The actions that no user calls."""

_OF_ALL = ("memory_limit",)
"""What every call takes and no interface gets: see :mod:`dao.memory`."""

_BY_WORD = {word: name for name, words in _WORDS.items() for word in words}


def suggestion(action: str, wrong: str, own: Iterable[str], options: Iterable[str] = ()) -> str:
    """The end of a message about an unknown argument: the likely intended name, else the known names.

    Args:
        action: the action.
        wrong: the name that was given.
        own: the arguments of the action.
        options: further ones, such as a format's: they are suggested where none of the action's own is as near.

    >>> suggestion("read", "filter", ["where", "limit"], ["bloom_filters"])
    "did you mean 'where'?"
    >>> suggestion("read", "wher", ["where", "limit"], ["bloom_filters"])
    "did you mean 'where'?"
    >>> suggestion("read", "delimter", ["where", "limit"], ["delimiter"])
    "did you mean 'delimiter'?"
    >>> suggestion("read", "x", ["where", "limit"], ["bloom_filters"])
    "known: 'limit', 'where', and the formats' options"
    >>> suggestion("read", "keys", ["where", "limit"])
    "it is an argument of upsert; known: 'limit', 'where'"
    """
    first, further = sorted(set(own)), sorted(set(options) - set(own))
    plain = wrong.replace("_", "").replace("-", "").lower()
    same = [name for name in (*first, *further, *_OF_ALL) if name.replace("_", "") == plain]
    meant = same[0] if same else _BY_WORD.get(plain)
    if meant in first or meant in further or meant in _OF_ALL:
        return f"did you mean {meant!r}?"
    others = [other for other, names in CONTRACT.items() if wrong in names and other not in _PARTS]
    actions = [] if wrong in CONTRACT[action] else others
    known = did_you_mean("" if actions else wrong, first) if first else "there are no arguments"
    if actions:
        return f"it is an argument of {', '.join(actions)}; {known}"
    from difflib import get_close_matches

    near = get_close_matches(wrong, further, n=1, cutoff=0.75)
    if near and near == get_close_matches(wrong, [*near, *first], n=1, cutoff=0.6):
        return did_you_mean(wrong, near)
    return f"{known}, and the formats' options" if further and not known.startswith("did you") else known
