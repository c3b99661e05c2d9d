"""Whichever request of a change fails, in whichever way: the object or table is whole, and nothing is left over.

The kit's own sweeps let requests be reset and answers be lost, also all from one on; here each request fails once in
each of nine ways, of which the profile ``quick`` tries three. Drivers try again, so that a change hardly ever has to
give up; where it does, trying it again does it once. The profile ``thorough`` leaves no request out, and takes long.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import frozen
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer
from services.toxics import Toxic, sampled

from dao import DaoError, DataAccessObject, DataStoreRegistry, TransientError
from dao.testing import Backend, FaultPlan, positions
from dao.testing._conformance.sweeps import Change
from dao_s3 import S3DirectoryObject, S3FileObject, S3TableObject
from s3.changes import ALL_CHANGES, LARGE
from s3.looking import leftovers
from s3.stores import INTERFACES, store_of

MOST = {Toxic.LATENCY: 3, Toxic.STALL: 3}
MOST_OTHERWISE = 6
"""Requests of one change that are made to fail in one way: where it has more, so many of them."""


@frozen
class Bench:
    """A store behind the proxy, and what is needed to look past it."""

    dao: DataAccessObject
    backend: Backend
    proxy: FaultProxy
    server: ObjectServer
    bucket: str


@pytest.fixture(params=INTERFACES)
def bench(
    request: pytest.FixtureRequest, object_server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str
) -> Iterator[Bench]:
    store = store_of(request.param, proxied, bucket, timeouts={"connect": 5, "read": 1})
    backend = Backend(
        store=store,
        other=store_of(request.param, proxied, bucket, name="unused"),
        table_type=S3TableObject,
        file_type=S3FileObject,
        directory_type=S3DirectoryObject,
        table_properties={"format": "parquet"},
    )
    with DataAccessObject(registry=DataStoreRegistry([store])) as dao:
        yield Bench(dao, backend, proxy, object_server, bucket)


@sampled(Toxic, quick=(Toxic.CONFLICT, Toxic.ERROR_BODY, Toxic.LOST))
@pytest.mark.parametrize("change", ALL_CHANGES, ids=lambda change: change.name.replace(" ", "_"))
def test_whatever_fails_it_is_whole(bench: Bench, change: Change, toxic: Toxic) -> None:
    plan, old, new = undisturbed(bench, change, toxic)
    for position in positions(len(plan.seen), MOST.get(toxic, MOST_OTHERWISE)):
        name = f"t{position}"
        change.prepare(bench.dao, bench.backend, name)
        with bench.proxy.under(FaultPlan(at=position), toxic) as plan:
            error = attempt(bench, change, name)
        told = f"request {position} ({plan.seen[position - 1] if plan.fired else 'none'}): {toxic.value}; {error!r}"
        found = change.look(bench.dao, bench.backend, name)
        if error is None:
            assert found == new, f"{told}: it says that it is done, but this is there: {found}"
        else:
            assert isinstance(error, TransientError), told
            assert found in (old, *change.between), f"{told}: it says that it isn't done, but this is there: {found}"
            assert attempt(bench, change, name) is None, f"{told}: it doesn't work a second time"
            assert change.look(bench.dao, bench.backend, name) == new, f"{told}: the second time it isn't right"
        assert list(leftovers(bench.server, bench.bucket, name)) == [], told


def undisturbed(bench: Bench, change: Change, toxic: Toxic) -> tuple[FaultPlan, object, object]:
    """The requests of a change that the toxic concerns, and what is seen before and after it."""
    change.prepare(bench.dao, bench.backend, "undisturbed")
    old = change.look(bench.dao, bench.backend, "undisturbed")
    with bench.proxy.under(FaultPlan(), toxic) as plan:
        change.act(bench.dao, bench.backend, "undisturbed")
    new = change.look(bench.dao, bench.backend, "undisturbed")
    assert old != new
    return plan, old, new


def attempt(bench: Bench, change: Change, name: str) -> DaoError | None:
    """What a change raises, if anything."""
    try:
        change.act(bench.dao, bench.backend, name)
    except DaoError as error:
        return error
    return None


READABLE = [toxic for toxic in Toxic if toxic not in (Toxic.CONFLICT, Toxic.ERROR_BODY)]


@sampled(READABLE, quick=(Toxic.RESET, Toxic.CUT))
@pytest.mark.parametrize("way", ["bytes", "stream", "range", "table"])
def test_what_is_read_is_right(bench: Bench, way: str, toxic: Toxic) -> None:
    dao, file, table = bench.dao, bench.backend.file("large"), bench.backend.table("people")
    bench.dao.write(LARGE, file)
    bench.dao.write([{"id": number} for number in range(1000)], table)

    def read() -> object:
        match way:
            case "bytes":
                return dao.read(file, into="bytes") == LARGE
            case "stream":
                with dao.read_stream(file, into="bytes") as opened:
                    return b"".join(iter(lambda: opened.read(1 << 20), b"")) == LARGE
            case "range":
                return dao.read(file, into="bytes", offset=1 << 20, length=3 << 20) == LARGE[1 << 20 : 4 << 20]
            case _:
                return dao.read(table)["id"].to_pylist() == list(range(1000))

    with bench.proxy.under(FaultPlan(), toxic) as plan:
        assert read() is True
    for position in positions(len(plan.seen), MOST.get(toxic, MOST_OTHERWISE)):
        with bench.proxy.under(FaultPlan(at=position), toxic) as plan:
            assert read() is True, f"request {position} ({plan.seen[position - 1]}): {toxic.value}"
        assert plan.fired
