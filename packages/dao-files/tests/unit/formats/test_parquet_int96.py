"""INT96 timestamps in Parquet files of others: read exactly, or refused with the unit that would read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from format_files import LOCAL, load, save
from pyarrow import fs
from test_parquet_far import Far

from dao import DataAccessObject
from dao.errors import DataError, StoreError
from dao.memory import Budget
from dao.tables import Selection
from dao_files.formats import _parquet_source as parquet_source
from dao_files.formats import get_format

PARQUET = get_format("parquet")
YEAR_1, YEAR_9999 = -62_135_596_800, 253_402_300_799  # seconds: their first and last
FIRST_NS, LAST_NS = -(1 << 63), (1 << 63) - 1


def write_int96(path: Path, columns: dict[str, pa.Array], **options: Any) -> str:
    pq.write_table(pa.table(columns), path, use_deprecated_int96_timestamps=True, **options)
    return str(path)


def shapes(moments: pa.Array) -> dict[str, pa.Array]:
    count = len(moments)
    offsets = list(range(count + 1))
    lists = pa.ListArray.from_arrays(offsets, moments)
    texts = pa.array([f"k{index}" for index in range(count)])
    return {
        "plain": moments,
        "zoned": moments.cast(pa.timestamp(moments.type.unit, "Europe/Berlin")),
        "struct": pa.StructArray.from_arrays([texts, moments], ["text", "at"]),
        "list": lists,
        "large": lists.cast(pa.large_list(moments.type)),
        "fixed": pa.FixedSizeListArray.from_arrays(moments, 1),
        "map": pa.MapArray.from_arrays(offsets, texts, moments),
        "deep": pa.StructArray.from_arrays([pa.ListArray.from_arrays(offsets, lists)], ["in"]),
    }


CASES = [
    ("us", 1_000_001, {"us", "ns"}),
    ("us", -1_000_001, {"us", "ns"}),
    ("ns", 1_500_000_001, {"ns"}),
    ("ns", -1, {"ns"}),
    ("ns", -999_999_999_000_000_000, {"s", "ms", "us", "ns"}),
    ("ms", -1_001, {"ms", "us", "ns"}),
    ("s", YEAR_1, {"s", "ms", "us"}),
    ("s", YEAR_9999, {"s", "ms", "us"}),
    ("us", YEAR_9999 * 1_000_000 + 999_999, {"us"}),
    ("us", YEAR_1 * 1_000_000 + 1, {"us"}),
    ("ns", FIRST_NS + 1, {"ns"}),
    ("ns", LAST_NS, {"ns"}),
    ("us", FIRST_NS // 1000, {"us"}),  # just before the first nanosecond
    ("us", LAST_NS // 1000 + 1, {"us"}),
    ("s", 9_300_000_000_000, {"s", "ms"}),  # the year 296676
]


@pytest.mark.parametrize("shape", list(shapes(pa.array([0], pa.timestamp("s")))))
@pytest.mark.parametrize(("unit", "value", "exact"), CASES)
def test_every_timestamp_is_read_exactly_or_refused(
    unit: str, value: int, exact: set[str], shape: str, tmp_path: Path
) -> None:
    moments = pa.array([0, None, value, 0], pa.timestamp(unit))
    path = write_int96(tmp_path / "a.parquet", {"x": shapes(moments)[shape], "id": pa.array(range(4))})
    for asked in ("s", "ms", "us", "ns"):
        for read in (_read, _stream):
            if asked in exact:
                expected = shapes(moments.cast(pa.timestamp(asked)))[shape]
                found = read(path, int96_unit=asked)["x"].combine_chunks()
                assert _leaf(found).to_pylist() == _leaf(expected).to_pylist()
            else:
                with pytest.raises(DataError, match=rf"a\.parquet: column 'x': .*int96_unit='{asked}' would change"):
                    read(path, int96_unit=asked)
            assert read(path, ["id"], int96_unit=asked)["id"].to_pylist() == [0, 1, 2, 3]


def _read(path: str, columns: Any = None, where: Any = None, *, at: Any = LOCAL, **options: Any) -> pa.Table:
    return PARQUET.read_table([path], at, PARQUET.options(options), Selection(columns, where))


def _stream(path: str, columns: Any = None, where: Any = None, *, at: Any = LOCAL, **options: Any) -> pa.Table:
    selection = Selection(columns, where, batch_size=1000)
    return PARQUET.scan([path], at, PARQUET.options(options), selection).read_all()


def _leaf(array: pa.Array) -> pa.Array:
    while not pa.types.is_timestamp(array.type):
        if pa.types.is_struct(array.type):
            array = array.field(array.type.num_fields - 1)
        elif pa.types.is_map(array.type):
            array = array.items
        else:
            array = array.flatten()
    return array.cast(pa.int64())


def test_the_error_names_the_unit_that_reads_all(tmp_path: Path) -> None:
    far, fine = 32_503_680_000 * 10**6, 1_500
    for number, (unit, values, asked, advice) in enumerate(
        [
            ("ns", [fine, 0], "us", "int96_unit='ns' reads them"),
            ("us", [far, fine], "ns", "int96_unit='us' reads them"),
            ("us", [far, fine], "ms", "int96_unit='us' reads them"),
        ]
    ):
        path = write_int96(tmp_path / f"{number}.parquet", {"x": pa.array(values, pa.timestamp(unit))})
        with pytest.raises(DataError, match=advice):
            _read(path, int96_unit=asked)
    moments = [pa.array([1], pa.timestamp("ns")), pa.array([far], pa.timestamp("us"))]
    both = pa.StructArray.from_arrays(moments, ["fine", "far"])
    path = write_int96(tmp_path / "both.parquet", {"x": both})
    for asked in ("us", "ns"):
        with pytest.raises(DataError, match="no unit holds them all, columns= leaves them out"):
            _read(path, int96_unit=asked)


@pytest.mark.parametrize("read", [_read, _stream])
@pytest.mark.parametrize("bad", [None, 0, 2_500, 9_999])
@pytest.mark.parametrize("remote", [False, True])
def test_one_wrong_timestamp_among_many(
    read: Any, bad: int | None, remote: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_source, "_TAIL", 8)  # else all of the file is read with its footer
    moments = [number * 1_000 + (number == bad) for number in range(10_000)]
    columns = {"at": pa.array(moments, pa.timestamp("ns")), "id": pa.array(range(10_000))}
    path = write_int96(tmp_path / "a.parquet", columns, row_group_size=3_000)
    at = fs.PyFileSystem(Far()) if remote else LOCAL
    for where in (None, "id >= 0", "at >= TIMESTAMP '1970-01-01'"):
        if bad is None:
            assert read(path, where=where, at=at)["at"].cast(pa.int64()).to_pylist() == list(range(10_000))
        else:
            with pytest.raises(DataError, match="int96_unit='ns' reads them"):
                read(path, where=where, at=at)
        assert read(path, where=where, at=at, int96_unit="ns")["at"].cast(pa.int64()).to_pylist() == moments
    assert read(path, ["id"], "id < 10", at=at)["id"].to_pylist() == list(range(10))


def test_row_groups_beyond_the_budget_are_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_source, "_TAIL", 8)
    monkeypatch.setattr("dao.memory.USUAL", Budget(fetched=1))
    columns = {"at": pa.array(range(0, 10_000_000, 1_000), pa.timestamp("ns"))}
    path = write_int96(tmp_path / "a.parquet", columns)
    found = _stream(path, at=fs.PyFileSystem(Far()))
    assert found["at"].cast(pa.int64()).to_pylist() == list(range(10_000))


def test_other_files_are_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = pa.table({"at": pa.array([1_001], pa.timestamp("ns")), "id": [1]})
    plain = save(times, tmp_path / "a.parquet")
    old = write_int96(tmp_path / "b.parquet", {"at": times["at"], "id": times["id"]})
    monkeypatch.setattr(parquet_source.ParquetSource, "in_unit", None)
    for read in (_read, _stream):
        assert read(plain).equals(times)
        assert read(old, ["id"])["id"].to_pylist() == [1]
        with pytest.raises(StoreError, match="not callable"):
            read(old)


def test_tables_of_others_are_read_filtered_counted_and_changed_exactly(tmp_path: Path) -> None:
    for day, moment in (("a", 1_000), ("b", 1_001)):
        folder = tmp_path / "visits" / f"day={day}"
        folder.mkdir(parents=True)
        write_int96(folder / "1.parquet", {"at": pa.array([moment, None], pa.timestamp("ns")), "id": pa.array([1, 2])})
    objects = {"visits": {"type": "table"}}
    dao = DataAccessObject({"lake": {"interface": "local", "options": {"root": str(tmp_path)}, "objects": objects}})
    calls = [
        lambda **options: dao.read("lake.visits", **options),
        lambda **options: dao.read_stream("lake.visits", **options).read_all(),
        lambda **options: dao.read("lake.visits", where="id = 1", **options),
        lambda **options: dao.count("lake.visits", where="at IS NOT NULL", **options),
        lambda **options: dao.delete("lake.visits", where="id = 2", **options),
    ]
    for call in calls:
        with pytest.raises(DataError, match="day=b.*int96_unit='us' would change; int96_unit='ns' reads them"):
            call()
        call(int96_unit="ns")
    assert dao.read("lake.visits", where="day = 'a'", into="pylist")[0]["id"] == 1
    assert sorted(dao.read("lake.visits", int96_unit="ns")["at"].cast(pa.int64()).to_pylist()) == [1_000, 1_001]


def test_days_before_the_first_one_of_int96_are_not_read_as_later_ones(tmp_path: Path) -> None:
    path = write_int96(tmp_path / "a.parquet", {"x": pa.array([-300_000_000_000], pa.timestamp("s"))})
    for unit in ("s", "ms", "us", "ns"):
        with pytest.raises(DataError, match="no unit holds them all"):
            _read(path, int96_unit=unit)


def test_timestamps_before_those_of_int96_are_not_written(tmp_path: Path) -> None:
    first = -2_440_587 * 86_400
    for value in (first, first - 1):
        moments = shapes(pa.array([value, 0, None], pa.timestamp("s")))
        for name in ("plain", "struct", "list"):
            table = pa.table({"x": moments[name]})
            if value < first:
                with pytest.raises(DataError, match="column 'x': INT96 timestamps begin in the year -4713"):
                    save(table, tmp_path / "a.parquet", int96_timestamps=True)
            else:
                path = save(table, tmp_path / "a.parquet", int96_timestamps=True)
                assert load(path).cast(table.schema).equals(table)
