"""Every request of every change fails, is answered to nobody, comes late, or is the last one of a process.

The tree is the old or the new one, whole. What was acknowledged is there. What failed for sure is never there, not even
when its lost request arrives after others have written.
"""

from __future__ import annotations

import pytest
from stepping import Action, Killed, check_clean, check_sound, copied, on, put, read, remove, requests_of, upload

from dao.errors import DaoError, TransientError
from dao_files.manifest._commit import OutcomeUnknown

TOKEN = "part-000001-00000-daoaaaaaaaaaaaa.csv"
ACTIONS: dict[str, Action] = {
    "overwrite a": put({"a.csv": b"new a"}),
    "overwrite c": put({"c.csv": b"c", TOKEN: b"x"}),
    "append d": put({"d/d.csv": b"d"}, "append"),
    "delete": remove(),
    "copy onto it": copied("other", "t"),
}
LATER: dict[str, Action] = {
    "the same names": put({"a.csv": b"later a", "b.csv": b"later b", "c.csv": b"later c"}),
    "another name": put({"e.csv": b"later e"}, "append"),
    "a deletion": remove(),
}


def started(start: str) -> dict:
    objects: dict = {}
    put({"a.csv": b"a of other", TOKEN: b"y"}, key="other")(on(objects))
    if start == "a tree":
        put({"a.csv": b"old a", "b.csv": b"old b"})(on(objects))
    else:
        upload(objects, {"t/a.csv": b"old a", "t/b.csv": b"old b"})
    return objects


def ending(action: Action, storage) -> BaseException | None:
    try:
        action(storage)
    except (DaoError, Killed) as error:
        return error
    return None


def apply(*actions: Action, start: str) -> dict:
    objects = started(start)
    for action in actions:
        ending(action, on(objects))
    return read(on(objects), "t")


CASES = [("a tree", name) for name in ACTIONS] + [("another program's", "overwrite a"), ("another program's", "delete")]


@pytest.mark.parametrize("how", ["fail", "lose", "late", "kill", "done"])
@pytest.mark.parametrize(("start", "name"), CASES)
def test_the_tree_is_the_old_or_the_new_one(name, start, how):
    action, old, new = ACTIONS[name], apply(start=start), apply(ACTIONS[name], start=start)
    for at in range(1, requests_of(started(start), action) + 1):
        objects = started(start)
        error = ending(action, on(objects, at=at, how=how))
        found = read(on(objects), "t")
        if error is None:
            assert found == new, f"acknowledged at request {at}, and not there"
        elif isinstance(error, (Killed, OutcomeUnknown)):
            assert found in (old, new), f"at request {at}"
        else:
            assert isinstance(error, TransientError)
            assert found == old, f"failed at request {at}, and there"
        check_sound(objects)
        check_clean(objects)


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize(("start", "name"), CASES)
def test_a_late_request_changes_nothing(name, start, later):
    action, after = ACTIONS[name], LATER[later]
    failed, done = apply(after, start=start), apply(action, after, start=start)
    for at in range(1, requests_of(started(start), action) + 1):
        for others in (False, True):
            objects = started(start)
            late = on(objects, at=at, how="late")
            error = ending(action, late)
            if others:
                ending(after, on(objects))
            before = read(on(objects), "t")
            late.transport.deliver()
            if not isinstance(error, OutcomeUnknown):
                assert read(on(objects), "t") == before, f"request {at} came late, and was seen"
            if not others:
                ending(after, on(objects))
            if isinstance(error, OutcomeUnknown):
                assert read(on(objects), "t") in (failed, done)
            else:
                assert read(on(objects), "t") == (done if error is None else failed), f"at request {at}"
            check_sound(objects)


@pytest.mark.parametrize("how", ["kill", "done"])
@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("name", ACTIONS)
def test_who_comes_after_a_kill_goes_on(name, later, how):
    action, after = ACTIONS[name], LATER[later]
    allowed = apply(after, start="a tree"), apply(action, after, start="a tree")
    for at in range(1, requests_of(started("a tree"), action) + 1):
        objects = started("a tree")
        ending(action, on(objects, at=at, how=how))
        assert ending(after, on(objects)) is None or read(on(objects), "t") in allowed
        assert read(on(objects), "t") in allowed, f"killed at request {at}"
        check_sound(objects)
        check_clean(objects)
