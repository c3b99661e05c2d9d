"""The options that a class has: its parameters, with what their annotations mean."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import lru_cache
from typing import Any

import attrs
from attrs import frozen

__all__ = ["Option", "option_types", "options_of"]


@frozen
class Option:
    """One option of a class: its type, whether it has no default, and its attrs attribute, if the class has them."""

    type: Any
    required: bool
    attribute: attrs.Attribute[Any] | None


def option_types(cls: type) -> dict[str, Any]:
    """Return the options of a class by name with their types; ``Any`` for those without a type that can be resolved."""
    return {name: option.type for name, option in options_of(cls)[0].items()}


@lru_cache(maxsize=512)
def options_of(cls: type) -> tuple[dict[str, Option], bool]:
    """The options of a class by name, and whether it accepts others too (``**kwargs``)."""
    try:
        parameters = list(inspect.signature(cls).parameters.values())
    except ValueError:  # some classes written in C have no signature
        return {}, True
    # A generated __init__ repeats the annotations of inherited fields, whose names resolve only in the base's module.
    generated = attrs.has(cls) or is_dataclass(cls)
    hints = _hints(cls) if generated else {**_hints(cls), **_hints(inspect.getattr_static(cls, "__init__"))}
    attributes = {a.alias: a for a in attrs.fields(cls)} if attrs.has(cls) else {}
    found = {}
    for parameter in parameters:
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            attribute = attributes.get(parameter.name)
            kind = hints.get(attribute.name if attribute else parameter.name, Any)
            found[parameter.name] = Option(kind, parameter.default is parameter.empty, attribute)
    return found, any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def _hints(owner: Any) -> dict[str, Any]:
    """The annotations, each resolved separately: one that names a missing library must not make the others fail."""
    hints: dict[str, Any] = {}
    for holder in reversed(owner.__mro__) if isinstance(owner, type) else [owner]:
        names = vars(sys.modules.get(getattr(holder, "__module__", ""), typing))
        for name, annotation in getattr(holder, "__annotations__", {}).items():
            hints[name] = _resolve(annotation, names)
    return hints


def _resolve(annotation: Any, names: Mapping[str, Any]) -> Any:
    holder = type("_", (), {"__annotations__": {"x": annotation}})
    try:
        return typing.get_type_hints(holder, dict(names), {})["x"]
    except Exception:  # an annotation that fails to evaluate can't be checked
        return Any
