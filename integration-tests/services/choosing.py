"""How a service is had: in a container, as a program of this machine, or as a stand-in from PyPI; what goes first.

A machine without Docker and without the programs runs the same tests against the stand-ins: nothing is skipped. What
was chosen stands at the head of the run. `DAO_SERVICES=docker`, `programs` or `stand-ins` asks for that way only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

from dao.errors import ConfigError
from dao_redshift.testing._services._choosing import Offer, first_present

__all__ = ["VARIABLE", "WAYS", "Offer", "choose"]

T = TypeVar("T")
VARIABLE = "DAO_SERVICES"
WAYS = ("docker", "programs", "stand-ins")


def choose(service: str, offers: Sequence[Offer[T]]) -> Offer[T]:
    """The first offer that this machine has; of those of the way that was asked for, where there are any.

    Raises:
        pytest.UsageError: the way that was asked for is unknown, or what is offered isn't to be had here.
    """
    wanted = os.environ.get(VARIABLE) or None
    if wanted is not None and wanted not in WAYS:
        raise pytest.UsageError(f"{VARIABLE}={wanted}: it may be {', '.join(WAYS)}")
    try:
        return first_present(service, [offer for offer in offers if wanted in (None, offer.way)] or offers)
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from error
