"""Matches routes against calls, with a human-readable reason for each mismatch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from dao._arguments import CONTRACT, suggestion
from dao._core.routing.route import MISSING, Route
from dao._core.routing.types import ANY_DISTANCE, FAR
from dao.data_object import DataObject
from dao.interface import ROLES, table_formats_of

__all__ = [
    "Fit",
    "Standing",
    "asks_for_object",
    "condition_value",
    "fit",
    "general_distance",
    "own_names",
    "request_of",
    "standing_of",
    "takes",
]

_CONVERTED = ("read", "read_stream", "read_changes", "run")
"""The actions whose results ``into=`` may convert."""


@frozen(order=True)
class Fit:
    """How well a route fits: the smaller, the more specific.

    Attributes:
        object_distance: steps from the object's type to the annotated one.
        data_distance: steps from the data's type to the annotated one.
        conditions_missing: the negative number of conditions that hold.
        names_missing: the negative number of given arguments that the route names as parameters.
    """

    object_distance: int
    data_distance: int
    conditions_missing: int
    names_missing: int


def condition_value(name: str, data_object: DataObject, arguments: Mapping[str, Any]) -> Any:
    """A condition's value: the call's argument, else the object's property, else MISSING.

    The format of an object whose type has one is that one.
    """
    given = arguments.get(name)
    if given is not None:
        return given
    if name == "format" and data_object.table_format:
        return data_object.table_format
    return data_object.get(name, MISSING)


def fit(route: Route, data_object: DataObject, arguments: Mapping[str, Any]) -> Fit | str:
    """How well a route fits a call, or the reason why it doesn't."""
    reason = next(_misfits(route, data_object, arguments), None)
    if reason is not None:
        return reason
    parameters = route.signature.parameters
    named = sum(1 for name, value in arguments.items() if name in parameters and value is not None)
    return Fit(
        _distance(route, "data_object", type(data_object)),
        _distance(route, "data", type(arguments.get("data"))),
        -sum(condition_value(name, data_object, arguments) is not MISSING for name in route.conditions),
        -named,
    )


def request_of(route: Route, data_object: DataObject, arguments: Mapping[str, Any]) -> str:
    """What a route that fits asks for of all that this call has: the data's type or its ``into``; empty for neither.

    A route without an annotation of ``data``, or with one that takes anything, asks for nothing.
    """
    data, parameter = arguments.get("data"), route.signature.parameters.get("data")
    if data is not None and parameter is not None:
        distance = parameter.test.distance(type(data))
        if distance is not None and distance < ANY_DISTANCE:
            return f"data of type {parameter.test.text}"
    into = condition_value("into", data_object, arguments) if "into" in route.conditions else MISSING
    return "" if into is MISSING else f"into={into!r}"


@frozen(order=True)
class Standing:
    """How far an interface is the one for an object, beside others of its store.

    Attributes:
        rank: 1 if it is for objects of this type or format, -1 if it takes this format where no other does, else 0.
        text: what it is for, if it is for something.
    """

    rank: int = 0
    text: str = field(default="", eq=False)


def standing_of(route: Route, data_object: DataObject, arguments: Mapping[str, Any]) -> Standing:
    """The standing of a route's interface: by the formats of tables that its class names, or the route's annotation."""
    formats = table_formats_of(route.interface)
    found = condition_value("format", data_object, arguments)
    if formats and formats[0] in (found, data_object.table_format):
        return Standing(1, f"tables of the format {formats[0]!r}")
    parameter = route.signature.parameters.get("data_object")
    distance = None if parameter is None else parameter.test.distance(type(data_object))
    if distance is not None and distance < general_distance(type(data_object)):
        return Standing(1, f"objects of type {type(data_object).__qualname__}")
    if formats and found is not MISSING:
        return Standing(-1, f"tables of the format {formats[0]!r}")
    return Standing()


def general_distance(kind: type[DataObject]) -> int:
    """Steps from an object's type to the nearest one of DAO's own; 0 for these themselves."""
    return next(at for at, base in enumerate(kind.__mro__) if base.__module__ == DataObject.__module__)


