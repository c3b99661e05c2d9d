"""The record in which an interface declares what it can't do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from attrs import evolve, field, frozen

from dao.capabilities._names import ACTIONS_CHECKED, FEATURES, MODES, OPERATIONS, RELAXATIONS, TYPES
from dao.display import Displayed, table_of
from dao.errors import ConfigError, did_you_mean

__all__ = ["KINDS", "Absence", "Capabilities"]


@frozen
class Absence(Displayed):
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
    allowed = KINDS[attribute.name][1]
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
        for attribute, (kind, _) in KINDS.items():
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

    def _repr_html_(self) -> str:
        absences = [(absence.subject, absence.reason) for absence in self.absences()]
        formats = [("formats", ", ".join(self.formats))] if self.formats else []
        rows = [*(absences or [("nothing is absent", "")]), *formats]
        return table_of(["", ""], rows, type(self).__name__).html()

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
        if not any(known in kinds and name in names for known, names in KINDS.values()):
            raise ConfigError(f"no capability is called {need!r}: {did_you_mean(need, _needs())}")
        return next((a for a in self.absences() if a.name == name and a.kind in kinds), None)


KINDS: Mapping[str, tuple[str, Collection[str]]] = {
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
    for kind, names in KINDS.values():
        yield from (name if kind in ("action", "operation", "feature") else f"{kind}:{name}" for name in names)
