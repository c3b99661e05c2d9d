"""How long an answer is believed, and who waits for whom."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from dao_s3.glue._cache import Cache


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.asked


@pytest.mark.parametrize(("seconds", "later", "asked"), [(10, 9.9, 1), (10, 10, 2), (0, 0, 2), (None, 1e9, 1)])
def test_age(seconds: float | None, later: float, asked: int) -> None:
    clock, source = Clock(), Source()
    cache: Cache[str, int] = Cache(seconds, clock)
    assert cache.get("a", source) == 1
    clock.now = later
    assert cache.get("a", source) == asked == source.asked


def test_only_what_is_dropped_is_asked_for_again() -> None:
    source = Source()
    cache: Cache[str, int] = Cache(None)
    assert [cache.get(key, source) for key in "abab"] == [1, 2, 1, 2]
    cache.drop(lambda key: key == "a")
    assert [cache.get(key, source) for key in "abab"] == [3, 2, 3, 2]


def test_failures_are_not_remembered() -> None:
    cache: Cache[str, int] = Cache(None)

    def fail() -> int:
        raise KeyError("a")

    for _ in range(2):
        with pytest.raises(KeyError):
            cache.get("a", fail)
    assert cache.get("a", Source()) == 1


def test_threads_that_want_the_same_wait_for_one_fetch() -> None:
    source, together = Source(), Barrier(8)
    cache: Cache[str, int] = Cache(None)

    def ask(_: int) -> int:
        together.wait(30)
        return cache.get("a", source)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {1}
    assert source.asked == 1


def test_a_fetch_holds_up_nobody_who_wants_something_else() -> None:
    cache: Cache[str, int] = Cache(None)
    begun, go_on = Event(), Event()

    def slow() -> int:
        begun.set()
        assert go_on.wait(30)
        return 1

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cache.get, "slow", slow)
        assert begun.wait(30)
        assert cache.get("quick", Source()) == 1
        go_on.set()
        assert waiting.result(30) == 1


def test_what_was_fetched_before_a_drop_is_not_believed_after_it() -> None:
    cache: Cache[str, int] = Cache(None)
    source = Source()

    def overtaken() -> int:
        cache.drop(lambda _: True)
        return source()

    assert cache.get("a", overtaken) == 1
    assert cache.get("a", source) == 2
    drops = cache.drops
    cache.drop(lambda _: True)
    cache.put("b", 7, drops)
    cache.put("c", 8, cache.drops)
    assert [cache.get(key, source) for key in "bc"] == [3, 8]


def test_who_asks_after_a_drop_does_not_wait_for_an_older_answer() -> None:
    cache: Cache[str, int] = Cache(None)
    begun, go_on = Event(), Event()

    def slow() -> int:
        begun.set()
        assert go_on.wait(30)
        return -1

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cache.get, "a", slow)
        assert begun.wait(30)
        cache.drop(lambda _: True)
        assert cache.get("a", Source()) == 1
        go_on.set()
        assert waiting.result(30) == -1
    assert cache.get("a", Source()) == 1


def test_pickles_carry_no_values() -> None:
    source = Source()
    cache: Cache[str, int] = Cache(5)
    cache.get("a", source)
    assert pickle.loads(pickle.dumps(cache)).get("a", source) == 2


def test_a_forked_process_does_not_wait_for_its_parents_threads() -> None:
    cache: Cache[str, int] = Cache(None)
    begun, go_on = Event(), Event()

    def slow() -> int:
        begun.set()
        assert go_on.wait(30)
        return 1

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cache.get, "a", slow)
        assert begun.wait(30)
        child = os.fork()
        if child == 0:
            os._exit(cache.get("a", lambda: 42))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
        go_on.set()
        assert waiting.result(30) == 1
