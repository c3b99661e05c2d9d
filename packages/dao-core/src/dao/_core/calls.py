"""How the methods of the synchronous API become calls: what is in their arguments beside the interface's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from dao._core.access import Access, Named
from dao.data_object import DataObject
from dao.data_store import DataStore

if TYPE_CHECKING:
    from datetime import date

    from dao.increments import Increment
    from dao.progress import Listener
    from dao.results import WriteResult

__all__ = ["Bound", "Calls", "Columns", "Rows", "Where"]

Columns = str | Iterable[str] | None
Rows = list[dict[str, Any]]
Bound: TypeAlias = "int | str | date | None"
"""An end of a range of versions: a version, or a moment as a date or datetime."""
Where = Any
"""A predicate: SQL text, DNF tuples, or a pyarrow Expression; see :mod:`dao.arrow.predicates`."""


class Calls(Access):
    """Makes the calls of the actions."""

    def _act(self, action: str, data_object: Named | DataStore, given: Mapping[str, Any]) -> Any:
        options = {name: value for name, value in given.items() if value is not None or name == "data"}
        dao_interface = options.pop("dao_interface", None) or options.pop("dao_interface_class", None)
        return self._call(action, data_object, options, dao_interface, options.pop("progress", None))

    def _call(
        self,
        action: str,
        data_object: Named | DataStore,
        options: dict[str, Any],
        dao_interface: str | None,
        progress: Listener | bool | None,
    ) -> Any:
        found = data_object
        if not isinstance(found, DataObject) or "data" in options:
            found = self._named(action, data_object, options)
        if progress is None and self._is_plain and "memory_limit" not in options:
            return self._executor.execute(action, found, options, dao_interface)
        budget = self._taken_budget(action, found, options)
        executor = self._executor_for(budget)
        from dao.memory import budgeted
        from dao.progress import listening

        with budgeted(budget), listening(action, found.full_name, self._listener(progress)):
            return executor.execute(action, found, options, dao_interface)

    def _transfer(self, action: str, source: Named, target: Named, options: dict[str, Any]) -> WriteResult:
        progress = options.pop("progress", None)
        budget = self._taken_budget(action, source, options)
        transfer = self._transfer_of(action, source, target, options)
        from dao.memory import budgeted
        from dao.progress import listening

        with budgeted(budget), listening(action, transfer.source.full_name, self._listener(progress)):
            return transfer.run(self._executor_for(budget))

    def _increment(self, source: Named, target: Named, options: dict[str, Any]) -> Increment:
        progress = options.pop("progress", None)
        budget = self._taken_budget("read_increment", source, options)
        taking = self._taking_of(source, target, options)
        from dao.memory import budgeted
        from dao.progress import listening

        with budgeted(budget), listening(taking.action, taking.source.full_name, self._listener(progress)):
            return taking.run(self._executor_for(budget))
