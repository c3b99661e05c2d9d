"""Many writers of one table: every acknowledged write is there once, and every two changes have an order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lakes.crowds import APPENDS, CHANGES, EveryTwentieth, Make, append_at_once, check_order, maker
from s3.stores import options_of
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer, offer
from services.toxics import Toxic

from dao.testing import FaultPlan
from delta.looking import leftovers, versions_of

WRITERS = 16

pytestmark = pytest.mark.timeout(300)


def _is_atomic() -> bool:
    return offer().way != "stand-ins"  # moto's server checks a condition and writes in two steps


@pytest.mark.parametrize(
    ("writers", "toxic"),
    [
        (4, None),
        *(pytest.param(WRITERS, toxic, marks=pytest.mark.slow) for toxic in (None, Toxic.SLOW_DOWN, Toxic.LOST)),
    ],
    ids=["a few", "calm", "slow_down", "lost"],
)
def test_what_many_writers_append_is_there_once(
    object_server: ObjectServer,
    proxied: ObjectServer,
    proxy: FaultProxy,
    bucket: str,
    writers: int,
    toxic: Toxic | None,
) -> None:
    if not _is_atomic():
        pytest.skip("moto's server checks a condition and writes in two steps")
    server = proxied if toxic else object_server
    patient = {"retry": {"attempts": 8, "max_backoff": 0.2}, "conflict_timeout": 200}
    with proxy.under(EveryTwentieth() if toxic else FaultPlan(), toxic or Toxic.RESET):
        append_at_once(maker("delta", options_of(server, bucket, **patient)), writers)
    assert versions_of(object_server, bucket, "t") == list(range(writers * APPENDS + 1))
    assert list(leftovers(object_server, bucket)) == []


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.slow)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    if request.param == "folder":
        yield maker("delta", {"root": str(tmp_path / "lake")})
        return
    if not _is_atomic():
        pytest.skip("moto's server checks a condition and writes in two steps")
    server, bucket = request.getfixturevalue("object_server"), request.getfixturevalue("bucket")
    yield maker("delta", options_of(server, bucket, prefix="lake"))


@pytest.mark.parametrize("second", CHANGES)
@pytest.mark.parametrize("first", CHANGES)
def test_two_changes_at_once_have_an_order(make: Make, first: str, second: str) -> None:
    check_order(make, first, second)
