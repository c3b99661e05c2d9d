"""What is said of a file's values, by which it may be skipped."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def uuids():
    made = pa.array([UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7").bytes], pa.binary(16))
    return pa.ExtensionArray.from_storage(pa.uuid(), made)


def statistics_of(client, foreign):
    """The paths of the columns with statistics, and the ids of those with bounds."""
    [entry] = foreign.data_files
    data = bytes(client.transport.get(client.locations.key_of(entry.path)))
    group = pq.ParquetFile(BytesIO(data)).metadata.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    return {one.path_in_schema for one in columns if one.is_stats_set}, set(entry.file.lower_bounds)


def test_uuids_have_none(dao, table, client, foreign):
    """Iceberg's Java library takes them for signed numbers, and would skip files that have what is looked for."""
    struct = pa.StructArray.from_arrays([uuids(), pa.array([1], pa.int32())], ["u", "n"])
    lists, maps = pa.ListArray.from_arrays([0, 1], struct), pa.MapArray.from_arrays([0, 1], uuids(), pa.array(["x"]))
    rows = pa.table({"a.b": [1], "u": uuids(), "s": struct, "l": lists, "m": maps})
    dao.write(rows, table)
    paths, bounds = statistics_of(client, foreign)
    assert paths == {"a.b", "s.n", "l.list.element.n", "m.key_value.value"}
    kinds = {number: client.open("orders").columns.find_column_name(number) for number in bounds}
    assert set(kinds.values()) == {"a.b", "s.n"}
    assert dao.read(table).equals(rows)


@pytest.mark.parametrize(("values", "paths"), [(uuids(), set()), (uuids().storage, {"a", "l.list.element"})])
def test_files_of_uuids_alone_and_of_none(dao, table, client, foreign, values, paths):
    dao.write(pa.table({"a": values, "l": pa.ListArray.from_arrays([0, 1], values)}), table)
    assert statistics_of(client, foreign)[0] == paths
