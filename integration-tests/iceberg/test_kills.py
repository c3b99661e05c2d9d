"""Writers that are killed at any of their requests leave a whole table, and nothing that can't be tidied up."""

from __future__ import annotations

import json
import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import define
from s3.stores import options_of
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer

from dao import DataAccessObject, DataStore, TableObject
from dao.testing import FaultPlan, ForkedWriters, Verdict
from iceberg.catalogs import CatalogKind
from iceberg.killed_writer import MODES, ROWS
from iceberg.looking import leftovers

WRITER = Path(__file__).with_name("killed_writer.py")
CHANGES = len(MODES)

pytestmark = pytest.mark.timeout(1800)


@define(kw_only=True)
class Killing(FaultPlan):
    """Kills a writer at a request, which is done all the same, or isn't.

    Attributes:
        pid: the file that has its number.
    """

    pid: Path

    def verdict(self, name: str) -> Verdict:
        """Count a request, and say what is to become of it."""
        found = super().verdict(name)
        if found is not Verdict.PASS:
            os.kill(int(self.pid.read_text()), signal.SIGKILL)
        return found


def after(state: Counter[int], number: int, mode: str) -> Counter[int]:
    """The rows by writer, once a change is made."""
    match mode:
        case "append":
            return state + Counter({number: ROWS})
        case "delete":
            return Counter({by: count for by, count in state.items() if by != number - 1})
    return Counter({number: ROWS})


@pytest.mark.parametrize("kills", [2, pytest.param(100, marks=pytest.mark.slow)])
def test_whenever_a_writer_is_killed_the_table_is_whole(
    kind_of: Callable[[str], CatalogKind],
    object_server: ObjectServer,
    proxied: ObjectServer,
    proxy: FaultProxy,
    catalog_proxy: FaultProxy,
    bucket: str,
    tmp_path: Path,
    kills: int,
) -> None:
    kind, chance, pid = kind_of("rest"), random.Random(kills), tmp_path / "pid"
    catalog = kind.options()
    options = options_of(proxied, bucket, **catalog)
    store = DataStore("lake", "iceberg", options=options_of(object_server, bucket, **catalog))
    dao, table = DataAccessObject(), TableObject("t", store)
    dao.write([{"by": -1, "id": 0}], table)
    state, number, killed = Counter({-1: 1}), 0, 0

    with ForkedWriters(WRITER) as writers:
        most = 1
        for turn in range(kills + 1):
            at = chance.randint(1, most) if turn else None  # the first one lives, for its requests to be counted
            plan = Killing(at=at, lost=chance.random() < 0.5, pid=pid)
            asked = {"options": options, "first": number, "changes": CHANGES, "pid": str(pid)}
            with proxy.under(plan), kind.faults(plan):
                said, was_killed = writers.run(json.dumps(asked))
                for one in (proxy, catalog_proxy):
                    one.settle()  # a request may outlive the one that sent it
            most, killed = len(plan.seen) if at is None else most, killed + was_killed
            doubtful = None
            for what, text, mode in map(str.split, said):
                number = int(text) + 1
                changed = after(state, int(text), mode)
                state, doubtful = (changed, None) if what == "done" else (state, changed)
            found = Counter(dao.read(table, columns=["by"])["by"].to_pylist())
            assert found in (state, doubtful), plan.seen[-1]
            state = found
    assert killed > 0.7 * kills, "they were to go on until they are killed"
    if kind.keeps_snapshots:  # Nessie forbids others to delete files
        dao.run("orphans", table, older_than=0, dry_run=False)
        assert Counter(dao.read(table, columns=["by"])["by"].to_pylist()) == state
        assert list(leftovers(object_server, bucket, store)) == []
    dao.close()
    store.close()
