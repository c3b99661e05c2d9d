"""Both spellings, overlays, and every fault at once."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao.catalog import Catalog
from dao.catalog._merge import merge
from dao.errors import ConfigError, PluginError
from dao.plugins import Plugins

# Test machines are shared: drawing and running may take its time.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

OLD = {
    "interface_class": "Bucket",
    "interface_class_location": "catalog_test_backend",
    "default_configs": {"bucket": "b", "port": 5},
    "secondary_interfaces": [
        {
            "interface_class": "BucketSpark",
            "interface_class_location": "catalog_test_backend",
            "default_configs": {"bucket": "b"},
        },
    ],
}
NEW = {"interface": "bucket", "options": {"bucket": "b", "port": 5}, "also": ["bucket.spark"]}
MIXED = {
    "interface": "catalog_test_backend:Bucket",
    "default_configs": {"bucket": "b", "port": 5},
    "also": OLD["secondary_interfaces"],
}


def faults(plugins: Plugins, *sources: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Catalog(*sources, plugins=plugins)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("spelling", [OLD, NEW, MIXED], ids=["old", "new", "mixed"])
def test_both_spellings_mean_the_same(plugins: Plugins, spelling: dict[str, Any], backend: Any) -> None:
    store = Catalog({"s": spelling}, plugins=plugins).store("s")
    assert [kind for _, kind in store.classes] == [backend.Bucket, backend.BucketSpark]
    assert store.interface == backend.Bucket("b", port=5)
    assert store.built(1) == backend.BucketSpark("b")


def test_a_bare_companion_shares_options_and_a_mapping_has_its_own(plugins: Plugins, backend: Any) -> None:
    also = ["bucket.spark", {"interface": "bucket.spark", "options": {"bucket": "other"}}]
    store = Catalog({"s": {**NEW, "also": also}}, plugins=plugins).store("s")
    assert store.built(1) == backend.BucketSpark("b")
    assert store.built(2) == backend.BucketSpark("other")


def test_spellings_may_differ_between_files(plugins: Plugins) -> None:
    catalog = Catalog(
        {"s": OLD}, {"s": {"options": {"port": 6}}}, {"s": {"default_configs": {"region": "r"}}}, plugins=plugins
    )
    made = catalog.store("s").interface
    assert (made.bucket, made.port, made.region) == ("b", 6, "r")


def test_overlays(plugins: Plugins) -> None:
    base = {
        "s": {**NEW, "objects": {"a": {"prefix": "x", "keys": ["id"]}, "b": {}}, "properties": {"team": "t"}},
        "gone": {"interface": "memory"},
    }
    before = copy.deepcopy(base)
    overlay = {"s": {"also": [], "objects": {"a": {"keys": ["other"], "suffix": ".csv"}, "b": None}}, "gone": None}
    catalog = Catalog(base, overlay, plugins=plugins)
    assert list(catalog) == ["s.a"]
    assert catalog["s.a"].properties == {"prefix": "x", "keys": ["other"], "suffix": ".csv"}
    assert len(catalog.store("s").specs) == 1
    assert base == before


def test_another_interface_leaves_the_old_ones_options_behind(plugins: Plugins) -> None:
    base = {"s": {**NEW, "objects": {"a": {}}}}
    store = Catalog(base, {"s": {"interface": "memory", "options": {"root": "r"}}}, plugins=plugins).store("s")
    assert [spec.name for spec in store.specs] == ["memory"]
    assert store.interface.root == "r"
    assert list(store.objects) == ["a"]
    same = Catalog(base, {"s": {"interface": "bucket", "options": {"port": 1}}}, plugins=plugins).store("s")
    assert (same.interface.bucket, same.interface.port) == ("b", 1)


def test_all_faults_are_told_at_once_in_the_users_own_words(plugins: Plugins) -> None:
    config = {
        "$schema": "anything",
        "a.b": {},
        "old": {
            "interface_class": "Bucket",
            "interface_class_location": "catalog_test_backend",
            "default_configs": {"buckett": "b", "port": "9000", "retry": {"atempts": 1}},
            "secondary_interfaces": [{"interface_class": "bucket.spark", "default_configs": {"bucket": 1}}],
        },
        "new": {"interface": "buckte", "optoins": {}, "objects": {"x": {"type": "tabel", "prefix": 3}, "y": None}},
        "list": [],
        3: {},
    }
    assert faults(plugins, config) == [
        "a store's name has no dot, because 'store.object' has one; try 'a_b' @ a.b",
        "no key 'optoins', did you mean 'options'? @ new.optoins",
        "a store is a mapping such as {interface: ...}, found list @ list",
        "a store's name is a str, found int; quote it @ 3",
        "no option 'buckett', did you mean 'bucket'? @ old.default_configs.buckett",
        "expected int, found str @ old.default_configs.port",
        "no option 'atempts', did you mean 'attempts'? @ old.default_configs.retry.atempts",
        "the option 'bucket' is required @ old.default_configs",
        "expected str, found int 1 @ old.secondary_interfaces[0].default_configs.bucket",
        "no interface 'buckte', did you mean 'bucket'? @ new.interface",
        "no type 'tabel', did you mean 'table'? @ new.objects.x.type",
        "expected str, found int @ new.objects.x.prefix",
        "an object is a mapping, found null; write {} for one without properties @ new.objects.y",
    ]


@pytest.mark.parametrize(
    ("store", "told"),
    [
        ({"interface": 3}, "a name (str) is expected, found int @ s.interface"),
        ({"interface": ""}, "a name (str) is expected"),
        ({"interface": "memory", "options": []}, "a mapping is expected, found list @ s.options"),
        ({"interface": "memory", "options": {1: 2}}, "its names are str, found int 1; quote it @ s.options"),
        ({"interface": "memory", "also": "x"}, "a list of interfaces is expected, found str @ s.also"),
        ({"interface": "memory", "also": [3]}, "an interface is a name or a mapping such as {interface: ...}, found int @ s.also[0]"),  # noqa: E501
        ({"interface": "memory", "also": [{}]}, "an 'interface' is missing @ s.also[0]"),
        ({"interface": "memory", "also": [{"interface": "memory", "objects": {}}]}, "no key 'objects'"),
        ({"interface": "memory", "secondary_interfaces": ["buckte"]}, "did you mean 'bucket'? @ s.secondary_interfaces[0]"),  # noqa: E501
        ({"interface": "memory", "options": {}, "default_configs": {}}, "'default_configs' means the same as 'options', which is given too"),  # noqa: E501
        ({"interface": "memory", "interface_class": "memory"}, "'interface_class' means the same as 'interface'"),
        ({"interface": "m:A", "interface_class_location": "m"}, "is given too: write one of the two @ s.interface"),
        ({"interface_class_location": "m"}, "add 'interface_class' @ s.interface_class_location"),
        ({"options": {}}, "there are options or further interfaces, but no 'interface' @ s"),
        ({"interface": "MyClass"}, "a class is named with its module: 'module:MyClass' @ s.interface"),
        ({"interface": "bucket.sprak"}, "did you mean 'bucket.spark' or 'bucket'? @ s.interface"),
        ({"interface": "catalog_test_backend:Buckett"}, "did you mean 'Bucket' or 'BucketSpark'? @ s.interface"),
        ({"interface": "subprocess:Popen", "options": {"args": ["false"]}}, "is no interface: the module 'subprocess' is a part of Python @ s.interface"),  # noqa: E501
        ({"interface_class": "ZipFile", "interface_class_location": "zipfile"}, "'zipfile:ZipFile' is no interface"),
        ({"interface": "memory", "also": ["os.path:X"]}, "'os.path:X' is no interface"),
        ({"interface": "catalog_test_backend:Retry"}, "'catalog_test_backend:Retry' is no interface: it has no method for an action"),  # noqa: E501
        ({"interface": "memory", "objects": {"": {}}}, "an object's name is empty @ s.objects"),
        ({"interface": "memory", "objects": {"x": {"type": 3}}}, "expected str, found int @ s.objects.x.type"),
        ({"interface": "memory", "objects": {"x": {"type": "unheard"}}}, "no type 'unheard', known: "),
        ({"interface": "memory", "objects": {"x": {"partition_by": ""}}}, "expected a list of column names, found an empty str"),  # noqa: E501
        ({"interface": "memory", "objects": {"x": {"keys": ["a", 1]}}}, "expected a list of column names"),
        ({"interface": "memory", "objects": {"x": {"properties": {"a": 1}}}}, "stand directly in its declaration"),
        ({"interface": "memory", "objects": {"x": {"self": 1}}}, "a property can't be called 'self'"),
        ({"interface": "memory", "objects": {"x": {"into": "pandas"}}}, "'into' is an argument of a call"),
        ({"interface": "memory", "properties": {"memory_limit": "1 GB"}}, "'memory_limit' is an argument of a call"),
        ({"interface": "memory", "objects": {"x": {1: 1}}}, "a property's name is str, found int"),
        ({"interface": "memory", "objects": {"x": {"prefix": "${NAME}"}}}, "without a scheme"),
        ({"interface": "memory", "objects": {"x": {"a": {"b": ["${evn:X}"]}}}}, "did you mean 'env'? @ s.objects.x.a.b[0]"),  # noqa: E501
        ({"interface": "memory", "properties": {"a": "${env:A${env:B}}"}}, "write '$${' for a literal '${' @ s.properties.a"),  # noqa: E501
        ({"interface": "not_here", "options": {"a": "${env:X"}}, "@ s.options.a"),
        ({"interface": "memory", "objects": {"a{": {}}}, "a brace that belongs to no placeholder"),
        ({"interface": "memory", "objects": {"a{x}": {"prefix": "{y}"}}}, "has no placeholder 'y', known: 'x'"),
    ],
)  # fmt: skip
def test_each_fault(plugins: Plugins, store: dict[str, Any], told: str) -> None:
    (found,) = faults(plugins, {"s": store})
    assert told in found


def test_with_several_files_each_fault_says_which(write: Any, plugins: Plugins) -> None:
    base = write("base.yaml", "s:\n  interface: bucket\n  options: {bucket: b, prot: 1, port: 2}\n")
    overlay = write("prod.json", '{"s": {"default_configs": {"port": "x"}, "objects": {"o": {"type": "tabel"}}}}')
    assert faults(plugins, base, overlay) == [
        f"no option 'prot', did you mean 'port'? (in {base}) @ s.options.prot",
        f"expected int, found str (in {overlay}) @ s.default_configs.port",
        f"no type 'tabel', did you mean 'table'? (in {overlay}) @ s.objects.o.type",
    ]
    assert faults(plugins, {"s": 1}, {"s": {"x": 1}}) == [
        "a store is a mapping such as {interface: ...}, found int (in dict 1) @ s",
        "no key 'x', known: 'also', 'default_configs', 'interface', 'interface_class', 'interface_class_location', "
        "'objects', 'options', 'properties', 'secondary_interfaces' (in dict 2) @ s.x",
    ]


def test_a_backend_that_is_not_installed_hurts_only_its_own_store(plugins: Plugins) -> None:
    far = {
        "interface": "faraway",
        "options": {"password": "${env:NOPE}"},
        "objects": {"x": {"type": "faraway.special"}},
    }
    mine = {"interface": "nowhere_at_all.here:Mine", "objects": {"x": {}}}
    catalog = Catalog(
        {"far": far, "mine": mine, "near": {"interface": "memory", "objects": {"x": {}}}}, plugins=plugins
    )
    assert catalog["near.x"].full_name == "near.x"
    with pytest.raises(PluginError, match="no plugin registers interface 'faraway'"):
        catalog.store("far").interface  # noqa: B018
    with pytest.raises(PluginError):
        catalog["far.x"]
    with pytest.raises(PluginError, match="nowhere_at_all"):
        catalog.store("mine").interface  # noqa: B018


def test_a_store_without_an_interface_can_get_one_later(plugins: Plugins, backend: Any) -> None:
    store = Catalog({"s": {"objects": {"x": {}}}}, plugins=plugins).store("s")
    with pytest.raises(ConfigError, match="has no interface"):
        store.interface  # noqa: B018


_tree = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)
_mapping = st.dictionaries(st.sampled_from("abcd"), _tree, max_size=4)


def _has_null(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and any(map(_has_null, value.values())))


@patient
@given(_mapping, _mapping)
def test_merging_again_changes_nothing_and_changes_neither(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    before = copy.deepcopy((base, overlay))
    once = merge(base, overlay)
    assert merge(once, overlay) == once
    assert (base, overlay) == before


@patient
@given(_mapping, _mapping)
def test_what_an_overlay_says_holds(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    merged = merge(base, overlay)
    for key in {*base, *overlay}:
        if key not in overlay:
            assert merged[key] == base[key]
        elif overlay[key] is None:
            assert key not in merged
        elif not isinstance(overlay[key], dict):
            assert merged[key] == overlay[key]
        else:
            assert merged[key] == merge(base[key] if isinstance(base.get(key), dict) else {}, overlay[key])


@patient
@given(_mapping, _mapping, _mapping)
def test_overlays_without_nulls_can_be_merged_first(
    base: dict[str, Any], one: dict[str, Any], two: dict[str, Any]
) -> None:
    clean = merge({}, one)
    if not any(isinstance(a, dict) is not isinstance(b, dict) for a, b in _pairs(clean, two)) and not _has_null(two):
        assert merge(merge(base, clean), two) == merge(base, merge(clean, two))


def _pairs(one: dict[str, Any], two: dict[str, Any]) -> Any:
    for key in one.keys() & two.keys():
        yield one[key], two[key]
        if isinstance(one[key], dict) and isinstance(two[key], dict):
            yield from _pairs(one[key], two[key])
