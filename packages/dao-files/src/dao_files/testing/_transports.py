"""The guarantees of :class:`dao_files.manifest.Transport` as tests."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from dao.errors import ConflictError, DaoError, NotFoundError, UnsupportedError
from dao_files.manifest._transport import ObjectSettings, Stat, Transport
from dao_files.testing._suites import ODD_KEYS, Suite, at_once

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["TransportSuite"]

_WRITERS = 8
_ROUNDS = 5
_LARGE = bytes(range(256)) * (20 << 10)  # 5 MiB: more than most stores transfer in one chunk of a stream

_REFUSED = (ConflictError, NotFoundError)
"""The errors of a condition on the ETag of an object that doesn't exist."""


def _content(data: Buffer) -> bytes:
    return bytes(memoryview(data))


def _join(pieces: Iterator[Buffer]) -> bytes:
    return b"".join(map(_content, pieces))


class TransportSuite(Suite, written="dao_files.manifest.Transport"):
    """All rules of a transport, as tests. Inherit it and define a fixture ``transport`` that returns an empty store's.

    Attributes:
        lacks: the features that the store lacks, each with its reason: ``metadata`` (settings are refused),
            ``prefix_keys`` (a key that is also the folder of another key is refused, or not listed with it), ``pickle``
            (a pickled transport accesses other objects).
    """

    features = {  # noqa: RUF012 - declared by the base class
        "metadata": "metadata and the content type of an object are stored",
        "prefix_keys": "the keys 'a' and 'a/b' can exist at the same time",
        "pickle": "a pickled transport accesses the same objects, or contains them",
    }

    @pytest.fixture
    def transport(self) -> Transport:
        """The transport under test, of an empty store; the subclass defines it."""
        pytest.fail(f"{type(self).__name__} needs a fixture 'transport' that returns a transport to an empty store")

    def test_contents_come_back_equal(self, transport: Transport) -> None:
        """``get`` returns the content that was put, from empty to large, for any kind of buffer."""
        for content in (b"", b"x", bytearray(b"abc"), memoryview(b"abcdef")[2:4], _LARGE):
            stat = transport.put("a/b.bin", content)
            assert (stat.key, stat.size) == ("a/b.bin", len(content))
            assert _content(transport.get("a/b.bin")) == bytes(content)
            assert transport.head("a/b.bin").size == len(content)

    def test_parts_are_exact(self, transport: Transport) -> None:
        """start= and length= select a range; a range at or past the end is empty, not an error."""
        transport.put("k", b"0123456789")
        parts = [_content(transport.get("k", start=a, length=n)) for a, n in ((0, 3), (4, 2), (8, 9), (10, 5), (99, 1))]
        assert parts == [b"012", b"45", b"89", b"", b""]
        assert _content(transport.get("k", start=7)) == b"789"

    def test_streams_are_whole(self, transport: Transport) -> None:
        """chunks() yields the content in order, from its start or an offset, all of one version of the object."""
        stat = transport.put("k", _LARGE)
        assert _join(transport.chunks("k")) == _LARGE
        assert _join(transport.chunks("k", start=len(_LARGE) - 3, etag=stat.etag)) == _LARGE[-3:]
        transport.put("k", b"other")
        with pytest.raises(ConflictError):
            _join(transport.chunks("k", etag=stat.etag))

    def test_what_is_missing_is_missed_at_once(self, transport: Transport) -> None:
        """head, get, chunks and copy raise NotFoundError when they are called, not when their result is consumed."""
        transport.put("there", b"")
        requests: tuple[Callable[[], object], ...] = (
            lambda: transport.head("the"),
            lambda: transport.get("not/there"),
            lambda: transport.chunks("not"),
            lambda: transport.copy("not", "target"),
        )
        for request in requests:
            with pytest.raises(NotFoundError):
                request()

    def test_every_content_has_its_etag(self, transport: Transport) -> None:
        """put, head and list return the same ETag; another content has another ETag, also if it has the same size."""
        seen = set()
        for number in range(_ROUNDS):
            stat = transport.put("k", b"%06d" % number)
            assert stat.etag is not None
            assert stat.etag == transport.head("k").etag == next(iter(transport.list("k"))).etag
            seen.add(stat.etag)
        assert len(seen) == _ROUNDS

    def test_reads_under_a_condition(self, transport: Transport) -> None:
        """``get`` with the ETag of another content raises ConflictError, and never returns other bytes."""
        old = transport.put("k", b"old")
        transport.put("k", b"new")
        with pytest.raises(ConflictError):
            transport.get("k", etag=old.etag)
        with pytest.raises(ConflictError):
            transport.get("k", start=1, length=1, etag=old.etag)

    def test_creating_replaces_nothing(self, transport: Transport) -> None:
        """put, a writer and copy with if_absent create an object, and raise ConflictError if it exists."""
        transport.put("k", b"first", if_absent=True)
        source = transport.put("source", b"second")
        writer = transport.writer("k", if_absent=True)
        writer.write(b"second")
        for request in (
            lambda: transport.put("k", b"second", if_absent=True),
            lambda: transport.copy(source.key, "k", if_absent=True),
            writer.close,
        ):
            with pytest.raises(ConflictError):
                request()
            assert _content(transport.get("k")) == b"first"

    def test_replacing_under_a_condition(self, transport: Transport) -> None:
        """if_match replaces only the object with that ETag: an old ETag, or a missing object, is refused."""
        old = transport.put("k", b"1")
        new = transport.put("k", b"2", if_match=old.etag)
        with pytest.raises(ConflictError):
            transport.put("k", b"3", if_match=old.etag)
        writer = transport.writer("k", if_match=old.etag)
        writer.write(b"3")
        with pytest.raises(ConflictError):
            writer.close()
        assert transport.head("k").etag == new.etag
        assert _content(transport.get("k")) == b"2"
        with pytest.raises(_REFUSED):
            transport.put("none", b"3", if_match=old.etag)
        assert [stat.key for stat in transport.list("")] == ["k"]

    def test_of_many_creators_one_wins(self, transport: Transport) -> None:
        """Conditions are atomic: of concurrent writers that create one object exactly one succeeds."""
        for number in range(_ROUNDS):
            key = f"k{number}"
            done = at_once([partial(self._try_create, transport, key, b"%d" % me) for me in range(_WRITERS)])
            winners = [me for me, won in enumerate(done) if won]
            assert len(winners) == 1
            assert _content(transport.get(key)) == b"%d" % winners[0]

    @staticmethod
    def _try_create(transport: Transport, key: str, content: bytes) -> bool:
        try:
            transport.put(key, content, if_absent=True)
        except ConflictError:
            return False
        return True

    def test_no_replacement_is_lost(self, transport: Transport) -> None:
        """Concurrent writers that read a counter and replace it under its ETag lose no count."""
        transport.put("counter", b"0")

        def count() -> None:
            while True:
                stat = transport.head("counter")
                try:
                    value = int(_content(transport.get("counter", etag=stat.etag)))
                    transport.put("counter", b"%d" % (value + 1), if_match=stat.etag)
                    return
                except ConflictError:
                    continue

        at_once([count] * _WRITERS)
        assert int(_content(transport.get("counter"))) == _WRITERS

    def test_readers_see_whole_objects(self, transport: Transport) -> None:
        """While an object is replaced, it is always listed, and get returns one complete content."""
        states = [b"a" * 70_000, b"b" * 90_000]
        transport.put("k", states[0])

        def write() -> set[bytes]:
            for number in range(20):
                transport.put("k", states[number % 2])
            return set()

        def read() -> set[bytes]:
            found = set()
            for _ in range(20):
                found.add(_content(transport.get("k")))
                assert [stat.key for stat in transport.list("")] == ["k"]
            return found

        assert set().union(*at_once([write, read, read])) <= set(states)

    def test_listings_are_in_order(self, transport: Transport) -> None:
        """``list`` yields every key with the prefix (greater than ``after=``), in the order of their UTF-8 bytes."""
        keys = ["a/1", "a/b/2", "a/b/3", "a0", "aé", "a\uff5e", "a\U0001f600", "b"]
        for key in reversed(keys):
            transport.put(key, b"x")

        def listed(prefix: str, after: str | None = None) -> list[str]:
            return [stat.key for stat in transport.list(prefix, after=after)]

        assert listed("") == keys
        assert listed("a/") == keys[:3]
        assert listed("a") == keys[:7]
        assert listed("a/b") == keys[1:3]
        assert listed("a/b/", after="a/b/2") == ["a/b/3"]
        assert listed("", after="a0") == keys[4:]
        assert listed("none/") == []

    def test_listings_say_what_is_there(self, transport: Transport) -> None:
        """Each entry of a listing has the object's size, ETag, and time of writing in UTC, at least to the second."""
        transport.put("a/b", b"four")
        (listed,) = transport.list("")
        head = transport.head("a/b")
        assert (listed.size, listed.etag) == (4, head.etag)
        assert listed.modified is not None
        assert head.modified is not None
        assert listed.modified.utcoffset() == timedelta(0)
        assert abs(listed.modified - head.modified) < timedelta(seconds=1)

    def test_folders_are_one_level(self, transport: Transport) -> None:
        """``folders`` returns the entries directly below a prefix: folders, which end with '/', and objects."""
        for key in ("a/x", "a/b/y", "a/b/z", "a/c/d/e", "ab"):
            transport.put(key, b"")
        folders, objects = transport.folders("a/")
        assert (list(folders), [stat.key for stat in objects]) == (["a/b/", "a/c/"], ["a/x"])
        assert list(transport.folders("")[0]) == ["a/"]

    def test_keys_are_exact(self, transport: Transport) -> None:
        """Keys are not escaped, unescaped, folded or normalised: each names its own object, listed as it was put."""
        for number, key in enumerate(ODD_KEYS):
            transport.put(key, b"%d" % number, if_absent=True)
        assert [stat.key for stat in transport.list("")] == sorted(ODD_KEYS, key=str.encode)
        for number, key in enumerate(ODD_KEYS):
            assert (transport.head(key).key, _content(transport.get(key))) == (key, b"%d" % number)
        transport.copy("glob*?[a].txt", "copy*.txt")
        transport.delete(["copy*.txt"])
        for number, key in enumerate(ODD_KEYS):
            transport.delete([key])
            assert len(list(transport.list(""))) == len(ODD_KEYS) - number - 1

    def test_a_key_may_begin_another(self, transport: Transport) -> None:
        """The keys 'a' and 'a/b' can both exist; in a store that can't have both, the first is unchanged."""
        transport.put("a", b"file")
        if "prefix_keys" in self.lacks:
            with suppress(DaoError):
                transport.put("a/b", b"below")
            assert _content(transport.get("a")) == b"file"
            assert "a" in [stat.key for stat in transport.list("")]
            return
        transport.put("a/b", b"below")
        assert [stat.key for stat in transport.list("a")] == ["a", "a/b"]
        transport.delete(["a"])
        assert [stat.key for stat in transport.list("")] == ["a/b"]

    def test_deleting(self, transport: Transport) -> None:
        """``delete`` removes those objects and no others; a missing object is not an error."""
        for key in ("a/1", "a/2", "a/3", "ab"):
            transport.put(key, b"")
        transport.delete(["a/1", "not/there", "a/3"])
        transport.delete(iter(()))
        transport.delete(["a/1"])
        assert [stat.key for stat in transport.list("")] == ["a/2", "ab"]
        with pytest.raises(NotFoundError):
            transport.head("a/1")

    def test_a_writer_shows_nothing_before_it_is_closed(self, transport: Transport) -> None:
        """An object is complete, and visible, once its writer is closed; a second close or an abort does nothing."""
        for content in (b"", b"small", _LARGE, _LARGE * 4):
            writer = transport.writer("k")
            for begin in range(0, len(content), 1 << 20):
                assert writer.write(content[begin : begin + (1 << 20)]) == len(content[begin : begin + (1 << 20)])
            assert not writer.closed
            assert list(transport.list("")) == []
            writer.close()
            writer.close()
            writer.abort()
            assert writer.closed
            assert (writer.written.size, writer.written.etag) == (len(content), transport.head("k").etag)
            assert _join(transport.chunks("k")) == content
            transport.delete(["k"])

    def test_a_writer_that_gives_up_leaves_nothing(self, transport: Transport) -> None:
        """After abort no object is created, an existing object is unchanged, and no upload remains open."""
        transport.put("k", b"before")
        for key in ("k", "new"):
            writer = transport.writer(key)
            writer.write(_LARGE * 4)
            writer.abort()
            assert writer.closed
        assert [(stat.key, stat.size) for stat in transport.list("")] == [("k", 6)]
        with suppress(UnsupportedError):  # a driver that can't tell
            assert list(transport.open_uploads()) == []

    def test_copies_are_equal(self, transport: Transport) -> None:
        """``copy`` creates or replaces the target with the source's content; the source is unchanged."""
        transport.put("source", _LARGE)
        transport.put("target", b"old")
        stat = transport.copy("source", "target")
        assert (stat.key, stat.size, stat.etag) == ("target", len(_LARGE), transport.head("target").etag)
        assert _content(transport.get("target")) == _content(transport.get("source")) == _LARGE

    def test_settings_are_kept_or_refused(self, transport: Transport) -> None:
        """Metadata and a content type are returned by head, and copied; or refused, and nothing is written."""
        settings = ObjectSettings(metadata={"who": "me"}, content_type="text/plain")
        if "metadata" in self.lacks:
            with pytest.raises(UnsupportedError):
                transport.put("k", b"", settings=settings)
            assert list(transport.list("")) == []
            return
        transport.put("k", b"", settings=settings)
        transport.copy("k", "copy")
        for key in ("k", "copy"):
            stat = transport.head(key)
            assert (stat.metadata.get("who"), stat.facts.get("content_type")) == ("me", "text/plain")

    def test_the_mark_of_a_write_is_taken(self, transport: Transport) -> None:
        """The metadata entry 'dao-write' is always accepted: stored where metadata is stored, else dropped."""
        transport.put("k", b"x", settings=ObjectSettings(metadata={"dao-write": "1"}))
        assert transport.head("k").metadata.get("dao-write") in ("1", None)

    def test_versions_are_not_ignored(self, transport: Transport) -> None:
        """``head`` and ``get`` of a missing version raise an error, and never return the current object."""
        transport.put("k", b"now")
        for request in (transport.head, transport.get):
            with pytest.raises(DaoError):
                request("k", version="no-such-version")

    def test_it_can_be_pickled(self, transport: Transport) -> None:
        """A pickled transport accesses the same objects, or contains them. Secrets that are references are pickled."""
        transport.put("k", b"content")
        again: Any = pickle.loads(pickle.dumps(transport))
        assert again.uri == transport.uri
        if "pickle" not in self.lacks:
            assert _content(again.get("k")) == b"content"

    def test_it_can_be_used_after_close(self, transport: Transport) -> None:
        """``close`` closes connections; the next request opens new ones."""
        transport.put("k", b"content")
        transport.close()
        transport.close()
        assert isinstance(transport.head("k"), Stat)
