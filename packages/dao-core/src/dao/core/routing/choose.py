"""The decision: which route serves a call. Pure: it looks at types and values, never at a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from attrs import frozen

from dao.arguments import suggestion
from dao.core.routing.match import Fit, fit, own_names, takes
from dao.core.routing.route import Route
from dao.data_object import DataObject
from dao.errors import AmbiguousRouteError, NoRouteError, PluginError, did_you_mean

__all__ = ["Candidate", "Choice", "Offer", "choose"]


@frozen
class Offer:
    """One of a store's interfaces, with its routes for one action.

    Attributes:
        position: its place among the store's interfaces; 0 is the primary.
        name: the name it goes by.
        class_name: its class's name, by which a caller may name it too.
        routes: its routes for the action.
        absent: why it can't be had here, where that is so.
    """

    position: int
    name: str
    class_name: str
    routes: tuple[Route, ...]
    absent: PluginError | None = None

    def goes_by(self, name: str) -> bool:
        """Whether a caller's ``dao_interface=`` means this one."""
        return name in (self.name, self.class_name)


@frozen
class Candidate:
    """A route that was looked at, and the reason why it was passed over; empty for the chosen one."""

    interface: str
    route: str
    reason: str


@frozen
class Choice:
    """What was decided.

    Attributes:
        offer: the interface.
        route: its route.
        candidates: every route that was looked at, the chosen one among them.
    """

    offer: Offer
    route: Route
    candidates: tuple[Candidate, ...]


def choose(
    action: str,
    data_object: DataObject,
    arguments: Mapping[str, Any],
    offers: Sequence[Offer],
    *,
    dao_interface: str | None = None,
    native_async: bool = False,
) -> Choice:
    """Choose the route for a call: the first interface in order that has one that fits, and its most specific.

    Args:
        action: the action.
        data_object: the object.
        arguments: what was given, by name.
        offers: the store's interfaces, in declared order.
        dao_interface: try this one alone.
        native_async: coroutine methods may be chosen, and win over plain ones that fit as well.

    Raises:
        NoRouteError: none fits; one line per candidate says why not.
        AmbiguousRouteError: two fit equally well.
        PluginError: the one that was named can't be had here.
    """
    tried: list[Candidate] = []
    for offer in _named(offers, dao_interface, data_object):
        if offer.absent is not None:
            tried.append(_absent(offer, dao_interface))
            continue
        fits: list[tuple[Fit, int, Route]] = []
        for route in offer.routes:
            found = fit(route, data_object, arguments) if native_async or not route.is_async else _ASYNC_ONLY
            if isinstance(found, str):
                tried.append(Candidate(offer.name, route.name, found))
            else:
                fits.append((found, not route.is_async, route))
        if fits:
            return _most_specific(action, data_object, offer, fits, tried)
    raise NoRouteError(_no_route(action, data_object, arguments, offers, tried))


_ASYNC_ONLY = "is asynchronous: await it through AsyncDataAccessObject"


def _absent(offer: Offer, dao_interface: str | None) -> Candidate:
    if dao_interface is not None and offer.absent is not None:
        raise copy(offer.absent) from offer.absent.__cause__  # the kept one must not say which call it was about
    return Candidate(offer.name, "not available", str(offer.absent))


def _named(offers: Sequence[Offer], name: str | None, data_object: DataObject) -> Sequence[Offer]:
    if name is None:
        return offers
    named = [offer for offer in offers if offer.goes_by(name)]
    if not named:
        known = [known for offer in offers for known in (offer.name, offer.class_name)]
        raise NoRouteError(
            f"the store of {data_object.full_name!r} has no interface {name!r}: {did_you_mean(str(name), known)}"
        )
    return named


def _most_specific(
    action: str,
    data_object: DataObject,
    offer: Offer,
    fits: list[tuple[Fit, int, Route]],
    tried: list[Candidate],
) -> Choice:
    fits.sort(key=lambda found: found[:2])
    best = fits[0]
    rivals = [route for *rank, route in fits[1:] if tuple(rank) == best[:2]]
    if rivals:
        tied = [f"  {offer.name}: {route.name} ({route.place})" for route in (best[2], *rivals)]
        raise AmbiguousRouteError(
            "\n".join(
                [
                    f"{len(tied)} routes fit equally well:",
                    *tied,
                    "make one more specific with an annotation or @when(...), "
                    "or name another interface with dao_interface=",
                ]
            )
        )
    passed = [Candidate(offer.name, route.name, f"less specific than {best[2].name}") for *_, route in fits[1:]]
    return Choice(offer, best[2], (*tried, Candidate(offer.name, best[2].name, ""), *passed))


def _no_route(
    action: str,
    data_object: DataObject,
    arguments: Mapping[str, Any],
    offers: Sequence[Offer],
    tried: Sequence[Candidate],
) -> str:
    given = ", ".join(f"{name}: {type(value).__qualname__}" for name, value in arguments.items() if value is not None)
    head = f"no route for a {type(data_object).__qualname__} with ({given})"
    if not tried:
        names = ", ".join(offer.name for offer in offers) or "none"
        return f"{head}: no interface of its store has a method for {action}; its interfaces: {names}"
    unknown = _unknown(action, arguments, offers)
    if unknown:
        return unknown
    return "\n".join([f"{head}:", *(f"  {c.interface}: {c.route}: {c.reason}" for c in tried)])


def _unknown(action: str, arguments: Mapping[str, Any], offers: Sequence[Offer]) -> str:
    """What is wrong with the call where no route at all has a use for one of its arguments."""
    if any(offer.absent for offer in offers):
        return ""
    routes = [route for offer in offers for route in offer.routes]
    for name, value in arguments.items():
        if value is not None and not any(takes(route, name) for route in routes):
            own = [known for route in routes for known in own_names(route)]
            options = [known for route in routes for known in route.option_names() or ()]
            return f"takes no {name!r} ({suggestion(action, name, own, options)})"
    return ""
