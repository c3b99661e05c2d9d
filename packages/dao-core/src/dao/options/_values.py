"""Conversion of an option's value to the type of its field: cattrs, with stricter rules for plain values."""

from __future__ import annotations

import os
import types
import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union

import attrs

from dao.errors import ConfigError, did_you_mean
from dao.options._faults import NotKnownYet, Wrong, WrongInside
from dao.secrets import Interpolated, Secret, Template, check_schemes, interpolated

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["structure"]

_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def structure(value: Any, kind: Any, *, lookup: bool) -> Any:
    """Convert ``value`` to the type ``kind``; with ``lookup`` references are resolved, else only checked for syntax.

    Raises:
        NotKnownYet: the value depends on references, which are not resolved now.
        Exception: of many types; :func:`~dao.options._faults.faults_of` translates them to faults.
    """
    return _converter(lookup).structure(value, kind)


@lru_cache(maxsize=2)
def _converter(lookup: bool) -> Converter:
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn

    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    values = _Values(converter, lookup)
    for matches, hook in values.general():
        converter.register_structure_hook_func(matches, hook)
    for kind, hook in values.exact().items():
        converter.register_structure_hook(kind, hook)
    converter.register_structure_hook_factory(
        attrs.has,
        lambda kind: values.record(
            make_dict_structure_fn(
                kind,
                converter,
                _cattrs_use_alias=True,
                _cattrs_forbid_extra_keys=True,
                _cattrs_detailed_validation=True,
            )
        ),
    )
    return converter


