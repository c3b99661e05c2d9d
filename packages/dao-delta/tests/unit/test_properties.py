"""Properties of tables: what DAO, or another reader, couldn't honour is refused, in each call alike."""

from __future__ import annotations

import logging

import pyarrow as pa
import pytest
from deltalake import DeltaTable, Schema

from dao import DataError, UnsupportedError

FEATURES = {
    "delta.columnMapping.mode": "name",
    "delta.columnMapping.maxColumnId": "1",
    "delta.enableDeletionVectors": True,
    "delta.minReaderVersion": "3",
    "delta.minWriterVersion": 7,
    "delta.checkpointPolicy": "v2",
    "delta.feature.rowTracking": "supported",
    "delta.enableTypeWidening": "true",
    "delta.enableRowTracking": "true",
    "delta.enableInCommitTimestamps": "true",
    "delta.enableIcebergCompatV2": "true",
    "delta.universalFormat.enabledFormats": "iceberg",
}

WRONG = {
    "delta.checkpointInterval": ["0", "x", -1, 1.5, "1.0", "", None, "٣"],
    "delta.appendOnly": ["yes", 1, "x", None],
    "delta.enableChangeDataFeed": ["on"],
    "delta.logRetentionDuration": ["7 days", "interval 1 month", "interval 1.5 days", "interval days", 7],
    "delta.deletedFileRetentionDuration": ["x"],
    "delta.dataSkippingNumIndexedCols": ["-2", "x"],
    "delta.targetFileSize": ["100mb", 0],
    "delta.isolationLevel": ["x"],
    "delta.dataSkippingStatsColumns": [""],
}

RIGHT = {
    "delta.appendOnly": (False, "false"),
    "delta.enableChangeDataFeed": ("TRUE", "true"),
    "delta.checkpointInterval": (7, "7"),
    "delta.dataSkippingNumIndexedCols": (-1, "-1"),
    "delta.logRetentionDuration": ("INTERVAL 7 DAYS", "interval 7 days"),
    "delta.columnMapping.mode": ("none", "none"),
    "delta.isolationLevel": ("Serializable", "Serializable"),
}


@pytest.fixture(params=["write", "replace", "append", "set_properties", "upsert"])
def give(request, dao, table):
    """A call with properties: of a new table, or of one that is there."""
    rows = pa.table({"k": [1]})
    if request.param in ("append", "set_properties"):
        dao.write(rows, table)
    if request.param == "set_properties":
        return lambda properties: dao.run("set_properties", table, properties=properties)
    if request.param == "upsert":
        return lambda properties: dao.upsert(rows, table, keys="k", properties=properties)
    more = {"write": {}, "replace": {"mode": "overwrite", "where": "k = 1"}, "append": {"mode": "append"}}[
        request.param
    ]
    return lambda properties: dao.write(rows, table, properties=properties, **more)


def test_features_that_dao_cannot_write_are_refused(dao, table, give):
    before = dao.exists(table)
    for name, value in FEATURES.items():
        with pytest.raises(UnsupportedError, match=name):
            give({name: value})
    assert dao.exists(table) == before
    assert not before or len(dao.history(table)) == 1


def test_values_are_checked(give):
    for name, values in WRONG.items():
        for value in values:
            with pytest.raises(DataError, match=rf"{name}, expected"):
                give({name: value})


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("delta.apendOnly", "delta.appendOnly"),
        ("appendOnly", "delta.appendOnly"),
        ("delta.appendonly", "delta.appendOnly"),
        ("delta.checkpointIntervall", "delta.checkpointInterval"),
    ],
)
def test_a_misspelt_name_is_told(give, name, nearest):
    with pytest.raises(DataError, match=f"did you mean '{nearest}'"):
        give({name: "true"})


def test_unknown_names_are_refused(give):
    for name in ("delta.nonsense", "mine", "", 3, None):
        with pytest.raises(DataError, match="expected some of"):
            give({name: "true"})
    with pytest.raises(DataError, match="add_constraint"):
        give({"delta.constraints.x": "k > 0"})


def test_values_are_kept_as_texts(dao, table, path):
    dao.write(pa.table({"k": [1]}), table, properties={name: given for name, (given, _) in RIGHT.items()})
    assert DeltaTable(path).metadata().configuration == {name: kept for name, (_, kept) in RIGHT.items()}
    assert dao.read(table, into="pylist") == [{"k": 1}]


@pytest.mark.parametrize("interval", ["0", "x", "-1"])
def test_a_table_of_others_with_an_interval_that_is_none(dao, table, path, caplog, interval):
    properties = {"delta.checkpointInterval": interval, "delta.dataSkippingNumIndexedCols": "x"}
    DeltaTable.create(path, Schema.from_arrow(pa.schema({"k": pa.int64()})), configuration=properties)
    with caplog.at_level(logging.WARNING, "dao"):
        assert dao.write(pa.table({"k": [1]}), table, mode="append").version_after == 1
    assert not caplog.records
    assert dao.count(table) == 1


class PanicException(BaseException):
    """What a panic of Rust is in Python."""


@pytest.mark.parametrize("error", [PanicException("broken"), ValueError("x"), OSError("full")])
def test_no_error_is_raised_once_it_is_committed(dao, table, monkeypatch, caplog, error):
    dao.write(pa.table({"k": [1]}), table, properties={"delta.checkpointInterval": 1})

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(DeltaTable, "create_checkpoint", fail)
    with caplog.at_level(logging.WARNING, "dao"):
        assert dao.write(pa.table({"k": [2]}), table, mode="append").version_after == 1
    assert "no checkpoint" in caplog.text


@pytest.mark.parametrize(
    "asked",
    [
        {"mode": "append"},
        {"mode": "overwrite"},
        {"mode": "overwrite_partitions"},
        {"mode": "overwrite", "where": "k = 1"},
    ],
)
def test_a_table_that_is_there_keeps_its_properties(dao, table, asked):
    rows, kept = pa.table({"k": [1], "v": [1]}), {"delta.appendOnly": "false", "delta.checkpointInterval": 7}
    dao.write(rows, table, partition_by="k", properties=kept)
    call = {**asked, "partition_by": "k"}
    for other in ({"delta.appendOnly": True}, {"delta.enableChangeDataFeed": True}, {**kept, "delta.appendOnly": True}):
        with pytest.raises(DataError, match=r"properties: .*the table has .*set_properties"):
            dao.write(rows, table, properties=other, **call)
    assert len(dao.history(table)) == 1
    assert dao.write(rows, table, properties=kept, **call).version_after == 1
    assert dao.write(rows, table, properties={"delta.appendOnly": True}, mode="ignore").rows_inserted == 0


def test_an_upsert_gives_a_new_table_its_properties(dao, table, path):
    dao.upsert(pa.table({"k": [1]}), table, keys="k", properties={"delta.appendOnly": False})
    assert DeltaTable(path).metadata().configuration == {"delta.appendOnly": "false"}
    dao.upsert(pa.table({"k": [1]}), table, keys="k", properties={"delta.appendOnly": "false"})
    with pytest.raises(DataError, match="set_properties"):
        dao.upsert(pa.table({"k": [1]}), table, keys="k", properties={"delta.appendOnly": True})
