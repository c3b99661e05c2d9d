"""The config of the connector: read from a mapping, a file or a text; refused with all faults at once."""

from __future__ import annotations

import copy
import pickle

import pytest

from dao import ConfigError
from dao_iceberg.connector import AWSConnector

TEXT = """
connector:
  region: eu-central-1
  options: {root: lake}
  source:
    tables:
      - {database: shop, table: orders, index_field: id, datetime_field: at}
    time_filter_hours: 24
    max_records: 1000
  target:
    database: gold
    table: orders
    index_field: id
    datetime_field: at
    partition_by: [year, month, day]
"""
FIELDS = {"index_field": "id", "datetime_field": "at"}
CONFIG = {
    "options": {"root": "lake"},
    "source": {"tables": [{"database": "shop", "table": "orders", **FIELDS}]},
    "target": {"database": "gold", "table": "orders", **FIELDS},
}


def faults(**changed) -> list[str]:
    """What a config with other values is refused for."""
    config = copy.deepcopy(CONFIG)
    for path, value in changed.items():
        *folders, name = path.split("__")
        inner = config
        for folder in folders:
            inner = inner[int(folder) if folder.isdigit() else folder]
        inner[name] = value
    with pytest.raises(ConfigError) as caught:
        AWSConnector({"connector": config})
    return [str(one) for one in caught.value.faults]


def test_a_file_and_a_text_say_the_same(tmp_path):
    path = tmp_path / "connector.yaml"
    path.write_text(TEXT)
    of_file, of_path, of_text = AWSConnector(str(path)).config, AWSConnector(path).config, AWSConnector(TEXT).config
    assert of_file == of_path
    assert (of_file.source, of_file.target, of_file.region) == (of_text.source, of_text.target, of_text.region)
    assert of_file.source.max_records == 1000
    assert of_file.target.terms == ("year(at)", "month(at)", "day(at)")


def test_a_relative_folder_starts_in_that_of_the_file(tmp_path):
    path = tmp_path / "connector.yaml"
    path.write_text(TEXT)
    target = AWSConnector(path)._tables.target
    assert target.data_store.interface.root == str(tmp_path / "lake")


def test_all_faults_are_told_at_once_with_what_would_have_worked():
    told = faults(sourse={}, source__max_record=3, target__partition_by=["years"], target__location=5)
    assert len(told) == 4
    assert any("did you mean 'source'?" in one for one in told)
    assert any("did you mean 'max_records'?" in one for one in told)
    assert any("did you mean 'year'" in one and "partition_by[0]" in one for one in told)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"source__tables": []}, "tables: found none"),
        ({"source__tables": CONFIG["source"]["tables"] * 2}, "found 'shop.orders' twice"),
        ({"target": {"database": "shop", "table": "orders", **FIELDS}}, "target: found one of the source's tables"),
        ({"source__max_records": 0}, "max_records: found 0, expected rows, 1 or more"),
        ({"source__time_filter_hours": -1}, "time_filter_hours: found -1"),
        ({"source__tables__0__where": "id >"}, "where: "),
        ({"source__tables__0__table": ""}, "table: found ''"),
        ({"options": 3}, "expected a mapping, found int"),
        ({"options": {"root": "lake", "token": "hush"}}, "token: found with the catalog 'sql'"),
        ({"options": {"rooot": "lake"}}, "no option 'rooot', did you mean 'root'? @ connector.options.rooot"),
        ({"options": {"root": "lake", "namespac": "x"}}, "no option 'namespac', did you mean 'namespace'?"),
        ({"options": {"catalog": "rest", "uri": "http://catalog"}}, "found no place"),
        ({"secret_access_key": "hush"}, "'secret_access_key' is one of the options"),
    ],
)
def test_a_wrong_value_is_refused(changed, told):
    found = "\n".join(faults(**changed))
    assert told in found
    assert "hush" not in found


@pytest.mark.parametrize("config", [{}, {"conector": {}}, {"connector": 3}, "[1, {}]", "connector: {a: 1, a: 2}", 3])
def test_what_is_no_config_is_refused(config):
    with pytest.raises(ConfigError):
        AWSConnector(config)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no file .*nowhere\.yaml"):
        AWSConnector(tmp_path / "nowhere.yaml")


def test_without_options_the_catalog_is_glue_in_the_region():
    config = {**CONFIG, "options": {}, "region": "eu-central-1"}
    config["target"] = {**CONFIG["target"], "location": "s3://lake/gold/orders"}
    place = AWSConnector({"connector": config}).config.place
    assert place == {"catalog": "glue", "region": "eu-central-1"}
    with pytest.raises(ConfigError, match="s3://bucket"):
        AWSConnector({"connector": {**config, "target": {**config["target"], "location": "gold/orders"}}})


def test_secrets_are_not_shown(tmp_path):
    options = {
        "root": str(tmp_path),
        "catalog": "rest",
        "uri": "https://catalog/?key=hush1",
        "token": "hush2",
        "catalog_secrets": {"x": "hush3"},
    }
    connector = AWSConnector({"connector": {**CONFIG, "options": options}})
    store = connector._tables.target.data_store
    shown = f"{connector!r} {connector.config!r} {connector._tables!r} {store!r} {store.interface!r} {store.specs!r}"
    assert "hush" not in shown
    assert "hush" not in repr(pickle.loads(pickle.dumps(connector.config)))
