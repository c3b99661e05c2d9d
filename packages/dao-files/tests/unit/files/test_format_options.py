"""Options of formats: a call takes those of its direction, and a table remembers those that its files are read with."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import date
from typing import Any

import attrs
import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, DataStoreRegistry, DirectoryObject, FileObject, TableObject
from dao._core.layouts import same_layout
from dao.errors import DaoError, DataError, UnsupportedError
from dao.file_set import FileSet, SourceFile
from dao_files._actions.log import LOG_NAME
from dao_files.formats import FORMATS, get_format
from dao_files.formats._options import spelling_of

SPELLING = frozenset(spelling_of(get_format("csv").options()))
BOTH = {
    "csv": {"compression", *SPELLING},
    "json": {"compression"},
    "ndjson": {"compression"},
    "parquet": {"checksums"},
}
ROWS = pa.table(
    {
        "id": [1, 2, 3],
        "name": ["a;b", None, 'it\'s "so"'],
        "day": [date(2026, 1, 2), None, None],
        "good": [True, False, None],
        "share": [0.5, None, 2.5],
    }
)
SPELLED: list[dict[str, Any]] = [
    {"delimiter": ";"},
    {"quote": "'"},
    {"escape": "\\"},
    {"header": False},
    {"header": ROWS.column_names},
    {"header": ROWS.column_names, "skip_rows": 1},
    {"comment": "#"},
    {"encoding": "utf-16"},
    {"null_values": ["NULL", ""]},
    {"true_values": ["yes"], "false_values": ["no"]},
    {"quoted_nulls": False, "null_values": ["-"]},
    {"decimal_point": ",", "delimiter": ";"},
    {"date_format": "%d.%m.%Y"},
    {"compression": "gzip", "delimiter": "\t"},
]


@pytest.fixture
def store() -> DataStore:
    return DataStore("s", "memory")


@pytest.fixture
def dao(store: DataStore) -> DataAccessObject:
    return DataAccessObject(registry=DataStoreRegistry([store]))


@pytest.fixture
def table(store: DataStore) -> TableObject:
    return TableObject("t", store, format="csv")


def options_of(format: str) -> Mapping[str, attrs.Attribute[Any]]:
    return {one.name: one for one in attrs.fields(get_format(format).Options)}


def called(dao: DataAccessObject, action: str) -> Iterator[Callable[..., Any]]:
    yield getattr(dao, action)
    yield lambda *roles, **given: dao.explain(action, *roles, **given)


@pytest.mark.parametrize("format", FORMATS)
def test_an_option_has_one_direction_or_is_known_to_have_both(format: str) -> None:
    both = {name for name, one in options_of(format).items() if "direction" not in one.metadata}
    assert both == BOTH.get(format, set())


@pytest.mark.parametrize("format", FORMATS)
def test_an_option_of_the_other_direction_is_refused(format: str, dao: DataAccessObject, store: DataStore) -> None:
    table = TableObject("t", store, format=format)
    data = pa.table({"id": [1], "name": ["a"]})
    dao.write(data, table)
    reads = [(action, [table]) for action in ("read", "read_stream", "count", "schema")]
    writes = [(action, [data, table]) for action in ("write", "write_stream")]
    for name, one in options_of(format).items():
        direction = one.metadata.get("direction")
        for action, roles in {"reading": writes, "writing": reads}.get(direction, []):
            for call in called(dao, action):
                with pytest.raises(UnsupportedError, match="declare it as a property of the object") as caught:
                    call(*roles, **{name: 1})
                assert f"'{name}' is an option of {'reads' if direction == 'reading' else 'writes'}" in str(
                    caught.value
                )
    assert dao.count(table) == 1


def test_an_option_is_refused_once_the_files_say_their_format(dao: DataAccessObject, store: DataStore) -> None:
    table = TableObject("t", store)
    dao.write(ROWS, table, format="parquet")
    with pytest.raises(UnsupportedError, match="'compression' is an option of writes of format 'parquet'"):
        dao.read(table, compression="gzip")  # CSV has it for both
    with pytest.raises(UnsupportedError, match="'thousands' is an option of reads of format 'csv'"):
        dao.write(ROWS, table, format="csv", mode="append", thousands="_")


@pytest.mark.parametrize("format", FORMATS)
def test_an_object_declares_options_of_both_directions(format: str, dao: DataAccessObject, store: DataStore) -> None:
    usual = {name: one.default for name, one in options_of(format).items() if one.default is not None}
    table = TableObject("t", store, format=format, **usual)
    data = pa.table({"id": [1], "name": ["a"]})
    dao.write(data, table)
    dao.upsert(data, table, keys="id")
    assert dao.read(table).equals(data)


@pytest.mark.parametrize("option", [{"row_group_rows": 5}, {"checksums": True}, {"max_decompression_ratio": 9.5}])
def test_calls_that_rewrite_files_take_options_of_both_directions(
    option: dict[str, Any], dao: DataAccessObject, store: DataStore
) -> None:
    table = TableObject("t", store, format="parquet")
    for call in called(dao, "upsert"):
        call([{"id": 1}, {"id": 2}], table, keys="id", **option)
    for call in reversed([*called(dao, "delete")]):
        call(table, where="id = 2", **option)
    assert dao.read(table, into="pylist") == [{"id": 1}]


@pytest.mark.parametrize("options", SPELLED, ids=lambda options: "+".join(options))
def test_a_table_is_read_back_by_the_options_that_it_was_written_with(
    options: dict[str, Any], dao: DataAccessObject, table: TableObject, store: DataStore
) -> None:
    dao.write(ROWS, table, **options)
    assert dao.read(table).equals(ROWS)
    assert dao.read(TableObject("t", store)).equals(ROWS), "its format is remembered too"
    assert dao.read_stream(table).read_all().equals(ROWS)
    dao.write(ROWS.slice(0, 1), table, mode="append")
    dao.write(ROWS.slice(1, 1), table, mode="append", **options)
    dao.upsert(ROWS.slice(2), table, keys="id")
    dao.delete(table, where="id = 2")
    kept = pa.concat_tables([ROWS.slice(0, 1), ROWS.slice(2), ROWS.slice(0, 1)])
    assert dao.read(table).equals(kept.combine_chunks())
    copied = TableObject("copied", store, format="csv")
    dao.copy(table, copied)
    assert dao.read(copied).equals(kept.combine_chunks())


def test_every_option_that_is_remembered_is_tried() -> None:
    assert {name for options in SPELLED for name in options} >= SPELLING - {"skip_blank_lines", "timestamp_format"}


def test_blank_rows_and_timestamps_are_read_back(dao: DataAccessObject, table: TableObject) -> None:
    moments = pa.table({"at": pa.array([0, None, 86_400], pa.timestamp("s"))})
    dao.write(moments, table, timestamp_format="%d/%m/%Y %H:%M:%S", skip_blank_lines=False)
    assert dao.read(table).equals(moments)


def test_rows_by_other_options_are_not_added(dao: DataAccessObject, table: TableObject) -> None:
    dao.write(ROWS, table, delimiter=";", null_values=["NULL"])
    before = dao.read(table)
    for action, arguments in {
        "write": {"data": ROWS, "mode": "append"},
        "upsert": {"data": ROWS, "keys": "id"},
        "delete": {"where": "id = 1"},
    }.items():
        given = dict(arguments)
        roles = [given.pop("data"), table] if "data" in given else [table]
        for other, written in (
            ({"delimiter": ","}, "';'"),
            ({"null_values": [""]}, "['NULL']"),
            ({"quote": "'"}, "the default, '\"'"),
        ):
            with pytest.raises(DataError, match="overwrite the table") as caught:
                getattr(dao, action)(*roles, **given, **other)
            assert f"option '{next(iter(other))}'" in str(caught.value)
            assert f"written with {written}" in str(caught.value)
            assert dao.read(table).equals(before)
    dao.write(ROWS, table, mode="overwrite", delimiter="|")
    assert dao.read(table).equals(ROWS)
    dao.write(ROWS, table, mode="overwrite")
    assert dao.read(table).equals(ROWS), "nothing of the old table's remains"
    with pytest.raises(DataError, match=r"'date_format': found \['%Y'\], but .* with the default, and a table"):
        dao.upsert(ROWS, table, keys="id", date_format=["%Y"])


SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"delimiter": ","}),
    ({"delimiter": ","}, {"delimiter": None}),
    ({}, {"encoding": "UTF8"}),
    ({"encoding": "latin-1"}, {"encoding": "ISO-8859-1"}),
    ({}, {"null_values": [""]}),
    ({"date_format": "%d.%m.%Y"}, {"date_format": ["%d.%m.%Y"]}),
]


@pytest.mark.parametrize(("written", "asked"), SAME)
def test_values_that_mean_the_same_are_the_same_options(
    written: dict[str, Any], asked: dict[str, Any], dao: DataAccessObject, table: TableObject
) -> None:
    dao.write(ROWS, table, **written)
    dao.write(ROWS, table, mode="append", **asked)
    dao.write(ROWS, table.replace(**written), mode="append", **asked)
    dao.write(ROWS, table.replace(**asked), mode="append")
    dao.upsert(ROWS, table, keys="id", **asked)
    dao.delete(table, where="id = 1", **asked)
    assert dao.read(table).equals(pa.concat_tables([ROWS.slice(1)] * 4).combine_chunks())


def test_a_table_keeps_its_own_spelling_among_those_that_mean_the_same(
    dao: DataAccessObject, table: TableObject, store: DataStore
) -> None:
    dao.write(ROWS, table)
    dao.write(b"id\tname\n4\td,e\n", FileObject("t/zz.tsv", store))  # its name says tabs, unless an option does
    dao.write(ROWS, table, mode="append", delimiter=",")
    assert dao.read(table, where="id = 4", columns=["name"], into="pylist") == [{"name": "d,e"}]


def test_a_read_of_other_options_has_them(dao: DataAccessObject, table: TableObject) -> None:
    dao.write([{"name": "-"}, {"name": "b"}], table, delimiter=";")
    assert dao.read(table, null_values=["-"], into="pylist") == [{"name": None}, {"name": "b"}]
    assert dao.read(table.replace(null_values=["-"]), into="pylist") == [{"name": None}, {"name": "b"}]


def test_a_write_that_the_object_contradicts_is_refused(dao: DataAccessObject, table: TableObject) -> None:
    declared = table.replace(delimiter="|")
    for call in called(dao, "write"):
        with pytest.raises(DataError, match=r"option 'delimiter': found ';', but the object declares '\|'"):
            call(ROWS, declared, delimiter=";")
    assert not dao.exists(declared)
    dao.write(ROWS, declared, delimiter="|", null_values=["NULL"])
    assert dao.read(declared).equals(ROWS)
    with pytest.raises(DataError, match=r"option 'delimiter': found ';', but the files of 't' are written with '\|'"):
        dao.write(ROWS, table.replace(delimiter=";"), mode="append")


def test_files_of_other_programs_change_nothing_of_that(
    dao: DataAccessObject, table: TableObject, store: DataStore
) -> None:
    dao.write(ROWS, table, delimiter=";")
    dao.write(b"id;name;day;good;share\n4;d;;true;1\n", FileObject("t/zz.csv", store))
    assert dao.read(table).column("id").to_pylist() == [1, 2, 3, 4]
    dao.write([{"id": 5}], table, mode="append", schema_mode="evolve")
    assert sorted(dao.read(table).column("id").to_pylist()) == [1, 2, 3, 4, 5]


def test_files_that_are_added_as_bytes_change_nothing_of_that(
    dao: DataAccessObject, table: TableObject, store: DataStore
) -> None:
    dao.write(ROWS, table, delimiter=";", partition_by="good")
    before = dao.read(table)
    files = FileSet([SourceFile("good=true/zz.csv", lambda: io.BytesIO(b"id;name;day;share\n4;d;;1\n"))])
    dao.write(files, DirectoryObject("t", store), mode="append")
    assert sorted(dao.read(table).column("id").to_pylist()) == [1, 2, 3, 4]
    copied = TableObject("copied", store, format="csv")
    dao.copy(table, copied)
    assert dao.read(copied).equals(dao.read(table))
    dao.delete(FileObject("t/good=true/zz.csv", store))
    assert dao.read(table).select(before.column_names).equals(before)


@pytest.mark.parametrize("options", SPELLED, ids=lambda options: "+".join(options))
def test_a_copy_to_an_object_of_other_options_has_them(
    options: dict[str, Any], dao: DataAccessObject, table: TableObject, store: DataStore
) -> None:
    dao.write(ROWS, table)
    other = TableObject("other", store, format="csv", **options)
    dao.copy(table, other)
    assert dao.read(other).equals(ROWS)


@pytest.mark.parametrize("name", sorted(SPELLING))
def test_a_copy_knows_every_option_that_a_reader_needs(name: str, table: TableObject, store: DataStore) -> None:
    other = TableObject("other", store, format="csv")
    assert same_layout(table, other)
    assert not same_layout(table.replace(**{name: "x"}), other)
    assert not same_layout(table, other.replace(**{name: "x"}))


@pytest.mark.parametrize("elsewhere", [False, True], ids=["within the store", "to another store"])
@pytest.mark.parametrize("declared", [False, True], ids=["remembered", "declared"])
def test_a_copy_of_a_table_is_read_without_its_options(
    declared: bool, elsewhere: bool, dao: DataAccessObject, table: TableObject, store: DataStore
) -> None:
    target = TableObject("copied", DataStore("other", "memory") if elsewhere else store, format="csv")
    source = table.replace(delimiter=";") if declared else table
    if declared:  # by another program: no log remembers the delimiter
        dao.write(b"id;name\n1;a\n2;b\n", FileObject("t/x.csv", store))
    else:
        dao.write(ROWS, table, delimiter=";")
    dao.copy(source, target)
    assert dao.read(target).equals(dao.read(source))


def change_log(store: DataStore, change: Callable[[dict[str, Any]], Any]) -> None:
    """Changes the only line of the table's log, as another program would."""
    storage = store.built(0).storage
    key = f"t/{LOG_NAME}"
    with closing(storage.snapshot("t")) as snapshot, snapshot.open(key) as file:
        line = json.loads(file.read())
    change(line)
    with storage.change(key, tree=False, blind=True) as changed:
        with changed.create("") as file:
            file.write(json.dumps(line).encode())
        changed.publish()


def test_tables_that_were_written_before_options_were_remembered(
    dao: DataAccessObject, table: TableObject, store: DataStore
) -> None:
    declared = table.replace(delimiter=";")
    dao.write(ROWS, declared)
    change_log(store, lambda line: line.pop("options"))
    dao.write(ROWS, declared, mode="append")
    assert dao.read(declared).num_rows == 6
    assert dao.read(table).num_rows == 6, "from now on they are"


@pytest.mark.parametrize("options", [{"delimiter": 5}, {"nothing": 1}, [";"], {"delimiter": ";;"}])
def test_a_log_with_other_options_is_an_error(
    options: object, dao: DataAccessObject, table: TableObject, store: DataStore
) -> None:
    dao.write(ROWS, table)
    change_log(store, lambda line: line.update(options=options))
    with pytest.raises(DaoError, match="option"):
        dao.read(table)
