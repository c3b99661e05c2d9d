"""The fixtures for users, and the summary for backends."""

from __future__ import annotations

import subprocess
import sys

pytest_plugins = ["pytester"]


def test_a_pipeline_can_be_tested_in_memory(run_kit):
    run_kit("""
        CATALOG = {
            "bronze": {
                "interface": "local",
                "options": {"root": "/nowhere/at/all"},
                "properties": {"format": "parquet"},
                "objects": {"orders": {"type": "table", "keys": ["id"]}},
            },
            "gold": {"interface": "notinstalled", "options": {"password": "${env:NOT_THERE}"}},
        }

        def test_stores_are_swapped(dao_in_memory):
            dao = dao_in_memory(CATALOG)
            dao.write([{"id": 1}, {"id": 2}], "bronze.orders")
            dao.upsert([{"id": 2}, {"id": 3}], "bronze.orders")
            assert dao.count("bronze.orders") == 3
            from dao import TableObject
            dao.copy("bronze.orders", TableObject("orders", dao.catalog.stores["gold"], format="parquet"))

        def test_each_call_has_stores_of_its_own(dao_in_memory):
            first, second = dao_in_memory(CATALOG), dao_in_memory(CATALOG)
            first.write([{"id": 1}], "bronze.orders")
            assert second.exists("bronze.orders") is False

        def test_nothing_is_registered_for_all(dao_in_memory):
            from dao import DataStoreRegistry
            before = DataStoreRegistry.names()
            dao_in_memory(CATALOG)
            assert DataStoreRegistry.names() == before

        def test_a_store(memory_store):
            from dao import DataAccessObject, DataStoreRegistry, TableObject
            dao = DataAccessObject(registry=DataStoreRegistry([memory_store]))
            pets = TableObject("pets", memory_store, format="parquet")
            dao.write([{"name": "Rex"}], pets)
            assert dao.read(pets, into="pylist") == [{"name": "Rex"}]
    """).assert_outcomes(passed=4)


def test_a_double_refuses_what_the_interface_that_it_stands_for_declares_absent(run_kit):
    run_kit("""
        import math
        import pickle
        import pyarrow as pa
        import pytest
        from dao import Capabilities, DataAccessObject, DataError, UnsupportedError
        from dao_files import LocalInterface

        class Narrow(LocalInterface):
            capabilities = Capabilities(
                lacks_modes={"append": "it is written once"},
                lacks_features={"partitions": "it has one shelf"},
                lacks_types={"list": "it is flat", "timestamp_ns": "it is slow", "nan": "it counts"},
            )

        STORE = {"interface": "test_it:Narrow", "options": {"root": "/nowhere"}, "objects": {"t": {"type": "table"}}}
        CATALOG = {"s": STORE}
        SLOW = pa.table({"a": [2.5], "b": pa.array([1000], pa.timestamp("ns"))})
        FINE = pa.table({"a": [1.5], "b": pa.array([1], pa.timestamp("us"))})

        @pytest.mark.parametrize("data", [[{"a": [1]}], SLOW.select(["b"]).rename_columns(["a"]), [{"a": math.nan}]])
        def test_types_and_nan(dao_in_memory, data):
            dao = dao_in_memory(CATALOG)
            with pytest.raises(DataError, match="column 'a' .* which 'Narrow' doesn't keep"):
                dao.write(data, "s.t")
            assert not dao.exists("s.t")
            dao.write(FINE, "s.t", schema={"a": "float64", "b": "timestamp"})
            with pytest.raises(DataError, match="doesn't keep"):
                dao.upsert([{"a": 1.5, "c": [1]}], "s.t", keys=["a"], schema_mode="evolve")
            there = pickle.loads(pickle.dumps(dao))
            assert there.upsert(SLOW, "s.t", keys=["a"]).rows_inserted == 1
            with pytest.raises(DataError, match="doesn't keep"):
                there.upsert([{"a": math.nan}], "s.t", keys=["a"])

        @pytest.mark.parametrize("given", [{"mode": "append"}, {"partition_by": ["a"]}])
        def test_modes_and_features(dao_in_memory, given):
            with pytest.raises(UnsupportedError, match="as 'Narrow', for which it stands"):
                dao_in_memory(CATALOG).write(FINE, "s.t", **given)

        def test_its_own_interface_is_in_a_folder(dao_in_folder):
            first, second = dao_in_folder(CATALOG), dao_in_folder({"m": {"interface": "memory"}, **CATALOG})
            first.write(FINE, "s.t")
            assert type(first.catalog.store("s").interface).__name__ == "Narrow"
            assert not second.exists("s.t")
            assert type(second.catalog.store("m").interface).__name__ == "MemoryInterface"
    """).assert_outcomes(passed=6)


def test_declared_absences_are_shown(run_kit):
    result = run_kit(
        "from shelf_suite import TestShelf as Shelf\nclass TestIt(Shelf): pass",
        "test_it.py::TestIt::test_the_kit_is_run_whole",
    )
    result.stdout.fnmatch_lines(
        [
            "*= declared absent =*",
            "test_it.py::TestIt",
            "  action upsert: the interface has no method for it",
            "  feature files: *",
        ]
    )


def test_a_run_without_a_suite_shows_nothing(run_kit):
    result = run_kit("def test_nothing(): pass")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*declared absent*")


def test_the_plugin_costs_no_driver():
    code = (
        "import dao.testing._plugin, sys; "
        "print({'pyarrow', 'pandas', 'hypothesis', 'duckdb', 'dao._core'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
