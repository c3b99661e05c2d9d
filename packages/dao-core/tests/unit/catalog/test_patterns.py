from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao.catalog.patterns import NamePattern, best_match
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
