"""What errors about options show of what was found: nothing that may be a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs
import pytest

from dao.errors import ConfigError
from dao.options import build, check, one_of
from dao.secrets import Secret

if TYPE_CHECKING:
    pass


@attrs.frozen
class Told:
    """Quotes what it refuses."""

    catalog: str = ""
    kind: Literal["a", "b"] = "a"
    token: str = ""
    code: Secret | None = None
    untyped: Any = None
    more: Mapping[str, str] | None = None

    def __attrs_post_init__(self) -> None:
        code = "" if self.code is None else self.code.reveal()
        told = f"{self.catalog!r}, {self.kind}, {self.token}, {code}, {self.untyped}, {self.more}"
        raise ConfigError(f"catalog: found {told}") if self.kind == "a" else ValueError(told)


@pytest.mark.parametrize("kind", ["a", "b"])
def test_what_was_found_is_shown_but_what_may_be_a_secret(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    def told(**options: Any) -> str:
        with pytest.raises(ConfigError) as caught:
            build(Told, {"kind": kind, **options}, "s.options")
        return str(caught.value)

    monkeypatch.setenv("DAO_T_X", "hunter2")
    assert f"'sqlite', {kind}, " in told(catalog="sqlite")
    assert "'catalogs/one two', " in told(catalog="catalogs/one two")
    for hidden in (
        {"token": "hunter2"},
        {"code": "hunter2"},
        {"token": "hunter2", "catalog": "hunter2"},
        {"token": "hunter2", "catalog": "x-hunter2-y"},
        {"untyped": "hunter2"},
        {"untyped": ["a", {"b": "hunter2"}]},
        {"more": {"header": "hunter2"}},
        {"catalog": "${env:DAO_T_X}"},
        {"catalog": "${env:DAO_T_UNSET:-hunter2}"},
        {"catalog": "postgres://me:hunter2@host/db"},
        {"catalog": "me:hunter2@host/db"},
        {"catalog": "https://host/x?sig=hunter2"},
        {"catalog": "Server=host;Password=hunter2"},
        {"catalog": '{"api_key": "hunter2"}'},
    ):
        assert "hunter2" not in told(**hidden), hidden


def test_a_login_is_masked_where_it_is_quoted_without_its_address() -> None:
    @attrs.frozen
    class Parts:
        address: str

        def __attrs_post_init__(self) -> None:
            raise ConfigError(f"address: found {self.address.split('://')[1].split('@')[0]}, {self.address[14:21]}")

    with pytest.raises(ConfigError) as caught:
        build(Parts, {"address": "postgres://me:hunter2@host"})
    assert str(caught.value) == "address: found ********, ********"


def test_a_choice_shows_what_was_found() -> None:
    @attrs.frozen
    class Choice:
        catalog: str = attrs.field(validator=one_of("sql", "rest"))

    for given, told in (
        ("sqlite", "catalog: found 'sqlite', expected one of 'sql', 'rest' @ o"),
        ("", "catalog: found an empty text, expected one of 'sql', 'rest' @ o"),
        ("https://me:hunter2@host", "catalog: found a URL, expected one of 'sql', 'rest' @ o"),
        ("AKIAIOSFODNN7EXAMPLE", "catalog: found a text of 20 characters, expected one of 'sql', 'rest' @ o"),
    ):
        with pytest.raises(ConfigError) as caught:
            build(Choice, {"catalog": given}, "o")
        assert str(caught.value) == told


def test_check_shows_what_a_validator_found() -> None:
    @attrs.frozen
    class Checked:
        catalog: str = attrs.field(validator=attrs.validators.in_(("sql", "rest")))
        password: str = attrs.field(default="", validator=attrs.validators.in_(("",)))

    told = [fault.message for fault in check(Checked, {"catalog": "sqlite", "password": "hunter2"})]
    assert "'sqlite'" in told[0]
    assert "hunter2" not in told[1]
