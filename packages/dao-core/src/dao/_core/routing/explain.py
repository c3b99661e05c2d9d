"""A routing decision as data, to be looked at before anything is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from attrs import field, frozen

from dao._core.routing.table import Plan
from dao.data_object import DataObject
from dao.display import WIDTH, TableView, table_of
from dao.memory import shown
from dao.secrets import masked

__all__ = ["Considered", "Explanation", "Step", "step_of"]


@frozen
class Considered:
    """A route that was looked at.

    Attributes:
        interface: the interface's name in the store.
        route: ``Class.method``.
        reason: why it was passed over; ``chosen`` for the chosen one.
    """

    interface: str
    route: str
    reason: str


@frozen
class Step:
    """One call that an action will make.

    Attributes:
        action: the action of this call.
        data_object: the object's full name.
        key: where it is in its store.
        interface: the name of the chosen interface.
        route: the chosen ``Class.method``.
        place: ``module:line`` of its source.
        details: the interface's own plan: ``location``, ``format``, ``replaces``, ``sql``...; secrets are masked. Empty
            where it has none.
        filled: parameters that the object's properties fill in, with their values; secrets are masked.
        considered: every route that was looked at.
        ignores_limit: why the interface can't hold to a memory limit; empty if it can.
    """

    action: str
    data_object: str
    key: str
    interface: str
    route: str
    place: str
    filled: Mapping[str, Any]
    considered: tuple[Considered, ...]
    details: Mapping[str, Any] = field(factory=dict)
    ignores_limit: str = ""


@frozen(repr=False)
class Explanation:
    """What an action would do, call by call. ``print`` it, or look at it in a notebook.

    Attributes:
        action: the action that was asked about.
        steps: the calls it would make, in order: one for most actions, a reading and a writing one for a copy
            between stores.
        note: why it is done this way, where there is a choice beyond the routes.
        way: how a copy or move is done: ``within`` a store, by the target's ``write`` or the source's ``unload`` with
            the other object, or as a stream of ``files`` or ``rows``, or as an ``increment``; empty for other
            actions.
        passed_over: ways that would have gone first and that an interface declined, each with its reason.
        memory_limit: bytes that the call may hold in memory; None for no limit.
    """

    action: str
    steps: tuple[Step, ...]
    note: str = ""
    way: str = ""
    passed_over: Mapping[str, str] = field(factory=dict)
    memory_limit: int | None = None

    def _views(self) -> list[TableView]:
        numbers = [f"{at}. " for at in range(1, len(self.steps) + 1)] if len(self.steps) > 1 else [""]
        return [_view_of(step, number) for step, number in zip(self.steps, numbers, strict=True)]

    @property
    def _headline(self) -> str:
        passed = [f"  not by {way}: {reason}" for way, reason in self.passed_over.items()]
        lines = [f"{self.action}: {self.note}", *passed] if self.note else []
        if self.memory_limit is not None:
            lines.append(f"{self.action}: within {shown(self.memory_limit)} of memory")
            ignored = {step.interface: step.ignores_limit for step in self.steps if step.ignores_limit}
            lines += [f"  {interface} can't hold to it: {reason}" for interface, reason in ignored.items()]
        return "\n".join(lines)

    def text(self, width: int = WIDTH) -> str:
        """The explanation as text, whose lines fit the width where their words allow."""
        return "\n".join(filter(None, [self._headline, *(view.text(width) for view in self._views())]))

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        headline = f"<p>{'<br>'.join(escape(self._headline).splitlines())}</p>" if self._headline else ""
        return headline + "".join(view.html() for view in self._views())


def _view_of(step: Step, number: str) -> TableView:
    filled = "\n".join(f"{name}={value!r}" for name, value in step.filled.items())
    details = dict(step.details)
    rows: list[Sequence[object]] = [
        ("  at", details.pop("location", None) or step.key or "the root of the store"),
        *((f"  {name}", value) for name, value in details.items()),
        ("  by", f"{step.interface}: {step.route}"),
        ("  in", step.place),
        ("  filled in", filled or "nothing"),
    ]
    passed_over = [c for c in step.considered if c.reason != "chosen"]
    for at, passed in enumerate(passed_over):
        rows.append(("" if at else "  passed over", f"{passed.interface}: {passed.route}: {passed.reason}"))
    return table_of(["", ""], rows, f"{number}{step.action} {step.data_object}")


def step_of(plan: Plan, data_object: DataObject, arguments: Mapping[str, Any], details: Mapping[str, Any]) -> Step:
    """The step that a plan makes of a call."""
    route = plan.route
    filled = {name: data_object.get(name) for name in sorted(plan.fillable) if data_object.get(name) is not None}
    return Step(
        route.action,
        data_object.full_name,
        data_object.key,
        plan.choice.offer.name,
        route.name,
        route.place,
        {name: masked(name, value) for name, value in filled.items() if arguments.get(name) is None},
        tuple(Considered(c.interface, c.route, c.reason or "chosen") for c in plan.choice.candidates),
        {name: masked(name, value) for name, value in details.items()},
        plan.absent.memory_limit,
    )
