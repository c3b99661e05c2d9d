"""What PostgreSQL needs before the first client comes: users, and what Redshift has and PostgreSQL hasn't."""

from __future__ import annotations

from dao.errors import StoreError
from dao_redshift.testing._gateway._context import Shared, User
from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._system import install
from dao_redshift.testing._wire._login import connect
from dao_redshift.testing._wire._upstream import UpstreamConnection

_OLDEST = 15


def prepare(shared: Shared) -> None:
    """Prepare the database of a gateway.

    Raises:
        StoreError: PostgreSQL isn't reached, is too old, or the login isn't a superuser's.
    """
    try:
        stream, told, _ = connect(shared.address, {"application_name": "redshift gateway", "client_encoding": "UTF8"})
    except RedshiftError as error:
        raise StoreError(error.message) from error
    try:
        upstream = UpstreamConnection(stream, alone=True)
        version = told["server_version"]
        if int(version.split(".")[0].split(" ")[0]) < _OLDEST:
            raise StoreError(f"found PostgreSQL {version}, expected {_OLDEST} or newer")
        if told["is_superuser"] != "on":
            raise StoreError(f"found the login {shared.address.user!r}, expected one of a superuser")
        install(upstream)
        upstream.query("BEGIN")
        _make_users(upstream, shared)
        upstream.query("COMMIT")
    except RedshiftError as error:
        raise StoreError(f"the database can't be prepared: {error.message}") from error
    finally:
        stream.close()


def _make_users(upstream: UpstreamConnection, shared: Shared) -> None:
    upstream.query("SELECT pg_advisory_xact_lock(5439)")  # other gateways may make the same
    for name, user in shared.users.items():
        _make_user(upstream, name, user)


def _make_user(upstream: UpstreamConnection, name: str, user: User) -> None:
    known = upstream.query(f"SELECT 1 FROM pg_roles WHERE rolname = {_literal(name)}")
    kind = "SUPERUSER" if user.superuser else "NOSUPERUSER"
    upstream.query(f"{'ALTER' if known else 'CREATE'} ROLE {_quoted(name)} {kind}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
