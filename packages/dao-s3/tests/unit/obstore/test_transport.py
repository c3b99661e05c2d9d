"""What the contract of transports says, on each kind of store."""

from __future__ import annotations

import pickle
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dao.errors import ConflictError, DataError, NotFoundError, StoreError, UnsupportedError
from dao_files.manifest._transport import ObjectSettings
from dao_s3._obstore.transport import ObstoreTransport


def keys(transport: ObstoreTransport, prefix: str = "", after: str | None = None) -> list[str]:
    return [stat.key for stat in transport.list(prefix, after=after)]


def test_what_was_put_is_there(transport: ObstoreTransport) -> None:
    put = transport.put("a/b", b"hello")
    found = transport.head("a/b")
    assert (put.key, put.size, put.etag) == ("a/b", 5, found.etag)
    assert found.size == 5
    assert found.modified is not None
    assert abs(datetime.now(UTC) - found.modified) < timedelta(minutes=5)
    assert bytes(transport.get("a/b")) == b"hello"


@pytest.mark.parametrize("data", [b"", bytearray(b"ab"), memoryview(b"abcd").cast("I"), memoryview(b"")])
def test_any_buffer_can_be_put(transport: ObstoreTransport, data: Any) -> None:
    transport.put("key", data)
    assert bytes(transport.get("key")) == bytes(memoryview(data).cast("B"))


def test_contents_are_not_copied(transport: ObstoreTransport) -> None:
    import obstore

    transport.put("key", b"hello")
    assert isinstance(transport.get("key"), obstore.Bytes)


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (2, None, b"llo"),
        (1, 3, b"ell"),
        (3, 99, b"lo"),
        (5, None, b""),
        (99, 3, b""),
        (0, 0, b""),
    ],
)
def test_parts_are_got(transport: ObstoreTransport, start: int, length: int | None, expected: bytes) -> None:
    transport.put("key", b"hello")
    assert bytes(transport.get("key", start=start, length=length)) == expected


def test_an_empty_object_has_no_parts(transport: ObstoreTransport) -> None:
    transport.put("key", b"")
    assert bytes(transport.get("key", length=10)) == b""
    assert list(transport.chunks("key")) == []


@pytest.mark.parametrize("where", [{}, {"start": 99}, {"length": 0}])
def test_what_was_overwritten_is_a_conflict(transport: ObstoreTransport, where: dict[str, int]) -> None:
    old = transport.put("key", b"old")
    transport.put("key", b"newer")
    with pytest.raises(ConflictError):
        transport.get("key", etag=old.etag, **where)


def test_what_is_missing_is_missed_at_once(transport: ObstoreTransport) -> None:
    for ask in (transport.head, transport.get, transport.chunks):
        with pytest.raises(NotFoundError, match="missing"):
            ask("missing")


def test_chunks_are_the_content(transport: ObstoreTransport) -> None:
    content = bytes(range(256)) * 20_000
    stat = transport.put("key", content)
    pieces = list(transport.chunks("key", start=100, etag=stat.etag))
    assert b"".join(pieces) == content[100:]
    if transport.scheme != "memory":  # which has it in memory as one piece
        assert max(len(memoryview(piece)) for piece in pieces) < len(content)


def test_only_one_creates(transport: ObstoreTransport) -> None:
    transport.put("key", b"first", if_absent=True)
    with pytest.raises(ConflictError):
        transport.put("key", b"second", if_absent=True)
    assert bytes(transport.get("key")) == b"first"


def test_a_match_replaces_what_it_knows(transport: ObstoreTransport) -> None:
    first = transport.put("key", b"first")
    second = transport.put("key", b"second", if_match=first.etag)
    with pytest.raises(ConflictError):
        transport.put("key", b"third", if_match=first.etag)
    assert bytes(transport.get("key")) == b"second"
    assert second.etag == transport.head("key").etag


def test_a_match_of_nothing_is_refused(transport: ObstoreTransport) -> None:
    old = transport.put("key", b"")
    transport.delete(["key"])
    with pytest.raises((ConflictError, NotFoundError)):
        transport.put("key", b"new", if_match=old.etag)
    assert keys(transport) == []


TREE = ["a-b/x", "a/b", "a/b%2e", "a/c/d", "ab", "z", "é", "\uffee", "\U0001f600"]


