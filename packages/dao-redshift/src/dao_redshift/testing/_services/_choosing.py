"""How a service is had: from the environment, in a container, as a program of the machine, or from a wheel."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from attrs import frozen

from dao.errors import ConfigError

T = TypeVar("T")
VARIABLE = "DAO_REDSHIFT_SERVICES"
WAYS = ("environment", "docker", "programs", "wheels")


@frozen
class Offer(Generic[T]):
    """One way to have a service.

    Attributes:
        way: one of the ways that can be asked for, such as ``docker``.
        what: what would be used, for people.
        present: whether this machine has it.
        start: starts it, on what it stands on if anything, gives how it is reached, and ends it.
    """

    way: str
    what: str
    present: Callable[[], bool]
    start: Callable[..., AbstractContextManager[T]]


def choose(service: str, offers: Sequence[Offer[T]]) -> Offer[T]:
    """The first offer that this machine has; of the ways that the environment names alone, where it names some.

    Raises:
        ConfigError: it has none of them, or a way is unknown.
    """
    wanted = [way.strip() for way in os.environ.get(VARIABLE, "").split(",") if way.strip()]
    if unknown := sorted(set(wanted) - set(WAYS)):
        raise ConfigError(f"{VARIABLE}: found {unknown[0]!r}, expected some of {', '.join(WAYS)}")
    return first_present(service, [offer for offer in offers if not wanted or offer.way in wanted])


def first_present(service: str, offers: Sequence[Offer[T]]) -> Offer[T]:
    """The first offer that this machine has.

    Raises:
        ConfigError: it has none of them.
    """
    for offer in offers:
        if offer.present():
            return offer
    raise ConfigError(f"{service} is not to be had here, found none of: {'; '.join(offer.what for offer in offers)}")
