"""What an interface can't do, as data on its class: read by users, `explain`, `dao doctor`, the docs and the kit.

>>> class Shelf:
...     capabilities = Capabilities(lacks_actions={"history": "a shelf keeps what is there now"})
...     def read(self, data_object): ...
>>> print(capabilities_of(Shelf).absence("history"))
action history: a shelf keeps what is there now

``dao.capabilities("silver.flights")`` gives those of an object's store, :func:`capabilities_of` those of one class.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen

from dao._arguments import MODES
from dao.errors import ConfigError, did_you_mean
from dao.interface import ACTIONS, may_take, served_operations, serves

__all__ = [
    "ACTIONS_CHECKED",
    "DELETING",
    "FEATURES",
    "MODES",
    "NOTHING_PROMISED",
    "OPERATIONS",
    "RELAXATIONS",
    "TYPES",
    "Absence",
    "Capabilities",
    "capabilities_of",
    "combined",
    "declared_capabilities",
]

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
    "odd_names": "column names with spaces, dots, quotes, non-ASCII letters, or that are words of SQL",
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

_MADE_OF = {"copy": ("read", "write"), "move": ("read", "write", "delete")}
"""The actions that DAO makes of others where an interface has no method of its own."""

_BY_ARGUMENT = {
    "partitions": "partition_by",
    "schema_evolution": "schema_mode",
    "time_travel": "version",
    "branches": "branch",
    "tags": "tag",
    "idempotency": "idempotency_key",
}
"""The features that need an argument."""


@frozen
class Absence:
    """One thing that a backend can't do.

    Attributes:
        kind: ``action``, ``mode``, ``operation``, ``feature``, ``type`` or ``exactness``.
        name: which.
        reason: why, in a sentence for users.
        files_have: only tables lack it, see :attr:`Capabilities.files_have`.
    """

    kind: str
    name: str
    reason: str
    files_have: bool = False

    @property
    def subject(self) -> str:
        """What is absent, without the reason: ``mode append``, ``operation restore (of tables)``."""
        return f"{self.kind} {self.name}{' (of tables)' if self.files_have else ''}"

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}"


def _check_names(instance: Any, attribute: Any, given: Mapping[str, str]) -> None:
    allowed = _KINDS[attribute.name][1]
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"{attribute.name}: found {type(given).__name__}, expected a mapping of names to reasons, such as "
            f"{{{next(iter(allowed))!r}: 'why not'}}"
        )
    for name, reason in given.items():
        if name not in allowed:
            raise ConfigError(f"{attribute.name} has an unknown {name!r}: {did_you_mean(name, allowed)}")
        if not isinstance(reason, str) or not reason:
            raise ConfigError(f"{attribute.name}[{name!r}] needs a reason: users will read it")


def _check_formats(instance: Any, attribute: Any, given: tuple[str, ...]) -> None:
    if not isinstance(given, tuple) or not all(isinstance(name, str) for name in given):
        raise ConfigError(f"formats: found {given!r}, expected a tuple of names, such as ('csv',)")


def _check_files_have(instance: Capabilities, attribute: Any, given: tuple[str, ...]) -> None:
    if not isinstance(given, tuple) or not all(isinstance(name, str) for name in given):
        raise ConfigError(f"files_have: found {given!r}, expected a tuple of names, such as ('time_travel',)")
    lacking = {**instance.lacks_operations, **instance.lacks_features}
    for name in given:
        if name not in OPERATIONS and name not in FEATURES:
            known = did_you_mean(name, [*OPERATIONS, *FEATURES])
            raise ConfigError(f"files_have has an unknown operation or feature {name!r}: {known}")
        if name not in lacking:
            raise ConfigError(
                f"files_have has {name!r}, which isn't declared absent, so files have it as tables do: leave it out, "
                "or add it to lacks_operations or lacks_features"
            )


def _absences() -> Any:
    return field(factory=dict, validator=_check_names)


@frozen(kw_only=True)
class Capabilities:
    """What a backend can't do: the class attribute ``capabilities`` of an interface. What isn't named is promised.

    The conformance kit holds an interface to both sides: what is declared absent must be refused with
    :class:`~dao.errors.NoRouteError` or :class:`~dao.errors.UnsupportedError` and change nothing, and must not work
    in secret; everything else is tested.

    Attributes:
        lacks_actions: actions by name, see :data:`ACTIONS_CHECKED`, each with the reason.
        lacks_modes: modes of ``write``, see :data:`MODES`.
        lacks_operations: operations of ``run``, see :data:`OPERATIONS`.
        lacks_features: see :data:`FEATURES`.
        files_have: those of the absent operations and features that only tables lack: a bucket may keep the versions
            of its files. All others are absent for files too.
        lacks_types: types and values that the store can't keep, see :data:`TYPES`.
        relaxes: how types may differ when they come back, see :data:`RELAXATIONS`.
        formats: the file formats that tables are tried in; empty for a store that has no such choice.

    Raises:
        ConfigError: a name that doesn't exist, with the nearest ones, an absence without a reason, a name in
            ``files_have`` that isn't absent, or a field of another type.

    >>> capabilities = Capabilities(
    ...     lacks_actions={"history": "a plain file remembers nothing"},
    ...     lacks_operations={"restore": "a table keeps no versions"},
    ...     files_have=("restore",),
    ... )
    >>> print(capabilities)
    action history: a plain file remembers nothing
    operation restore (of tables): a table keeps no versions
    >>> print(capabilities.of_files())
    action history: a plain file remembers nothing
    """

    lacks_actions: Mapping[str, str] = _absences()
    lacks_modes: Mapping[str, str] = _absences()
    lacks_operations: Mapping[str, str] = _absences()
    lacks_features: Mapping[str, str] = _absences()
    lacks_types: Mapping[str, str] = _absences()
    relaxes: Mapping[str, str] = _absences()
    files_have: tuple[str, ...] = field(default=(), validator=_check_files_have)
    formats: tuple[str, ...] = field(default=(), validator=_check_formats)

    def absences(self) -> Iterator[Absence]:
        """Everything that is declared absent, in the order of the record."""
        for attribute, (kind, _) in _KINDS.items():
            of_tables = self.files_have if kind in ("operation", "feature") else ()
            for name, reason in getattr(self, attribute).items():
                yield Absence(kind, name, reason, name in of_tables)

    def of_files(self) -> Capabilities:
        """What it can't do with files: all that is declared absent, but for what files have."""
        if not self.files_have:
            return self
        operations, features = (
            {name: reason for name, reason in lacking.items() if name not in self.files_have}
            for lacking in (self.lacks_operations, self.lacks_features)
        )
        return evolve(self, lacks_operations=operations, lacks_features=features, files_have=())

    def __str__(self) -> str:
        """One absence a line, with its reason, and the formats."""
        lines = [str(absence) for absence in self.absences()] or ["nothing is absent"]
        return "\n".join([*lines, f"formats: {', '.join(self.formats)}"] if self.formats else lines)

    def absence(self, need: str) -> Absence | None:
        """The declared absence of what a caller needs, if there is one.

        Args:
            need: an action, an operation or a feature by its bare name, anything else with its kind: ``mode:append``,
                ``type:list``. Kinds are kept apart: a type and an action may have one name.

        Raises:
            ConfigError: there is nothing of that name, with the nearest ones.
        """
        kind, _, name = need.rpartition(":")
        kinds = (kind,) if kind else ("action", "operation", "feature")
        if not any(known in kinds and name in names for known, names in _KINDS.values()):
            raise ConfigError(f"no capability is called {need!r}: {did_you_mean(need, _needs())}")
        return next((a for a in self.absences() if a.name == name and a.kind in kinds), None)


