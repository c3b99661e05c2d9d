from __future__ import annotations

import re
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dao.catalog._patterns import NamePattern, best_match
from dao.errors import ConfigError

# Test machines are shared: drawing and running may take its time.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

_literal = st.text(alphabet="-_:", max_size=3)
_value = st.text(alphabet="abcÄ12", min_size=1, max_size=5)


@patient
@given(_literal, st.lists(st.tuples(_value, st.text(alphabet="-_:", min_size=1, max_size=3)), min_size=1, max_size=4))
def test_values_without_the_separators_come_back(start: str, parts: list[tuple[str, str]]) -> None:
    text = start + "".join(f"{{p{at}}}{literal}" for at, (_, literal) in enumerate(parts))
    name = start + "".join(value + literal for value, literal in parts)
    assert NamePattern.parse(text).match(name) == {f"p{at}": value for at, (value, _) in enumerate(parts)}


@patient
@given(st.lists(st.sampled_from(["{a}", "{b}", "x", "_", "."]), min_size=1, max_size=6), st.text(max_size=12))
def test_a_match_filled_in_again_is_the_name(parts: list[str], name: str) -> None:
    pattern = NamePattern.parse("".join(parts))
    values = pattern.match(name)
    if values is not None:
        assert "".join(values[part[1]] if part[0] == "{" else part for part in parts) == name
        assert all(value and "/" not in value and ".." not in value for value in values.values())


@patient
@given(st.text(alphabet="ab/.\\", min_size=1, max_size=8))
def test_nothing_gets_out_of_its_place(value: str) -> None:
    fits = NamePattern.parse("x_{v}").match(f"x_{value}") is not None
    assert fits == ("/" not in value and "\\" not in value and ".." not in value and value != ".")


def test_repeated_placeholders_have_one_value() -> None:
    pattern = NamePattern.parse("{a}_{a}")
    assert pattern.match("x_x") == {"a": "x"}
    assert pattern.match("x_y") is None


@pytest.mark.parametrize("text", ["{", "}", "{}", "{1}", "a{b", "{a}}", "{{a}", "{a b}", "${env:X}"])
def test_stray_braces(text: str) -> None:
    with pytest.raises(ConfigError, match="brace"):
        NamePattern.parse(text)


def test_the_most_literal_pattern_wins_whatever_the_order() -> None:
    loose, tight = NamePattern.parse("{x}"), NamePattern.parse("sales_{x}")
    for order in ([loose, tight], [tight, loose]):
        best = best_match(order, "sales_a")
        assert best is not None
        assert best[0] is tight
    assert best_match([loose, tight], "a/b") is None


def test_a_tie_that_a_better_pattern_settles() -> None:
    patterns = [NamePattern.parse(text) for text in ("a{x}", "{x}c", "a{x}c")]
    for order in (patterns, patterns[::-1], [patterns[0], patterns[2], patterns[1]]):
        best = best_match(order, "abc")
        assert best is not None
        assert best[0].text == "a{x}c"


def _by_regex(text: str, name: str) -> dict[str, str] | None:
    """The same by a regular expression, which backtracks: as few characters as fit, the first placeholder first."""
    value, seen, regex, end = r"(?:(?!\.\.)[^/\\{}\x00-\x1f\x7f])+?", set[str](), "", 0
    for found in re.finditer(r"\{(\w+)\}", text):
        regex += re.escape(text[end : found.start()])
        again = rf"(?P={found[1]})(?!(?<=\.)\.)"  # the same text, and no '..' begins in it either
        regex += again if found[1] in seen else f"(?P<{found[1]}>{value})"
        seen.add(found[1])
        end = found.end()
    match = re.fullmatch(regex + re.escape(text[end:]), name)
    return None if match is None or "." in match.groupdict().values() else match.groupdict()


@patient
@given(
    st.lists(st.sampled_from(["{a}", "{b}", "{c}", "x", "_", ".", "/", "ab", ".."]), min_size=1, max_size=6),
    st.lists(st.sampled_from(["x", "a", "b", "_", ".", "/", "ab"]), max_size=10),
    st.dictionaries(st.sampled_from("abc"), st.text(alphabet="xab_.", min_size=1, max_size=3)),
)
@example(parts=["{a}", "{a}", "."], loose=[], values={"a": "_."})
def test_a_value_is_as_short_as_it_may_be(parts: list[str], loose: list[str], values: dict[str, str]) -> None:
    text = "".join(parts)
    filled = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "x"), text)
    for name in ("".join(loose), filled):
        assert NamePattern.parse(text).match(name) == _by_regex(text, name)


def _steps(text: str, name: str) -> int:
    steps = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal steps
        steps += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        NamePattern.parse(text).match(name)
    finally:
        sys.settrace(before)
    return steps


@pytest.mark.parametrize("text", ["s_{a}_{b}_{c}x", "{a}_{b}_{c}_{d}_z", "{a}-{b}", "{a}{b}{c}{d}", "{a}_{b}_{c}_{d}"])
@pytest.mark.parametrize("fill", ["_", "-", "_z", "a", "s_"])
def test_matching_takes_steps_in_proportion_to_the_name(text: str, fill: str) -> None:
    once, twice = (_steps(text, "s_" + fill * count) for count in (200, 400))
    assert twice < 2.2 * once + 50


def test_a_placeholder_that_stands_twice_is_tried_in_a_bounded_number_of_ways() -> None:
    pattern = NamePattern.parse("{a}_{b}_{a}_{b}")
    assert pattern.match("x_y_x_y") == {"a": "x", "b": "y"}
    assert pattern.match("x_y_z_x_y_z") == {"a": "x", "b": "y_z"}
    with pytest.raises(ConfigError, match="a name of 4001 characters fits .* in too many ways"):
        pattern.match("_" * 4001)