@pytest.mark.parametrize(
    ("prefix", "after", "expected"),
    [
        ("", None, TREE),
        ("a", None, ["a-b/x", "a/b", "a/b%2e", "a/c/d", "ab"]),
        ("a/", None, ["a/b", "a/b%2e", "a/c/d"]),
        ("a/b", None, ["a/b", "a/b%2e"]),
        ("ab", None, ["ab"]),
        ("a/", "a/b", ["a/b%2e", "a/c/d"]),
        ("a", "a/c", ["a/c/d", "ab"]),
        ("", "z", ["é", "\uffee", "\U0001f600"]),
        ("nothing/", None, []),
        ("nothing", None, []),
    ],
)
def test_listing(transport: ObstoreTransport, prefix: str, after: str | None, expected: list[str]) -> None:
    for key in reversed(TREE):
        transport.put(key, b"")
    assert keys(transport, prefix, after) == expected


def test_listing_tells_what_is_there(transport: ObstoreTransport) -> None:
    put = transport.put("a/b", b"hello")
    (found,) = transport.list("a/")
    assert (found.size, found.etag) == (5, put.etag)


def test_folders(transport: ObstoreTransport) -> None:
    for key in TREE:
        transport.put(key, b"")
    below, objects = transport.folders("a/")
    assert (list(below), [stat.key for stat in objects]) == (["a/c/"], ["a/b", "a/b%2e"])
    below, objects = transport.folders("a")
    assert (list(below), [stat.key for stat in objects]) == (["a-b/", "a/"], ["ab"])


def test_deleting_what_is_not_there_is_no_error(transport: ObstoreTransport) -> None:
    transport.put("a", b"")
    transport.put("b", b"")
    transport.delete(["a", "missing", "b"])
    assert keys(transport) == []


def test_deleting_thousands(transport: ObstoreTransport) -> None:
    for number in range(1001 if transport.scheme == "memory" else 3):
        transport.put(f"k{number}", b"")
    transport.delete(f"k{number}" for number in range(2003))
    assert keys(transport) == []


def test_copies(transport: ObstoreTransport) -> None:
    transport.put("a", b"hello")
    stat = transport.copy("a", "b")
    assert (stat.key, stat.size) == ("b", 5)
    assert bytes(transport.get("b")) == b"hello"
    with pytest.raises(NotFoundError):
        transport.copy("missing", "c")


def test_a_copy_creates_or_conflicts(transport: ObstoreTransport) -> None:
    transport.put("a", b"hello")
    transport.copy("a", "b", if_absent=True)
    transport.put("a", b"other")
    with pytest.raises(ConflictError):
        transport.copy("a", "b", if_absent=True)
    assert bytes(transport.get("b")) == b"hello"


def test_metadata_is_kept(transport: ObstoreTransport) -> None:
    settings = ObjectSettings(metadata={"made-by": "test"}, content_type="text/x-test")
    if transport.scheme == "file":
        with pytest.raises(UnsupportedError, match="metadata"):
            transport.put("key", b"", settings=settings)
        return
    transport.put("key", b"", settings=settings)
    found = transport.head("key")
    assert (found.metadata, found.facts["content_type"]) == ({"made-by": "test"}, "text/x-test")
    transport.copy("key", "copy", settings=ObjectSettings(metadata={"other": "one"}))
    assert transport.head("copy").metadata == {"other": "one"}


def test_what_cannot_be_kept_is_refused(transport: ObstoreTransport) -> None:
    refused = (
        []
        if transport.scheme == "s3"
        else [ObjectSettings(tags={"a": "b"}), ObjectSettings(storage_class="COLD"), ObjectSettings(acl="x")]
    )
    for settings in refused:
        with pytest.raises(UnsupportedError):
            transport.put("key", b"", settings=settings)
        with pytest.raises(UnsupportedError):
            transport.writer("key", settings=settings).close()
    assert keys(transport) == []


EXACT = [
    "a b",
    "a%2eb",
    "%2e%2e/b",
    "a+b#c?d=e&f;g",
    unicodedata.normalize("NFC", "é"),
    unicodedata.normalize("NFD", "é"),
    "a\\b*{}[]<>|^`\"'~!@$,:()",
    "...",
    ".hidden/_too",
    "tab\u00a0and\u200b",
    "x/" + "y" * 200,
]


def test_keys_are_exact(transport: ObstoreTransport) -> None:
    for number, key in enumerate(EXACT):
        transport.put(key, str(number).encode())
    assert keys(transport) == sorted(EXACT)
    assert [bytes(transport.get(key)) for key in EXACT] == [str(number).encode() for number in range(len(EXACT))]
    assert [transport.head(key).key for key in EXACT] == EXACT
    transport.delete(EXACT)
    assert keys(transport) == []


