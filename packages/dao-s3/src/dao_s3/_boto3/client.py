"""Creates boto3's clients: one per process, on the first request."""

from __future__ import annotations

from functools import cache, partial
from importlib.metadata import version
from typing import Any

from attrs import Factory, field, frozen
from botocore import UNSIGNED
from botocore.config import Config
from botocore.loaders import create_loader
from botocore.session import Session

from dao.connections import endpoint_fault
from dao.errors import ConfigError
from dao_s3._boto3.logs import mask_logs
from dao_s3._boto3.per_process import PerProcess
from dao_s3._credentials import check_before_signing, use_credentials
from dao_s3._options import S3Options

__all__ = ["Clients"]


@frozen(eq=False)
class Clients:
    """Creates the S3 client on first use, and again in forked or other processes.

    A client holds connections, which two processes must not share. Safe between threads. Pickles carry the options.
    """

    options: S3Options
    _kept: PerProcess = field(
        default=Factory(lambda self: PerProcess(partial(_client, self.options)), takes_self=True),
        init=False,
        repr=False,
    )

    @property
    def s3(self) -> Any:
        """The client of this process."""
        return self._kept.client

    def close(self) -> None:
        """Close this process's connections; the next request opens new ones."""
        self._kept.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return Clients, (self.options,)


def _client(options: S3Options) -> Any:
    mask_logs()
    session = Session(profile=options.profile)
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    if not options.anonymous:
        use_credentials(session, options)
    client = session.create_client(
        "s3",
        region_name=options.region,
        endpoint_url=options.reached_at,
        verify=options.verification,
        config=_config(options),
    )
    if fault := endpoint_fault(client.meta.endpoint_url):  # of the environment, or of ~/.aws/config
        raise ConfigError(f"endpoint: {fault}")
    check_before_signing(client)
    return client


@cache
def _loader(path: str | None) -> Any:
    """What S3's requests look like, read from disk once for all stores: it is most of what making a client takes."""
    return create_loader(path)


def _config(options: S3Options) -> Config:
    return Config(
        signature_version=_signature(options),
        connect_timeout=options.timeouts.connect,
        read_timeout=options.timeouts.read,
        max_pool_connections=options.max_connections,
        retries={"total_max_attempts": 1, "mode": options.retry.mode},  # see dao_s3._boto3.retries
        tcp_keepalive=True,
        user_agent_extra=f"dao-s3/{version('dao-s3')}",
        # Each request with content has a checksum that is computed here, once, and whose header is signed. Hashing the
        # content a second time for the signature costs as much as sending it.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": options.addressing_style, "payload_signing_enabled": False},
    )


def _signature(options: S3Options) -> Any:
    if options.anonymous:
        return UNSIGNED
    # Explicit, because URLs are otherwise signed with version 2; multi-region access points need another one.
    return None if options.bucket.startswith("arn:") else "s3v4"
