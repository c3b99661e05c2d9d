"""What counts: other programs' files, files that are gone, folders, partitions, trees in trees, odd names."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stepping import check_sound, on, put, read, remove, upload

from dao import DirectoryObject
from dao.errors import ConflictError, DataError
from dao_files._actions.managing import exists, list_files
from dao_files.manifest._manifest import Manifest
from dao_files.manifest._tree_change import TreeChange
from dao_files.manifest._vacuum import vacuum
from dao_files.manifest._view import look
from dao_files.testing import FaultyTransport

TOKEN = "part-000001-00000-daoaaaaaaaaaaaa.csv"


def keys(objects: dict, key: str = "t") -> list[str]:
    return [info.key for info in list_files(on(objects), DirectoryObject(key), path=None)]


def test_a_file_that_is_put_back_counts_again():
    objects: dict = {}
    put({"a.csv": b"a"})(on(objects))
    remove()(on(objects))
    upload(objects, {"t/a.csv": b"a"})
    assert read(on(objects), "t") == {"a.csv": b"a"}
    put({"b.csv": b"b"}, "append")(on(objects))
    assert read(on(objects), "t") == {"a.csv": b"a", "b.csv": b"b"}


@pytest.mark.parametrize(
    "name", ["0f8fad5b-d9cb-469f-a165-70867728950e", "s-1-2020-01-01-8d8bd2c8-ab-cd-70867728950e.gz"]
)
def test_files_that_others_name_by_uuids_count_and_stay(name):
    objects: dict = {}
    put({"a.csv": b"a"})(on(objects))
    upload(objects, {f"t/{name}": b"others'"})
    vacuum(on(objects), DirectoryObject("t"), timedelta(0), dry_run=False)
    assert read(on(objects), "t") == {"a.csv": b"a", name: b"others'"}


def test_what_others_delete_is_deleted():
    objects: dict = {}
    put({"a.csv": b"a", "b.csv": b"b"})(on(objects))
    del objects["t/a.csv"]
    assert read(on(objects), "t") == {"b.csv": b"b"}
    put({"c.csv": b"c"}, "append")(on(objects))
    assert keys(objects) == ["t/b.csv", "t/c.csv"]


def test_a_tree_whose_manifest_others_delete_is_all_that_is_there():
    objects: dict = {}
    put({"a.csv": b"a"})(on(objects))
    del objects["t/.dao/manifest.json"]
    upload(objects, {"t/sub/.dao/0123/left.csv": b"no file"})
    assert read(on(objects), "t") == {"a.csv": b"a"}
    put({"b.csv": b"b"}, "append")(on(objects))
    assert read(on(objects), "t") == {"a.csv": b"a", "b.csv": b"b"}


def test_another_program_that_deletes_everything_meanwhile_fails_the_change():
    objects: dict = {}
    put({"a.csv": b"a"})(on(objects))
    with TreeChange(on(objects).transport, "t") as change:
        with change.create(TOKEN, unique=True) as file:
            file.write(b"x")
        objects.clear()
        upload(objects, {"t/spark.csv": b"s"})
        with pytest.raises(ConflictError):
            change.publish()
        with pytest.raises(ConflictError, match="deleted meanwhile"):
            change.renew()
    assert read(on(objects), "t") == {"spark.csv": b"s"}


def test_markers_of_folders_and_objects_of_the_same_key_are_left_alone():
    objects: dict = {}
    upload(objects, {"t": b"an object", "t/": b"", "t/sub/": b"", "t-x/a.csv": b"no", "tt": b"no"})
    assert not exists(on(objects), DirectoryObject("t"), path=None)
    put({"a.csv": b"a"})(on(objects))
    assert read(on(objects), "t") == {"a.csv": b"a"}
    remove()(on(objects))
    assert {"t", "t/", "t/sub/", "t-x/a.csv", "tt"} <= objects.keys()
    assert not exists(on(objects), DirectoryObject("t"), path=None)
    assert keys(objects) == ["t"]


def test_odd_names_are_those_names():
    names = [
        "+a.csv",
        "-b",
        "a b",
        "a%20b",
        "a%2fb",
        "ü.csv",
        "u\u0308.csv",
        "\U0001f600/\uffff.csv",
        "'\"&<>.csv",
        "~",
    ]
    objects: dict = {}
    files = {name: name.encode() for name in names}
    put(files)(on(objects))
    put({"!": b"!"}, "append")(on(objects))
    assert read(on(objects), "t") == {**files, "!": b"!"}
    assert keys(objects) == sorted((f"t/{name}" for name in [*names, "!"]), key=str.encode)


def test_keys_that_only_others_make_can_be_read_and_deleted():
    objects: dict = {}
    upload(objects, {"t//x.csv": b"x", "t/../y.csv": b"y"})
    assert read(on(objects), "t") == {"/x.csv": b"x", "../y.csv": b"y"}
    remove()(on(objects))
    assert list(objects) == ["t/.dao/manifest.json"]


def test_a_partition_belongs_to_its_table():
    objects: dict = {}
    put({"month=1/a.csv": b"1", "month=2/a.csv": b"2"})(on(objects))
    put({"b.csv": b"new"}, "overwrite", "t/month=1")(on(objects))
    put({"c.csv": b"3"}, "error", "t/month=3")(on(objects))
    remove("t/month=2")(on(objects))
    assert read(on(objects), "t") == {"month=1/b.csv": b"new", "month=3/c.csv": b"3"}
    put({"month=1/d.csv": b"d"}, "append")(on(objects))
    assert read(on(objects), "t/month=1") == {"b.csv": b"new", "d.csv": b"d"}
    assert [key for key in objects if key.endswith("manifest.json")] == ["t/.dao/manifest.json"]


def test_a_change_of_a_partition_conflicts_with_one_of_the_table():
    objects: dict = {}
    put({"month=1/a.csv": b"1"})(on(objects))
    with TreeChange(on(objects).transport, "t") as change:
        put({"b.csv": b"2"}, "append", "t/month=1")(on(objects))
        with pytest.raises(ConflictError):
            change.publish()


def test_trees_in_a_tree_are_listed_copied_and_deleted_with_it():
    objects: dict = {}
    put({"a.csv": b"a"}, key="t/inner")(on(objects))
    put({"b.csv": b"b"}, "append")(on(objects))
    assert keys(objects) == ["t/b.csv", "t/inner/a.csv"]
    put({"c.csv": b"c"}, "append", "t/inner")(on(objects))
    assert read(on(objects), "t") == {"b.csv": b"b", "inner/a.csv": b"a", "inner/c.csv": b"c"}
    remove()(on(objects))
    assert read(on(objects), "t") == read(on(objects), "t/inner") == {}
    assert sorted(objects) == ["t/.dao/manifest.json", "t/inner/.dao/manifest.json"]


def test_nothing_is_written_into_a_tree_inside_of_a_tree_by_another_manifest():
    objects: dict = {}
    put({"a.csv": b"a"}, key="t/inner")(on(objects))
    with pytest.raises(DataError, match="a table or directory of its own"):
        put({"inner/b.csv": b"b"}, "append")(on(objects))
    assert read(on(objects), "t") == {"inner/a.csv": b"a"}


def test_a_tree_is_the_same_from_a_store_that_begins_there():
    objects: dict = {}
    put({"sub/" + TOKEN: b"a", "sub/b.csv": b"b"})(on(objects))
    inside: dict = {}
    for key, (_, content) in objects.items():
        FaultyTransport(inside).put(key.removeprefix("t/"), content)
    found = look(FaultyTransport(inside), "sub").files
    assert sorted(found) == ["b.csv", TOKEN]


def test_a_tree_with_a_log_and_no_files_is_there():
    objects: dict = {}
    with TreeChange(on(objects).transport, "t") as change:
        change.take_log(b"")
        change.publish()
    storage = on(objects)
    assert storage.kind("t") == "directory"
    assert keys(objects) == []
    remove()(on(objects))
    assert storage.kind("t") is None


def test_a_file_that_the_listing_was_too_early_for_is_looked_up_again():
    """Names that sort before the manifest's are listed before it."""
    objects: dict = {}
    put({"+a.csv": b"old", "z.csv": b"z"})(on(objects))
    reader = on(objects, at=2, then=lambda: put({"+b.csv": b"new", "z.csv": b"new"})(on(objects)))
    assert read(reader, "t") == {"+b.csv": b"new", "z.csv": b"new"}


