"""Arrow tables that a store must return unchanged, and the comparison that detects differences.

- :data:`CASES`: named tables for each family of types that a lake uses, with values that stores tend to lose;
- :func:`features_of`: the features, of :data:`dao.capabilities.TYPES`, that a table requires; a backend declares those
  it lacks, a :class:`Case` those it requires;
- :func:`same_table`: an exact comparison with readable differences; :data:`dao.capabilities.RELAXATIONS` are the
  exceptions that a backend may declare;
- :func:`tables`: a hypothesis strategy for arbitrary tables of these families.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dao.testing._tables.cases import CASES, Case
    from dao.testing._tables.compare import same_table
    from dao.testing._tables.features import features_of
    from dao.testing._tables.strategies import tables

__all__ = ["CASES", "Case", "features_of", "same_table", "tables"]

_HOMES = {
    "CASES": "cases",
    "Case": "cases",
    "features_of": "features",
    "same_table": "compare",
    "tables": "strategies",
}


if not TYPE_CHECKING:  # else type checkers let any name pass

    def __getattr__(name: str) -> Any:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
