"""Two and three writers: whenever the second comes, the tree is as if one had come after the other."""

from __future__ import annotations

from itertools import permutations

import pytest
from stepping import (
    Action,
    check_clean,
    check_sound,
    copied,
    moved,
    on,
    outcome,
    put,
    read,
    remove,
    requests_of,
    upload,
)

TOKEN = "part-000001-00000-daoaaaaaaaaaaaa.csv"
FOREIGN = {"t/a.csv": b"old a", "t/b.csv": b"old b"}

ACTIONS: dict[str, Action] = {
    "overwrite a": put({"a.csv": b"new a"}),
    "overwrite a with the same": put({"a.csv": b"old a", "b.csv": b"old b"}),
    "overwrite c": put({"c.csv": b"c", TOKEN: b"x"}),
    "append d": put({"d/d.csv": b"d"}, "append"),
    "append a": put({"a.csv": b"another a"}, "append"),
    "create": put({"b.csv": b"b"}, "error"),
    "ignore": put({"b.csv": b"b"}, "ignore"),
    "delete": remove(),
    "copy onto it": copied("other", "t"),
    "copy there": copied("other", "t", "error"),
    "move onto it": moved("other", "t"),
    "copy it": copied("t", "elsewhere"),
}
STARTS: dict[str, list[Action]] = {
    "nothing": [],
    "another program's": [lambda storage: upload(storage.transport.objects, FOREIGN)],
    "a tree": [put({"a.csv": b"old a", "b.csv": b"old b"})],
    "a deleted tree": [put({"a.csv": b"old a", "b.csv": b"old b"}), remove()],
}


def started(start: str) -> dict:
    objects: dict = {}
    put({"a.csv": b"a of other", TOKEN: b"y"}, key="other")(on(objects))
    for action in STARTS[start]:
        action(on(objects))
    return objects


def state(objects: dict) -> tuple:
    return tuple(sorted(read(on(objects), key).items()) for key in ("t", "other", "elsewhere"))


def serial(start: str, *actions: Action) -> set[tuple]:
    """How it may end: for each order, what becomes of each of the actions, and the state then."""
    ends = set()
    for order in permutations(range(len(actions))):
        objects = started(start)
        outcomes = {place: outcome(actions[place], on(objects)) for place in order}
        ends.add((tuple(outcomes[place] for place in range(len(actions))), str(state(objects))))
    return ends


FIRST = ("overwrite a", "overwrite c", "append d", "create", "delete", "copy onto it")
SECOND = [name for name in ACTIONS if name != "move onto it"]
"""A move of a tree is two steps: see test_moving.py."""


def pairs():
    """All pairs on a tree; on what is there otherwise, those that begin differently there."""
    for start in STARTS:
        for first in FIRST if start == "a tree" else ("overwrite a", "create"):
            for second in SECOND if start == "a tree" else ("overwrite c", "append d", "create", "delete"):
                yield start, first, second


@pytest.mark.parametrize(("start", "first", "second"), list(pairs()))
def test_two_writers_are_as_one_after_the_other(start, first, second):
    one, two = ACTIONS[first], ACTIONS[second]
    allowed = serial(start, one, two)
    for at in range(1, requests_of(started(start), one) + 1):
        objects, outcomes = started(start), []
        storage = on(objects, at=at, then=lambda o=objects, told=outcomes: told.append(outcome(two, on(o))))
        outcomes.insert(0, outcome(one, storage))
        assert (tuple(outcomes), str(state(objects))) in allowed, f"at request {at}"
        check_sound(objects)
        check_sound(objects, "elsewhere")


@pytest.mark.parametrize(
    "names",
    [
        ("overwrite c", "overwrite a", "append d"),
        ("delete", "overwrite a", "append d"),
        ("overwrite a", "overwrite c", "overwrite a with the same"),
        ("delete", "copy onto it", "overwrite a"),
        ("copy onto it", "delete", "copy onto it"),
    ],
)
def test_three_writers_are_as_one_after_the_other(names):
    one, two, three = (ACTIONS[name] for name in names)
    allowed = serial("a tree", one, two, three)
    for at in range(1, requests_of(started("a tree"), one) + 1):
        for later in range(1 + at % 3, 30, 3):  # of the second's requests
            objects, outcomes = started("a tree"), {}

            def third(o=objects, told=outcomes):
                told[2] = outcome(three, on(o))

            def second(o=objects, told=outcomes, later=later, third=third):
                told[1] = outcome(two, on(o, at=later, then=third))

            outcomes[0] = outcome(one, on(objects, at=at, then=second))
            if 2 not in outcomes:
                break  # the second made fewer requests
            told = tuple(outcomes[place] for place in range(3))
            assert (told, str(state(objects))) in allowed, f"at requests {at} and {later}"
            check_sound(objects)


@pytest.mark.parametrize("name", ["overwrite a", "overwrite c", "delete", "append d", "copy onto it", "move onto it"])
@pytest.mark.parametrize("start", ["nothing", "another program's", "a tree"])
def test_readers_see_the_old_or_the_new_whenever_they_come(start, name):
    action = ACTIONS[name]
    before, after = read(on(started(start)), "t"), started(start)
    outcome(action, on(after))
    expected = (before, read(on(after), "t"))
    for at in range(1, requests_of(started(start), action) + 1):
        objects, seen = started(start), []
        outcome(action, on(objects, at=at, then=lambda o=objects, s=seen: s.append(read(on(o), "t"))))
        assert seen[0] in expected, f"at request {at}"


@pytest.mark.parametrize("name", ["overwrite a", "overwrite c", "delete", "append d", "copy onto it", "move onto it"])
@pytest.mark.parametrize("start", ["another program's", "a tree"])
def test_readers_see_the_old_or_the_new_whatever_happens_between_their_requests(start, name):
    action = ACTIONS[name]
    before, after = read(on(started(start)), "t"), started(start)
    outcome(action, on(after))
    expected = (before, read(on(after), "t"))
    objects = started(start)
    reader = on(objects)
    read(reader, "t")
    for at in range(1, reader.transport.count + 1):
        objects = started(start)
        found = read(on(objects, at=at, then=lambda o=objects: action(on(o))), "t")
        assert found in expected, f"before the reader's request {at}"


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", ACTIONS)
def test_what_is_done_leaves_nothing_over(start, name):
    objects = started(start)
    outcome(ACTIONS[name], on(objects))
    check_clean(objects)
