"""Publishing: whose change it was, and when nothing of it may be deleted."""

from __future__ import annotations

import pytest
from stepping import check_sound, on, publishing, put, read, requests_of

from dao.errors import ConflictError, PermissionDeniedError, TransientError
from dao_files.manifest._commit import OutcomeUnknown
from dao_files.manifest._manifest import Manifest
from dao_files.manifest._tree_change import TreeChange


def started() -> dict:
    objects: dict = {}
    put({"a.csv": b"old"})(on(objects))
    return objects


APPEND = put({"b.csv": b"new"}, "append")


def test_a_lost_answer_is_found_among_the_recent_changes():
    objects = started()
    storage = on(objects, at=publishing(objects, APPEND), how="lose")
    send = storage.transport._send

    def others_follow(name, request):
        try:
            return send(name, request)
        except TransientError:
            for number in range(3):
                put({f"c{number}.csv": b"c"}, "append")(on(objects))
            raise

    storage.transport._send = others_follow
    put({"b.csv": b"new"}, "append")(storage)
    assert set(read(on(objects), "t")) == {"a.csv", "b.csv", "c0.csv", "c1.csv", "c2.csv"}


def test_after_more_changes_than_a_manifest_remembers_nobody_knows_and_nothing_is_deleted(monkeypatch):
    objects = started()
    monkeypatch.setattr("dao_files.manifest._manifest._RECENT", 2)
    storage = on(objects, at=publishing(objects, APPEND), how="lose")
    send = storage.transport._send

    def others_follow(name, request):
        try:
            return send(name, request)
        except TransientError:
            for number in range(3):
                put({f"c{number}.csv": b"c"}, "append")(on(objects))
            raise

    storage.transport._send = others_follow
    with pytest.raises(OutcomeUnknown):
        put({"b.csv": b"new"}, "append")(storage)
    assert read(on(objects), "t")["b.csv"] == b"new"
    check_sound(objects)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), PermissionDeniedError("the token has expired"), OSError()])
def test_nothing_is_deleted_that_may_be_published(error):
    """An interrupt, or a refusal of the driver's second try, says nothing of the first."""
    objects = started()
    storage = on(objects, at=publishing(objects, APPEND), how="then")
    send = storage.transport._send

    def interrupted(name, request):
        answer = send(name, request)
        if storage.transport.count == storage.transport.at:
            storage.transport._send = gone
            raise error
        return answer

    def gone(name, request):
        if name.startswith("delete"):
            return send(name, request)
        raise type(error)("the store says nothing")

    storage.transport._send = interrupted
    with pytest.raises(type(error)):
        put({"b.csv": b"new"}, "append")(storage)
    check_sound(objects)
    assert read(on(objects), "t") == {"a.csv": b"old", "b.csv": b"new"}


def test_a_refused_second_try_is_still_a_success():
    objects = started()
    at = publishing(objects, APPEND)
    storage = on(objects, at=at)
    send = storage.transport._send

    def refused(name, request):
        answer = send(name, request)
        if storage.transport.count == at:
            raise PermissionDeniedError("the token has expired")
        return answer

    storage.transport._send = refused
    put({"b.csv": b"new"}, "append")(storage)
    assert read(on(objects), "t") == {"a.csv": b"old", "b.csv": b"new"}


def test_conflicts_with_requests_are_no_conflicts_with_changes():
    objects = started()
    storage = on(objects)
    storage.transport.ignored_conflicts = 3
    put({"b.csv": b"new"}, "append")(storage)
    assert storage.transport.ignored_conflicts == 0
    assert read(on(objects), "t") == {"a.csv": b"old", "b.csv": b"new"}


def test_a_manifest_that_is_replaced_while_it_is_looked_at_is_looked_at_again():
    """Who loses against two others hears of a conflict, and doesn't have to leave things undecided."""
    objects = started()
    with TreeChange(on(objects).transport, "t") as change:
        put({"c.csv": b"c"}, "append")(on(objects))
        requests = change._transport
        seen = []
        get = requests.get

        def replaced_meanwhile(key, **arguments):
            if not seen:
                seen.append(key)
                put({"d.csv": b"d"}, "append")(on(objects))
            return get(key, **arguments)

        requests.get = replaced_meanwhile
        with pytest.raises(ConflictError):
            change.publish()
    assert seen


def test_a_first_change_doesn_t_take_another_one_s_for_nothing():
    """A table without rows has no files, only a log; two writers who found nothing can't both have made it."""
    objects: dict = {}
    first, second = (TreeChange(on(objects).transport, "t") for _ in range(2))
    with first, second:
        first.take_log(b'{"version": 1}\n')
        first.publish()
        with pytest.raises(ConflictError):
            second.publish()
    manifest = Manifest.from_bytes(objects["t/.dao/manifest.json"][1], "t")
    assert manifest.log == b'{"version": 1}\n'


def test_an_append_costs_five_requests():
    objects = started()
    assert requests_of(objects, put({"part-dao0123456789ab.csv": b"b"}, "append")) == 5
