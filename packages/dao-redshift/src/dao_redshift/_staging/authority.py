"""By which right the warehouse reaches the staging place."""

from __future__ import annotations

from collections.abc import Callable

from dao.errors import PermissionDeniedError
from dao.secrets import Secret
from dao_redshift._sql.copying import Authority, RoleAuthority, SessionAuthority
from dao_redshift._staging.area import StagingArea

__all__ = ["authority_of"]


def authority_of(area: StagingArea, iam_role: str, *, session: bool) -> Callable[[], Authority]:
    """What makes the right, valid when it is asked.

    Args:
        area: the staging place.
        iam_role: ``default``, or the ARNs of a chain of roles.
        session: this process's own credentials instead.
    """
    if not session:
        return lambda: RoleAuthority(iam_role)
    return lambda: _session(area)


def _session(area: StagingArea) -> SessionAuthority:
    """The credentials of this process, as secrets: their values stand in the statement alone."""
    found = {name: Secret(str(value)) for name, value in area.settings().items() if name in _PARTS}
    if len(found) < 2:
        raise PermissionDeniedError("session_credentials: there are no credentials of S3 to hand on")
    return SessionAuthority(*(found.get(name) for name in _PARTS))  # type: ignore[arg-type]


_PARTS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
