"""What dao-redshift makes public is a list, every name of it loads, and type checkers know each."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from dao.testing import door_faults

PUBLIC = [
    "dao_redshift",
    "dao_redshift.testing",
    "dao_redshift.testing.fixtures",
]
TYPED = Path(__file__).parents[1] / "typing" / "doors.py"


def test_public_means_listed() -> None:
    assert door_faults("dao_redshift", PUBLIC) == []


def test_each_public_name_is_held_to_having_a_type() -> None:
    names = {f"{module}.{name}" for module in PUBLIC for name in getattr(import_module(module), "__all__", ())}
    held = set(re.findall(r"^known = ([\w.]+)", TYPED.read_text("utf-8"), re.MULTILINE))
    assert held == names