STRANGE = ["a//b", "/a", "a/", "a\nb", "a\x7fb"]


@pytest.mark.parametrize("options", ["memory", "file"], indirect=True)
@pytest.mark.parametrize("key", [*STRANGE, "./a", "a/./b", "a/../b", "..", "a\x00b"])
def test_keys_that_would_become_others_are_refused(transport: ObstoreTransport, key: str) -> None:
    asks: list[Callable[[str], object]] = [
        transport.head,
        transport.get,
        transport.writer,
        lambda name: transport.delete([name]),
        lambda name: transport.put(name, b""),
        lambda name: transport.copy("a", name),
    ]
    for ask in asks:
        with pytest.raises(UnsupportedError, match="can't name"):
            ask(key)
    assert keys(transport) == []


@pytest.mark.parametrize("options", ["s3"], indirect=True)
def test_on_s3_the_other_driver_names_them(transport: ObstoreTransport) -> None:
    names = [key for key in STRANGE if "\n" not in key]  # which moto's web server takes apart
    for key in names:
        transport.put(key, key.encode())
        assert bytes(transport.get(key)) == key.encode()
        assert transport.head(key).size == len(key)
    transport.put("b", b"")
    assert keys(transport) == sorted([*names, "b"])
    assert keys(transport, "a//") == ["a//b"]
    transport.delete([*names, "b"])
    assert keys(transport) == []


def test_markers_of_folders_are_no_other_keys(on_s3: Any, client: Any, bucket: str) -> None:
    for key in ("dir/", "dir/x", "empty"):
        client.put_object(Bucket=bucket, Key=f"pre fix/{key}", Body=b"")
    transport = on_s3()
    assert keys(transport) == ["dir/", "dir/x", "empty"]


@pytest.mark.parametrize("key", ["", "half \ud800"])
def test_keys_that_no_store_has(transport: ObstoreTransport, key: str) -> None:
    with pytest.raises(DataError):
        transport.put(key, b"")


def test_a_pickle_is_the_same_store(transport: ObstoreTransport) -> None:
    transport.put("key", b"hello")
    copy = pickle.loads(pickle.dumps(transport))
    assert (copy.uri, copy.scheme) == (transport.uri, transport.scheme)
    if transport.scheme == "file":
        assert bytes(copy.get("key")) == b"hello"
    if transport.scheme == "memory":
        assert keys(copy) == []


def test_it_is_used_again_after_closing(transport: ObstoreTransport) -> None:
    transport.put("key", b"hello")
    transport.close()
    assert bytes(transport.get("key")) == b"hello"


def test_versions_of_stores_that_keep_none(transport: ObstoreTransport) -> None:
    transport.put("key", b"hello")
    if transport.scheme != "s3":
        assert [stat.size for stat in transport.versions("key")] == [5]
        assert transport.open_uploads() == []
        with pytest.raises(UnsupportedError, match="signed"):
            transport.presign("key", method="GET", expires=timedelta(minutes=1))


def test_a_folder_keeps_no_key_below_a_file(tmp_path: Any, make: Any) -> None:
    transport = make(url=tmp_path.as_uri())
    transport.put("a", b"")
    with pytest.raises(DataError, match="folder"):
        transport.put("a/b", b"")
    with pytest.raises(UnsupportedError, match="stages"):
        transport.put("a#1", b"")


def test_links_do_not_lead_out_of_a_folder(tmp_path: Any, make: Any) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "secret").write_text("hidden")
    (tmp_path / "root/link").symlink_to(tmp_path)
    transport = make(url=(tmp_path / "root").as_uri())
    for ask in (transport.get, transport.head, lambda key: transport.put(key, b"")):
        with pytest.raises(DataError, match="link"):
            ask("link/secret")
    assert (tmp_path / "secret").read_text() == "hidden"


def test_a_web_server_is_only_read_from(make: Any) -> None:
    transport = make(url="http://127.0.0.1:9/data")
    for write in (
        lambda: transport.put("key", b""),
        lambda: transport.delete(["key"]),
        lambda: transport.writer("key").close(),
    ):
        with pytest.raises(UnsupportedError, match="read only"):
            write()
    with pytest.raises(StoreError):
        transport.copy("a", "b")
