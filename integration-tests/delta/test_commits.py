"""Commits in doubt: what is said of one is what was done, once; and nothing of a refused one is left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import frozen
from s3.stores import options_of
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer
from services.toxics import Toxic

from dao import ConflictError, DataAccessObject, DataStore, DataStoreRegistry, TransientError
from dao.testing import FaultPlan
from dao_delta import S3DeltaObject
from delta.commits import CommitFaults
from delta.looking import leftovers, versions_of

DONE = [Toxic.LOST, Toxic.CUT, Toxic.FAILED_LATE, Toxic.LATENCY]
NOT_DONE = [Toxic.SLOW_DOWN, Toxic.RESET, Toxic.CONFLICT, Toxic.STALL]


@frozen
class Case:
    """A table with one row, behind the proxy."""

    dao: DataAccessObject
    table: S3DeltaObject
    proxy: FaultProxy
    server: ObjectServer
    bucket: str

    def append(self, number: int) -> None:
        self.dao.write([{"id": number}], self.table, mode="append")

    def ids(self) -> list[int]:
        return sorted(self.dao.read(self.table)["id"].to_pylist())

    def check(self, ids: list[int]) -> None:
        """These rows are there, each was committed once, and nothing else is there."""
        assert self.ids() == ids
        assert versions_of(self.server, self.bucket, "t") == list(range(len(ids)))
        assert list(leftovers(self.server, self.bucket)) == []


def case_of(server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str, **more: object) -> Case:
    options = options_of(proxied, bucket, timeouts={"connect": 5, "read": 1}, **more)
    store = DataStore("lake", "delta", options=options)
    case = Case(DataAccessObject(registry=DataStoreRegistry([store])), S3DeltaObject("t", store), proxy, server, bucket)
    case.dao.write([{"id": 0}], case.table)
    return case


@pytest.fixture
def case(object_server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str) -> Iterator[Case]:
    case = case_of(object_server, proxied, proxy, bucket)
    with case.dao:
        yield case


@pytest.fixture
def hasty(object_server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str) -> Iterator[Case]:
    """One that tries a request once, and no conflict again."""
    case = case_of(object_server, proxied, proxy, bucket, retry={"attempts": 1}, conflict_timeout=0)
    with case.dao:
        yield case


@pytest.mark.parametrize("toxic", DONE, ids=lambda toxic: toxic.name.lower())
def test_a_commit_whose_answer_is_lost_is_known_as_ours(case: Case, toxic: Toxic) -> None:
    with case.proxy.under(CommitFaults(at=1), toxic) as plan:
        case.append(1)
    assert plan.fired
    case.check([0, 1])


@pytest.mark.parametrize("toxic", DONE, ids=lambda toxic: toxic.name.lower())
def test_also_by_one_who_asks_once(hasty: Case, toxic: Toxic) -> None:
    with hasty.proxy.under(CommitFaults(at=1), toxic):
        hasty.append(1)
    hasty.check([0, 1])


@pytest.mark.parametrize("toxic", NOT_DONE, ids=lambda toxic: toxic.name.lower())
def test_a_commit_that_was_not_done_is_done_again(case: Case, toxic: Toxic) -> None:
    with case.proxy.under(CommitFaults(at=1), toxic) as plan:
        case.append(1)
    assert len(plan.seen) == 2
    case.check([0, 1])


def test_a_burst_of_refusals_is_sat_out(case: Case) -> None:
    for position in range(1, 9):
        with case.proxy.under(FaultPlan(at=position), Toxic.SLOW_DOWN):
            case.append(position)
    case.check(list(range(9)))


def test_conflicts_of_the_same_moment_end(hasty: Case) -> None:
    with (
        hasty.proxy.under(CommitFaults(at=1, onwards=True), Toxic.CONFLICT),
        pytest.raises(ConflictError, match="others write at this moment"),
    ):
        hasty.append(1)
    hasty.check([0])


@pytest.mark.parametrize("toxic", [Toxic.RESET, Toxic.SLOW_DOWN, Toxic.STALL], ids=lambda toxic: toxic.name.lower())
def test_one_that_may_yet_be_done_keeps_its_files(hasty: Case, toxic: Toxic) -> None:
    with hasty.proxy.under(CommitFaults(at=1, onwards=True), toxic), pytest.raises(TransientError):
        hasty.append(1)
    assert hasty.ids() == [0]
    left = list(leftovers(hasty.server, hasty.bucket))
    assert len(left) == 1, "the request may be on its way: its file must be there if it arrives"
    hasty.append(1)
    assert hasty.ids() == [0, 1]
    assert list(leftovers(hasty.server, hasty.bucket)) == left


def test_when_nothing_can_be_seen_it_says_so(hasty: Case) -> None:
    class FromTheCommitOn(CommitFaults):
        def verdict(self, name: str):
            return FaultPlan.verdict(self, name) if self.seen else super().verdict(name)

    for lost in (True, False):
        before = hasty.ids()
        with (
            hasty.proxy.under(FromTheCommitOn(at=1, onwards=True, lost=lost), Toxic.RESET),
            pytest.raises(TransientError, match="whether it was made can't be seen"),
        ):
            hasty.append(7)
        assert hasty.ids() == [*before, 7] if lost else before
