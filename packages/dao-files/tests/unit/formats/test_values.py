"""Values that a format can't hold are refused before they are written, and damaged ones when they are read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc as paorc
import pyarrow.parquet as pq
import pytest
from format_files import load, same, save

from dao import DataAccessObject
from dao.errors import DaoError, DataError, StoreError
from dao_files.formats import FORMATS, get_format

DAY_US = 86_400_000_000
BAD_TEXT = pa.Array.from_buffers(
    pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"a\xff")]
)
DAMAGED: dict[str, pa.Array] = {
    "text": BAD_TEXT,
    "text in a struct": pa.StructArray.from_arrays([BAD_TEXT], ["x"]),
    "text in a list": pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), BAD_TEXT),
    "key of a map": pa.MapArray.from_arrays(pa.array([0, 1, 2], pa.int32()), BAD_TEXT, pa.array([1, 2])),
    "text of a dictionary": pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), BAD_TEXT),
    "JSON text": pa.ExtensionArray.from_storage(pa.json_(), BAD_TEXT),
}
TIMES: dict[str, pa.Array] = {
    "negative time": pa.array([-1, 0], pa.int32()).view(pa.time32("ms")),
    "a day's end": pa.array([DAY_US, 0], pa.int64()).view(pa.time64("us")),
    "time in a struct": pa.StructArray.from_arrays([pa.array([86_400], pa.int32()).view(pa.time32("s"))], ["x"]),
    "half a day as date64": pa.array([1, 0], pa.int64()).view(pa.date64()),
}


@pytest.mark.parametrize("name", sorted({**DAMAGED, **TIMES}))
@pytest.mark.parametrize("format", sorted(FORMATS))
def test_a_value_that_its_type_does_not_allow_is_not_written(format: str, name: str, tmp_path: Path) -> None:
    """Texts that are not UTF-8, times beyond a day, dates between days."""
    with pytest.raises(DataError):
        save(pa.table({"c": {**DAMAGED, **TIMES}[name]}), tmp_path / "t", format)


@pytest.mark.parametrize("name", sorted(DAMAGED))
@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_a_text_that_is_not_utf8_is_not_read(format: str, name: str, tmp_path: Path) -> None:
    table = pa.table({"n": [1, 2], "c": DAMAGED[name]})
    if format == "parquet":
        pq.write_table(table, tmp_path / "t")
    else:
        with pa.ipc.new_file(str(tmp_path / "t"), table.schema) as writer:
            writer.write_table(table)
    with pytest.raises(StoreError, match="UTF"):
        load(tmp_path / "t", format=format)
    assert load(tmp_path / "t", format="parquet", columns=["n"]).num_rows == 2 if format == "parquet" else True


def test_a_text_that_is_not_utf8_is_not_read_from_orc(tmp_path: Path) -> None:
    paorc.write_table(pa.table({"c": BAD_TEXT}), str(tmp_path / "t.orc"))
    with pytest.raises(StoreError, match="column 'c' has a text that is not UTF-8"):
        load(tmp_path / "t.orc")


FAR: dict[str, pa.Array] = {
    **{f"date32 {day}": pa.array([day, None], pa.int32()).view(pa.date32()) for day in (-719_163, 2_932_897)},
    **{f"date64 {day}": pa.array([day * 86_400_000, None], pa.int64()).view(pa.date64())
       for day in (-719_163, 2_932_897)},
    **{f"{unit} {zone} {day}": pa.array([day * 86_400 * scale, None], pa.int64()).view(pa.timestamp(unit, zone))
       for unit, scale in (("s", 1), ("ms", 10**3), ("us", 10**6)) for zone in (None, "UTC", "Asia/Tokyo")
       for day in (-719_163, 2_932_897)},
    "the last second": pa.array([2**63 - 1], pa.int64()).view(pa.timestamp("s")),
    "the first microsecond": pa.array([-(2**63) + 1], pa.int64()).view(pa.timestamp("us", "UTC")),
}  # fmt: skip


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("format", sorted(FORMATS))
def test_years_that_iso_8601_lacks_come_back_or_are_refused(format: str, nested: bool, tmp_path: Path) -> None:
    for name, array in FAR.items():
        table = pa.table({"c": pa.StructArray.from_arrays([array], ["x"]) if nested else array})
        path = tmp_path / "t"
        try:
            save(table, path, format)
        except DataError:
            assert format in ("csv", "json", "ndjson", "orc") or name == "the last second", name
        else:
            assert load(path, format=format, schema=table.schema).column(0).combine_chunks().equals(
                table.column(0).combine_chunks()
            ), name  # fmt: skip


@pytest.mark.parametrize("format", ["csv", "json", "ndjson"])
def test_the_first_and_the_last_day_have_texts(format: str, tmp_path: Path) -> None:
    last = 2_932_897 * DAY_US - 1
    table = pa.table({
        "d": pa.array([-719_162, 2_932_896], pa.int32()).view(pa.date32()),
        "t": pa.array([-719_162 * DAY_US, last], pa.int64()).view(pa.timestamp("us")),
        "z": pa.array([-719_162 * DAY_US, last], pa.int64()).view(pa.timestamp("us", "UTC")),
    })  # fmt: skip
    path = save(table, tmp_path / "t", format)
    assert load(path, format=format, schema=table.schema).equals(table)
    assert b"out of range" not in Path(path).read_bytes()


NESTED = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0, None], pa.int8()), pa.array([["a"], ["b", None]]))
RECORDS = pa.DictionaryArray.from_arrays(
    pa.array([1, None, 1, 0], pa.int8()), pa.array([{"x": 1, "t": "1"}, {"x": None, "t": ""}])
)


@pytest.mark.parametrize(
    "array", [NESTED, RECORDS, pa.StructArray.from_arrays([NESTED], ["d"])], ids=["list", "struct", "inside"]
)
@pytest.mark.parametrize("format", ["avro", "json", "ndjson", "arrow"])
def test_dictionaries_of_nested_values(format: str, array: pa.Array, tmp_path: Path) -> None:
    table = pa.table({"d": array})
    path = save(table, tmp_path / "t", format)
    assert same(load(path, format=format, schema=table.schema), table)


@pytest.mark.parametrize("format", ["avro", "ndjson"])
def test_values_of_a_nested_dictionary_that_repeat_share_a_place(format: str, tmp_path: Path) -> None:
    """300 rows of two values fit into indices of 8 bits."""
    table = pa.table({"d": pa.DictionaryArray.from_arrays(pa.array([0, 1] * 150, pa.int8()), pa.array([[1], [2]]))})
    assert same(load(save(table, tmp_path / "t", format), format=format, schema=table.schema), table)


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"arrow", "arrow_stream"}))
def test_ordered_categories_keep_their_order_or_lose_the_mark(format: str, tmp_path: Path) -> None:
    kind = pa.dictionary(pa.int8(), pa.string(), ordered=True)
    sizes = pa.DictionaryArray.from_arrays(pa.array([2, 0], pa.int8()), ["small", "middle", "big"], ordered=True)
    path = save(pa.table({"d": sizes}), tmp_path / "t", format)
    wide = pa.dictionary(pa.int16(), pa.large_string(), ordered=True)
    for schema in (None, pa.schema([("d", kind)]), pa.schema([("d", wide)])):
        found = load(path, format=format, schema=schema).column("d").combine_chunks()
        assert found.to_pylist() == ["big", "small"]
        if pa.types.is_dictionary(found.type) and found.type.ordered:
            assert found.dictionary.to_pylist() == ["small", "middle", "big"]


def test_parquet_keeps_the_order_of_categories(tmp_path: Path) -> None:
    sizes = pa.DictionaryArray.from_arrays(pa.array([2, 0], pa.int8()), ["small", "middle", "big"], ordered=True)
    path = save(pa.table({"d": sizes}), tmp_path / "t.parquet")
    wide = pa.schema([("d", pa.dictionary(pa.int16(), pa.large_string(), ordered=True))])
    found = load(path, schema=wide).column("d").combine_chunks()
    assert found.type.ordered
    assert found.dictionary.to_pylist() == ["small", "middle", "big"]


def _interval_stream(array: pa.Array, unit: int) -> bytes:
    """An IPC stream with the unit of an interval changed to one that pyarrow has no class for."""
    table = pa.table({"m": array, "i": [1, 2]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    plain = sink.getvalue().to_pybytes()
    wanted = ("month_interval", "day_time_interval")[unit]
    for place in (place for place, byte in enumerate(plain[:1200]) if byte == 2):
        changed = plain[:place] + bytes([unit]) + plain[place + 1 :]
        try:
            if wanted in str(pa.ipc.open_stream(changed).schema):
                return changed
        except (pa.ArrowException, OSError):
            continue
    raise AssertionError("no byte is the interval's unit")


INTERVALS = pa.array([(1, 2, 3), (4, 5, 6)], pa.month_day_nano_interval())
OFFSETS = pa.array([0, 1, 2], pa.int32())
HOLDERS: dict[str, Any] = {
    "plain": INTERVALS,
    "struct": pa.StructArray.from_arrays([INTERVALS], ["x"]),
    "list": pa.ListArray.from_arrays(OFFSETS, INTERVALS),
    "map": pa.MapArray.from_arrays(OFFSETS, pa.array(["a", "b"]), INTERVALS),
    "dictionary": pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), INTERVALS),
    "list of structs": pa.ListArray.from_arrays(OFFSETS, pa.StructArray.from_arrays([INTERVALS], ["x"])),
}


@pytest.mark.parametrize("unit", [0, 1])
@pytest.mark.parametrize("holder", sorted(HOLDERS))
def test_intervals_that_pyarrow_has_no_class_for_work_or_are_refused(holder: str, unit: int, tmp_path: Path) -> None:
    (tmp_path / "a.arrows").write_bytes(_interval_stream(HOLDERS[holder], unit))
    objects = {"{n}": {}, "t_{format}": {"type": "table"}}
    dao = DataAccessObject({"s": {"interface": "local", "options": {"root": str(tmp_path)}, "objects": objects}})
    table = dao.read("s.a.arrows")
    assert dao.count("s.a.arrows") == 2
    assert dao.read("s.a.arrows", columns=["i"], into="pylist") == [{"i": 1}, {"i": 2}]
    assert dao.read("s.a.arrows", where="i = 1").num_rows == 1
    for into in ("pylist", "pandas", "polars", "duckdb"):
        with pytest.raises(DataError, match="interval"):
            dao.read("s.a.arrows", into=into)
    for format in sorted(FORMATS):
        with pytest.raises(DaoError, match="interval"):
            dao.write(table, f"s.t_{format}", format=format)


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_ordered_numbers_keep_their_order_or_lose_the_mark(format: str, tmp_path: Path) -> None:
    """Parquet has dictionaries of texts alone."""
    sizes = pa.DictionaryArray.from_arrays(pa.array([2, 0], pa.int8()), pa.array([3, 2, 1]), ordered=True)
    for array in [sizes] if format == "csv" else [sizes, pa.StructArray.from_arrays([sizes], ["x"])]:
        table = pa.table({"d": array})
        found = load(save(table, tmp_path / "t", format), format=format, schema=table.schema).column("d")
        assert found.to_pylist() == table.column("d").to_pylist()
        inner = found.combine_chunks() if array is sizes else found.combine_chunks().field(0)
        assert not inner.type.ordered or inner.dictionary.to_pylist() == [3, 2, 1]


def test_parquet_needs_the_dictionary_of_ordered_categories() -> None:
    ordered = pa.schema([("d", pa.dictionary(pa.int8(), pa.string(), ordered=True)), ("e", pa.string())])
    form = get_format("parquet")
    for dictionary in (False, ["e"]):
        with pytest.raises(DataError, match="column 'd' has ordered categories"):
            form.writer(io.BytesIO(), ordered, form.options({"dictionary": dictionary}))


@pytest.mark.parametrize("format", ["csv", "json", "ndjson"])
def test_the_first_nanoseconds_have_no_text_that_is_read_again(format: str, tmp_path: Path) -> None:
    first = -9_223_372_036_000_000_000
    table = pa.table({"t": pa.array([first], pa.int64()).view(pa.timestamp("ns"))})
    assert load(save(table, tmp_path / "t", format), format=format, schema=table.schema).equals(table)
    table = pa.table({"t": pa.array([first - 1], pa.int64()).view(pa.timestamp("ns"))})
    with pytest.raises(DataError, match="nanoseconds from 1677"):
        save(table, tmp_path / "t", format)


UNUSABLE: dict[str, pa.Array] = {
    "dictionary of UUIDs": pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), pa.array([bytes(16)], pa.uuid())),
    "lists of size 0": pa.array([[]], pa.list_(pa.int64(), 0)),
}


@pytest.mark.parametrize("name", sorted(UNUSABLE))
def test_types_that_pyarrow_does_not_read_back_are_not_written(name: str) -> None:
    dao = DataAccessObject({"s": {"interface": "memory", "objects": {"t": {"type": "table"}, "{n}": {}}}})
    for array in (UNUSABLE[name], pa.StructArray.from_arrays([UNUSABLE[name]], ["x"])):
        for place in ("t", "a.parquet", "a.arrow", "a.avro", "a.ndjson"):
            with pytest.raises(DataError, match="column 'c': pyarrow can read the type .* but not process it"):
                dao.write(pa.table({"c": array}), f"s.{place}")


class Celsius(pa.ExtensionType):
    """A type that is not registered, so that readers know its name alone."""

    def __init__(self) -> None:
        super().__init__(pa.int64(), "celsius")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: pa.DataType, serialized: bytes) -> Celsius:
        return cls()


EXTENSIONS: dict[str, pa.Array] = {
    "uuid": pa.array([bytes(16), None], pa.uuid()),
    "json": pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}', None])),
    "bool8": pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None], pa.int8())),
    "opaque": pa.ExtensionArray.from_storage(pa.opaque(pa.binary(), "t", "v"), pa.array([b"a", None])),
    "tensor": pa.ExtensionArray.from_storage(
        pa.fixed_shape_tensor(pa.int32(), [2]), pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2))
    ),
    "unregistered": pa.ExtensionArray.from_storage(Celsius(), pa.array([1, None])),
}


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("name", sorted(EXTENSIONS))
@pytest.mark.parametrize("format", sorted(FORMATS))
def test_extension_types_come_back_or_are_refused(format: str, name: str, nested: bool, tmp_path: Path) -> None:
    array = EXTENSIONS[name]
    table = pa.table({"c": pa.StructArray.from_arrays([array], ["x"]) if nested else array})
    try:
        path = save(table, tmp_path / "t", format)
    except DataError:
        assert format in ("csv", "orc") or name == "tensor"
        return
    assert same(load(path, format=format, schema=table.schema), table)
    if get_format(format).has_schema and name != "unregistered":
        assert same(load(path, format=format), table)


def test_a_name_that_is_half_a_character_is_refused() -> None:
    dao = DataAccessObject({"s": {"interface": "memory", "objects": {"t": {"type": "table"}}}})
    for data in ([{"\ud800": 1}], {"\udfff": [1]}, [{"a": {"\ud800": 1}}]):
        with pytest.raises(DataError, match="surrogate"):
            dao.write(data, "s.t")


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_tables_of_ordered_categories_are_appended_to_and_upserted(format: str) -> None:
    objects = {"t": {"type": "table", "format": format, "keys": ["id"]}}
    dao = DataAccessObject({"s": {"interface": "memory", "objects": objects}})

    def sizes(ids: list[int], places: list[int]) -> pa.Table:
        words = pa.DictionaryArray.from_arrays(pa.array(places, pa.int8()), ["small", "middle", "big"], ordered=True)
        return pa.table({"id": ids, "size": words})

    dao.write(sizes([1, 2], [2, 0]), "s.t")
    dao.upsert(sizes([2, 3], [1, 2]), "s.t")
    dao.write(sizes([4], [0]), "s.t", mode="append")
    found = dao.read("s.t").sort_by("id")
    assert found["size"].to_pylist() == ["big", "middle", "big", "small"]
    kind = found.schema.field("size").type
    if kind.ordered:
        assert found["size"].combine_chunks().dictionary.to_pylist() == ["small", "middle", "big"]
