"""Queries of the caller's own, and their parameters."""

from __future__ import annotations

import pytest

from dao import DataAccessObject, DataStore
from dao.connections import S3Connection
from dao.errors import DataError
from dao_redshift.testing import RedshiftGateway
from dao_redshift.testing._local import new_schema


@pytest.mark.parametrize("parameters", [None, [], [1], [1, 2, 3]])
def test_a_wrong_number_of_parameters_is_wrong_data(
    gateway: RedshiftGateway, storage: S3Connection, parameters: list[int] | None
) -> None:
    dao, query = DataAccessObject(), "SELECT 3 AS n WHERE 1 = $1 AND 2 = $2"
    with new_schema(gateway, storage) as redshift:
        store = DataStore("redshift", "redshift", options=redshift.options)
        with pytest.raises(DataError):
            dao.run("sql", store, query=query, parameters=parameters)
        assert dao.run("sql", store, query=query, parameters=[1, 2]).to_pylist() == [{"n": 3}]
        store.close()