_KINDS: Mapping[str, tuple[str, Collection[str]]] = {
    "lacks_actions": ("action", ACTIONS_CHECKED),
    "lacks_modes": ("mode", MODES),
    "lacks_operations": ("operation", OPERATIONS),
    "lacks_features": ("feature", FEATURES),
    "lacks_types": ("type", TYPES),
    "relaxes": ("exactness", RELAXATIONS),
}
"""For each field of :class:`Capabilities` the kind of its absences, and the names that there are."""


def _needs() -> Iterator[str]:
    """Everything that :meth:`Capabilities.absence` can be asked for."""
    for kind, names in _KINDS.values():
        yield from (name if kind in ("action", "operation", "feature") else f"{kind}:{name}" for name in names)


NOTHING_PROMISED = "the interface declares no capabilities"
"""Why a class without the attribute ``capabilities`` lacks every mode, operation and feature."""

_UNDECLARED = Capabilities(
    lacks_modes=dict.fromkeys(MODES, NOTHING_PROMISED),
    lacks_operations=dict.fromkeys(OPERATIONS, NOTHING_PROMISED),
    lacks_features=dict.fromkeys(FEATURES, NOTHING_PROMISED),
)


def declared_capabilities(interface: type) -> Capabilities | None:
    """What a class declares in its attribute ``capabilities``; None if it has no such attribute.

    Raises:
        ConfigError: the attribute is something else.
    """
    found = getattr(interface, "capabilities", _UNDECLARED)
    if not isinstance(found, Capabilities):
        raise ConfigError(
            f"{interface.__qualname__}.capabilities: found {type(found).__name__}, expected an attribute of the class "
            "that is a dao.Capabilities(...); without the attribute it promises nothing beside its methods"
        )
    return None if found is _UNDECLARED else found


