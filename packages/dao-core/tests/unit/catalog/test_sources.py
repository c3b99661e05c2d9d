"""Files: what is read, and every way in which a file can be bad."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import tomli_w
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao.catalog import Catalog, load
from dao.catalog._sources import read_source
from dao.catalog._yaml_file import parse
from dao.errors import ConfigError, PluginError
from dao.plugins import Plugins

# Test machines are shared: drawing and running may take its time.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

DECLARED: dict[str, Any] = {
    "bronze": {
        "interface": "bucket",
        "options": {"bucket": "b", "port": 1, "secure": False, "retry": {"wait": 0.5}},
        "also": ["bucket.spark"],
        "properties": {"team": "a"},
        "objects": {"flights": {"type": "table", "format": "parquet", "partition_by": ["year", "month"]}},
    },
    "tmp": {"interface": "memory"},
}


@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml", ".toml", ".JSON"])
def test_every_format_says_the_same(write: Any, plugins: Plugins, suffix: str) -> None:
    dumped = {".toml": tomli_w.dumps, ".yaml": yaml.safe_dump, ".yml": yaml.safe_dump}.get(suffix, json.dumps)(DECLARED)
    path = write(f"catalog{suffix}", dumped)
    for catalog in (Catalog(path, plugins=plugins), Catalog(str(path), plugins=plugins), load([path], plugins=plugins)):
        assert list(catalog.stores) == ["bronze", "tmp"]
        assert catalog["bronze.flights"].partition_by == ["year", "month"]
        assert catalog["bronze.flights"].team == "a"
        assert catalog.store("bronze").interface.retry.wait == 0.5


def test_nothing_is_a_catalog_too(plugins: Plugins, write: Any) -> None:
    assert list(Catalog(plugins=plugins)) == []
    assert len(Catalog({}, plugins=plugins)) == 0
    assert len(Catalog(write("c.json", "{}"), plugins=plugins)) == 0
    assert "no stores" in repr(Catalog({}, plugins=plugins))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("c.json", "", "the file is empty"),
        ("c.yaml", " \n", "the file is empty"),
        ("c.yaml", "# only a comment", "the file is empty"),
        ("c.json", "[]", "the top level is a list"),
        ("c.yaml", "hello", "the top level is a str"),
        ("c.json", "null", "the file is empty"),
        ("c.json", '{"a": {"interface": "memory"}', "not valid JSON: .* (line 1, column 30)"),
        ("c.json", '{"a":\n NaN}', "NaN is no JSON number"),
        ("c.json", '{"a": -Infinity}', "-Infinity is no JSON number"),
        ("c.json", "[" * 100_000, "nested too deep"),
        ("c.json", '{"a": ' + "9" * 5000 + "}", "too long"),
        ("c.json", b'{"a": "\xff"}', "not UTF-8: byte 0xff at line 1"),
        ("c.yaml", b"a: 1\nb: \xe4\n", "not UTF-8: byte 0xe4 at line 2"),
        ("c.json", b"{}" + b" " * 10_000_000, "larger than 8 MiB"),
        ("c.yaml", "a: {b", "not valid YAML: did not find expected ',' or '}' (line 2, column 1)"),
        ("c.yaml", "a: 1\n b: 2", "(line 2, column 3)"),
        ("c.yaml", "a: *b", "no anchor"),
        ("c.yaml", "a: &a [*a]", "holds itself"),
        ("c.yaml", "a: &a {b: *a}", "holds itself"),
        ("c.yaml", "a: !!python/object/apply:os.system [touch pwned]", "runs no code"),
        ("c.yaml", "!!python/object/new:os.system [touch pwned]", "runs no code"),
        ("c.yaml", "a: !mine b", "a tag that is not allowed"),
        ("c.yaml", "a: !!binary xx", "a tag that is not allowed"),
        ("c.yaml", "a: 1\n---\nb: 1", "a second document; a catalog is one (line 2"),
        ("c.yaml", "? [a]\n: 1", "a list or mapping as a key"),
        ("c.yaml", "a: 2024-02-31", "no timestamp"),
        ("c.yaml", "a: \x00", "control characters"),
        ("c.yaml", "[" * 100_000, "nested deeper"),
        ("c.yaml", "- " * 100_000, "nested deeper"),
        ("c.yaml", "<<", "'<<' as a value; quote it if it is a string (line 1"),
        ("c.yaml", "s:\n  a: [x, <<]", "'<<' as a value; quote it if it is a string (line 2"),
        ("c.toml", "a = ]", "not valid TOML: .* (at line 1, column 5)"),
        ("c.toml", "[a]\nx=1\nx=2", "not valid TOML"),
        ("c.toml", "a = 2024-02-31", "not valid TOML"),
        ("c.ini", "[a]", "must be one of .json, .yaml, .yml, .toml"),
        ("c", "{}", "must be one of"),
    ],
)
def test_bad_files(write: Any, plugins: Plugins, name: str, content: str | bytes, told: str) -> None:
    path = write(name, content)
    pattern = r".*".join(map(__import__("re").escape, told.split(".*")))
    with pytest.raises(ConfigError, match=pattern) as caught:
        Catalog(path, plugins=plugins)
    assert str(path) in str(caught.value)
    assert caught.value.source == str(path)
    assert caught.value.__context__ is None
    assert not os.path.exists("pwned")


def _calls(work: Callable[[], object]) -> int:
    """How many functions are called by some work, those in C among them."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def test_an_alias_bomb_is_stopped_with_little_work(write: Any) -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    path = write("bomb.yaml", "\n".join(lines))

    def read() -> None:
        with pytest.raises(ConfigError, match="many times larger"):
            read_source(path)

    assert _calls(read) < 10_000  # its ten aliases of ten stand for 10^12 values