def test_vacuum_removes_what_is_nobodys_and_nothing_else():
    objects: dict = {}
    put({"a.csv": b"a"})(on(objects))
    upload(objects, {"t/b.csv": b"others'", f"t/{TOKEN}": b"left", "t/.dao/0123/c.csv": b"left"})
    before = dict(objects)
    planned = vacuum(on(objects), DirectoryObject("t"), timedelta(0), dry_run=True)
    assert objects == before
    result = vacuum(on(objects), DirectoryObject("t"), timedelta(0), dry_run=False)
    assert (result.files, result.bytes) == (planned.files, planned.bytes) == (2, 8)
    assert read(on(objects), "t") == {"a.csv": b"a", "b.csv": b"others'"}
    check_sound(objects)


def test_a_writer_whose_files_are_swept_meanwhile_hears_of_it():
    objects: dict = {}
    put({"a.csv": b"a"})(on(objects))
    with TreeChange(on(objects).transport, "t") as change:
        with change.create(TOKEN, unique=True) as file:
            file.write(b"x")
        vacuum(on(objects), DirectoryObject("t"), timedelta(0), dry_run=False)
        with pytest.raises(ConflictError):
            change.publish()
        with pytest.raises(ConflictError):
            change.renew()
    check_sound(objects)


def test_a_manifest_comes_back_as_it_was():
    objects: dict = {}
    upload(objects, {"t/x.csv": b"x"})
    put({"a.csv": b"a", TOKEN: b"t"})(on(objects))
    content = objects["t/.dao/manifest.json"][1]
    assert Manifest.from_bytes(content, "t").to_bytes() == content