def _distance(route: Route, role: str, kind: type) -> int:
    parameter = route.signature.parameters.get(role)
    return (parameter.test.distance(kind) or 0) if parameter is not None else 0


def _misfits(route: Route, data_object: DataObject, arguments: Mapping[str, Any]) -> Iterator[str]:
    yield from _failed_conditions(route, data_object, arguments)
    yield from _unknown_arguments(route, arguments)
    yield from _missing_arguments(route, data_object, arguments)
    yield from _wrong_types(route, data_object, arguments)
    yield from _unrequested_objects(route, arguments)


def _failed_conditions(route: Route, data_object: DataObject, arguments: Mapping[str, Any]) -> Iterator[str]:
    for name, wanted in route.conditions.items():
        found = condition_value(name, data_object, arguments)
        if not _is_in(found, wanted):
            shown = " or ".join(sorted(map(repr, wanted - {MISSING})))
            yield f"needs {name}={shown}, {'not given' if found is MISSING else f'found {found!r}'}"


def _is_in(value: Any, wanted: frozenset[Any]) -> bool:
    try:
        return value in wanted
    except TypeError:
        return False


def _unknown_arguments(route: Route, arguments: Mapping[str, Any]) -> Iterator[str]:
    for name, value in arguments.items():
        # ``None`` means "not given": a pipeline may hand on an optional argument that this route has no use for.
        if value is not None and not takes(route, name):
            yield f"takes no {name!r} ({suggestion(route.action, name, own_names(route), route.option_names() or ())})"


def takes(route: Route, name: str) -> bool:
    """Whether a route has a use for an argument of a name.

    Where a method has ``**options`` and its interface says what they may be, only those, and the contract's arguments
    for the action: an interface that can't honour one of these refuses it in words of its own.
    """
    # An operation that a condition has already checked need not be a parameter as well.
    # What ``into`` asks for is done after the call where the method doesn't do it itself.
    if name in route.signature.parameters or name in route.conditions:
        return True
    if name == "into" and route.action in _CONVERTED:
        return True
    if not route.signature.takes_any:
        return False
    options = route.option_names()
    return options is None or name in options or (name in CONTRACT[route.action] and name != "into")


def own_names(route: Route) -> list[str]:
    """The arguments that a route names, for messages."""
    names = [name for name in route.signature.parameters if name not in ROLES]
    return [*names, "into"] if route.action in _CONVERTED else names


def _missing_arguments(route: Route, data_object: DataObject, arguments: Mapping[str, Any]) -> Iterator[str]:
    for name, parameter in route.signature.parameters.items():
        if parameter.required and name != "data_object" and name not in arguments:
            yield f"needs {name!r}, which was not given{_fillable(name, data_object)}"


def _fillable(name: str, data_object: DataObject) -> str:
    if data_object.get(name) is None:
        return ""
    return f" (the object has a property {name!r}: give the parameter a default to have it filled in)"


def _wrong_types(route: Route, data_object: DataObject, arguments: Mapping[str, Any]) -> Iterator[str]:
    for name, parameter in route.signature.parameters.items():
        value = data_object if name == "data_object" else arguments.get(name, MISSING)
        if value is MISSING or (value is None and not parameter.required):
            continue
        if parameter.test.distance(type(value)) is None:
            yield f"takes {parameter.test.text} as {name!r}, found {_type_name(type(value))}"


def asks_for_object(route: Route, role: str, kind: type) -> bool:
    """Whether a route is annotated to take objects of a type in a role; one that takes anything is not."""
    parameter = route.signature.parameters.get(role)
    distance = parameter.test.distance(kind) if parameter is not None else None
    return distance is not None and distance < FAR


def _unrequested_objects(route: Route, arguments: Mapping[str, Any]) -> Iterator[str]:
    # A method for any data would take the object for rows, and one for any target would take it for one of its store.
    role = "target" if route.action == "unload" else "data"
    value = arguments.get(role)
    if isinstance(value, DataObject) and not asks_for_object(route, role, type(value)):
        yield f"is not annotated to take a {_type_name(type(value))} as {role!r}"


def _type_name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
