"""The memory limit of a call: what it may be, who sees it, and for how long."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from dao import DataAccessObject, DataObject, DataStore
from dao._core.aio import AsyncDataAccessObject
from dao._core.routing import absent
from dao._core.routing.table import RouteTable
from dao.capabilities import Capabilities
from dao.data_store import DataStoreRegistry
from dao.errors import DaoError, DataError, NoRouteError, UnsupportedError
from dao.memory import USUAL, Budget, budgeted, current, kept

_MiB = 1 << 20


class Looking:
    """Gives the limit that holds while it works."""

    capabilities = Capabilities()

    def read(self, data_object):
        return current().limit

    def read_stream(self, data_object):
        return kept(current().limit for _ in range(2))

    def copy(self, data_object, target):
        return current().limit

    async def count_native(self, data_object):
        await asyncio.sleep(0)
        return current().limit

    def exists(self, data_object):
        return current().limit


STORE = DataStore("shop", Looking())
THING, OTHER = DataObject("thing", STORE), DataObject("other", STORE)


def face(**given: Any) -> DataAccessObject:
    return DataAccessObject(registry=DataStoreRegistry(), **given)


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (_MiB, _MiB), ("512 MiB", 512 * _MiB), ("2GB", 2 * 10**9), (" 1.5 gib ", 3 << 29), ("1048576", _MiB),
        ("2000 kb", 2_000_000),
    ],
)  # fmt: skip
def test_a_limit_is_bytes_or_text_with_a_unit(given: Any, size: int) -> None:
    assert Budget.of(given).limit == size


@pytest.mark.parametrize("given", ["12 apples", "", "MiB", "-5 MiB", 5.5, True, [1], "1e9", 0, -1, "1 KiB", _MiB - 1])
def test_what_is_no_limit_is_refused_before_the_call(given: Any) -> None:
    for call in (
        lambda: face().read(THING, memory_limit=given),
        lambda: face().copy(THING, OTHER, memory_limit=given),
        lambda: face().explain("read", THING, memory_limit=given),
        lambda: face(memory_limit=given),
    ):
        with pytest.raises(DataError, match="memory_limit: found .*, expected (bytes as a whole|at least 1 MiB)"):
            call()


@pytest.mark.parametrize("limit", [_MiB, 10 * _MiB, 100 * _MiB, 1 << 40])
def test_the_shares_of_a_limit_fit_into_it(limit: int) -> None:
    budget = Budget.of(limit)
    reading = max(budget.fetched, 4 * budget.block) + 4 * budget.batch
    writing = 5 * budget.chunk
    assert reading + writing <= limit, "a copy"
    assert budget.upserted + budget.fetched + 4 * budget.batch + budget.group <= limit, "an upsert"
    assert budget.waiting + budget.group + reading <= limit, "a copy into partitions"
    assert budget.chunk <= USUAL.chunk
    assert budget.open_files >= 1


def test_a_call_has_its_own_limit_else_that_of_its_data_access_object() -> None:
    plain, limited = face(), face(memory_limit="2 MiB")
    assert plain.read(THING) is None
    assert plain.read(THING, memory_limit="1 MiB") == _MiB
    assert limited.read(THING) == 2 * _MiB
    assert limited.read(THING, memory_limit="1 MiB") == _MiB
    assert limited.read(THING, memory_limit=None) == 2 * _MiB
    assert limited.copy(THING, OTHER, memory_limit=3 * _MiB) == 3 * _MiB
    assert limited.exists(THING) == 2 * _MiB
    assert current() is USUAL, "the limit stayed after its call"


class Whole(Looking):
    """Holds all rows in memory, and says so."""

    capabilities = Capabilities(lacks_features={"memory_limit": "a table is kept whole"})


WHOLE = DataObject("thing", DataStore("heap", Whole()))
REFUSED = "memory_limit: Whole can't hold to one: a table is kept whole"


def test_a_limit_that_would_be_ignored_is_refused() -> None:
    calls: list[Callable[[], Any]] = [
        lambda: face().read(WHOLE, memory_limit="1 MiB"),
        lambda: face().copy(WHOLE, DataObject("other", WHOLE.data_store), memory_limit="1 MiB"),
        lambda: face().copy(WHOLE, THING, memory_limit="1 MiB"),
        lambda: face().explain("read", WHOLE, memory_limit="1 MiB"),
    ]
    for call in calls:
        with pytest.raises(UnsupportedError, match=REFUSED):
            call()

    async def read() -> Any:
        return await AsyncDataAccessObject(registry=DataStoreRegistry()).read(WHOLE, memory_limit="1 MiB")

    with pytest.raises(UnsupportedError, match=REFUSED):
        asyncio.run(read())


def test_a_limit_costs_no_second_planning(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[str] = []
    plan = RouteTable.plan

    def counted(self: RouteTable, action: str, *given: Any, **named: Any) -> Any:
        planned.append(action)
        return plan(self, action, *given, **named)

    monkeypatch.setattr(RouteTable, "plan", counted)
    dao, target = face(), DataObject("thing", DataStore("heap", "memory"))

    def plans_of(call: Callable[..., Any], **given: Any) -> list[str]:
        planned.clear()
        call(**given)
        return list(planned)

    second = DataObject("thing", DataStore("second", "memory"))
    dao.write([{"a": 1}], target)
    calls: list[Callable[..., Any]] = [
        partial(dao.read, THING),
        partial(dao.copy, THING, OTHER),
        partial(dao.copy, target, second, mode="overwrite"),
        partial(dao.explain, "copy", target, second),
    ]
    for call in calls:
        assert plans_of(call, memory_limit="2 MiB") == plans_of(call)


def test_a_limit_is_looked_up_once_for_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[type] = []
    declared = absent.declared_capabilities

    def counted(kind: type) -> Any:
        looked_up.append(kind)
        return declared(kind)

    monkeypatch.setattr(absent, "declared_capabilities", counted)

    class Fresh(Whole):
        pass

    dao, thing = face(memory_limit="2 MiB"), DataObject("thing", DataStore("heap", Fresh()))
    for _ in range(3):
        dao.read(thing)
        assert "Fresh can't hold to it" in str(dao.explain("read", thing))
    assert looked_up == [Fresh]


def test_a_writer_that_is_chosen_by_what_is_read_holds_to_the_limit_too() -> None:
    """Rows that aren't Arrow data are written by another route than the plan had."""

    class Lists:
        capabilities = Capabilities()

        def read(self, data_object: DataObject) -> list[dict[str, int]]:
            return [{"a": 1}]

    class Kept:
        capabilities = Whole.capabilities

        def write(self, data: list, data_object: DataObject) -> Any:
            raise AssertionError

    target = DataObject("t", DataStore("kept", Kept()))
    with pytest.raises(UnsupportedError, match="memory_limit: Kept can't hold to one"):
        face().copy(DataObject("s", DataStore("lists", Lists())), target, memory_limit="2 MiB")


