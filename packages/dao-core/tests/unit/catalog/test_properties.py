"""Properties are checked when a catalog is loaded: their names, their values, and what a store has in common."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

import pytest

from dao import DataAccessObject, DataObject, DataStore, DirectoryObject, FileObject, TableObject
from dao.catalog import Catalog
from dao.catalog._properties import PropertyNames, format_options
from dao.errors import ConfigError


def faults(of_x: dict[str, Any], interface: str = "memory", **store: Any) -> list[str]:
    try:
        Catalog({"s": {"interface": interface, "objects": {"x": of_x}, **store}})
    except ConfigError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("partiton_by", "partition_by"),
        ("partitionby", "partition_by"),
        ("kyes", "keys"),
        ("keyes", "keys"),
        ("kes", "keys"),
        ("tpe", "type"),
        ("sufix", "suffix"),
        ("perfix", "prefix"),
        ("fromat", "format"),
        ("formt", "format"),
        ("tpye", "type"),
        ("delimeter", "delimiter"),
        ("compresion", "compression"),
        ("row_group_row", "row_group_rows"),
        ("schema_mod", "schema_mode"),
        ("discription", "description"),
        ("Suffix", "suffix"),
    ],
)
def test_a_name_that_is_nearly_one_that_a_method_takes_is_a_fault(name: str, right: str) -> None:
    for properties in ({name: "x"}, {"type": "table", name: ["x"]}, {name: 3}):
        assert any(f"no property {name!r}, did you mean {right!r}" in fault for fault in faults(properties))
    assert any("@ s.properties." in fault for fault in faults({}, properties={name: "x"}))
    assert any("@ s.objects.p_{n}." in fault for fault in faults({}, objects={"p_{n}": {name: "{n}"}}))


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"mode": "overwrit"}, "mode: found 'overwrit'; did you mean 'overwrite'? @ s.objects.x.mode"),
        ({"schema_mode": "evolv"}, "schema_mode: found 'evolv'; did you mean 'evolve'? @ s.objects.x.schema_mode"),
        ({"limit": -1}, "limit: found -1 (int), expected a whole number of at least 0 @ s.objects.x.limit"),
        ({"order_by": 5}, "order_by: found 5 (int), expected the name of a column, or a list of them"),
        ({"where": ""}, "where: found an empty text"),
        ({"where": "a >"}, "where='a >' is not a SQL condition"),
        ({"schema": {"id": "int46"}}, "column 'id': 'int46' is not a type: did you mean 'int64'"),
        ({"schema": {"amount": "numeric(10", "2)": None}}, "a comma ends it in YAML's {...}: quote it there"),
        ({"schema": "id int64"}, "a value of type str declares no columns"),
        ({"schema": ["id", "d"]}, "a value of type list declares no columns"),
    ],
)
def test_a_value_that_no_call_could_take_is_a_fault(properties: dict[str, Any], told: str) -> None:
    right = {"a": {"mode": "append", "schema_mode": "evolve", "where": "id > 1", "limit": 3, "schema": {"id": "int64"}}}
    assert faults({}, objects=right) == []
    (fault,) = faults(properties, objects={**right, "x": properties})
    assert told in fault
    assert faults({}, properties=properties)
    assert faults(dict.fromkeys(properties, "${env:SOMETHING}")) == []


OWN = [
    "owner",
    "team",
    "region",
    "model",
    "node",
    "code",
    "primary_key",
    "layer",
    "source",
    "sla",
    "pii",
    "glue_schema",
]


def test_a_name_of_the_users_own_is_none() -> None:
    assert faults(dict.fromkeys(OWN, "x"), properties=dict.fromkeys(OWN, "x")) == []


def test_where_a_method_takes_any_name_or_nothing_is_known_there_is_no_telling(backend: Any) -> None:
    class Anything:
        def read(self, data_object: Any, **options: Any) -> None: ...

    backend.Anything = Anything
    assert faults({"sufix": "x"}, "catalog_test_backend:Anything") == []
    assert faults({"sufix": "x"}, "not_installed_here") == []
    assert faults({"sufix": "x"}, also=["not_installed_here"]) == []
    assert faults({"sufix": "x"}, "catalog_test_backend:Bucket", options={"bucket": "b"}) != []


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"format": "parqet"}, "no format 'parqet', did you mean 'parquet'?"),
        ({"format": "excel"}, "no format 'excel', known: 'arrow', 'arrow_stream', 'avro', 'csv'"),
        ({"format": ""}, "no format ''"),
        ({"format": ".csv"}, "no format '.csv', did you mean 'csv'?"),
        ({"format": 3}, "expected str, found int"),
        ({"type": "tabel"}, "no type 'tabel', did you mean 'table'"),
        ({"type": ["table"]}, "expected str, found list"),
        ({"keys": [False]}, "expected a list of column names, found at position 0: bool False (YAML reads yes, no"),
        ({"keys": ["id", None]}, "found at position 1: null"),
        ({"keys": 5}, "expected a list of column names, found int"),
        ({"keys": ""}, "found an empty str"),
        ({"keys": ["id", "id"]}, "found 'id' twice"),
        ({"partition_by": [["a", "b"]]}, "found at position 0: list"),
        ({"partition_by": {"a": 1}}, "found dict"),
        ({"partition_by": [""]}, "found at position 0: an empty str"),
        ({"suffix": "csv"}, "a suffix is added as it stands: write '.csv'"),
        ({"suffix": "json.gz"}, "write '.json.gz'"),
        ({"suffix": False}, "expected str, found bool"),
        ({"prefix": ["a"]}, "expected str, found list"),
        ({"description": 3}, "expected str, found int"),
    ],
)
def test_a_wrong_value_is_a_fault(properties: dict[str, Any], told: str) -> None:
    (key,) = properties
    for declared in ({"objects": {"x": properties}}, {"properties": properties}, {"objects": {"x_{n}": properties}}):
        (fault,) = faults({}, **declared)
        assert told in fault
        assert fault.endswith(f".{key}")


def test_right_values_are_none() -> None:
    right = [
        {"format": "PARQUET"},
        {"format": "${env:NOT_SET_HERE}"},
        {"suffix": "_v2.csv"},
        {"suffix": ".csv"},
        {"keys": [], "partition_by": ["a"]},
        {"keys": ["no", "on"]},
    ]
    assert [faults(properties) for properties in right] == [[]] * len(right)
    assert faults({}, objects={"x_{n}": {"format": "{n}", "suffix": "{n}"}}) == []


def test_an_interface_may_have_formats_of_its_own(backend: Any) -> None:
    from dao.interface import when

    class Sheets:
        @when(format="excel")
        def read(self, data_object: Any) -> None: ...

        def write(self, data: Any, data_object: Any, *, format: str = "") -> None: ...

    backend.Sheets = Sheets
    assert faults({"format": "excel"}, "catalog_test_backend:Sheets") == []
    assert faults({"format": "ods"}, "catalog_test_backend:Sheets") == []
    assert "did you mean 'excel'" in faults({"format": "exel"}, "catalog_test_backend:Sheets")[0]


def test_the_names_of_formats_are_known_without_arrow() -> None:
    code = """
    import sys
    from dao import Catalog, ConfigError
    declared = {"s": {"interface": "memory", "objects": {"x": {"format": "FORMAT", "owner": "me"}}}}
    for name in FORMATS:
        Catalog({"s": {"interface": "memory", "objects": {"x": {"type": "table", "format": name, "owner": "me"}}}})
    try:
        Catalog({"s": {"interface": "memory", "objects": {"x": {"format": "parqet", "delimeter": ";"}}}})
    except ConfigError as error:
        assert len(error.faults) == 2, error
    assert not {"pyarrow", "cattrs", "pandas", "boto3"} & set(sys.modules)
    """
    from dao_files.formats import FORMATS

    assert format_options() == {name: frozenset(form.option_names) for name, form in FORMATS.items()}
    code = textwrap.dedent(code).replace("FORMATS", repr(sorted(FORMATS)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_format_that_code_registers_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    from dao.file_formats import FORMATS
    from dao_files.formats import get_format

    monkeypatch.setattr(FORMATS, "_formats", {**FORMATS, "mine": get_format("csv")})
    assert faults({"format": "mine"}) == []


def test_what_no_method_takes_is_listed() -> None:
    from dao_files import MemoryInterface

    class Plain:
        def read(self, data_object: Any, *, where: Any = None) -> None: ...

    asked = ["owner", "format", "delimiter", "where", "prefix"]
    assert PropertyNames([MemoryInterface]).unknown(asked) == ["owner"]
    assert PropertyNames([Plain]).unknown(asked) == ["owner", "delimiter"]
    assert PropertyNames([Plain, MemoryInterface]).unknown(asked) == ["owner"]
    assert PropertyNames([Plain, None]).unknown(asked) == PropertyNames([]).unknown(asked) == []


def test_type_prefix_and_suffix_of_a_store_hold_for_its_objects() -> None:
    objects = {
        "a": {},
        "own": {"prefix": "mine", "suffix": ".json"},
        "bare": {"prefix": "", "suffix": ""},
        "f": {"type": "file"},
        "d": {"type": "directory", "prefix": "there"},
        "at": {"key": "x/y"},
        "p_{n}": {},
    }
    properties = {"type": "table", "prefix": "raw", "suffix": ".csv", "format": "csv"}
    catalog = Catalog({"s": {"interface": "memory", "properties": properties, "objects": objects}})
    found = {name: catalog[f"s.{name}"] for name in ("a", "own", "bare", "f", "d", "at", "p_1")}
    assert {name: type(one) for name, one in found.items()} == {
        **dict.fromkeys(found, TableObject),
        "f": FileObject,
        "d": DirectoryObject,
    }
    assert {name: one.key for name, one in found.items()} == {
        "a": "raw/a.csv",  # two tables of a store never share a place
        "own": "mine.json",
        "bare": "bare",
        "f": "raw/f.csv",
        "d": "there.csv",
        "at": "x/y",
        "p_1": "raw/p_1.csv",
    }
    assert {one.format for one in found.values()} == {"csv"}


def test_a_stores_properties_hold_for_objects_of_code_and_are_used() -> None:
    store = DataStore("s", "memory", properties={"prefix": "raw", "suffix": ".csv"})
    assert FileObject("a", store).key == "raw/a.csv"
    assert TableObject("t", store).key == "raw/t.csv"
    with DataAccessObject() as dao:
        dao.write(b"1", FileObject("a", store))
        assert [info.key for info in dao.list(store)] == ["raw/a.csv"]
        assert dao.read(DataObject("b", store, key="raw/a.csv"), into="bytes") == b"1"


def test_a_key_is_no_property_of_a_store() -> None:
    assert faults({}, properties={"key": "k"}) == [
        "a key is one object's place: 'prefix' and 'suffix' are what objects can share @ s.properties.key"
    ]
    with pytest.raises(ConfigError, match="a key is one object's place"):
        DataStore("s", "memory", properties={"key": "k"})
