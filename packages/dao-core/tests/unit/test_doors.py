"""What dao-core makes public is a list, every name of it loads, and type checkers know each."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from dao.testing import door_faults

PUBLIC = [
    "dao",
    "dao.arrow",
    "dao.arrow.convert",
    "dao.arrow.models",
    "dao.arrow.predicates",
    "dao.capabilities",
    "dao.catalog",
    "dao.connections",
    "dao.core",
    "dao.core.dao",
    "dao.core.plugins",
    "dao.data_object",
    "dao.data_store",
    "dao.display",
    "dao.errors",
    "dao.events",
    "dao.file_formats",
    "dao.file_set",
    "dao.hookspecs",
    "dao.increments",
    "dao.interface",
    "dao.lazy",
    "dao.lineage",
    "dao.memory",
    "dao.options",
    "dao.otel",
    "dao.plugins",
    "dao.profiles",
    "dao.progress",
    "dao.results",
    "dao.secrets",
    "dao.tables",
    "dao.testing",
]
TYPED = Path(__file__).parents[1] / "typing" / "doors.py"


def test_public_means_listed() -> None:
    assert door_faults("dao", PUBLIC) == []


def test_each_public_name_is_held_to_having_a_type() -> None:
    names = {f"{module}.{name}" for module in PUBLIC for name in getattr(import_module(module), "__all__", ())}
    held = set(re.findall(r"^known = ([\w.]+)", TYPED.read_text("utf-8"), re.MULTILINE))
    assert held == names
