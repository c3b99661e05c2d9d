"""How a store on S3 is reached: one record of options and secrets, and its translation for each library.

>>> connection = S3Connection(region="eu-central-1", endpoint="https://minio.example.com:9000")
>>> connection.object_store("lake")["aws_endpoint"], connection.hadoop()["fs.s3a.path.style.access"]
('https://minio.example.com:9000', 'true')

The translations are pure: nothing is imported, asked or looked up. They hold the values of secrets, so their ``repr``
shows names alone. A setting that a library doesn't have is an UnsupportedError, never left out.
"""

from __future__ import annotations

import re
from os import environ
from typing import Any
from urllib.parse import urlsplit

import attrs
from attrs import define, field, frozen

from dao.errors import ConfigError, UnsupportedError
from dao.options import described, matching, number
from dao.secrets import Secret

__all__ = ["S3Connection", "S3Fields", "S3Role", "Settings", "endpoint_fault"]

_REGION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")
_SESSION = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_HADOOP = "org.apache.hadoop.fs.s3a"


@frozen(kw_only=True)
class S3Role:
    """A role to assume; its credentials are refreshed before they expire.

    Attributes:
        arn: the role's ARN.
        session_name: the session's name in logs.
        external_id: the external id that the role's owner requires, if any.
        duration: the session's duration in seconds. It is refreshed 15 minutes before its end.
    """

    arn: str = field(validator=matching(_ROLE, "a role's ARN, such as 'arn:aws:iam::123456789012:role/reader'"))
    session_name: str = field(
        default="dao", validator=matching(_SESSION, "2 to 64 letters, digits or characters of '+=,.@_-'")
    )
    external_id: str | None = field(
        default=None, validator=matching(_EXTERNAL_ID, "2 to 1,224 letters, digits or characters of '+=,.@:/_-'")
    )
    duration: int = field(default=3600, validator=number("seconds", 1800, 43200))


def endpoint_fault(value: object) -> str | None:
    """What is wrong with an endpoint; None if valid."""
    wrong = f"found {described(value)}, expected a URL such as 'https://minio.example.com:9000'"
    if not isinstance(value, str):
        return wrong
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return wrong
    if parts.username is not None or parts.password is not None:
        return "found a login in the URL, expected it in access_key_id, secret_access_key"
    fine = parts.scheme in ("http", "https") and host and not parts.query and not parts.fragment
    return None if fine and value.isascii() and value.isprintable() else wrong


def _check_endpoint(_instance: object, attribute: Any, value: object) -> None:
    if value is not None and (fault := endpoint_fault(value)):
        raise ConfigError(f"{attribute.name}: {fault}")


def _check_login(instance: Any, _attribute: Any, _value: object) -> None:
    """Check that credentials are complete and unambiguous. It is on the last field, so that it sees all of them."""
    halves = {"access_key_id": instance.access_key_id, "secret_access_key": instance.secret_access_key}
    given = [name for name, secret in halves.items() if secret is not None]
    if len(given) == 1 or (instance.session_token is not None and not given):
        found = given or ["session_token"]
        raise ConfigError(f"{found[0]}: found alone, expected access_key_id and secret_access_key together")
    ways = [name for name, taken in (("profile", instance.profile), ("access_key_id", given)) if taken]
    if instance.anonymous and (ways or instance.role):
        raise ConfigError(f"anonymous: found with {(*ways, 'role')[0]}, expected no credentials beside it")
    if len(ways) > 1:
        raise ConfigError("profile: found with access_key_id, expected one of the two")


