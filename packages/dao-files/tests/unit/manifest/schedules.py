"""Several writers at once, request by request, in an order that a seed decides; some requests get lost or come late."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from attrs import define, field
from stepping import Action, Stepped

from dao.errors import DaoError, TransientError
from dao_files.manifest._storage import ManifestStorage

PATIENCE = 60
"""Seconds after which a schedule is taken for stuck."""


@define(slots=False)
class Schedule:
    """Lets one request go at a time."""

    seed: int
    trouble: float
    objects: dict[str, Any] = field(factory=dict)
    late: list[Callable[[], Any]] = field(factory=list)
    random: Random = field(init=False)
    _waiting: set[int] = field(factory=set, init=False)
    _live: int = field(default=0, init=False)
    _turn: int | None = field(default=None, init=False)
    _changed: threading.Condition = field(factory=threading.Condition, init=False)

    def __attrs_post_init__(self) -> None:
        self.random = Random(self.seed)

    def run(self, actions: Sequence[Action]) -> list[BaseException | None]:
        """How each of the actions ended."""
        ends: list[BaseException | None] = [None] * len(actions)
        self._live = len(actions)

        def work(number: int) -> None:
            try:
                actions[number](ManifestStorage(Taking(objects=self.objects, schedule=self, number=number)))
            except DaoError as error:
                ends[number] = error
            finally:
                with self._changed:
                    self._live -= 1
                    self._go_on()

        threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(actions))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "the schedule is stuck"
        self._deliver(everything=True)
        return ends

    def take(self, number: int, request: Callable[[], Any]) -> Any:
        """Wait for one's turn, then send, in whatever way the seed decides."""
        with self._changed:
            self._waiting.add(number)
            self._go_on()
            assert self._changed.wait_for(lambda: self._turn == number, PATIENCE)
            self._turn = None
            self._deliver()
            fate = self.random.random()
            if fate < self.trouble:
                if fate < self.trouble / 2:
                    self.late.append(request)
                raise TransientError("no answer")
            answer = request()
            if fate > 1 - self.trouble / 2:
                raise TransientError("the answer was lost")
            return answer

    def _go_on(self) -> None:
        """Once all wait, the seed says who is next."""
        if self._turn is None and self._live and len(self._waiting) == self._live:
            self._turn = self.random.choice(sorted(self._waiting))
            self._waiting.remove(self._turn)
            self._changed.notify_all()

    def _deliver(self, *, everything: bool = False) -> None:
        for request in list(self.late):
            if everything or self.random.random() < 0.2:
                self.late.remove(request)
                try:
                    request()
                except DaoError:
                    continue  # nobody hears of it


@define(slots=False, kw_only=True)
class Taking(Stepped):
    """A writer's transport: each request waits for its turn."""

    schedule: Schedule
    number: int

    def _send(self, name: str, request: Callable[[], Any]) -> Any:
        return self.schedule.take(self.number, request)
