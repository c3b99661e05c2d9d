"""Commits in doubt: what is said of one is what was done, once; and files stay while nobody knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from attrs import frozen
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer
from services.toxics import Toxic

from dao import DataAccessObject, DataStoreRegistry, TransientError
from dao.testing import FaultPlan, Verdict
from dao_iceberg import S3IcebergObject
from iceberg.catalogs import KINDS, CatalogKind
from iceberg.looking import leftovers

_COMMIT = re.compile(r"DefaultDialect\.do_commit|POST .*/tables/[^/]+$")


class CommitFaults(FaultPlan):
    """Lets a catalog's commits fail, counted from 1; nothing else, until then."""

    def verdict(self, name: str) -> Verdict:
        """Count a commit, and with ``onwards`` all after it, and say what is to become of it."""
        counts = _COMMIT.search(name) or (self.onwards and self.seen)
        return super().verdict(name) if counts else Verdict.PASS


@frozen
class Case:
    """A table with one row."""

    dao: DataAccessObject
    table: S3IcebergObject
    kind: CatalogKind
    server: ObjectServer
    bucket: str

    def append(self, number: int) -> None:
        self.dao.write([{"id": number}], self.table, mode="append")

    def ids(self) -> list[int]:
        return sorted(self.dao.read(self.table)["id"].to_pylist())

    def left(self) -> list[str]:
        return list(leftovers(self.server, self.bucket, self.table.data_store)) if self.kind.keeps_snapshots else []


@contextmanager
def case_of(kind: CatalogKind, server: ObjectServer, bucket: str, **more: object) -> Iterator[Case]:
    store = kind.store("lake", server, bucket, timeouts={"connect": 5, "read": 2}, **more)
    with DataAccessObject(registry=DataStoreRegistry([store])) as dao:
        case = Case(dao, S3IcebergObject("t", store), kind, server, bucket)
        dao.write([{"id": 0}], case.table)
        yield case


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, kind_of: Callable[[str], CatalogKind]) -> CatalogKind:
    return kind_of(request.param)


@pytest.mark.parametrize("lost", [True, False], ids=["done", "not done"])
def test_a_commit_in_doubt_is_there_once(
    kind: CatalogKind, object_server: ObjectServer, bucket: str, lost: bool
) -> None:
    with case_of(kind, object_server, bucket) as case:
        with kind.faults(CommitFaults(at=1, lost=lost)) as plan:
            case.append(1)
        assert plan.fired
        assert case.ids() == [0, 1]
        assert case.left() == []


@pytest.mark.parametrize("lost", [True, False], ids=["done", "not done"])
def test_files_stay_while_nobody_knows(kind: CatalogKind, object_server: ObjectServer, bucket: str, lost: bool) -> None:
    with case_of(kind, object_server, bucket, conflict_timeout=0) as case:
        with (
            kind.faults(CommitFaults(at=1, onwards=True, lost=lost)),
            pytest.raises(TransientError, match="may have been made"),
        ):
            case.append(1)
        assert case.ids() == ([0, 1] if lost else [0])
        left = case.left()
        if kind.keeps_snapshots:
            assert len(left) == (0 if lost else 3), "a data file, a manifest and a list of manifests"
        case.append(2)
        assert case.ids() == ([0, 1, 2] if lost else [0, 2])
        assert case.left() == left


@pytest.mark.parametrize(
    "toxic",
    [Toxic.CUT, Toxic.FAILED_LATE, Toxic.LATENCY, Toxic.SLOW_DOWN, Toxic.STALL],
    ids=lambda toxic: toxic.name.lower(),
)
def test_whatever_a_service_answers_to_a_commit_it_is_there_once(
    kind_of: Callable[[str], CatalogKind],
    catalog_proxy: FaultProxy,
    object_server: ObjectServer,
    bucket: str,
    toxic: Toxic,
) -> None:
    with case_of(kind_of("rest"), object_server, bucket) as case:
        with catalog_proxy.under(CommitFaults(at=1), toxic) as plan:
            case.append(1)
        assert plan.fired
        assert case.ids() == [0, 1]
        assert case.left() == []


def test_a_service_that_is_busy_is_asked_again(
    kind_of: Callable[[str], CatalogKind], catalog_proxy: FaultProxy, object_server: ObjectServer, bucket: str
) -> None:
    with case_of(kind_of("rest"), object_server, bucket) as case:
        for toxic in (Toxic.SLOW_DOWN, Toxic.RESET, Toxic.LOST, Toxic.STALL):
            with catalog_proxy.under(FaultPlan(at=1), toxic) as plan:
                assert case.ids() == [0]
            assert plan.seen[0].startswith("GET")
            assert len(plan.seen) > 1
