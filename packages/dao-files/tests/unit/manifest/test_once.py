"""Conditional writes know their own success, and nobody else's."""

from __future__ import annotations

import pytest

from dao.errors import ConflictError, NotFoundError, StoreError, TransientError
from dao.testing._faults import FaultPlan
from dao_files.manifest._once import MARK, OnceWriter, copy_once, put_once
from dao_files.manifest._transport import ObjectSettings
from dao_files.testing import FaultyTransport


@pytest.fixture
def store() -> FaultyTransport:
    return FaultyTransport()


def content(store: FaultyTransport, key: str) -> bytes:
    return store.objects[key][1]


def write(store: FaultyTransport, key: str, data: bytes, **conditions) -> None:
    writer = OnceWriter(store, key, **conditions)
    writer.write(data)
    writer.close()
    assert writer.written.size == len(data)


WRITES = {"put": lambda store, key, data, **conditions: put_once(store, key, data, **conditions), "writer": write}


@pytest.mark.parametrize("name", WRITES)
def test_a_lost_answer_is_a_success(store, name):
    store.plan = FaultPlan(at=1, lost=True)
    WRITES[name](store, "a", b"mine", if_absent=True)
    assert content(store, "a") == b"mine"


@pytest.mark.parametrize("name", WRITES)
def test_a_lost_answer_of_a_replacement_is_a_success(store, name):
    etag = store.put("a", b"old").etag
    store.plan = FaultPlan(at=1, lost=True)
    WRITES[name](store, "a", b"mine", if_match=etag)
    assert content(store, "a") == b"mine"


@pytest.mark.parametrize("name", WRITES)
def test_another_s_object_with_the_same_content_is_no_success(store, name):
    WRITES[name](store, "a", b"same", if_absent=True)
    with pytest.raises(ConflictError):
        WRITES[name](store, "a", b"same", if_absent=True)


@pytest.mark.parametrize("name", WRITES)
def test_a_request_that_was_not_done_is_no_success(store, name):
    store.plan = FaultPlan(at=1)
    with pytest.raises(TransientError):
        WRITES[name](store, "a", b"mine", if_absent=True)
    assert "a" not in store.objects


@pytest.mark.parametrize("name", WRITES)
def test_where_the_store_stays_silent_the_first_error_counts(store, name):
    store.plan = FaultPlan(at=1, onwards=True)
    with pytest.raises(TransientError, match="put a failed") as caught:
        WRITES[name](store, "a", b"mine", if_absent=True)
    assert "can't be seen" in "".join(caught.value.__notes__)


def test_conflicts_with_requests_are_tried_again(store):
    store.ignored_conflicts = 3
    put_once(store, "a", b"mine", if_absent=True)
    assert content(store, "a") == b"mine"


def test_a_writer_says_that_it_must_be_sent_anew(store):
    store.ignored_conflicts = 1
    with pytest.raises(TransientError, match="same moment"):
        write(store, "a", b"mine", if_absent=True)


def test_conflicts_with_requests_have_an_end(store):
    store.ignored_conflicts = 1000
    with pytest.raises(TransientError, match="same moment"):
        put_once(store, "a", b"mine", if_absent=True)


def test_what_is_gone_was_changed(store):
    etag = store.put("a", b"old").etag
    store.delete(["a"])
    with pytest.raises(ConflictError, match="gone"):
        put_once(store, "a", b"mine", if_match=etag)


def test_a_bucket_that_is_not_there_is_not_asked_for_again(store):
    def refuse(*_, **__):
        raise NotFoundError("no such bucket")

    store.put = store.head = refuse
    with pytest.raises(NotFoundError, match="no such bucket"):
        put_once(store, "a", b"mine", if_absent=True)


def test_a_copy_keeps_metadata_and_type_and_has_its_own_mark(store):
    settings = ObjectSettings(metadata={"by": "me", MARK: "original"}, content_type="text/csv")
    store.put("a", b"x", settings=settings)
    stat = copy_once(store, "a", "b")
    assert stat.metadata["by"] == "me"
    assert stat.metadata[MARK] != "original"
    assert store.head("b").facts["content_type"] == "text/csv"


def test_a_copy_knows_its_own_success_and_no_other_s(store):
    store.put("a", b"x")
    store.plan = FaultPlan(at=2, lost=True)  # after the look at the source
    copy_once(store, "a", "b")
    with pytest.raises(ConflictError):
        copy_once(store, "a", "b")
    with pytest.raises(NotFoundError):
        copy_once(store, "nothing", "c")


def test_the_metadata_of_the_call_stays(store):
    stat = put_once(store, "a", b"x", if_absent=True, settings=ObjectSettings(metadata={"by": "me"}))
    assert stat.metadata["by"] == "me"
    assert len(stat.metadata[MARK]) == 32


def test_a_refusal_passes_as_it_is(store):
    def refuse(*_, **__):
        raise StoreError("the bucket is read-only")

    store.put = refuse
    with pytest.raises(StoreError, match="read-only"):
        put_once(store, "a", b"mine", if_absent=True)
