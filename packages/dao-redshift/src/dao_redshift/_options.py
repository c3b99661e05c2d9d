"""How a warehouse is reached and where its bulk data is staged, as a catalog says it. It imports no driver."""

from __future__ import annotations

import re
from typing import Any, Literal

from attrs import define, field
from attrs.validators import optional

from dao.connections import S3Connection, S3Role
from dao.display import even_half_made
from dao.errors import ConfigError
from dao.options import described, matching, number, one_of
from dao.secrets import Secret
from dao_redshift._files.places import S3Place

__all__ = ["NAME", "RedshiftOptions", "check_iam_role", "warehouse_url"]

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_ARN = r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=.@/-]+"
_IAM_ROLE = re.compile(rf"default|{_ARN}(,{_ARN})*", re.ASCII)
NAME = re.compile(r"[^\x00-\x1f\x7f]{1,127}")
_GROUP = re.compile(r"[^\x00-\x1f\x7f'\\]{1,320}")
_ENDPOINT = re.compile(
    r"(?P<name>[\w-]+)\.[\w-]+\.(?P<region>[\w-]+)\.redshift(-serverless)?\.amazonaws\.com(\.cn)?", re.ASCII
)


def check_iam_role(_instance: object, attribute: Any, value: object) -> None:
    """Check that a value can stand in the text of a COPY, where no value can be bound."""
    if not isinstance(value, str) or not _IAM_ROLE.fullmatch(value) or not value.isascii():
        raise ConfigError(
            f"{attribute.name}: found {described(value)}, expected 'default' or the ARN of a role that the warehouse "
            "may use, such as 'arn:aws:iam::123456789012:role/load'; of a chain of roles their ARNs with commas between"
        )


def _check_staging(_instance: object, attribute: Any, value: object) -> None:
    if value is not None:
        try:
            S3Place.parse(value)
        except ConfigError as error:
            raise ConfigError(f"{attribute.name}: {error}") from None


def _check_login(instance: Any, _attribute: Any, _value: object) -> None:
    """Check that there is one complete way to log in. It is on the last of these fields, so that it sees them all."""
    aws = [name for name in ("cluster", "workgroup") if getattr(instance, name) is not None]
    if len(aws) > 1:
        raise ConfigError("workgroup: found with cluster, expected one of the two: a warehouse is one or the other")
    if instance.iam and (instance.password is not None or instance.secret_id is not None):
        other = "password" if instance.password is not None else "secret_id"
        raise ConfigError(f"iam: found with {other}, expected one way to log in")
    if instance.password is not None and instance.secret_id is not None:
        raise ConfigError("secret_id: found with password, expected one of the two")
    if instance.iam and not aws:
        raise ConfigError("iam: found without cluster and workgroup, expected the one whose credentials are asked for")
    if not instance.iam and instance.secret_id is None and (instance.user is None or instance.password is None):
        raise ConfigError("password: found no way to log in, expected user and password, secret_id, or iam: true")
    if instance.iam and instance.sslmode == "disable":
        raise ConfigError("sslmode: found 'disable' with iam, expected TLS: temporary credentials need it")
    if instance.host is None and not aws and instance.secret_id is None:
        raise ConfigError("host: found neither it nor cluster, workgroup or a secret that names it")


def _check_session_credentials(instance: Any, attribute: Any, value: object) -> None:
    """Check that the warehouse reaches S3 by one right; this comes after the field of the role."""
    if value and instance.iam_role != "default":
        raise ConfigError(
            f"{attribute.name}: found true with iam_role, expected one of the two: the warehouse reaches S3 by its "
            "role, or by this process's credentials"
        )


@even_half_made
@define(slots=False, kw_only=True)
class RedshiftOptions:
    """The options of an interface to Redshift.

    Attributes:
        host: the endpoint's name, such as ``dwh.abc123.eu-central-1.redshift.amazonaws.com``. With ``cluster`` or
            ``workgroup`` and ``iam`` it is looked up if it is left out.
        port: its port.
        database: the database.
        user: the user; with ``iam`` on a provisioned cluster the database user that credentials are asked for.
        password: the user's password.
        iam: log in by temporary credentials of AWS.
        cluster: the identifier of a provisioned cluster, for ``iam``.
        workgroup: the name of a Serverless workgroup, for ``iam``.
        account: the account of the workgroup, where it is another one.
        secret_id: the name or ARN of a secret in AWS Secrets Manager with the fields ``username``, ``password`` and,
            where the options leave them out, ``host``, ``port``, ``dbname``. It is read again after a refused login.
        region: the region of the warehouse, for ``iam`` and ``secret_id``.
        profile: a profile of ``~/.aws``, for ``iam`` and ``secret_id``.
        role: a role to assume for them.
        sslmode: ``verify-full`` (certificate and host name are checked), ``verify-ca`` (the certificate alone) or
            ``disable``, for a stand-in on the same machine.
        query_group: the workload's label, by which queues are chosen.
        statement_timeout: seconds after which the warehouse cancels a statement; None leaves it to the user's settings.
        connect_timeout: seconds for making a connection.
        staging: ``s3://bucket/prefix``, below which bulk data is staged for COPY and UNLOAD. Without it everything goes
            through the connection.
        s3: how this process reaches the staging place: region, endpoint, profile, role, keys.
        iam_role: the role by which the warehouse reaches S3: an ARN, a chain of ARNs with commas, or ``default``.
        session_credentials: let the warehouse reach S3 by this process's own temporary credentials instead, in the text
            of COPY and UNLOAD. It is in no log, error and explanation of DAO's, but the warehouse sees it.
        bulk_values: how many values (rows times columns) go by INSERT at most; more are staged.
    """

    host: str | None = None
    port: int = field(default=5439, validator=number("a port", 1, 65535))
    database: str = field(default="dev", validator=matching(NAME, "a database's name"))
    user: str | None = None
    password: Secret | None = None
    iam: bool = False
    cluster: str | None = None
    workgroup: str | None = None
    account: str | None = None
    secret_id: str | None = None
    region: str | None = field(default=None, validator=matching(_REGION, "a region such as 'eu-central-1'"))
    profile: str | None = None
    role: S3Role | None = None
    sslmode: Literal["verify-full", "verify-ca", "disable"] = field(
        default="verify-full", validator=[one_of("verify-full", "verify-ca", "disable"), _check_login]
    )
    query_group: str | None = field(default=None, validator=matching(_GROUP, "a label without quotes"))
    statement_timeout: float | None = field(default=None, validator=optional(number("seconds", 0.001, 2_147_483)))
    connect_timeout: float = field(default=30.0, validator=number("seconds", 0.001))
    staging: str | None = field(default=None, validator=_check_staging)
    s3: S3Connection = field(factory=S3Connection)
    iam_role: str = field(default="default", validator=check_iam_role)
    session_credentials: bool = field(default=False, validator=_check_session_credentials)
    bulk_values: int = field(default=50_000, validator=number("a number of values", 0))


def warehouse_url(host: str | None, name: str | None, region: str | None, port: int) -> str:
    """A warehouse as OpenLineage names it: its own name and its region, where they are known, else its host.

    Args:
        host: the endpoint's name.
        name: the cluster's or the workgroup's.
        region: its region.
        port: its port.

    >>> warehouse_url("dwh.abc123.eu-central-1.redshift.amazonaws.com", None, None, 5439)
    'redshift://dwh.eu-central-1:5439'
    """
    found = _ENDPOINT.fullmatch(host or "")
    if found is not None:
        name, region = found["name"], found["region"]
    server = f"{name}.{region}" if name and region else host or name or "warehouse"
    return f"redshift://{server}:{port}"
