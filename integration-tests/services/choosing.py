"""How a service is had: in a container, as a program of this machine, or as a stand-in from PyPI; what goes first.

A machine without Docker and without the programs runs the same tests against the stand-ins: nothing is skipped. What
was chosen stands at the head of the run. `DAO_SERVICES=docker`, `programs` or `stand-ins` asks for that way only.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pytest
from attrs import frozen

VARIABLE = "DAO_SERVICES"
WAYS = ("docker", "programs", "stand-ins")


@frozen
class Offer:
    """One way to have a service.

    Attributes:
        way: one of WAYS.
        what: what would be started, for people.
        present: whether this machine has it.
        start: starts it, on what it stands on if anything, gives what tests need to know of it, and ends it.
    """

    way: str
    what: str
    present: Callable[[], bool]
    start: Callable[..., AbstractContextManager[Any]]


def choose(service: str, offers: Sequence[Offer]) -> Offer:
    """The first offer that this machine has; of those of the way that was asked for, where there are any.

    Raises:
        pytest.UsageError: the way that was asked for is unknown, or what is offered isn't to be had here.
    """
    wanted = os.environ.get(VARIABLE) or None
    if wanted is not None and wanted not in WAYS:
        raise pytest.UsageError(f"{VARIABLE}={wanted}: it may be {', '.join(WAYS)}")
    looked_at = [offer for offer in offers if wanted in (None, offer.way)] or offers
    for offer in looked_at:
        if offer.present():
            return offer
    missing = "; ".join(f"{offer.way}: no {offer.what}" for offer in looked_at)
    raise pytest.UsageError(f"{service} is not to be had here: {missing}")


@functools.cache
def docker_answers() -> bool:
    """Whether there is a Docker engine that answers."""
    from docker.errors import DockerException
    from testcontainers.core.docker_client import DockerClient

    try:
        return bool(DockerClient().client.ping())
    except DockerException:
        return False
