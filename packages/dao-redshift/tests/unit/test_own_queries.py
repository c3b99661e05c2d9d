"""Queries of the caller's own, and their parameters."""

from __future__ import annotations

import pytest

from dao import DataAccessObject
from dao.errors import DataError
from dao_redshift.testing import LocalRedshift


@pytest.mark.parametrize("parameters", [None, [], [1], [1, 2, 3]])
def test_a_wrong_number_of_parameters_is_wrong_data(redshift: LocalRedshift, parameters: list[int] | None) -> None:
    dao, store, query = DataAccessObject(), redshift.store(), "SELECT 3 AS n WHERE 1 = $1 AND 2 = $2"
    with pytest.raises(DataError):
        dao.run("sql", store, query=query, parameters=parameters)
    assert dao.run("sql", store, query=query, parameters=[1, 2]).to_pylist() == [{"n": 3}]
    store.close()
