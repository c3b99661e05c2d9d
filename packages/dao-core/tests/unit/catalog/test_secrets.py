from __future__ import annotations

import copy
import pickle
import traceback
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao.errors import ConfigError
from dao.secrets import (
    MASK,
    Interpolated,
    Secret,
    Template,
    interpolated,
    looks_secret,
    register_scheme,
    register_scheme_source,
    scheme_names,
)

# Test machines are shared: drawing and running may take its time.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_T_PW", "hunter2")
    monkeypatch.setenv("DAO_T_EMPTY", "")
    monkeypatch.delenv("DAO_T_UNSET", raising=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${env:DAO_T_PW}", "hunter2"),
        ("a-${env:DAO_T_PW}-${env:DAO_T_PW}", "a-hunter2-hunter2"),
        ("${env:DAO_T_UNSET:-fallback}", "fallback"),
        ("${env:DAO_T_UNSET:-}", ""),
        ("${env:DAO_T_EMPTY:-fallback}", "fallback"),
        ("${env:DAO_T_EMPTY}", ""),
        ("${env:DAO_T_UNSET:-a:-b}", "a:-b"),
        ("$${env:DAO_T_PW}", "${env:DAO_T_PW}"),
        ("$$${env:DAO_T_PW}", "$${env:DAO_T_PW}"),
        ("$5 and }", "$5 and }"),
    ],
)
def test_templates_resolve(text: str, value: str) -> None:
    assert Template.parse(text).resolve() == value
    assert interpolated(text) == value
    assert Secret.parse(text).reveal() == value


@pytest.mark.parametrize(
    "text", ["${env:A${env:B}}", "${env:A", "${NAME}", "${}", "${:x}", "${env:}", "${env:A:-${env:B}}"]
)
def test_malformed_references_are_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ConfigError, match=r"\$\{") as caught:
        Template.parse("s3cr3t" + text)
    assert "s3cr3t" not in str(caught.value)


def test_missing_values_say_what_would_help() -> None:
    with pytest.raises(ConfigError, match=r"'DAO_T_UNSET' is not set.*\$\{env:DAO_T_UNSET:-\.\.\.\}"):
        Secret.parse("${env:DAO_T_UNSET}").reveal()
    with pytest.raises(ConfigError, match="did you mean 'env'"):
        Secret.parse("${evn:DAO_T_UNSET}").reveal()


def test_a_value_that_is_a_reference_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_T_LOOP", "${env:DAO_T_LOOP}")
    with pytest.raises(ConfigError, match="could loop"):
        Template.parse("${env:DAO_T_LOOP}").resolve()


