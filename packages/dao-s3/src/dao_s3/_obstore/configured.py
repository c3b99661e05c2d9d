"""Where the AWS tools would go: the endpoint and region of the environment and of ``~/.aws/config``."""

from __future__ import annotations

from attrs import evolve

from dao.errors import ConfigError
from dao_s3._options import S3Options

__all__ = ["configured"]


def configured(options: S3Options) -> S3Options:
    """Options with the endpoint and region that boto3 would use where these leave them out.

    Both drivers must ask the same store: one interface may use both.

    Raises:
        ConfigError: there is no such profile.
    """
    if options.endpoint is not None and options.region is not None:
        return options
    from botocore.configprovider import ConfiguredEndpointProvider
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        session = Session(profile=options.profile)
        endpoint = options.endpoint
        if endpoint is None and not session.get_config_variable("ignore_configured_endpoint_urls"):
            endpoint = ConfiguredEndpointProvider(session.full_config, session.get_scoped_config(), "s3").provide()
        return evolve(options, endpoint=endpoint, region=options.region or session.get_config_variable("region"))
    except BotoCoreError as error:
        raise ConfigError(f"profile: {error}") from error
