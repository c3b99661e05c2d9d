"""What GRANT is made of, and what messages about the arguments of calls show."""

from __future__ import annotations

from typing import Any

import pytest

from dao.errors import DataError
from dao_redshift._actions.operations import grant, vacuum
from dao_redshift._sql.dialect import RedshiftDialect
from dao_redshift._sql.properties import TableProperties
from dao_sql import TableName

TABLE = TableName("orders", "gold")


def granted(**arguments: Any) -> str:
    return grant(RedshiftDialect(), TABLE, **{"privileges": "select", "to": None, "kind": "user", **arguments}).text


@pytest.mark.parametrize(
    ("arguments", "end"),
    [
        ({"to": "ann"}, 'GRANT SELECT ON TABLE "gold"."orders" TO "ann"'),
        ({"to": "readers", "kind": "group"}, 'TO GROUP "readers"'),
        ({"to": "reader", "kind": "role", "privileges": ["select", "insert"]}, 'TO ROLE "reader"'),
        ({"kind": "public"}, "TO PUBLIC"),
    ],
)
def test_grants(arguments: dict[str, Any], end: str) -> None:
    assert granted(**arguments).endswith(end)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"kind": "public", "to": "public"},
            "to: found 'public' with kind='public', which is every user.*leave out to=",
        ),
        ({"kind": "group"}, "to: found no name, expected that of a group; every user is kind='public' without to="),
        ({"to": "ann", "privileges": []}, "privileges: found none, expected one or several of select"),
        ({"to": "ann", "privileges": "look"}, "privileges: found 'look', expected one of select"),
        ({"to": "ann", "kind": "person"}, "kind: found 'person', expected one of user, group, role, public"),
    ],
)
def test_grants_that_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        granted(**arguments)


def test_a_mode_that_there_is_not_is_shown() -> None:
    connection: Any = None
    with pytest.raises(DataError, match="mode: found 'quick', expected one of full"):
        vacuum(connection, RedshiftDialect(), TABLE, mode="quick", dry_run=True, older_than=None)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"diststyle": "odd"}, "diststyle: found 'odd'"),
        ({"sortstyle": "odd"}, "sortstyle: found 'odd'"),
        ({"encode": {"id": "zip"}}, "encode: found 'zip' for 'id'"),
        ({"lengths": {"id": "long"}}, "lengths: found 'long' for 'id'"),
        ({"encode": {"id": "x" * 1_000}}, "encode: found a text of 1000 characters for 'id'"),
    ],
)
def test_properties_that_there_are_not_are_shown(given: dict[str, Any], found: str) -> None:
    with pytest.raises(DataError, match=found):
        TableProperties.of(given, ["id"])
