"""A secret inside an option is one as much as an option that is a secret: by its type or its name, however deep."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NewType

import attrs
import pytest

from dao import ConfigError, DaoError, DataObject, DataStore, Secret
from dao.catalog import Catalog
from dao.plugins import Plugins
from dao.secrets import secrets_in

WORD = "canary-5f1e"
ApiKey = NewType("ApiKey", Secret)


@attrs.frozen
class Login:
    user: str
    code: Secret


@attrs.frozen
class Web:
    single: Secret | None = None
    either: int | Secret | None = None
    either_text: str | Secret = ""
    annotated: Annotated[Secret, "a note"] | None = None
    named: ApiKey | None = None
    headers: dict[str, Secret] = attrs.field(factory=dict)
    mapped: Mapping[str, Sequence[Secret]] = attrs.field(factory=dict)
    several: list[Secret] = attrs.field(factory=list)
    whichever: tuple[Secret, ...] = ()
    pair: tuple[str, Secret] | None = None
    unordered: frozenset[Secret] = frozenset()
    login: Login | None = None
    logins: dict[str, list[Login]] = attrs.field(factory=dict)
    anything: dict[str, Any] = attrs.field(factory=dict)
    untyped: Any = None

    def read(self, data_object: Any) -> str:
        return ""


def given(word: str) -> dict[str, Any]:
    return {
        "single": word,
        "either": word,
        "either_text": word,
        "annotated": word,
        "named": word,
        "headers": {"a": word},
        "mapped": {"a": [word]},
        "several": [word],
        "whichever": [word],
        "pair": ["me", word],
        "unordered": [word],
        "login": {"user": "me", "code": word},
        "logins": {"a": [{"user": "me", "code": word}]},
        "anything": {"deep": [{"password": word}], "credentials": [word, {"x": word}]},
        "untyped": {"api_key": (word,)},
    }


@pytest.fixture(autouse=True)
def module(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.Web = Web
    monkeypatch.setenv("DAO_T_WORD", WORD)


def stores(options: dict[str, Any], plugins: Plugins) -> dict[str, DataStore]:
    declared = {"s": {"interface": "catalog_test_backend:Web", "options": options}}
    return {
        "class": DataStore("s", Web, options=options),
        "name": DataStore("s", "catalog_test_backend:Web", options=options),
        "catalog": Catalog(declared, plugins=plugins).store("s"),
    }


@pytest.mark.parametrize("option", list(given("")))
def test_no_literal_is_shown_or_travels(option: str, plugins: Plugins) -> None:
    for way, store in stores({option: given(WORD)[option]}, plugins).items():
        before = pickle.dumps(store)  # nothing is built yet
        shown = [
            repr(store.interface),
            repr(store),
            store._repr_html_(),
            repr(store.specs),
            repr(store.specs[0].options),
        ]
        assert WORD not in "".join(shown), way
        assert WORD in {secret.reveal() for _, secret in secrets_in(store.interface)}, way
        for pickled in (before, pickle.dumps(store), *map(pickle.dumps, store.specs)):
            assert WORD.encode() not in pickled, way
        for _, secret in secrets_in(pickle.loads(before).specs[0].options):
            with pytest.raises(ConfigError, match="does not travel"):
                secret.reveal()


@pytest.mark.parametrize("option", list(given("")))
def test_a_reference_travels_and_can_be_revealed_there(option: str, plugins: Plugins) -> None:
    for way, store in stores({option: given("${env:DAO_T_WORD}")[option]}, plugins).items():
        pickled = pickle.dumps(store)
        assert WORD.encode() not in pickled
        there = pickle.loads(pickled)
        assert there.specs[0].options
        there.set_interface_class(Web, **there.specs[0].options)
        assert {secret.reveal() for _, secret in secrets_in(there.interface)} == {WORD}, way


@pytest.mark.parametrize("option", list(given("")))
def test_a_wrong_value_beside_it_does_not_tell_it(option: str, plugins: Plugins) -> None:
    options = {option: given(WORD)[option], "sinngle": WORD, "headers": WORD, "several": {"a": WORD}, "pair": [WORD]}
    for make in (lambda: DataStore("s", Web, options=options).interface, lambda: stores(options, plugins)):
        with pytest.raises(DaoError) as caught:
            make()
        assert WORD not in f"{caught.value}{caught.value!r}"


def test_no_key_in_a_wrong_place_is_in_a_message() -> None:
    """A key in the wrong place is as secret as one in the right place."""
    key, other = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

    def refuse(instance: Any, attribute: Any, value: Any) -> None:
        raise ValueError(f"{attribute.name}: found {value!r}")

    @attrs.define
    class Picky:
        bucket: str = attrs.field(default="", validator=refuse)
        port: int = 1
        inner: Login | None = None

        def read(self, data_object: Any) -> None: ...

    @attrs.define
    class Refusing:
        bucket: str = ""

        def __attrs_post_init__(self) -> None:
            raise ConfigError(f"no bucket {self.bucket!r} at https://{self.bucket}/")

    for kind in (Picky, Refusing):
        for options in (
            {"bucket": key},
            {"bucket": f"lake/{key}.x"},
            {"bucket": other},
            {"port": WORD},
            {"inner": WORD},
            {"inner": {"user": [WORD]}},
            {WORD: 1, "b": WORD},
        ):
            with pytest.raises(ConfigError) as caught:
                DataStore("s", kind, options=options).interface  # noqa: B018
            told = (
                "".join(traceback.format_exception(caught.value))
                .replace(f"no option {WORD!r}", "")
                .replace(f"s.{WORD}", "")
            )
            assert WORD not in told, told
            assert key not in told, told
            assert other not in told, told


def test_properties_called_like_secrets_do_not_travel_as_text() -> None:
    store = DataStore("s", Web, properties={"password": WORD, "deep": [{"token": WORD}]})
    for thing in (store, DataObject("x", store, api_key=WORD), DataObject("x", password="${env:DAO_T_WORD}")):
        assert WORD.encode() not in pickle.dumps(thing)
    there = pickle.loads(pickle.dumps(DataObject("x", password="${env:DAO_T_WORD}")))
    assert there.password.reveal() == WORD