def capabilities_of(interface: type) -> Capabilities:
    """What an interface can't do: what its class declares, and what it has no method or no argument for.

    A class that declares nothing promises nothing beside the actions that it has methods for: no mode, operation or
    feature.

    Raises:
        ConfigError: its attribute ``capabilities`` isn't a :class:`Capabilities`.

    >>> class Numbers:
    ...     def read(self, data_object): ...
    >>> capabilities_of(Numbers).absence("upsert")
    Absence(kind='action', name='upsert', reason='the interface has no method for it', files_have=False)
    """
    known = declared_capabilities(interface) or _UNDECLARED
    no_method, served = "the interface has no method for it", served_operations(interface)
    missing = [operation for operation in OPERATIONS if operation not in served]
    actions = dict.fromkeys((action for action in ACTIONS_CHECKED if not _does(interface, action)), no_method)
    features = {
        feature: f"no method of the interface takes {argument}="
        for feature, argument in _BY_ARGUMENT.items()
        if not may_take(interface, argument)
    }
    return evolve(
        known,
        lacks_actions={**actions, **known.lacks_actions},
        lacks_operations={**dict.fromkeys(missing, no_method), **known.lacks_operations},
        lacks_features={**features, **known.lacks_features},
    )


def _does(interface: type, action: str) -> bool:
    return serves(interface, action) or all(serves(interface, part) for part in _MADE_OF.get(action, (action,)))


def combined(several: Sequence[Capabilities]) -> Capabilities:
    """What the interfaces of one store do together: only what all of them lack is absent, for the first one's reason.

    Raises:
        ConfigError: ``several`` is empty.
    """
    if not several:
        raise ConfigError("no interface, so no capabilities")
    first, *others = several
    lacking: dict[str, Any] = {
        attribute: {
            name: reason
            for name, reason in getattr(first, attribute).items()
            if all(name in getattr(other, attribute) for other in others)
        }
        for attribute in _KINDS
    }
    absent = {*lacking["lacks_operations"], *lacking["lacks_features"]}
    files_have = dict.fromkeys(name for one in several for name in one.files_have if name in absent)
    formats = dict.fromkeys(name for one in several for name in one.formats)
    return Capabilities(**lacking, files_have=tuple(files_have), formats=tuple(formats))
