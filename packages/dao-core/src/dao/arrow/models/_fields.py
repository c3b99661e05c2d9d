"""The fields of classes that declare some, with their annotations."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, NotRequired

from dao.errors import DataError

__all__ = ["annotations_of"]


def annotations_of(model: Any) -> dict[str, Any] | None:
    """The fields of a class and their annotations, resolved; ``None`` for what is no class with fields."""
    if not isinstance(model, type):
        return None
    if hasattr(model, "__pydantic_complete__") and hasattr(model, "model_fields"):
        return dict(_of_pydantic(model))
    if hasattr(model, "__required_keys__"):  # a TypedDict, typing's or typing_extensions'
        return dict(_of_typed_dict(model))
    if hasattr(model, "__attrs_attrs__"):
        hints = _hints(model)  # older attrs gives a made class no annotations
        return {a.name: hints.get(a.name, a.type) for a in model.__attrs_attrs__}
    if is_dataclass(model):
        names = [f.name for f in fields(model)]
    elif issubclass(model, tuple) and hasattr(model, "_fields"):
        names = list(model._fields)
    else:
        return None
    hints = _hints(model)
    return {name: hints.get(name, Any) for name in names}


def _hints(model: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(model, include_extras=True)
    except NameError as error:
        raise DataError(
            f"{model.__name__} has an annotation that can't be resolved: {error}. "
            "Import the name where the class is, and not only under TYPE_CHECKING"
        ) from error


def _of_pydantic(model: Any) -> Iterator[tuple[str, Any]]:
    """Pydantic keeps what ``Annotated`` and ``Field`` say of a field apart from its type."""
    for name, info in model.model_fields.items():
        yield name, Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


def _of_typed_dict(model: Any) -> Iterator[tuple[str, Any]]:
    for name, hint in _hints(model).items():
        # What a field says itself goes first: __required_keys__ is wrong where annotations are postponed.
        says_itself = getattr(typing.get_origin(hint), "_name", None) in ("Required", "NotRequired")
        yield name, hint if says_itself or name in model.__required_keys__ else NotRequired[hint]
