"""Four writers in every order that a seed finds: the tree is as if they had come one after the other.

Each that was told of success counts, each that failed for sure doesn't, and of the others nobody knows.
"""

from __future__ import annotations

from itertools import permutations, product
from random import Random

import pytest
from attrs import frozen
from schedules import Schedule
from stepping import Action, Files, check_clean, check_sound, on, put, read, remove

from dao.errors import AlreadyExistsError, NotFoundError, TransientError
from dao_files.manifest._commit import OutcomeUnknown

NAMES = ("+a.csv", "b.csv", "c/c.csv", "part-dao0123456789ab.csv")
START = dict.fromkeys(NAMES[:3], b"old")


@frozen
class Step:
    """An action, and what it does to the files of a tree."""

    kind: str
    files: Files

    @property
    def action(self) -> Action:
        return remove() if self.kind == "delete" else put(self.files, self.kind)

    def applied(self, before: Files) -> Files | type[Exception]:
        if self.kind == "delete":
            return {} if before else NotFoundError
        if self.kind == "append" and before.keys() & self.files.keys():
            return AlreadyExistsError
        return {**before, **self.files} if self.kind == "append" else self.files


def steps(seed: int) -> list[Step]:
    random = Random(seed)
    return [
        Step(
            random.choice(["append", "append", "overwrite", "overwrite", "delete"]),
            {name: f"{number}".encode() for name in random.sample([*NAMES, f"new{number}.csv"], 2)},
        )
        for number in range(4)
    ]


def explained(done: list[Step], ends: list[BaseException | None], found: Files) -> bool:
    """Whether some order of the steps gives these ends and these files."""
    open_ends = [isinstance(end, OutcomeUnknown) for end in ends]
    failed = [isinstance(end, TransientError) and not unknown for end, unknown in zip(ends, open_ends, strict=True)]
    for order in permutations(range(len(done))):
        for counts in product(
            *((False, True) if unknown else (not fails,) for unknown, fails in zip(open_ends, failed, strict=True))
        ):
            files: Files = START
            for number in (number for number in order if counts[number]):
                after = done[number].applied(files)
                expected = None if open_ends[number] else ends[number]
                if isinstance(after, dict) != (expected is None):
                    break
                if isinstance(after, dict):
                    files = after
                elif not isinstance(expected, after):
                    break
            else:
                if files == found:
                    return True
    return False


@pytest.mark.parametrize("trouble", [0.0, 0.04])
@pytest.mark.parametrize("seed", range(60))
def test_four_writers_are_as_one_after_the_other(seed, trouble):
    schedule, done = Schedule(seed, trouble), steps(seed)
    put(START)(on(schedule.objects))
    ends = schedule.run([step.action for step in done])
    found = read(on(schedule.objects), "t")
    assert explained(done, ends, found), f"{done} ended {ends} with {found}"
    check_sound(schedule.objects)
    check_clean(schedule.objects)
    assert read(on(schedule.objects), "t") == {**found, "+later": b""}
