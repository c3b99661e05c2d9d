"""Annotations as tests on a value's type. No library is ever imported to answer."""

from __future__ import annotations

import sys
from types import NoneType, UnionType
from typing import (
    IO,
    Annotated,
    Any,
    BinaryIO,
    Literal,
    NewType,
    Protocol,
    TextIO,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from attrs import frozen

__all__ = ["ANYTHING", "ANY_DISTANCE", "FAR", "TypeTest", "literal_values", "type_test"]

FAR = 1_000
"""The distance of a type that fits without being in the value's MRO: an ABC, a protocol, a float for an int."""

ANY_DISTANCE = 1_000_000
"""The distance of an annotation that takes anything: every other fit is nearer."""

_FILES: frozenset[type] = frozenset({IO, BinaryIO, TextIO})

_COLLECTIONS: frozenset[type] = frozenset({list, tuple, set, frozenset})


@frozen
class TypeTest:
    """What an annotation lets through.

    Attributes:
        choices: classes, and the qualified names of classes whose library may not be there; empty lets everything
            through.
        none: ``None`` is let through.
        text: the annotation as a person would write it.
    """

    choices: tuple[type | str, ...] = ()
    none: bool = True
    text: str = "anything"

    def distance(self, kind: type) -> int | None:
        """How far a value's type is from the nearest choice, in steps of its MRO; ``None`` where none fits."""
        if kind is NoneType:
            return 0 if self.none or not self.choices else None
        if not self.choices:
            return ANY_DISTANCE
        fits = [step for choice in self.choices if (step := _step(kind, choice)) is not None]
        return min(fits, default=None)


ANYTHING = TypeTest()


def _step(kind: type, choice: type | str) -> int | None:
    mro = kind.__mro__
    if isinstance(choice, str):
        return next((i for i, base in enumerate(mro) if _is_named(base, choice)), None)
    if choice in mro:
        return mro.index(choice)
    if choice is float and issubclass(kind, int):
        return FAR
    if choice in _COLLECTIONS and issubclass(kind, tuple(_COLLECTIONS)):
        return FAR
    if choice in _FILES:
        # File objects don't derive from typing's names for them: what can be read is one.
        return FAR if hasattr(kind, "read") else None
    try:
        return FAR if issubclass(kind, choice) else None
    except TypeError:
        # A protocol with data members can't answer for a class: let the value through, as the least specific.
        return ANY_DISTANCE


_ALIASES = {"np": "numpy", "pa": "pyarrow", "pd": "pandas", "pl": "polars"}
"""The usual aliases of these modules; an annotation under TYPE_CHECKING may use only them."""


def _is_named(base: type, name: str) -> bool:
    """Whether a class is the one a qualified name means, by the place it is served from or the place it lives in."""
    module, _, qualname = name.rpartition(".")
    module = _ALIASES.get(module, module)
    served = getattr(sys.modules.get(module), qualname, None) if module else None
    if served is not None:
        return base is served
    # "polars.DataFrame" lives in polars.dataframe.frame; a name without a module can only be compared as it is.
    return base.__qualname__ == qualname and (not module or f"{base.__module__}.".startswith(f"{module}."))


def type_test(annotation: Any, namespace: dict[str, Any]) -> TypeTest:
    """The test for one annotation; text is looked up in ``namespace`` where that works, else kept as a name."""
    choices, none, open_to_all = _choices(annotation, namespace)
    if open_to_all:
        return ANYTHING
    return TypeTest(tuple(choices), none, " | ".join(_to_text(choice) for choice in choices) or "None")


def literal_values(annotation: Any, namespace: dict[str, Any]) -> frozenset[Any]:
    """The values that an annotation allows where it is a ``Literal``, or ``Literal[...] | None``; else none."""
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, namespace)  # as in _from_text
        except Exception:
            return frozenset()
    origin = get_origin(annotation)
    if origin is Literal:
        return frozenset(value for value in get_args(annotation) if value is not None)
    if origin not in (Union, UnionType):
        return frozenset()
    parts = [literal_values(part, namespace) for part in get_args(annotation) if part is not NoneType]
    return frozenset().union(*parts) if all(parts) else frozenset()


def _to_text(choice: type | str) -> str:
    return choice if isinstance(choice, str) else choice.__qualname__


_Found = tuple[list[type | str], bool, bool]


def _choices(annotation: Any, namespace: dict[str, Any]) -> _Found:
    if isinstance(annotation, str):
        return _from_text(annotation, namespace)
    if annotation is None or annotation is NoneType:
        return [], True, False
    if annotation in (Any, object) or isinstance(annotation, TypeVar):
        return [], True, True
    if isinstance(annotation, NewType):
        return _choices(annotation.__supertype__, namespace)
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return _merge([_choices(part, namespace) for part in get_args(annotation)])
    if origin is Annotated:
        return _choices(get_args(annotation)[0], namespace)
    if origin is Literal:
        return _merge([_choices(type(value), namespace) for value in get_args(annotation)])
    kind = origin or annotation
    if not isinstance(kind, type) or kind is Protocol:
        forward = getattr(annotation, "__forward_arg__", None)
        return _from_text(forward, namespace) if isinstance(forward, str) else ([], True, True)
    return [kind], False, False


def _merge(parts: list[_Found]) -> _Found:
    choices = [choice for found, _, _ in parts for choice in found]
    return list(dict.fromkeys(choices)), any(none for _, none, _ in parts), any(all_ for _, _, all_ in parts)


def _from_text(text: str, namespace: dict[str, Any]) -> _Found:
    """The choices of an annotation that is text: evaluated where its names exist, else matched by its names."""
    try:
        found = eval(text, namespace)  # the method's own annotation in its own module, as typing.get_type_hints does
    except Exception:  # any failure to evaluate means that a name is not there at run time
        parts = _split(text)
        if len(parts) > 1:
            return _merge([_from_text(part, namespace) for part in parts])
        name = parts[0].split("[")[0].strip().strip("'\"")
        return ([], True, False) if name == "None" else ([name], False, False)
    return _choices(found, namespace) if not isinstance(found, str) else _find_named(found)


def _find_named(text: str) -> _Found:
    names = [part.split("[")[0].strip() for part in _split(text)]
    return [name for name in names if name != "None"], "None" in names, False


def _split(text: str) -> list[str]:
    """The parts of ``A | B[c | d]`` between the bars that stand outside brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
