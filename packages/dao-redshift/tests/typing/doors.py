"""Read by mypy, never run: no public name of dao-redshift is Any, which may be assigned to anything."""

from __future__ import annotations

import dao_redshift
import dao_redshift.testing
import dao_redshift.testing.fixtures


class Other:
    """No public name is one of these: with --strict an ignore that isn't needed is an error."""


known: Other
known = dao_redshift.RedshiftConnector  # type: ignore[assignment]
known = dao_redshift.RedshiftInterface  # type: ignore[assignment]
known = dao_redshift.testing.Fault  # type: ignore[assignment]
known = dao_redshift.testing.FaultRule  # type: ignore[assignment]
known = dao_redshift.testing.LocalRedshift  # type: ignore[assignment]
known = dao_redshift.testing.RedshiftError  # type: ignore[assignment]
known = dao_redshift.testing.RedshiftGateway  # type: ignore[assignment]
known = dao_redshift.testing.SentStatement  # type: ignore[assignment]
known = dao_redshift.testing.User  # type: ignore[assignment]
known = dao_redshift.testing.local_redshift  # type: ignore[assignment]
known = dao_redshift.testing.fixtures.pytest_report_header  # type: ignore[assignment]
known = dao_redshift.testing.fixtures.redshift  # type: ignore[assignment]
known = dao_redshift.testing.fixtures.redshift_gateway  # type: ignore[assignment]
