"""What a client's statement becomes."""

from __future__ import annotations

from dao_redshift.testing._gateway._context import SessionContext
from dao_redshift.testing._statements import Run, Statement


def translate(sql: str, _session: SessionContext) -> Statement:
    """PostgreSQL's own SQL, as it is."""
    return Run(sql)
