"""What a routed call costs on an interface that does nothing, beside a plain call and beside Kedro's catalog."""

from __future__ import annotations

import logging
from statistics import median
from typing import Any

from kedro.io import AbstractDataset, DataCatalog
from measuring import ROUNDS, Row, Times, interleaved, timed

from dao import DataAccessObject, DataObject, DataStore, DataStoreRegistry

CALLS = 20_000


class Nothing:
    """The interface that does nothing."""

    def read(self, data_object: DataObject) -> None:
        """Nothing."""


class KedroNothing(AbstractDataset):  # type: ignore[type-arg]
    """The dataset that does nothing."""

    def load(self) -> None:
        """Nothing."""

    def save(self, data: Any) -> None:
        """Nothing."""

    def _describe(self) -> dict[str, Any]:
        return {}


def access(objects: int) -> DataAccessObject:
    """A data access object over a catalog of so many objects of the interface that does nothing."""
    declared = {f"table_{number}": {"type": "table", "format": "parquet"} for number in range(objects)}
    config = {"shop": {"interface": "routing:Nothing", "objects": declared}}
    return DataAccessObject(config, registry=DataStoreRegistry())


def rows() -> list[Row]:
    """The report's lines on routing."""
    logging.getLogger("kedro").setLevel(logging.WARNING)
    dao, plain = access(1), Nothing()
    thing = DataObject("table", DataStore("shop", Nothing()))
    kedro = DataCatalog({"nothing": KedroNothing()})
    times = interleaved(
        {
            "plain": lambda: plain.read(thing),
            "object": lambda: dao.read(thing),
            "name": lambda: dao.read("shop.table_0"),
            "kedro": lambda: kedro.load("nothing"),
        },
        rounds=max(ROUNDS, 15),
        calls=CALLS,
    )
    return [*_over_plain(times), *_over_kedro(times), _first_and_last(), _one_and_many()]


def _over_plain(times: Times) -> list[Row]:
    found = []
    for name in ("object", "name"):
        # A call waits for nothing: what is above its CPU time is other programs'.
        extra = (median(times.cpu[name]) - median(times.cpu["plain"])) * 1e6
        detail = f"CPU time; {times.of(name) * 1e6:.2f} us by the clock"
        found.append(Row(f"routed call by {name}, over a plain call", f"{extra:.2f} us", "<= 2 us", extra <= 2, detail))
    return found


def _over_kedro(times: Times) -> list[Row]:
    ratio = times.ratio("object", "kedro")
    detail = f"{times.of('kedro') * 1e6:.2f} us in Kedro, quiet; ratios {times.spread('object', 'kedro')}"
    return [Row("routed call / Kedro's DataCatalog.load", f"{ratio:.3f}", "<= 0.25", ratio <= 0.25, detail)]


def _first_and_last() -> Row:
    ratios = []
    for _ in range(ROUNDS):
        dao, thing = access(1), DataObject("table", DataStore("shop", Nothing()))
        dao.read(thing)
        first = timed(lambda dao=dao, thing=thing: dao.read(thing), 1_000)
        timed(lambda dao=dao, thing=thing: dao.read(thing), 98_000)
        ratios.append(timed(lambda dao=dao, thing=thing: dao.read(thing), 1_000) / first)
    ratio = sorted(ratios)[len(ratios) // 2]
    return Row("calls 99,000-100,000 / calls 1-1,000", f"{ratio:.2f}", "0.8..1.25", 0.8 <= ratio <= 1.25)


def _one_and_many() -> Row:
    one, many = access(1), access(10_000)
    contestants = {"one": lambda: one.read("shop.table_0"), "many": lambda: many.read("shop.table_0")}
    ratio = interleaved(contestants, calls=CALLS).ratio("many", "one")
    return Row("call with 10,000 objects / with 1", f"{ratio:.2f}", "0.8..1.25", 0.8 <= ratio <= 1.25)