@pytest.mark.parametrize(
    ("content", "value"), [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a", "a"), (" a ", " a ")]
)
def test_files_lose_one_newline(tmp_path: Path, content: str, value: str) -> None:
    (tmp_path / "pw").write_bytes(content.encode())
    assert Secret.parse(f"${{file:{tmp_path}/pw}}").reveal() == value


def test_files_that_are_no_secrets(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"hunter2\xff")
    with pytest.raises(ConfigError, match="not UTF-8") as caught:
        Secret.parse(f"${{file:{tmp_path}/bytes}}").reveal()
    assert caught.value.__context__ is None
    with pytest.raises(ConfigError, match="no file"):
        Secret.parse(f"${{file:{tmp_path}/nothing}}").reveal()
    with pytest.raises(ConfigError, match="can't be read"):
        Secret.parse(f"${{file:{tmp_path}}}").reveal()
    with pytest.raises(ConfigError, match="larger than"):
        Secret.parse("${file:/dev/zero}").reveal()
    assert Secret.parse(f"${{file:{tmp_path}/nothing:-else}}").reveal() == "else"


def test_relative_files_start_at_the_config(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("x")
    assert Template.parse("a${file:pw}").rebased(tmp_path).resolve() == "ax"
    assert Template.parse("${file:/etc/pw}").rebased(tmp_path).text == "${file:/etc/pw}"
    assert Template.parse("${file:~/pw}").rebased(tmp_path).text == "${file:~/pw}"


def test_further_schemes() -> None:
    register_scheme("test-vault", lambda argument: {"a#b": "v"}[argument])
    register_scheme_source(lambda: {"test-source": str.upper})
    assert Secret.parse("${test-vault:a#b}").reveal() == "v"
    assert Secret.parse("${test-vault:nope:-d}").reveal() == "d"
    assert Secret.parse("${test-source:a}").reveal() == "A"
    assert {"env", "file", "test-source", "test-vault"} <= set(scheme_names())
    register_scheme("test-broken", lambda argument: 1 / 0)  # type: ignore[arg-type, return-value]
    register_scheme("test-number", lambda argument: 1)  # type: ignore[arg-type, return-value]
    with pytest.raises(ConfigError, match="ZeroDivisionError"):
        Secret.parse("${test-broken:a}").reveal()
    with pytest.raises(ConfigError, match="gave int"):
        Secret.parse("${test-number:a}").reveal()


@pytest.mark.parametrize(
    "secret", [Secret("hunter2"), Secret.parse("u:${env:DAO_T_PW}"), Secret.parse("${env:X:-hunter2}")]
)
def test_nobody_sees_a_secret_by_accident(secret: Secret) -> None:
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        f"{secret!r}",
        secret._repr_html_(),
        "%s" % secret,  # noqa: UP031  (logging formats so)
    ]
    assert {text.strip() for text in shown} == {MASK}
    assert b"hunter2" not in pickle.dumps(secret)
    assert not hasattr(secret, "__dict__")
    with pytest.raises(AttributeError):
        secret._value = lambda: ""
    with pytest.raises(TypeError):
        secret + "x"  # type: ignore[operator]


def test_equality_and_hash() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret.parse("${env:DAO_T_PW}") == Secret.parse("${env:DAO_T_PW}") != Secret("hunter2")
    assert hash(Secret("a")) == hash(Secret("b"))
    assert copy.deepcopy(Secret("a")) == copy.copy(Secret("a")) == Secret("a")


def test_pickles_carry_references_and_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    there = pickle.loads(pickle.dumps(Secret.parse("x-${env:DAO_T_PW:-hunter2}")))
    monkeypatch.setenv("DAO_T_PW", "of the other side")
    assert there.reveal() == "x-of the other side"
    monkeypatch.delenv("DAO_T_PW")
    with pytest.raises(ConfigError, match="no value"):
        there.reveal()
    lost = pickle.loads(pickle.dumps(Secret("hunter2")))
    assert lost != Secret("")
    with pytest.raises(ConfigError, match=r"use a reference such as \$\{env:NAME\}"):
        lost.reveal()
    with pytest.raises(ConfigError, match="use a reference"):
        pickle.loads(pickle.dumps(lost)).reveal()


def test_tracebacks_show_masks() -> None:
    secret = Secret("hunter2")
    try:
        raise ValueError(secret)
    except ValueError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert MASK in shown
    assert "hunter2" not in shown


def test_interpolated_is_its_value_and_shows_its_reference() -> None:
    value = interpolated("x-${env:DAO_T_PW:-d}")
    assert isinstance(value, Interpolated)
    assert value == "x-hunter2"
    assert {value: 1}["x-hunter2"] == 1
    assert repr([value]) == f"['x-${{env:DAO_T_PW:-{MASK}}}']"
    assert b"hunter2" not in pickle.dumps(value)
    assert pickle.loads(pickle.dumps(value)) == value
    assert type(interpolated("plain")) is str


@pytest.mark.parametrize(
    "name", ["password", "PASSWORD", "db_password", "aws_secret_access_key", "api-key", "authToken", "secret"]
)
def test_secret_names(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name", ["key", "keys", "primary_key", "tokenizer", "token_column", "passwords_table", "bucket", "compass"]
)
def test_names_that_are_none(name: str) -> None:
    assert not looks_secret(name)


@patient
@given(
    st.lists(st.one_of(st.text(), st.just("${"), st.just("$"), st.just("${env:DAO_T_PW}"), st.just("$${")), max_size=6)
)
def test_templates_are_written_as_they_are_read(parts: list[str]) -> None:
    text = "".join(parts)
    try:
        template = Template.parse(text)
    except ConfigError:
        return
    assert Template.parse(template.text) == template


@patient
@given(st.text())
def test_escaped_text_comes_back(text: str) -> None:
    assert interpolated(text.replace("$", "$ ").replace("${", "$${")) == text.replace("$", "$ ")
