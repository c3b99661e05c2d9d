"""Many writers of one table: every acknowledged write is there once, and every two changes have an order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lakes.crowds import APPENDS, CHANGES, EveryTwentieth, append_at_once, check_order, maker
from s3.stores import options_of
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer
from services.toxics import Toxic

from dao.testing import FaultPlan
from iceberg.catalogs import KINDS, CatalogKind
from iceberg.looking import leftovers, snapshots_of

WRITERS = 16

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    ("writers", "toxic"),
    [
        (4, None),
        *(pytest.param(WRITERS, toxic, marks=pytest.mark.slow) for toxic in (None, Toxic.SLOW_DOWN, Toxic.LOST)),
    ],
    ids=["a few", "calm", "slow_down", "lost"],
)
def test_what_many_writers_append_is_there_once(
    kind_of: Callable[[str], CatalogKind],
    object_server: ObjectServer,
    proxied: ObjectServer,
    proxy: FaultProxy,
    bucket: str,
    name: str,
    writers: int,
    toxic: Toxic | None,
) -> None:
    kind, server = kind_of(name), proxied if toxic else object_server
    patient = {"retry": {"attempts": 8, "max_backoff": 0.2}, "conflict_timeout": 200}
    options = options_of(server, bucket, **kind.options(), **patient)
    with proxy.under(EveryTwentieth() if toxic else FaultPlan(), toxic or Toxic.RESET):
        append_at_once(maker("iceberg", options), writers)
    store = maker("iceberg", options)()[1].data_store
    if kind.keeps_snapshots:
        assert len(snapshots_of(store, object_server, "t")) == writers * APPENDS + 1
        assert list(leftovers(object_server, bucket, store)) == []


@pytest.mark.parametrize("second", CHANGES)
@pytest.mark.parametrize("first", CHANGES)
@pytest.mark.parametrize("name", ["folder", *(pytest.param(one, marks=pytest.mark.slow) for one in KINDS)])
def test_two_changes_at_once_have_an_order(
    request: pytest.FixtureRequest,
    kind_of: Callable[[str], CatalogKind],
    tmp_path: Path,
    name: str,
    first: str,
    second: str,
) -> None:
    options = {"root": str(tmp_path / "lake")}
    if name != "folder":
        server, bucket = request.getfixturevalue("object_server"), request.getfixturevalue("bucket")
        options = options_of(server, bucket, prefix="lake", **kind_of(name).options())
    check_order(maker("iceberg", options), first, second)
