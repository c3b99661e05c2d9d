"""Objects as files of Python's: one answer from the start to the end, ranges elsewhere, and every byte verified."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from dao.errors import ConflictError, NotFoundError, StoreError
from dao_files.manifest import _streams as streams
from dao_files.manifest._streams import open_object
from dao_files.manifest._transport import Stat

CONTENT = random.Random(11).randbytes(100_000)


class OneObject:
    """A transport with one object, which notes what it is asked for."""

    def __init__(self) -> None:
        self.content: bytes | None = CONTENT
        self.damaged = False
        self.asked: list[str] = []
        self.open = 0

    @property
    def stat(self) -> Stat:
        return Stat("a/b", len(CONTENT), "etag", version="7")

    def _checked(self, etag: str | None, version: str | None) -> bytes:
        assert (etag, version) == ("etag", "7"), "a request that isn't pinned"
        if self.content is None:
            raise NotFoundError("a/b")
        return self.content

    def get(
        self,
        key: str,
        *,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> bytes:
        content = self._checked(etag, version)
        self.asked.append("all" if length is None else "range")
        return content[start : None if length is None else start + length]

    def chunks(
        self, key: str, *, start: int = 0, etag: str | None = None, version: str | None = None
    ) -> Iterator[bytes]:
        content = self._checked(etag, version)
        self.asked.append("chunks")
        self.open += 1
        try:
            for at in range(start, len(content), 1_000):
                yield self._checked(etag, version)[at : at + 1_000]
            if self.damaged:
                raise StoreError("the bytes that came don't match the object's checksum")
        finally:
            self.open -= 1


@pytest.fixture
def store() -> OneObject:
    return OneObject()


@pytest.fixture(autouse=True)
def _small_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_ONE_REQUEST", 10_000)
    monkeypatch.setattr(streams, "_BUFFER", 512)


def opened(store: OneObject) -> BinaryIO:
    return open_object(store, store.stat)  # type: ignore[arg-type]


def test_opening_makes_no_request(store: OneObject) -> None:
    with opened(store) as file:
        assert file.seek(0, 2) == len(CONTENT)
    assert store.asked == []


def test_from_start_to_end_is_one_request(store: OneObject) -> None:
    with opened(store) as file:
        pieces = []
        while piece := file.read(777):
            pieces.append(piece)
            assert isinstance(piece, bytes)
    assert b"".join(pieces) == CONTENT
    assert (store.asked, store.open) == (["chunks"], 0)


def test_small_objects_are_fetched_whole(store: OneObject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_ONE_REQUEST", len(CONTENT))
    with opened(store) as file:
        assert file.read(10) + file.read() == CONTENT
    assert store.asked == ["all"]


@pytest.mark.parametrize("seed", range(20))
def test_any_reads_give_the_content(seed: int, store: OneObject) -> None:
    chance = random.Random(seed)
    with opened(store) as file:
        for _ in range(60):
            if chance.random() < 0.2:
                file.seek(chance.randrange(len(CONTENT) + 50), chance.choice([io.SEEK_SET, io.SEEK_SET, io.SEEK_CUR]))
            start, size = file.tell(), chance.choice([0, 1, 50, 150, 3_000, 20_000])
            assert file.read(size) == CONTENT[start : start + size]
            assert file.tell() == max(start, min(start + size, len(CONTENT)))
    assert store.open == 0


def test_lines(store: OneObject) -> None:
    with opened(store) as file:
        assert list(file) == list(io.BytesIO(CONTENT))


def test_who_goes_elsewhere_gets_ranges(store: OneObject) -> None:
    with opened(store) as file:
        file.read(100)
        assert store.open == 1
        file.seek(50_000)
        assert file.read(10) == CONTENT[50_000:50_010]
        assert store.open == 0, "the answer is let go of"
        file.seek(0)
        assert file.read(10) == CONTENT[:10]
    assert store.asked[:2] == ["chunks", "range"]


def test_damage_is_told_before_the_last_bytes_are_given(store: OneObject) -> None:
    store.damaged = True
    with opened(store) as file:
        assert file.read(90_000) == CONTENT[:90_000]
        with pytest.raises(StoreError, match="checksum"):
            file.read(10_000)


@pytest.mark.parametrize("before", [0, 5_000])
def test_an_object_that_is_gone_is_a_conflict(store: OneObject, before: int) -> None:
    with opened(store) as file:
        file.read(before)
        store.content = None
        with pytest.raises(ConflictError, match="replaced or deleted"):
            file.read()


def test_places_are_checked(store: OneObject) -> None:
    with opened(store) as file:
        assert file.seek(-10, 2) == len(CONTENT) - 10
        assert file.read() == CONTENT[-10:]
        assert file.read(1) == b""
        with pytest.raises(ValueError, match="no place"):
            file.seek(-1)


def test_a_closed_file_lets_go(store: OneObject) -> None:
    file = opened(store)
    file.read(10)
    assert store.open == 1
    file.close()
    file.close()
    assert store.open == 0
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


def test_a_dropped_file_lets_go(store: OneObject) -> None:
    file = opened(store)
    file.read(10)
    del file
    assert store.open == 0
