"""Moving a tree is two steps, the target's first: nothing is lost, whatever happens between them."""

from __future__ import annotations

import pytest
from stepping import Action, Killed, check_sound, moved, on, outcome, publishing, put, read, requests_of, upload

from dao import FileObject
from dao.errors import ConflictError, DaoError, StoreError, TransientError
from dao_files._actions.managing import move

FILES = {"a.csv": b"a", "part-000001-00000-daoaaaaaaaaaaaa.csv": b"p"}


def started(*, target: bool = False) -> dict:
    objects: dict = {}
    put(FILES, key="s")(on(objects))
    if target:
        put({"old.csv": b"old"})(on(objects))
    return objects


@pytest.mark.parametrize("how", ["fail", "lose", "late", "kill", "done"])
@pytest.mark.parametrize("target", [False, True])
def test_it_is_in_one_of_the_two_places_or_in_both(how, target):
    action = moved("s", "t")
    for at in range(1, requests_of(started(target=target), action) + 1):
        objects = started(target=target)
        storage = on(objects, at=at, how=how)
        try:
            action(storage)
        except (DaoError, Killed):
            pass
        else:
            assert (read(on(objects), "s"), read(on(objects), "t")) == ({}, FILES)
        storage.transport.deliver()
        there = read(on(objects), "s"), read(on(objects), "t")
        assert FILES in there, f"lost at request {at}: {there}"
        assert there[0] in (FILES, {})
        assert there[1] in (FILES, {"old.csv": b"old"} if target else {})
        check_sound(objects)


LATER: dict[str, Action] = {
    "append to the source": put({"new.csv": b"new"}, "append", "s"),
    "make the target": put({"new.csv": b"new"}, "error", "t"),
}


@pytest.mark.parametrize("name", LATER)
def test_what_others_write_meanwhile_is_never_lost(name):
    action = moved("s", "t", "error")
    for at in range(1, requests_of(started(), action) + 1):
        objects, others = started(), []
        ended = outcome(
            action, on(objects, at=at, then=lambda o=objects, told=others: told.append(outcome(LATER[name], on(o))))
        )
        found = [*read(on(objects), "s").items(), *read(on(objects), "t").items()]
        if others == ["done"]:
            assert ("new.csv", b"new") in found, f"at request {at}: {ended}"
        assert set(FILES.items()) <= set(found)


def test_a_source_that_changed_meanwhile_is_said_to_be_in_both_places():
    objects = started()
    said = []
    for at in range(1, requests_of(started(), moved("s", "t")) + 1):
        objects = started()
        storage = on(objects, at=at, then=lambda o=objects: LATER["append to the source"](on(o)))
        try:
            moved("s", "t")(storage)
        except ConflictError as error:
            said.append(str(error))
            assert read(on(objects), "s") == {**FILES, "new.csv": b"new"}
            assert read(on(objects), "t") == FILES
    assert said
    assert all("is still there as it is now" in text for text in said)


@pytest.mark.parametrize("how", ["fail", "lose", "kill", "done"])
def test_one_object_is_in_one_of_the_two_places_or_in_both(how):
    def action(storage):
        move(storage, FileObject("a.bin"), FileObject("b.bin"), mode="error")

    for at in range(1, 12):
        objects: dict = {}
        upload(objects, {"a.bin": b"content"})
        try:
            action(on(objects, at=at, how=how))
        except (DaoError, Killed):
            pass
        else:
            assert "a.bin" not in objects
        assert b"content" in [content for _, content in objects.values()]


@pytest.mark.parametrize("mode", ["error", "overwrite"])
def test_an_object_that_others_replace_while_it_is_moved_is_not_deleted(mode):
    """But for the moment between the last look at it and the deletion, since S3 deletes without a condition."""

    def action(storage):
        move(storage, FileObject("a.bin"), FileObject("b.bin"), mode=mode)

    def started() -> dict:
        objects: dict = {}
        upload(objects, {"a.bin": b"old"})
        return objects

    said: list[str] = []
    for at in range(1, requests_of(started(), action)):
        objects = started()
        storage = on(objects, at=at, then=lambda o=objects: upload(o, {"a.bin": b"new"}))
        try:
            action(storage)
        except ConflictError as error:
            said.append(str(error))
        assert b"new" in [content for _, content in objects.values()]
    assert said
    assert all("is still there as it is now" in text for text in said)


@pytest.mark.parametrize("how", ["fail", "lose", "late"])
def test_once_it_is_in_both_places_it_goes_on(how):
    action = moved("s", "t")
    objects = started()
    storage = on(objects, at=publishing(objects, action, "s"), how=how)
    action(storage)
    storage.transport.deliver()
    assert (read(on(objects), "s"), read(on(objects), "t")) == ({}, FILES)
    check_sound(objects)


def test_a_source_that_others_change_in_between_is_kept():
    action, objects, others = moved("s", "t"), started(), LATER["append to the source"]
    storage = on(objects, at=publishing(objects, action, "s"), how="fail")
    send = storage.transport._send

    def changed_after_the_fault(name, request):
        try:
            return send(name, request)
        except TransientError:
            others(on(objects))
            raise

    storage.transport._send = changed_after_the_fault
    with pytest.raises(StoreError, match="was changed while it was moved"):
        action(storage)
    assert read(on(objects), "s") == {**FILES, "new.csv": b"new"}
    assert read(on(objects), "t") == FILES
