"""The JSON Schema of one option's values, from its type."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any, Literal

import attrs

from dao.options import option_types
from dao.options._guarding import members
from dao.secrets import Secret

__all__ = ["shape_of"]

_REFERENCE: dict[str, Any] = {"type": "string", "pattern": r"\$\{"}
_PLAIN: Mapping[type, dict[str, Any]] = types.MappingProxyType(
    {
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        float: {"type": "number"},
        type(None): {"type": "null"},
        str: {"type": "string"},
        Secret: {"type": "string"},
    }
)


def shape_of(kind: Any, within: tuple[type, ...] = ()) -> dict[str, Any]:
    """The JSON Schema of a value of this type; empty if anything goes, or JSON Schema can't express it.

    A string with references is allowed wherever a number, a boolean or an enumerated choice is expected.
    """
    shapes: list[dict[str, Any]] = []
    for member in members(kind):
        if hasattr(member, "__supertype__") or hasattr(member, "__value__"):
            continue  # an alias' target is a member too
        shape = _shape(member, within)
        if not shape:
            return {}
        shapes += [one for one in (shape, _REFERENCE) if one not in shapes and (one is shape or _is_no_text(shape))]
    return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}


def _is_no_text(shape: Mapping[str, Any]) -> bool:
    return "enum" in shape or shape.get("type") in ("boolean", "integer", "number")


def _shape(kind: Any, within: tuple[type, ...]) -> dict[str, Any]:
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    if origin is Literal:
        return {"enum": list(arguments)}
    if not isinstance(origin, type):
        return {}
    if issubclass(origin, Enum):
        return {"enum": [member.value for member in origin]}
    if issubclass(origin, PurePath):
        return {"type": "string"}
    if attrs.has(origin):
        return {} if origin in within else _record(origin, (*within, origin))
    inner: Callable[[Any], dict[str, Any]] = lambda kind: shape_of(kind, within)  # noqa: E731
    if issubclass(origin, Mapping):
        return {"type": "object", **({"additionalProperties": inner(arguments[1])} if arguments[1:] else {})}
    if issubclass(origin, tuple) and arguments and Ellipsis not in arguments:
        return {
            "type": "array",
            "prefixItems": [inner(argument) for argument in arguments],
            "minItems": len(arguments),
            "maxItems": len(arguments),
        }
    if issubclass(origin, Collection) and not issubclass(origin, (str, bytes)):
        return {"type": "array", **({"items": inner(arguments[0])} if arguments else {})}
    return {}


def _record(cls: type, within: tuple[type, ...]) -> dict[str, Any]:
    properties = {name: shape_of(kind, within) for name, kind in option_types(cls).items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}
