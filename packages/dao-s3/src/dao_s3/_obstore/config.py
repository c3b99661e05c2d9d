"""Translates DAO's options to obstore's. Nothing here imports obstore or accesses anything external.

What obstore can't do is refused when the interface is created, with the option's name and an alternative.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from attrs import evolve

from dao.errors import ConfigError, did_you_mean
from dao.options import described
from dao.secrets import Secret, looks_secret
from dao_s3._obstore.location import Location
from dao_s3._options import S3Options
from dao_s3._values import check_sendable, reveal

__all__ = ["CHECKSUMS", "check_options", "client_config", "retry_config", "s3_config", "store_config"]

_AZURE = frozenset(
    {
        "account_name",
        "allow_http",
        "authority_host",
        "client_id",
        "credential_type",
        "disable_tagging",
        "endpoint",
        "fabric_cluster_identifier",
        "fabric_token_service_url",
        "fabric_workload_host",
        "federated_token_file",
        "msi_endpoint",
        "msi_resource_id",
        "object_id",
        "skip_signature",
        "tenant_id",
        "use_azure_cli",
        "use_emulator",
        "use_fabric_endpoint",
    }
)
_AZURE_SECRETS = frozenset(
    {"account_key", "client_secret", "encryption_key", "fabric_session_token", "sas_token", "token"}
)
_GOOGLE = frozenset({"allow_http", "application_credentials", "base_url", "service_account", "skip_signature"})
_GOOGLE_SECRETS = frozenset({"bearer_token", "service_account_key"})
_HTTP_SECRETS = frozenset({"authorization"})

_KNOWN: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "az": (_AZURE, _AZURE_SECRETS),
    "gs": (_GOOGLE, _GOOGLE_SECRETS),
    "http": (frozenset(), _HTTP_SECRETS),
}

# Options that only S3 has; elsewhere they would have no effect.
_ONLY_S3 = (
    "region",
    "endpoint",
    "profile",
    "role",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "anonymous",
    "path_style",
    "requester_pays",
    "encryption",
    "acl",
)

CHECKSUMS = ("CRC64NVME", "SHA256")
"""Those that obstore can send. A store that is only read from may be set to another one."""

_PROVIDED: dict[str, Any] = dict.fromkeys(
    ("profile", "role", "access_key_id", "secret_access_key", "session_token", "ca_bundle")
)
_A_DAY = timedelta(days=1)


def check_options(
    location: Location, options: S3Options, store_options: Mapping[str, Any], store_secrets: Mapping[str, Secret]
) -> None:
    """Refuse what obstore, or this kind of store, can't do.

    Raises:
        ConfigError: the first such option.
    """
    _check_names(location.scheme, store_options, store_secrets)
    if options.retry.mode != "standard":
        raise _beyond("retry.mode", repr(options.retry.mode), "'standard'")
    if location.scheme != "s3":
        for name in _ONLY_S3:
            if getattr(options, name) not in (None, False):
                raise ConfigError(
                    f"{name}: found for a {location.scheme}:// store, expected for S3 alone{_instead(name)}"
                )
        return
    if options.checksum not in CHECKSUMS:
        raise _beyond("checksum", repr(options.checksum), "'CRC64NVME' or 'SHA256'")
    if options.acl is not None:
        raise _beyond("acl", "one", "none")
    if location.bucket.startswith("arn:"):
        raise _beyond("bucket", "an access point", "a bucket's name")


def _instead(name: str) -> str:
    return "; see store_options" if name in ("endpoint", "anonymous") else ""


def _beyond(name: str, found: str, expected: str) -> ConfigError:
    return ConfigError(f"{name}: found {found}, expected {expected}: obstore can do no other; interface: s3 can")


def _check_names(scheme: str, given: Mapping[str, Any], secrets: Mapping[str, Secret]) -> None:
    options, hidden = _KNOWN.get(scheme, (frozenset(), frozenset()))
    for name in given:
        if name in hidden or looks_secret(name):
            raise ConfigError(f"store_options: {name!r} is a secret, expected in store_secrets")
        if name not in options:
            raise ConfigError(f"store_options: no option {name!r} for {scheme}://, {did_you_mean(name, options)}")
        _check_setting(name, given[name])
    for name in secrets:
        if name not in hidden:
            raise ConfigError(f"store_secrets: no secret {name!r} for {scheme}://, {did_you_mean(name, hidden)}")


def _check_setting(name: str, value: object) -> None:
    """Settings go into URLs and headers too; numbers and flags may be texts in a config."""
    if isinstance(value, str):
        check_sendable(f"store_options: {name}", value, spaces=True)
    elif not isinstance(value, (bool, int)):
        raise ConfigError(f"store_options: {name}: found {described(value)}, expected a text, a number or a flag")


def retry_config(options: S3Options) -> dict[str, Any]:
    """What obstore calls ``retry_config``."""
    return {
        "max_retries": options.retry.attempts - 1,
        "retry_timeout": timedelta(seconds=options.retry.timeout),
        "backoff": {"max_backoff": timedelta(seconds=max(options.retry.max_backoff, 0.1))},
    }


def client_config(location: Location, options: S3Options, given: Mapping[str, Any]) -> dict[str, Any]:
    """What obstore calls ``client_options``.

    Its ``timeout`` is of a whole request with its body, 30 seconds if nothing is said, which a large object may well
    take longer than: silence is what is waited for instead, and the whole is given a day.
    """
    config: dict[str, Any] = {
        "timeout": _A_DAY,
        "connect_timeout": timedelta(seconds=options.timeouts.connect),
        "read_timeout": timedelta(seconds=options.timeouts.read),
        "pool_max_idle_per_host": str(options.max_connections),
    }
    endpoint = options.reached_at if location.scheme == "s3" else location.prefix
    plain = (endpoint or "").startswith("http://")
    if plain or given.get("allow_http") or given.get("use_emulator"):
        config["allow_http"] = True
    if not options.verify:
        config["allow_invalid_certificates"] = True
    if options.ca_bundle is not None:
        config["root_certificate"] = _certificate(options.ca_bundle)
    return config


def _certificate(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"ca_bundle: the file can't be read: {error.strerror}") from None


def s3_config(location: Location, options: S3Options) -> dict[str, Any]:
    """What obstore calls ``config``, of an S3 store, without credentials.

    A provider has those; and what is of the client, such as certificates, is in :func:`client_config`, since obstore
    lets ``client_options`` replace all of it.
    """
    reached = evolve(options.connection, **_PROVIDED, verify=True)
    config: dict[str, Any] = {
        **reached.object_store(location.bucket),
        "checksum_algorithm": options.checksum.lower() if options.checksum in CHECKSUMS else "crc64nvme",
        "conditional_put": "etag",
        "request_payer": options.requester_pays,
        "disable_tagging": False,
    }
    config.pop("allow_http", None)
    if options.encryption is not None:
        config["server_side_encryption"] = options.encryption.sse
        if options.encryption.kms_key is not None:
            config["sse_kms_key_id"] = options.encryption.kms_key
        if options.encryption.bucket_key is not None:
            config["sse_bucket_key_enabled"] = options.encryption.bucket_key
    return config


def store_config(location: Location, given: Mapping[str, Any], secrets: Mapping[str, Secret]) -> dict[str, Any]:
    """What obstore calls ``config``, of a Google Cloud or Azure store. It holds secrets: never keep or log it."""
    config = {name: value for name, value in given.items() if name != "allow_http"}
    if location.account is not None:
        config.setdefault("account_name", location.account)
    config.update((name, _secret(name, secret)) for name, secret in secrets.items())
    return config


def _secret(name: str, secret: Secret) -> str:
    # A service account's key is a JSON document: obstore reads it, and sends none of it.
    return secret.reveal() if name == "service_account_key" else reveal(name, secret)
