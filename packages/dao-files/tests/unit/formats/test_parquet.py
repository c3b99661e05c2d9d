"""Parquet: every option's effect, row groups, pruning, statistics, memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from format_files import LOCAL, load, save

from dao.errors import DataError, StoreError
from dao_files.formats import get_format

PARQUET = get_format("parquet")


def table(rows: int = 10_000) -> pa.Table:
    return pa.table(
        {
            "id": pa.array(range(rows), pa.int64()),
            "few": pa.array([f"value {i % 5}" for i in range(rows)]),
            "many": pa.array([f"unique {i:012d}" for i in range(rows)]),
            "nested": pa.array([{"x": i} for i in range(rows)]),
        }
    )


def column(path: str, name: str, group: int = 0) -> Any:
    found = pq.read_metadata(path).row_group(group)
    return next(found.column(i) for i in range(found.num_columns) if found.column(i).path_in_schema == name)


def test_defaults(tmp_path: Path) -> None:
    path = save(table(), tmp_path / "a.parquet")
    for name in ("id", "few", "nested.x"):
        assert column(path, name).compression == "ZSTD"
        assert column(path, name).has_column_index
        assert column(path, name).has_offset_index
        assert column(path, name).is_stats_set
    assert "RLE_DICTIONARY" in column(path, "few").encodings
    assert "RLE_DICTIONARY" not in column(path, "many").encodings
    assert pq.read_table(path).equals(table())


def test_compression_of_all_or_single_columns(tmp_path: Path) -> None:
    for codec in ("snappy", "gzip", "brotli", "lz4", "none", None):
        path = save(table(100), tmp_path / "a.parquet", compression=codec)
        assert column(path, "id").compression in {(codec or "none").upper(), "UNCOMPRESSED"}
    path = save(table(100), tmp_path / "a.parquet", compression={"few": "snappy", "nested": "gzip"})
    found = [column(path, name).compression for name in ("id", "few", "nested.x")]
    assert found == ["ZSTD", "SNAPPY", "GZIP"]
    with pytest.raises(DataError, match="no column 'fwe'; did you mean 'few'"):
        save(table(100), tmp_path / "a.parquet", compression={"fwe": "snappy"})


def test_the_lowest_level_is_a_level_too(tmp_path: Path) -> None:
    whole = save(table(), tmp_path / "a.parquet", compression="gzip", compression_level=0)
    by_column = save(table(), tmp_path / "b.parquet", compression={"many": "gzip"}, compression_level=0)
    level_one = save(table(), tmp_path / "c.parquet", compression={"many": "gzip"}, compression_level=1)
    sizes = [column_bytes(path, "many") for path in (whole, by_column, level_one)]
    assert sizes[0] == sizes[1] > sizes[2]


def column_bytes(path: str, name: str) -> int:
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = (group.column(index) for index in range(group.num_columns))
    return sum(column.total_compressed_size for column in columns if column.path_in_schema == name)


def test_compression_level(tmp_path: Path) -> None:
    sizes = [Path(save(table(), tmp_path / "a.parquet", compression_level=level)).stat().st_size for level in (1, 19)]
    assert sizes[1] < sizes[0]
    by_column = save(table(), tmp_path / "b.parquet", compression_level={"many": 19})
    assert Path(by_column).stat().st_size < sizes[0]


@pytest.mark.parametrize("arriving", [1, 333, 10_000])
def test_row_groups_by_rows_do_not_depend_on_the_batches(tmp_path: Path, arriving: int) -> None:
    rows = table(1_000 if arriving == 1 else 10_000)
    path = save(rows, tmp_path / "a.parquet", batches=arriving, row_group_rows=400)
    groups = pq.read_metadata(path)
    found = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
    assert set(found[:-1]) == {400}
    assert sum(found) == rows.num_rows


def test_row_groups_by_bytes(tmp_path: Path) -> None:
    rows = table()
    path = save(rows, tmp_path / "a.parquet", batches=100, row_group_bytes=rows.nbytes // 8)
    assert 7 <= pq.read_metadata(path).num_row_groups <= 10
    one = save(rows, tmp_path / "b.parquet", row_group_bytes=rows.nbytes // 8)
    assert 7 <= pq.read_metadata(one).num_row_groups <= 10


def test_statistics_page_index_and_checksums(tmp_path: Path) -> None:
    path = save(table(), tmp_path / "a.parquet", statistics=["id"], page_index=False, checksums=True)
    assert column(path, "id").is_stats_set
    assert not column(path, "few").is_stats_set
    assert not column(path, "id").has_column_index
    damaged = bytearray(Path(path).read_bytes())
    chunk = column(path, "id")
    damaged[chunk.data_page_offset + chunk.total_compressed_size - 5] ^= 0xFF
    Path(path).write_bytes(damaged)
    with pytest.raises(StoreError, match="(?i)crc|checksum"):
        load(path, columns=["id"], options={"checksums": True})


def test_dictionary_and_encodings(tmp_path: Path) -> None:
    def dictionaries(**options: Any) -> list[bool]:
        path = save(table(), tmp_path / "a.parquet", **options)
        return ["RLE_DICTIONARY" in column(path, name).encodings for name in ("id", "few", "many", "nested.x")]

    assert dictionaries(dictionary=False) == [False] * 4
    assert dictionaries(dictionary=True) == [True] * 4
    assert dictionaries(dictionary=["many", "nested"]) == [False, False, True, True]
    path = save(table(), tmp_path / "a.parquet", encoding={"id": "DELTA_BINARY_PACKED"})
    assert "DELTA_BINARY_PACKED" in column(path, "id").encodings
    assert "RLE_DICTIONARY" in column(path, "few").encodings
    small = save(table(), tmp_path / "b.parquet", dictionary=True, dictionary_page_size=1000)
    assert "PLAIN" in column(small, "many").encodings


def test_pages(tmp_path: Path) -> None:
    def size(**options: Any) -> int:
        path = save(table(), tmp_path / "a.parquet", compression="none", dictionary=False, **options)
        return Path(path).stat().st_size

    assert size(data_page_size=100) > size()
    assert size(max_rows_per_page=10) > size()
    assert size(data_page_version="2.0") != size()


def test_format_version_and_created_by(tmp_path: Path) -> None:
    assert pq.read_metadata(save(table(10), tmp_path / "a.parquet", format_version="1.0")).format_version == "1.0"
    assert pq.read_metadata(save(table(10), tmp_path / "a.parquet")).format_version == "2.6"


def test_bloom_filters(tmp_path: Path) -> None:
    plain = Path(save(table(), tmp_path / "a.parquet")).stat().st_size
    try:
        some = Path(save(table(), tmp_path / "a.parquet", bloom_filters=["many"])).stat().st_size
    except NotImplementedError as error:
        pytest.skip(str(error))
    exact = {"many": {"ndv": 100, "fpp": 0.1}}
    fewer = Path(save(table(), tmp_path / "a.parquet", bloom_filters=exact)).stat().st_size
    assert some > fewer > plain


def test_timestamps(tmp_path: Path) -> None:
    times = pa.table({"t": pa.array([1_500, 2_000], pa.timestamp("us"))})
    with pytest.raises(DataError, match="lose data"):
        save(times, tmp_path / "a.parquet", coerce_timestamps="ms")
    path = save(times, tmp_path / "a.parquet", coerce_timestamps="ms", allow_truncated_timestamps=True)
    assert load(path)["t"].cast(pa.int64()).to_pylist() == [1, 2]
    old = save(times, tmp_path / "b.parquet", int96_timestamps=True)
    assert column(old, "t").physical_type == "INT96"
    assert load(old)["t"].type == pa.timestamp("us")
    assert load(old, options={"int96_unit": "ns"})["t"].type == pa.timestamp("ns")
    for reader in (load(old), PARQUET.read_table([old], LOCAL)):
        assert reader["t"].cast(pa.int64()).to_pylist() == [1_500, 2_000]


def test_store_schema_and_read_dictionary(tmp_path: Path) -> None:
    zoned = pa.table({"t": pa.array([1], pa.timestamp("us", "Europe/Berlin")), "s": ["x"]})
    assert load(save(zoned, tmp_path / "a.parquet")).schema.field("t").type.tz == "Europe/Berlin"
    path = save(zoned, tmp_path / "a.parquet", store_schema=False)
    assert load(path).schema.field("t").type.tz == "UTC"
    found = load(path, options={"read_dictionary": ["s"]})
    assert pa.types.is_dictionary(found.schema.field("s").type)
    assert PARQUET.read_table([path], LOCAL, PARQUET.options({"read_dictionary": ["s"]})).equals(found)


def test_read_dictionary_names_columns_that_are_there(tmp_path: Path) -> None:
    narrow = save(pa.table({"id": [1], "l": [["x"]]}), tmp_path / "a.parquet")
    wide = save(pa.table({"id": [2], "l": [["y"]], "name": ["n"]}), tmp_path / "b.parquet")
    for wrong, told in (
        ("nme", "no column 'nme'; did you mean 'name'"),
        ("l", "'l' has no values of its own; known: 'l.list.element'"),
    ):
        options = PARQUET.options({"read_dictionary": [wrong]})
        for read in (PARQUET.read_table, PARQUET.scan):
            with pytest.raises(DataError, match=f"option 'read_dictionary': {told}"):
                read([narrow, wide], LOCAL, options).schema  # noqa: B018 - a reader may raise later
    options = PARQUET.options({"read_dictionary": ["name", "l.list.element"]})
    assert PARQUET.infer_schema([narrow, wide], LOCAL, options).types[1:] == [
        pa.list_(pa.field("element", pa.dictionary(pa.int32(), pa.string()))),
        pa.dictionary(pa.int32(), pa.string()),
    ]
    for found in (PARQUET.read_table([narrow, wide], LOCAL, options), PARQUET.scan([narrow, wide], LOCAL, options)):
        rows = found.to_pylist() if isinstance(found, pa.Table) else found.read_all().to_pylist()
        assert rows == [{"id": 1, "l": ["x"], "name": None}, {"id": 2, "l": ["y"], "name": "n"}]


def test_row_groups_are_pruned_by_statistics(tmp_path: Path) -> None:
    path = save(table(), tmp_path / "a.parquet", row_group_rows=1000, page_index=False)
    damaged = bytearray(Path(path).read_bytes())
    start = column(path, "id", 5).dictionary_page_offset or column(path, "id", 5).data_page_offset
    damaged[start : start + 40] = b"\xff" * 40
    Path(path).write_bytes(damaged)
    with pytest.raises(StoreError, match=r"a\.parquet"):
        load(path, columns=["id"])
    for where in ("id < 5000", "id >= 6000 AND few = 'value 1'", "id = 0 OR id = 9999"):
        assert load(path, columns=["id"], where=where).num_rows > 0  # row group 5 is never decoded


def test_nan_is_not_pruned_away(tmp_path: Path) -> None:
    values = pa.table({"x": [1.0, float("nan"), 2.0]})  # statistics leave NaN out; DuckDB sorts it last
    path = save(values, tmp_path / "a.parquet")
    assert load(path, where="x > 5").num_rows == 1


def test_metadata(tmp_path: Path) -> None:
    path = save(table(), tmp_path / "a.parquet", row_group_rows=5000)
    found = PARQUET.metadata(path, LOCAL)
    assert (found["rows"], found["compression"], len(found["row_groups"])) == (10_000, "zstd", 2)
    first = found["row_groups"][1]["columns"][0]
    assert (first["name"], first["statistics"]["min"], first["statistics"]["max"]) == ("id", 5000, 9999)
    assert first["page_index"]
    assert [entry["type"] for entry in found["columns"]][:2] == ["int64", "string"]


STREAM = """
import sys
import pyarrow as pa
from pyarrow import fs
from dao_files.formats import get_format
form = get_format("parquet")
paths = [sys.argv[1]] * int(sys.argv[2])
rows = 0
with open(sys.argv[3], "wb") as sink, form.writer(sink, form.infer_schema(paths[:1], fs.LocalFileSystem())) as writer:
    for batch in form.scan(paths, fs.LocalFileSystem()):
        writer.write(batch)
        rows += batch.num_rows