@define(slots=False, kw_only=True)
class S3Fields:
    """The options by which S3, and what speaks like it, is reached: an interface inherits them, and has ``connection``.

    Credentials come from the keys, from ``profile``, or else from where the AWS tools look for them: the environment,
    ``~/.aws``, the container or the machine. With ``role`` they are used to assume it.

    Attributes:
        region: such as ``eu-central-1``.
        endpoint: the URL of what speaks like S3; Amazon's own by default.
        profile: a profile of ``~/.aws``.
        role: a role to assume.
        access_key_id: of an access key; with ``secret_access_key``.
        secret_access_key: the key's secret.
        session_token: of temporary credentials.
        anonymous: sign no request.
        path_style: put the bucket's name into the URL's path; by default where an endpoint is given.
        verify: check certificates.
        ca_bundle: path of a file with the certificates to trust.
    """

    region: str | None = field(default=None, validator=matching(_REGION, "a region such as 'eu-central-1'"))
    endpoint: str | None = field(default=None, validator=_check_endpoint)
    profile: str | None = None
    role: S3Role | None = None
    access_key_id: Secret | None = None
    secret_access_key: Secret | None = None
    session_token: Secret | None = None
    anonymous: bool = field(default=False, validator=_check_login)
    path_style: bool | None = None
    verify: bool = True
    ca_bundle: str | None = None

    @property
    def reached_at(self) -> str | None:
        """The endpoint: from the option or the AWS environment variables; None for Amazon's own."""
        return self.endpoint or environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or None

    @property
    def uses_path_style(self) -> bool:
        """Whether the bucket's name goes into the URL's path: as set, else if an endpoint is given."""
        return self.reached_at is not None if self.path_style is None else self.path_style

    @property
    def addressing_style(self) -> str:
        """The same as botocore says it: ``path``, ``virtual`` or ``auto``."""
        return "path" if self.uses_path_style else "auto" if self.path_style is None else "virtual"

    @property
    def verification(self) -> str | bool | None:
        """How certificates are checked, as botocore says it; None: by what the environment says."""
        return self.ca_bundle or (None if self.verify else False)

    @property
    def connection(self) -> S3Connection:
        """These fields alone, frozen, with the endpoint that is used."""
        values = {one.name: getattr(self, one.name) for one in attrs.fields(S3Fields)}
        return S3Connection(**{**values, "endpoint": self.reached_at})


class Settings(dict[str, Any]):
    """A library's settings, with the values of secrets in them: shown by their names alone."""

    def __repr__(self) -> str:
        return f"<settings: {', '.join(self)}>"

    __str__ = __repr__


