"""The parameters of a method, read once from its signature."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from dao._core.routing.types import ANYTHING, TypeTest, literal_values, type_test
from dao.interface import ROLES

__all__ = ["Parameter", "Signature", "signature_of"]


@frozen
class Parameter:
    """One parameter of a route.

    Attributes:
        name: its name in the method.
        test: the types it takes.
        required: it has no default.
        positional: it can only be given by position.
        values: the only values that it takes, where its annotation is a ``Literal``; empty for any other.
    """

    name: str
    test: TypeTest
    required: bool
    positional: bool = False
    values: frozenset[Any] = frozenset()


@frozen
class Signature:
    """A method's parameters, ``self`` left out, under the names that calls use.

    Attributes:
        parameters: by the call's name for it: a role for what is handed in, else its own name.
        takes_any: the method has ``**kwargs``.
    """

    parameters: Mapping[str, Parameter]
    takes_any: bool


def signature_of(method: Callable[..., Any], roles: tuple[str, ...]) -> Signature:
    """Read the signature of a function found on a class.

    A role goes to the parameter of its name; a role that no parameter is named after goes to the next
    positional parameter that is no role's, so that ``def read(self, thing)`` works as well.
    """
    found = list(inspect.signature(method).parameters.values())[1:]
    namespace = {**vars(builtins), **getattr(inspect.unwrap(method), "__globals__", {})}
    by_name = [p for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    spare = iter(
        [p.name for p in by_name if p.name not in ROLES and p.default is p.empty and p.kind is not p.KEYWORD_ONLY]
    )
    own_names = {p.name for p in by_name}
    renamed = {
        name: role for role in roles if role not in own_names and role != "operation" and (name := next(spare, None))
    }
    parameters = {
        renamed.get(p.name, p.name): Parameter(
            p.name,
            ANYTHING if p.annotation is p.empty else type_test(p.annotation, namespace),
            p.default is p.empty,
            p.kind is p.POSITIONAL_ONLY,
            literal_values(p.annotation, namespace),
        )
        for p in by_name
    }
    return Signature(parameters, any(p.kind is p.VAR_KEYWORD for p in found))