# not ru_maxrss: a child's begins with what its parent had
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(rows, peak // 1024)
"""


@pytest.mark.slow
def test_streaming_holds_a_bounded_amount(tmp_path: Path) -> None:
    rows = 300_000
    wide = pa.table({f"c{i}": pa.array(range(i, rows + i), pa.int64()) for i in range(12)})
    path = tmp_path / "a.parquet"
    pq.write_table(wide, path, compression="snappy")
    found = []
    for copies in (1, 30):  # 29 and 864 MB in Arrow
        done = subprocess.run(
            [sys.executable, "-c", STREAM, str(path), str(copies), str(tmp_path / "out")],
            capture_output=True, text=True, check=True, timeout=100,
        )  # fmt: skip
        count, peak = map(int, done.stdout.split())
        assert count == rows * copies
        found.append(peak)
    assert found[1] < 400
    assert found[1] - found[0] < 200


@pytest.mark.parametrize(
    ("unit", "value", "int96_unit", "kept"),
    [
        ("ns", 1_000, "us", True),
        ("ns", 1_001, "us", False),
        ("ns", 1_001, "ns", True),
        ("s", 32_503_680_000, "us", True),  # the year 3000
        ("s", 32_503_680_000, "ns", False),
    ],
)
def test_int96_timestamps_are_read_back_or_refused(
    unit: str, value: int, int96_unit: str, kept: bool, tmp_path: Path
) -> None:
    moments = pa.array([value, None], pa.timestamp(unit))
    nested = [pa.StructArray.from_arrays([moments], ["at"]), pa.ListArray.from_arrays([0, 1, 2], moments)]
    for array in (moments, *nested):
        table = pa.table({"at": array})
        if not kept:
            with pytest.raises(DataError, match=f"column 'at': INT96 timestamps are read in the unit '{int96_unit}'"):
                save(table, tmp_path / "a.parquet", int96_timestamps=True, int96_unit=int96_unit)
            continue
        path = save(table, tmp_path / "a.parquet", int96_timestamps=True, int96_unit=int96_unit)
        assert load(path, options={"int96_unit": int96_unit}).cast(table.schema).equals(table)
