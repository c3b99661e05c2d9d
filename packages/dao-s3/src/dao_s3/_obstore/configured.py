"""Where boto3 would send requests: endpoint, region and certificates of the environment and of ``~/.aws/config``."""

from __future__ import annotations

from os import environ
from typing import TYPE_CHECKING, Any

from attrs import evolve

from dao.errors import ConfigError
from dao_s3._options import S3Options

if TYPE_CHECKING:
    from botocore.session import Session

__all__ = ["configure"]

_OWN_ENDPOINT = ("use_fips_endpoint", "use_dualstack_endpoint")
"""Settings for which Amazon has endpoints that obstore doesn't know, as it knows those of one partition alone."""


def configure(options: S3Options) -> S3Options:
    """Options with the endpoint, region and certificates that boto3 would use where these leave them out.

    Both drivers must ask the same store: one interface may use both.

    Raises:
        ConfigError: there is no such profile.
    """
    trusted = not options.verify or options.ca_bundle is not None or (options.endpoint or "").startswith("http://")
    if options.endpoint is not None and options.region is not None and trusted:
        return options
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        session = Session(profile=options.profile)
        region = options.region or session.get_config_variable("region")
        return evolve(
            options,
            region=region,
            endpoint=options.endpoint or _endpoint(session, region),
            ca_bundle=options.ca_bundle if trusted else _ca_bundle(session),
        )
    except BotoCoreError as error:
        raise ConfigError(f"profile: {error}") from error


def _endpoint(session: Session, region: str | None) -> str | None:
    from botocore.configprovider import ConfiguredEndpointProvider

    if not session.get_config_variable("ignore_configured_endpoint_urls"):
        set_ = ConfiguredEndpointProvider(session.full_config, session.get_scoped_config(), "s3").provide()
        if set_ is not None:
            return str(set_)
    if not any(map(session.get_config_variable, _OWN_ENDPOINT)) and _is_of_aws(session, region):
        return None  # obstore knows it
    return str(session.create_client("s3", region_name=region).meta.endpoint_url)


def _is_of_aws(session: Any, region: str | None) -> bool:
    return region is None or session.get_partition_for_region(region) in ("aws", "aws-us-gov")


def _ca_bundle(session: Session) -> str | None:
    return session.get_config_variable("ca_bundle") or environ.get("REQUESTS_CA_BUNDLE") or None