def _nested(depth: int, value: Any = "x") -> Any:
    for _ in range(depth):
        value = {"a": value}
    return value


def test_what_is_nested_too_deep_or_holds_itself_is_refused_whatever_it_is_read_from(
    write: Any, plugins: Plugins
) -> None:
    itself: dict[str, Any] = {"interface": "memory"}
    itself["properties"] = {"deep": [itself]}
    doubled: Any = {"a": 1}
    for _ in range(60):
        doubled = {"a": doubled, "b": doubled}
    wide: Any = "x"
    for _ in range(10):
        wide = [wide] * 1000
    text = json.dumps(_nested(300))
    for source, told in (
        ({"s": itself}, "nested deeper than 100 levels, or holds itself"),
        ({"s": {"interface": "memory", "properties": _nested(5000)}}, "nested deeper than 100 levels"),
        ({"s": {"interface": "memory", "properties": doubled}}, "a catalog has at most 2,000,000 values"),
        ({"s": {"interface": "memory", "properties": {"a": wide}}}, "a catalog has at most 2,000,000 values"),
        (write("deep.json", text), "nested deeper than 100 levels"),
        (write("deeper.json", "[" * 100_000), "nested too deep"),
        (write("deeper.toml", "a = " + "[" * 100_000), "nested too deep"),
        (write("deep.toml", f"{'a.' * 300}a = 1"), "nested deeper than 100 levels"),
        (write("long.toml", f"{'a.' * 200_000}a = 1"), "a key of more than 1,000 parts"),
        (write("deep.yaml", text), "nested deeper"),
    ):
        with pytest.raises(ConfigError, match=told):
            Catalog(source, plugins=plugins)
    fine = {"s": {"interface": "memory", "properties": {"deep": _nested(90)}}}
    for name, text in (("c.json", json.dumps(fine)), ("c.yaml", yaml.safe_dump(fine))):
        assert Catalog(write(name, text), plugins=plugins).store("s").properties == fine["s"]["properties"]


