"""PostgreSQL's errors as Redshift has them."""

from __future__ import annotations

import pytest

from dao_redshift.testing import RedshiftError
from dao_redshift.testing._gateway._errors import as_redshift


@pytest.mark.parametrize(
    ("sqlstate", "message", "expected"),
    [
        ("40001", "could not serialize access due to concurrent update", ("XX000", "1023")),
        ("42710", 'type "orders" already exists', ("42P07", 'Relation "orders" already exists')),
        ("42710", 'role "orders" already exists', ("42710", 'role "orders" already exists')),
        ("42601", "syntax error", ("42601", "syntax error")),
    ],
)
def test_states_and_messages(sqlstate: str, message: str, expected: tuple[str, str]) -> None:
    found = as_redshift(RedshiftError(message, sqlstate))
    assert (found.sqlstate, found.message) == expected