def test_the_limit_of_all_calls_holds_where_it_can_and_explain_says_where_not() -> None:
    limited = face(memory_limit="2 MiB")
    assert limited.read(WHOLE) == 2 * _MiB
    assert "Whole can't hold to it: a table is kept whole" in str(limited.explain("read", WHOLE))
    assert "can't hold" not in str(limited.explain("read", THING))


def test_a_limit_is_pickled_with_its_data_access_object() -> None:
    assert pickle.loads(pickle.dumps(DataAccessObject(memory_limit="2 MiB"))).read(THING) == 2 * _MiB


def test_threads_and_coroutines_have_the_limit_of_their_call() -> None:
    async def main() -> list[Any]:
        dao = AsyncDataAccessObject(registry=DataStoreRegistry(), memory_limit="2 MiB")
        calls = (
            dao.read(THING), dao.read(THING, memory_limit="1 MiB"), dao.count(THING, memory_limit="1 MiB"),
            dao.copy(THING, OTHER), dao.count(THING),
        )  # fmt: skip
        return list(await asyncio.gather(*calls))

    assert asyncio.run(main()) == [2 * _MiB, _MiB, _MiB, 2 * _MiB, 2 * _MiB]


def test_a_stream_keeps_the_limit_that_it_was_opened_with() -> None:
    stream = face().read_stream(THING, memory_limit="1 MiB")
    with budgeted(Budget.of("5 MiB")):
        assert list(stream) == [_MiB, _MiB]


def test_a_kept_generator_is_closed_with_the_one_that_keeps_it() -> None:
    closed = []

    def numbers():
        try:
            yield from range(3)
        finally:
            closed.append(True)

    with budgeted(Budget.of("1 MiB")):
        stream = kept(numbers())
    assert next(stream) == 0
    stream.close()
    assert closed


def test_explain_shows_the_limit() -> None:
    dao = face(memory_limit="64 MiB")
    assert dao.explain("read", THING).memory_limit == 64 * _MiB
    assert "read: within 64 MiB of memory" in str(dao.explain("read", THING))
    assert "2 MiB" in dao.explain("copy", THING, OTHER, memory_limit="2 MiB")._repr_html_()
    assert face().explain("read", THING).memory_limit is None


@pytest.mark.parametrize("wrong", ["memorylimit", "memory", "max_memory"])
def test_a_misspelt_limit_is_refused_with_its_name(wrong: str) -> None:
    with pytest.raises(NoRouteError, match="did you mean 'memory_limit'"):
        face().read(THING, **{wrong: 1})


def test_an_error_says_which_call_it_is_about() -> None:
    with pytest.raises(DaoError, match=r"^read 'shop\.thing'"):
        face().read(THING, memory_limit="many")
