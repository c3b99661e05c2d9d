"""Objects as files: what is asked of the store for which reads, and that bytes of two states are never mixed."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest

from dao.errors import ConflictError, NotFoundError, StoreError
from dao.memory import Budget
from dao_files.manifest import _arrow_files as arrow_files
from dao_files.manifest._arrow_files import ObjectFile, native_file
from dao_files.manifest._transport import Stat

CONTENT = random.Random(7).randbytes(100_000)


class OneObject:
    """A transport with one object, which notes the ranges that it is asked for."""

    def __init__(self, content: bytes = CONTENT, etag: str | None = "first") -> None:
        self.content: bytes | None = content
        self.etag = etag
        self.asked: list[tuple[int, int]] = []
        self.short = 0

    def get(
        self,
        key: str,
        *,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> bytes:
        assert length is not None
        self.asked.append((start, length))
        if self.content is None:
            raise NotFoundError(key)
        if etag != self.etag:
            raise ConflictError(key)
        return self.content[start : start + length - self.short]

    @property
    def stat(self) -> Stat:
        return Stat("a/b", len(self.content or b""), self.etag)


@pytest.fixture
def store() -> OneObject:
    return OneObject()


@pytest.fixture(autouse=True)
def _small_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_files, "_LEAST", 100)
    monkeypatch.setattr("dao.memory.USUAL", Budget(block=1_000))


def opened(store: OneObject) -> Any:
    return ObjectFile(store, store.stat)  # type: ignore[arg-type]


def test_opening_makes_no_request(store: OneObject) -> None:
    with opened(store), native_file(store, store.stat) as file:  # type: ignore[arg-type]
        assert file.size() == len(CONTENT)
    assert store.asked == []


@pytest.mark.parametrize("seed", range(20))
def test_any_reads_give_the_content(seed: int, store: OneObject) -> None:
    chance = random.Random(seed)
    with opened(store) as file:
        for _ in range(60):
            if chance.random() < 0.3:
                file.seek(chance.randrange(len(CONTENT) + 50))
            start, size = file.tell(), chance.choice([0, 1, 50, 150, 3_000, 20_000])
            assert bytes(file.read(size)) == CONTENT[start : start + size]
            assert file.tell() == max(start, min(start + size, len(CONTENT)))


def test_read_on_to_the_end(store: OneObject) -> None:
    with native_file(store, store.stat) as file:  # type: ignore[arg-type]
        pieces = []
        while piece := file.read(777):
            pieces.append(piece)
    assert b"".join(pieces) == CONTENT
    ranges = sorted(store.asked)
    assert [start for start, _ in ranges] == [0, *(start + length for start, length in ranges[:-1])], "nothing twice"


def test_reads_in_order_are_fetched_ahead_and_others_are_not(store: OneObject) -> None:
    with opened(store) as file:
        file.read(100)
        assert store.asked == [(0, 100)]
        file.seek(5_000)
        file.read(30)
        assert store.asked[1:] == [(5_000, 100)], "a small read takes a little more along"
        file.read(80)
        file.read(900)
    assert store.asked[2] == (5_100, 1_000)
    assert set(store.asked[3:]) <= {(6_100, 1_000), (7_100, 1_000)}, "unless closing was faster"


def test_what_is_fetched_ahead_is_not_fetched_again(store: OneObject) -> None:
    with opened(store) as file:
        for _ in range(30):
            file.read(333)
    assert len(store.asked) == len(set(store.asked))
    assert {(0, 333), (333, 1_000), (1_333, 1_000), (2_333, 1_000)} <= set(store.asked)


def test_a_large_read_is_one_request(store: OneObject) -> None:
    with opened(store) as file:
        file.seek(10)
        assert bytes(file.read(50_000)) == CONTENT[10:50_010]
    assert store.asked == [(10, 50_000)]


def test_the_content_is_not_copied(store: OneObject) -> None:
    with opened(store) as file:
        view = file.read(100)
        assert isinstance(view, memoryview)
        assert isinstance(view.obj, bytes)


def test_another_object_is_a_conflict(store: OneObject) -> None:
    with opened(store) as file:
        file.read(100)
        store.etag = "second"
        with pytest.raises(ConflictError):
            file.read(10)


def test_arrow_hears_of_it_too(store: OneObject) -> None:
    with native_file(store, store.stat) as file:  # type: ignore[arg-type]
        store.etag = "second"
        with pytest.raises(ConflictError):
            file.read(10)


def test_an_object_that_is_gone_is_a_conflict(store: OneObject) -> None:
    with opened(store) as file:
        store.content = None
        with pytest.raises(ConflictError, match="replaced or deleted"):
            file.read(10)


def test_fewer_bytes_than_promised_are_an_error(store: OneObject) -> None:
    with opened(store) as file:
        store.short = 1
        with pytest.raises(StoreError, match="99 bytes from 0 on instead of 100"):
            file.read(10)


def test_an_error_of_what_was_fetched_ahead_comes_when_it_is_read(store: OneObject) -> None:
    with opened(store) as file:
        file.read(100)
        file.read(10)
        store.etag = "second"
        with pytest.raises(ConflictError):
            file.read(50_000)


def test_closing_ends_the_threads(store: OneObject) -> None:
    before = threading.active_count()
    file = opened(store)
    for _ in range(5):
        file.read(600)
    assert threading.active_count() > before
    file.close()
    file.close()
    assert threading.active_count() == before
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


def test_places_are_checked(store: OneObject) -> None:
    with opened(store) as file:
        assert file.seek(-10, 2) == len(CONTENT) - 10
        assert bytes(file.read()) == CONTENT[-10:]
        assert bytes(file.read(1)) == b""
        with pytest.raises(ValueError, match="no place"):
            file.seek(-1)


def test_readinto(store: OneObject) -> None:
    with opened(store) as file:
        target = bytearray(50)
        assert file.readinto(target) == 50
        assert target == CONTENT[:50]