def test_honest_aliases_and_merge_keys_work(write: Any, plugins: Plugins) -> None:
    text = """
    base: &base {interface: bucket, options: &o {bucket: a}}
    one: *base
    two: {<<: *base, options: {<<: *o, port: 7}}
    three: {<<: [{properties: {x: 1}}, *base, {properties: {x: 2}}]}
    """
    catalog = Catalog(write("c.yaml", textwrap.dedent(text)), plugins=plugins)
    assert catalog.store("one").interface.bucket == "a"
    assert (catalog.store("two").interface.bucket, catalog.store("two").interface.port) == ("a", 7)
    assert catalog.store("three").properties == {"x": 1}


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("c.json", '{"a": {"interface": "memory", "objects": {"x": {}, "x": {}}}, "a": {}}', ""),
        ("c.yaml", "a:\n  interface: memory\n  objects:\n    x: {}\n    x: {}\na: {}\n", " (line 5)"),
    ],
)
def test_keys_that_stand_twice_are_faults_with_their_paths(
    write: Any, plugins: Plugins, name: str, content: str, place: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Catalog(write(name, content), plugins=plugins)
    told = [str(fault) for fault in caught.value.faults]
    assert "the key 'a' stands here more than once" in told[0]
    assert told[0].endswith("@ a")
    # JSON and YAML alike keep the last of two, so what stood in the first can't be seen any more.
    assert len(told) == 1


def test_a_nested_key_that_stands_twice(write: Any, plugins: Plugins) -> None:
    text = "a:\n  interface: memory\n  objects:\n    x: {}\n    x: {}\n"
    with pytest.raises(ConfigError, match=r"'x' stands here more than once \(line 5\) @ a.objects.x"):
        Catalog(write("c.yaml", text), plugins=plugins)


def test_missing_files_and_folders(tmp_path: Path, write: Any, plugins: Plugins) -> None:
    write("catalog.yaml", "{}")
    with pytest.raises(ConfigError, match=f"there is no file '{tmp_path}/catalogue.yaml'; did you mean 'catalog.yaml'"):
        Catalog(tmp_path / "catalogue.yaml", plugins=plugins)
    with pytest.raises(
        ConfigError, match=f"no file '{tmp_path}/none/catalog.yaml'; there is no folder '{tmp_path}/none'"
    ):
        Catalog(tmp_path / "none" / "catalog.yaml", plugins=plugins)
    with pytest.raises(ConfigError, match="can't be read"):
        Catalog(tmp_path, plugins=plugins)
    with pytest.raises(ConfigError, match="mapping or the path of a file, found int"):
        Catalog(3, plugins=plugins)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="can't be read"):
        Catalog("a\x00b.json", plugins=plugins)


def test_a_byte_order_mark_and_unicode_are_fine(write: Any, plugins: Plugins) -> None:
    path = write("c.json", '\ufeff{"größe": {"interface": "memory", "objects": {"日本": {}}}}'.encode())
    assert list(Catalog(path, plugins=plugins)) == ["größe.日本"]


def test_every_bad_file_is_told_at_once(write: Any, plugins: Plugins) -> None:
    first, second, third = write("a.json", "{"), write("b.yaml", "a: *x"), write("c.json", '{"x.y": {}, "ok": 3}')
    with pytest.raises(ConfigError) as caught:
        Catalog(first, second, third, plugins=plugins)
    told = str(caught.value)
    assert len(caught.value.faults) == 4
    assert all(f"(in {path})" in told for path in (first, second, third))


def test_yaml_without_its_library_says_what_to_install(
    write: Any, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(PluginError, match=r"pip install 'dao-core\[yaml\]'"):
        Catalog(write("c.yaml", "{}"), plugins=plugins)


def test_the_slow_yaml_parser_does_as_well(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert read_source(write("c.yaml", yaml.safe_dump(DECLARED))).content == DECLARED
    with pytest.raises(ConfigError, match="line 1"):
        read_source(write("d.yaml", "a: !!python/name:os.system"))
    with pytest.raises(ConfigError, match="nested deeper"):
        read_source(write("e.yaml", "[" * 5000))


_leaf = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates()
_value = st.recursive(_leaf, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@patient
@given(st.dictionaries(st.text(), _value), st.booleans())
def test_yaml_gives_what_pyyaml_gives(value: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    assert parse(text, "c.yaml") == (yaml.safe_load(text), False)


@patient
@given(st.text(alphabet="ab:-{}[]&*<?#|>'\"% \n,0.~$", max_size=60))
def test_any_text_gives_pyyamls_value_or_an_error_of_ours(text: str) -> None:
    try:
        value, repeated = parse(text, "c.yaml")
    except ConfigError:
        return
    if not repeated:
        assert value == yaml.load(text, yaml.CSafeLoader)


def test_loading_imports_no_more_than_it_needs() -> None:
    code = """
    import sys
    from dao.catalog import Catalog
    from dao.plugins import Plugins
    heavy = {"yaml", "cattrs", "pyarrow", "pandas", "sqlglot", "pluggy", "msgspec", "tomllib"}
    assert not heavy & set(sys.modules), heavy & set(sys.modules)
    Catalog({"a": {"interface": "memory", "objects": {"x": {"type": "table"}}}})
    assert not (heavy - {"pluggy"}) & set(sys.modules), heavy & set(sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
