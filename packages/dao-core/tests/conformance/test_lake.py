"""The kit on a lake of few lines, made of public names alone."""

from __future__ import annotations

import ast
import inspect

import lake
import pytest
from attrs import evolve

from dao import DataStore
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite

NO_FAULTS = {"fault_injection": "memory doesn't fail"}


class TestLake(ConformanceSuite):
    capabilities = evolve(
        found := capabilities_of(lake.LakeInterface), lacks_features={**found.lacks_features, **NO_FAULTS}
    )

    @pytest.fixture
    def backend(self) -> Backend:
        return Backend(store=DataStore("kit", lake.LakeInterface()), other=DataStore("other", lake.LakeInterface()))


def test_the_lake_is_a_program_of_sixty_lines() -> None:
    """Lines of code: without imports, docstrings and empty lines."""
    tree = ast.parse(inspect.getsource(lake))
    apart = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)) or _is_docstring(node)]
    left_out = {line for node in apart for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    code = [
        line for number, line in enumerate(inspect.getsource(lake).splitlines(), 1) if line and number not in left_out
    ]
    assert len(code) <= 60


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