class _Values:
    """The conversion rules for all types but attrs classes, as cattrs structure hooks."""

    def __init__(self, converter: Converter, lookup: bool) -> None:
        self._converter = converter
        self._lookup = lookup

    def exact(self) -> dict[Any, Callable[[Any, Any], Any]]:
        """The rules for single types. cattrs applies them to subclasses too: a StrEnum is handled as an enum first."""
        rules: dict[Any, Callable[[Any, Any], Any]] = {
            str: self._str,
            int: self._int,
            float: self._float,
            bool: self._bool,
            Secret: self._secret,
            Path: self._path,
            type(None): self._none,
            Enum: self._enum,
        }
        return {kind: self._enums_first(hook) for kind, hook in rules.items()}

    def _enums_first(self, hook: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        return lambda value, kind: self._enum(value, kind) if _is_enum(kind) else hook(value, kind)

    def general(self) -> Iterator[tuple[Callable[[Any], bool], Callable[[Any, Any], Any]]]:
        """The rules for kinds of types; cattrs tries the last one first."""
        yield lambda kind: isinstance(kind, type), self._instance
        yield lambda kind: kind is Any or kind is object, self._any
        yield _is_enum, self._enum
        yield lambda kind: typing.get_origin(kind) is Literal, self._literal
        yield lambda kind: typing.get_origin(kind) in (Union, types.UnionType), self._union
        yield lambda kind: _container(kind) is not None, self._many
        yield lambda kind: _is_mapping(kind), self._mapping

    def _text(self, value: Any) -> tuple[Any, bool]:
        """The value with references resolved, and whether there were any."""
        if isinstance(value, Secret):
            if value.references and not self._lookup:
                raise NotKnownYet
            return value.reveal(), bool(value.references)
        if isinstance(value, str) and "${" in value:
            if self._lookup:
                resolved = interpolated(value)
                return resolved, isinstance(resolved, Interpolated)
            template = Template.parse(value)
            check_schemes(template)
            if template.references:
                raise NotKnownYet
            return template.resolve(), False
        return value, isinstance(value, Interpolated)

    def _any(self, value: Any, _: Any) -> Any:
        if isinstance(value, Mapping):
            return self._each(value, Any)
        if type(value) in (list, tuple):
            return type(value)(self._each(dict(enumerate(value)), Any).values())
        return self._text(value)[0] if isinstance(value, str) else value

    def _str(self, value: Any, _: Any) -> str:
        text, _referred = self._text(value)
        if not isinstance(text, str):
            raise Wrong("str", value)
        return text

    def _int(self, value: Any, _: Any) -> int:
        found, referred = self._text(value)
        if referred:
            return int(_parse(int, found, "int", value))
        if isinstance(found, bool) or not isinstance(found, int):
            raise Wrong("int", value)
        return found

    def _float(self, value: Any, _: Any) -> float:
        found, referred = self._text(value)
        if referred:
            return float(_parse(float, found, "float", value))
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise Wrong("float", value)
        return float(found)

    def _bool(self, value: Any, _: Any) -> bool:
        found, referred = self._text(value)
        if referred and found.strip().lower() in _TRUTH:
            return _TRUTH[found.strip().lower()]
        if not isinstance(found, bool):
            raise Wrong("bool (true, false)", value)
        return found

    def _secret(self, value: Any, _: Any) -> Secret:
        if isinstance(value, Secret):
            return value
        if not isinstance(value, str):
            raise Wrong("a secret: str, or a reference such as ${env:NAME}", value)
        template = Template.parse(value)
        check_schemes(template)
        return Secret.of_template(template)

    def _path(self, value: Any, _: Any) -> Path:
        found, _referred = self._text(value)
        if not isinstance(found, (str, os.PathLike)):
            raise Wrong("a path (str)", value)
        return Path(found)

    def _none(self, value: Any, _: Any) -> None:
        if value is not None:
            raise Wrong("null", value)

    def _enum(self, value: Any, kind: type[Enum]) -> Enum:
        found, referred = self._text(value)
        for member in kind:
            if found is member or _same(found, member.value, referred):
                return member
        raise Wrong(_choices([member.value for member in kind], found), value)

    def _literal(self, value: Any, kind: Any) -> Any:
        found, referred = self._text(value)
        for allowed in typing.get_args(kind):
            if _same(found, allowed, referred):
                return allowed
        raise Wrong(_choices(typing.get_args(kind), found), value)

    def _union(self, value: Any, kind: Any) -> Any:
        members = [member for member in typing.get_args(kind) if member is not type(None)]
        if value is None and len(members) < len(typing.get_args(kind)):
            return None
        if len(members) == 1:
            return self._converter.structure(value, members[0])
        errors = []
        # The value's own type is tried first: in `int | bool` True stays a bool, in `float | int` 1 stays an int.
        for member in sorted(members, key=lambda member: member is not type(value)):
            try:
                return self._converter.structure(value, member)
            except (NotKnownYet, ConfigError):
                raise
            except Exception as error:
                errors.append(error)
        deeper = [error for error in errors if not isinstance(error, Wrong)]
        raise deeper[0] if len(deeper) == 1 and isinstance(value, (Mapping, list)) else Wrong(_type_text(kind), value)

    def _many(self, value: Any, kind: Any) -> Any:
        make = _container(kind)
        assert make is not None
        if not isinstance(value, Collection) or isinstance(value, (str, bytes, Mapping)):
            raise Wrong(_type_text(kind), value)
        arguments = typing.get_args(kind) or (Any,)
        numbered = dict(enumerate(value))
        if typing.get_origin(kind) is not tuple or arguments[-1] is Ellipsis:
            return make(self._each(numbered, arguments[0]).values())
        if len(value) != len(arguments):
            raise Wrong(f"{len(arguments)} values: {_type_text(kind)}", value)
        return make(self._each(numbered, *arguments).values())

    def _mapping(self, value: Any, kind: Any) -> dict[Any, Any]:
        if not isinstance(value, Mapping):
            raise Wrong(_type_text(kind), value)
        arguments = typing.get_args(kind)
        return self._each(value, arguments[1] if arguments else Any)

    def _each(self, value: Mapping[Any, Any], *kinds: Any) -> dict[Any, Any]:
        made = {}
        errors: list[tuple[int | str, Exception]] = []
        for at, (name, inner) in enumerate(value.items()):
            try:
                made[name] = self._converter.structure(inner, kinds[at] if len(kinds) > 1 else kinds[0])
            except Exception as error:
                errors.append((name, error))
        if errors and all(isinstance(error, NotKnownYet) for _, error in errors):
            raise NotKnownYet
        if errors:
            raise WrongInside(errors)
        return made

    def _instance(self, value: Any, kind: type) -> Any:
        if not isinstance(value, kind):
            raise Wrong(kind.__qualname__, value)
        return value

    def record(self, structure_dict: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """Make a hook that builds an attrs instance from a mapping; an existing instance is returned unchanged."""

        def hook(value: Any, kind: Any) -> Any:
            if isinstance(value, typing.get_origin(kind) or kind):
                return value
            if not isinstance(value, Mapping):
                raise Wrong("a mapping of options", value)
            return structure_dict(value, kind)

        return hook


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _parse(parse: Callable[[str], Any], text: str, expected: str, value: Any) -> Any:
    try:
        return parse(text)
    except ValueError:
        pass
    raise Wrong(expected, value)


def _same(found: Any, allowed: Any, referred: bool) -> bool:
    if referred:
        return bool(str(found) == str(allowed))
    return type(found) is type(allowed) and bool(found == allowed)


def _choices(allowed: Collection[Any], found: Any) -> str:
    choices = "one of " + ", ".join(map(repr, allowed))
    near = did_you_mean(found, [str(a) for a in allowed]) if isinstance(found, str) else ""
    return f"{choices} ({near.removesuffix('?')})" if near.startswith("did you mean") else choices


def _container(kind: Any) -> Callable[[Any], Any] | None:
    origin = typing.get_origin(kind) or kind
    if not isinstance(origin, type) or issubclass(origin, (str, bytes, Mapping)) or attrs.has(origin):
        return None
    if issubclass(origin, (list, tuple, frozenset, set)):
        return origin if origin in (list, tuple, frozenset, set) else None
    # Abstract types, such as Sequence[str] and Iterable[str]: a tuple is an instance of each.
    return (
        tuple
        if origin.__module__ == "collections.abc" and issubclass(tuple, origin) and origin.__name__ != "Hashable"
        else None
    )


def _is_mapping(kind: Any) -> bool:
    origin = typing.get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, Mapping) and issubclass(dict, origin)


def _type_text(kind: Any) -> str:
    if typing.get_origin(kind) in (Union, types.UnionType):
        return " or ".join(_type_text(member) for member in typing.get_args(kind))
    if kind is type(None):
        return "null"
    if typing.get_origin(kind) is None and isinstance(kind, type):
        return "a mapping of options" if attrs.has(kind) else kind.__qualname__
    return str(kind).replace("typing.", "").replace("collections.abc.", "")
