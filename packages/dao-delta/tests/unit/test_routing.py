"""Which interface of a store serves a Delta table, and what a store of Delta tables alone takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataError, NoRouteError
from dao_delta import DeltaObject

OBJECTS = {
    "typed": {"type": "delta"},
    "typed_s3": {"type": "s3.delta"},
    "said": {"type": "table", "format": "delta"},
    "plain": {"type": "table"},
    "parquet": {"type": "table", "format": "parquet"},
    "csv": {"type": "table", "format": "csv"},
    "note": {"type": "file", "suffix": ".txt"},
}


def made(folder: Path, interface: str, *also: str) -> DataAccessObject:
    store: dict[str, Any] = {"interface": interface, "options": {"root": str(folder)}, "objects": OBJECTS}
    return DataAccessObject({"lake": {**store, "also": list(also)} if also else store})


def interface_of(dao: DataAccessObject, name: str, **given: Any) -> str:
    data = b"x" if name == "note" else [{"id": 1}]
    return dao.explain("write", data, f"lake.{name}", mode="overwrite", **given).steps[0].interface


@pytest.mark.parametrize("order", [("local", "delta"), ("delta", "local")], ids=lambda order: order[0])
def test_files_and_delta_tables_share_a_store(tmp_path: Path, order: tuple[str, str]) -> None:
    dao = made(tmp_path, *order)
    places = {name: interface_of(dao, name) for name in OBJECTS}
    assert places == {
        "typed": "delta",
        "typed_s3": "delta",
        "said": "delta",
        "plain": order[0],
        "parquet": "local",
        "csv": "local",
        "note": "local",
    }
    assert interface_of(dao, "plain", format="delta") == "delta"
    assert interface_of(dao, "plain", format="csv") == "local"
    for name in OBJECTS:
        dao.write(b"x" if name == "note" else [{"id": 1}], f"lake.{name}")
    for name in ("typed", "typed_s3", "said"):
        assert (tmp_path / name / "_delta_log").is_dir()
    assert not (tmp_path / "parquet" / "_delta_log").exists()
    for name in OBJECTS.keys() - {"note"}:
        assert dao.read(f"lake.{name}", into="pylist") == [{"id": 1}]
    dao.copy("lake.typed", "lake.csv", mode="append")
    assert dao.count("lake.csv") == 2


def test_a_store_of_delta_tables_alone(tmp_path: Path) -> None:
    dao = made(tmp_path, "delta")
    for name in ("typed", "typed_s3", "said", "plain", "parquet"):
        dao.write([{"id": 1}], f"lake.{name}")
        assert (tmp_path / name / "_delta_log").is_dir()
        assert dao.read(f"lake.{name}", format="delta", into="pylist") == [{"id": 1}]
    with pytest.raises(NoRouteError, match="needs format='delta' or 'parquet', found 'csv'"):
        dao.write([{"id": 1}], "lake.csv")
    with pytest.raises(NoRouteError, match="needs format='delta' or 'parquet', found 'csv'"):
        dao.read("lake.plain", format="csv")
    with pytest.raises(NoRouteError, match="takes no 'delimiter'"):
        dao.write([{"id": 1}], "lake.plain", mode="append", delimiter=";")
    with pytest.raises(NoRouteError):
        dao.write(b"x", "lake.note")


def test_a_delta_table_has_no_other_format() -> None:
    assert DeltaObject("orders", format="parquet").table_format == "delta"
    with pytest.raises(DataError, match="found 'csv' for a Delta table"):
        DeltaObject("orders", format="csv")


@pytest.mark.parametrize(
    ("action", "given"),
    [
        ("write", {"partition_by": ["di"]}),
        ("write", {"partition_by": "id"}),
        ("write", {"partition_by": ["di"], "mode": "overwrite"}),
        ("upsert", {"keys": ["di"]}),
        ("upsert", {"keys": "id", "order_by": ["ts"]}),
    ],
)
@pytest.mark.parametrize("data", [[{"id": 1}], pa.table({"id": [1]})], ids=["list", "table"])
def test_plans_raise_what_calls_raise_about_names_of_columns(action, given, data, dao, table):
    with pytest.raises(DataError) as planned:
        dao.explain(action, data, table, **given)
    with pytest.raises(DataError) as called:
        getattr(dao, action)(data, table, **given)
    assert planned.value.message == called.value.message
    assert not dao.exists(table)