@frozen(slots=False, kw_only=True)
class S3Connection(S3Fields):
    """How S3 is reached; see :class:`S3Fields` for its attributes. It can't be changed.

    Raises:
        ConfigError: an attribute can't be what it is, or credentials are given by halves or in two ways.
    """

    @property
    def reached_at(self) -> str | None:
        """The endpoint; None for Amazon's own."""
        return self.endpoint

    def boto3(self) -> Settings:
        """Arguments of ``boto3.client("s3", ...)``; ``config`` is a mapping for ``botocore.config.Config``.

        Raises:
            UnsupportedError: for ``profile``, ``role`` and ``anonymous``, which are matters of boto3's session.
        """
        self._refuse("boto3.client", "profile", "role", "anonymous")
        keys = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        given = {
            "region_name": self.region,
            "endpoint_url": self.endpoint,
            "verify": self.verification,
            **self._login(*keys),
        }
        return Settings(_known(given), config={"s3": {"addressing_style": self.addressing_style}})

    def object_store(self, bucket: str) -> Settings:
        """Texts for Rust's ``object_store``: ``storage_options`` of deltalake, ``config`` of obstore.

        Args:
            bucket: the bucket's name. It is a part of the endpoint where it goes into the host, since the library adds
                it to Amazon's own endpoints alone; there, one with a dot goes into the path, for which TLS has no
                certificate otherwise.

        Raises:
            UnsupportedError: for ``profile``, ``role`` and ``ca_bundle``: get the credentials first.
        """
        self._refuse("object_store", "profile", "role", "ca_bundle")
        virtual = not self.uses_path_style and not ("." in bucket and self.endpoint is None)
        given = {
            "aws_region": self.region,
            "aws_endpoint": _with_host(self.endpoint, bucket) if self.endpoint and virtual else self.endpoint,
            "aws_virtual_hosted_style_request": _text(virtual),
            "aws_skip_signature": _text(self.anonymous),
            "allow_http": "true" if (self.endpoint or "").startswith("http://") else None,
            "allow_invalid_certificates": None if self.verify else "true",
            **self._login("aws_access_key_id", "aws_secret_access_key", "aws_session_token"),
        }
        return Settings(_known(given))

    def pyiceberg(self) -> Settings:
        """Properties of pyiceberg's catalogs and FileIOs, ``s3.*``, as texts.

        Raises:
            UnsupportedError: for ``profile``, ``ca_bundle``, ``verify`` and a role's ``external_id``.
        """
        self._refuse("pyiceberg", "profile", "ca_bundle")
        if not self.verify or (self.role and self.role.external_id):
            what = "role.external_id" if self.verify else "verify"
            raise UnsupportedError(f"{what}: pyiceberg has no such setting")
        given = {
            "s3.region": self.region,
            "s3.endpoint": self.endpoint,
            "s3.force-virtual-addressing": _text(not self.uses_path_style),
            "s3.anonymous": "true" if self.anonymous else None,
            "s3.role-arn": self.role.arn if self.role else None,
            "s3.role-session-name": self.role.session_name if self.role else None,
            **self._login("s3.access-key-id", "s3.secret-access-key", "s3.session-token"),
        }
        return Settings(_known(given))

    def hadoop(self) -> Settings:
        """Properties of Hadoop's S3A, ``fs.s3a.*``, as texts; in Spark with ``spark.hadoop.`` before each name.

        Raises:
            UnsupportedError: for ``profile``, ``ca_bundle`` and ``verify``, which are the JVM's own affair.
        """
        self._refuse("S3A", "profile", "ca_bundle")
        if not self.verify:
            raise UnsupportedError("verify: S3A has no such setting")
        role = self.role
        given = {
            "fs.s3a.endpoint.region": self.region,
            "fs.s3a.endpoint": self.endpoint,
            "fs.s3a.path.style.access": _text(self.uses_path_style),
            "fs.s3a.connection.ssl.enabled": "false" if (self.endpoint or "").startswith("http://") else None,
            "fs.s3a.aws.credentials.provider": self._hadoop_provider(),
            "fs.s3a.assumed.role.arn": role.arn if role else None,
            "fs.s3a.assumed.role.session.name": role.session_name if role else None,
            "fs.s3a.assumed.role.session.duration": f"{role.duration}s" if role else None,
            "fs.s3a.assumed.role.external.id": role.external_id if role else None,
            **self._login("fs.s3a.access.key", "fs.s3a.secret.key", "fs.s3a.session.token"),
        }
        if role and self.access_key_id is not None:
            given["fs.s3a.assumed.role.credentials.provider"] = self._hadoop_keys()
        return Settings(_known(given))

    def _hadoop_provider(self) -> str | None:
        if self.role is not None:
            return f"{_HADOOP}.auth.AssumedRoleCredentialProvider"
        if self.anonymous:
            return f"{_HADOOP}.AnonymousAWSCredentialsProvider"
        return self._hadoop_keys() if self.access_key_id is not None else None

    def _hadoop_keys(self) -> str:
        return f"{_HADOOP}.{'Temporary' if self.session_token is not None else 'Simple'}AWSCredentialsProvider"

    def _login(self, *names: str) -> dict[str, str | None]:
        given = zip(names, (self.access_key_id, self.secret_access_key, self.session_token), strict=True)
        return {name: secret.reveal() if secret is not None else None for name, secret in given}

    def _refuse(self, library: str, *fields: str) -> None:
        for name in fields:
            if getattr(self, name):
                raise UnsupportedError(f"{name}: {library} has no such setting; give what it stands for instead")


def _with_host(endpoint: str, bucket: str) -> str:
    parts = urlsplit(endpoint)
    return parts._replace(netloc=f"{bucket}.{parts.netloc}").geturl()


def _text(value: bool) -> str:
    return "true" if value else "false"


def _known(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}
