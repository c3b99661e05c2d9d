"""What a backend declares."""

from __future__ import annotations

from typing import Any

import pytest

from dao import ConfigError, DataStore, TableObject
from dao.capabilities import ACTIONS_CHECKED, FEATURES
from dao.testing import Absence, Backend, Capabilities


class Nothing:
    def read(self, data_object): ...


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lacks_actions": {"raed": "no"}}, "lacks_actions has an unknown 'raed': did you mean 'read'"),
        ({"lacks_actions": {"run": "no"}}, "unknown 'run'"),
        ({"lacks_modes": {"apend": "no"}}, "did you mean 'append'"),
        ({"lacks_features": {"file": "no"}}, "did you mean 'files'"),
        ({"lacks_types": {"durations": "no"}}, "did you mean 'duration'"),
        ({"relaxes": {"zone": "no"}}, "did you mean 'zones'"),
        ({"lacks_actions": {"read": ""}}, "needs a reason"),
        ({"lacks_features": ["files"]}, "lacks_features: found list, expected a mapping of names to reasons"),
        ({"formats": "csv"}, "formats: found 'csv', expected a tuple of names"),
    ],
)
def test_a_wrong_declaration_is_an_error(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Capabilities(**given)


def test_absences_are_found_by_kind_and_name() -> None:
    capabilities = Capabilities(lacks_actions={"upsert": "a"}, lacks_modes={"append": "b"}, relaxes={"zones": "c"})
    assert list(capabilities.absences()) == [
        Absence("action", "upsert", "a"),
        Absence("mode", "append", "b"),
        Absence("exactness", "zones", "c"),
    ]
    assert capabilities.absence("upsert") == Absence("action", "upsert", "a")
    assert capabilities.absence("mode:append") == Absence("mode", "append", "b")
    assert capabilities.absence("read") is None


def test_an_absence_is_of_its_own_kind_alone() -> None:
    capabilities = Capabilities(lacks_types={"list": "no nested types"}, lacks_modes={"error": "always overwrites"})
    assert capabilities.absence("list") is None, "the action list is not the type list"
    assert capabilities.absence("type:list") == Absence("type", "list", "no nested types")


@pytest.mark.parametrize(
    ("need", "near"),
    [
        ("fils", "did you mean 'files'"),
        ("append", "did you mean 'mode:append'"),
        ("mode:upsert", "did you mean 'upsert'"),
        ("modes:append", "did you mean 'mode:append'"),
        ("run", "known"),
        ("", "known"),
    ],
)
def test_an_absence_of_nothing_known_is_an_error(need: str, near: str) -> None:
    with pytest.raises(ConfigError, match=f"no capability is called '{need}': {near}"):
        Capabilities().absence(need)


def test_no_action_and_no_feature_have_one_name() -> None:
    assert not set(ACTIONS_CHECKED) & set(FEATURES)


def test_objects_get_the_backends_types_and_properties() -> None:
    class Special(TableObject):
        pass

    store, other = DataStore("one", Nothing()), DataStore("other", Nothing())
    backend = Backend(store=store, other=other, table_type=Special, table_properties={"format": "parquet", "a": 1})
    table = backend.table("people", a=2)
    assert type(table) is Special
    assert dict(table.properties) == {"format": "parquet", "a": 2}
    assert table.data_store is store
    assert backend.file("x", other).data_store is other
