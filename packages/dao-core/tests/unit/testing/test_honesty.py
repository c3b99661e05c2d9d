"""A backend that declares what isn't so is told."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

SUITE = """
from attrs import evolve
import pytest
import shelf
from dao import DataError, DataStore, UnsupportedError, TableObject
from shelf_suite import TestShelf as Shelf

class Interface(shelf.ShelfInterface):
{method}

class TestIt(Shelf):
    capabilities = evolve(Shelf.capabilities, {capabilities})

    @pytest.fixture
    def backend(self, tmp_path):
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
        stores = [DataStore(name, Interface(folder=str(tmp_path / name))) for name in ("a", "b")]
        return shelf_backend(*stores)

def shelf_backend(store, other):
    from dao.testing import Backend
    return Backend(store=store, other=other)
"""
HONEST = "test_it.py::TestIt::test_what_is_declared_absent_is_refused"
TYPES = "test_it.py::TestIt::test_lacks_and_relaxations_are_true"


@pytest.mark.parametrize(
    ("capabilities", "method", "test", "told"),
    [
        ("lacks_actions={'delete': 'no'}", "pass", HONEST, "action delete: no: it is declared absent, but it works"),
        ("lacks_modes={'append': 'no'}", "pass", HONEST, "mode append: no: it is declared absent, but it works"),
        (
            "lacks_features={'partitions': 'no'}",
            "def write(self, data, data_object: TableObject, *, mode='error', partition_by=None):"
            " return super().write(data, data_object, mode=mode)",
            HONEST,
            "feature partitions: no: it is declared absent, but it works",
        ),
        (
            "lacks_actions={'upsert': 'no'}",
            "def upsert(self, data, data_object: TableObject, *, keys):\n"
            "        super().write(data, TableObject('rubbish', data_object.data_store))\n"
            "        raise UnsupportedError('no')",
            HONEST,
            "action upsert: no: it was refused, but the store changed",
        ),
        (
            "lacks_actions={'upsert': 'no'}",
            "def upsert(self, data, data_object: TableObject, *, keys): raise DataError('no')",
            HONEST,
            "action upsert: no: expected NoRouteError or UnsupportedError, found DataError",
        ),
        ("lacks_types={'duration': 'no'}", "pass", TYPES, "lacks_types has 'duration', but duration_s*take it off"),
        ("relaxes={'zones': 'no'}", "pass", TYPES, "relaxes has 'zones', but every table comes back without it"),
        (
            "formats=('parquet', 'nonsense')",
            "def write(self, data, data_object: TableObject, *, mode='error', format='parquet'):\n"
            "        if format != 'parquet': raise UnsupportedError(f'there is no format {format}')\n"
            "        return super().write(data, data_object, mode=mode)",
            "test_it.py::TestIt::test_formats_are_declared_truly",
            "there is no format nonsense",
        ),
    ],
)
def test_a_false_declaration_is_named(run_kit, capabilities, method, test, told):
    result = run_kit(SUITE.format(capabilities=capabilities, method=f"    {method}"), test)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{told}*"])


FILES = """
from attrs import evolve
import pytest
from dao import DataObject, DataStore, Version, register, when
from dao.capabilities import capabilities_of
from dao.plugins import default_plugins
from dao.testing import Backend, ConformanceSuite

class Interface(default_plugins().interface_class("local")):
{method}

class TestIt(ConformanceSuite):
    capabilities = evolve(capabilities_of(Interface), files_have=({name!r},))
    Interface.capabilities = capabilities

    @pytest.fixture
    def backend(self, tmp_path):
        stores = [DataStore(name, Interface(root=str(tmp_path / name))) for name in ("a", "b")]
        return Backend(store=stores[0], other=stores[1])
"""
ON_FILES = "test_it.py::TestIt::test_what_files_have_works_for_files"
TWO = "def history(self, data_object): return [Version(name, None, 'write', {}) for name in ('2', '1')]"


@pytest.mark.parametrize(
    ("name", "method", "told"),
    [
        ("vacuum", "pass", "vacuum: files_have names it, but a file refuses it: *no operation 'vacuum'"),
        ("time_travel", TWO, "time_travel: files_have names it, but a file refuses it: *takes no 'version'"),
        (
            "time_travel",
            f"{TWO}\n    @register('read')\n    @when(into='bytes')\n"
            "    def read_old(self, data_object: DataObject, *, version):\n"
            "        return self.read_bytes(data_object, into='bytes')",
            "time_travel: expected the bytes of the oldest version, b'first', found b'second'",
        ),
        (
            "restore",
            f"{TWO}\n    def run_restore(self, data_object, *, version): pass",
            "restore: expected the bytes of the oldest version, b'first', found b'second'",
        ),
    ],
)
def test_what_files_do_not_have_is_named(run_kit, name, method, told):
    result = run_kit(FILES.format(name=name, method=f"    {method}"), ON_FILES)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{told}*"])


def test_a_move_from_a_store_that_cannot_delete_is_refused_before_it_copies(run_kit):
    lacking = "lacks_actions={**Shelf.capabilities.lacks_actions, 'delete': 'no', 'move': 'no'}"
    run_kit(SUITE.format(capabilities=lacking, method="    delete = None"), HONEST).assert_outcomes(passed=1)


def test_a_true_declaration_is_believed(run_kit):
    run_kit(SUITE.format(capabilities="", method="    pass"), HONEST, TYPES).assert_outcomes(passed=2)
