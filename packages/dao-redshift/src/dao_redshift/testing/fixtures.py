"""Fixtures of pytest with a local Redshift: name this module in ``pytest_plugins`` of the uppermost conftest.py.

- ``redshift``: a :class:`~dao_redshift.testing.LocalRedshift` with a schema of its own for each test::

    pytest_plugins = ["dao_redshift.testing.fixtures"]

    def test_gold(redshift):
        dao.write([{"id": 1}], TableObject("orders", redshift.store()))

- ``redshift_gateway``: the gateway, one for each process of a run, started when it is first asked for.

The head of the run says which services it stands on.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dao.connections import S3Connection
from dao.errors import ConfigError
from dao_redshift.testing._gateway._gateway import RedshiftGateway
from dao_redshift.testing._local import LocalRedshift, local_gateway, new_schema, services

__all__ = ["pytest_report_header", "redshift", "redshift_gateway"]


def pytest_report_header() -> str:
    """Say what the local Redshift stands on."""
    try:
        return "local Redshift: " + ", ".join(f"{name}: {what}" for name, what in services().items())
    except ConfigError as error:
        return f"local Redshift: NOT TO BE HAD, its tests will fail: {error}"


@pytest.fixture(scope="session")
def _redshift_services() -> Iterator[tuple[RedshiftGateway, S3Connection]]:
    with local_gateway() as found:
        yield found


@pytest.fixture(scope="session")
def redshift_gateway(_redshift_services: tuple[RedshiftGateway, S3Connection]) -> RedshiftGateway:
    """The gateway of this process."""
    return _redshift_services[0]


@pytest.fixture
def redshift(_redshift_services: tuple[RedshiftGateway, S3Connection]) -> Iterator[LocalRedshift]:
    """A local Redshift with an empty schema."""
    with new_schema(*_redshift_services) as found:
        yield found
