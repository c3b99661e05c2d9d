"""A local Redshift for tests: a gateway in front of PostgreSQL that Redshift's own drivers talk to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_redshift.testing._gateway._context import User
    from dao_redshift.testing._gateway._faults import Fault, FaultRule
    from dao_redshift.testing._gateway._gateway import RedshiftGateway
    from dao_redshift.testing._gateway._sent import SentStatement
    from dao_redshift.testing._local import LocalRedshift, local_redshift
    from dao_redshift.testing._statements import RedshiftError

_HOMES = {
    "Fault": "dao_redshift.testing._gateway._faults",
    "FaultRule": "dao_redshift.testing._gateway._faults",
    "LocalRedshift": "dao_redshift.testing._local",
    "RedshiftError": "dao_redshift.testing._statements",
    "RedshiftGateway": "dao_redshift.testing._gateway._gateway",
    "SentStatement": "dao_redshift.testing._gateway._sent",
    "User": "dao_redshift.testing._gateway._context",
    "local_redshift": "dao_redshift.testing._local",
}

__all__ = [
    "Fault",
    "FaultRule",
    "LocalRedshift",
    "RedshiftError",
    "RedshiftGateway",
    "SentStatement",
    "User",
    "local_redshift",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
