"""Read by mypy, never run: a misspelt name is an error, although doors import their names when they are asked for."""

from __future__ import annotations

from dao import DataAccesObject  # type: ignore[attr-defined]  # noqa: F401
from dao.arrow.convert import to_reeder  # type: ignore[attr-defined]  # noqa: F401
from dao.catalog import Catalogue  # type: ignore[attr-defined]  # noqa: F401
from dao.tables import reconcil  # type: ignore[attr-defined]  # noqa: F401
from dao.testing import ConformSuite  # type: ignore[attr-defined]  # noqa: F401
