"""One table of options, and the texts that a library with an ``object_store`` of its own gets for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dao.connections import Settings
from dao.errors import ConfigError, PermissionDeniedError, UnsupportedError
from dao.options import build
from dao_s3 import S3ObstoreInterface

S3 = {"bucket": "lake", "region": "eu-west-1", "access_key_id": "AK", "secret_access_key": "SK"}
MINIO = "http://minio:9000"
CLIENT = {
    "timeout": "300.0s",
    "connect_timeout": "10.0s",
    "pool_max_idle_per_host": "64",
    "max_retries": "4",
    "retry_timeout": "180.0s",
    "backoff_config.max_backoff": "15.0s",
}
PLAIN = {
    **CLIENT,
    "aws_region": "eu-west-1",
    "aws_virtual_hosted_style_request": "true",
    "aws_skip_signature": "false",
    "aws_conditional_put": "etag",
    "aws_request_payer": "false",
    "aws_disable_tagging": "false",
    "aws_access_key_id": "AK",
    "aws_secret_access_key": "SK",
}
TABLE: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    # options beside those of S3; the texts that are others than those of PLAIN
    "nothing": ({}, {}),
    "a token": ({"session_token": "TK"}, {"aws_session_token": "TK"}),
    "an endpoint": (
        {"endpoint": MINIO},
        {"aws_endpoint": MINIO, "allow_http": "true", "aws_virtual_hosted_style_request": "false"},
    ),
    "the bucket in the host": (
        {"endpoint": MINIO, "path_style": False},
        {"aws_endpoint": "http://lake.minio:9000", "allow_http": "true"},
    ),
    "a prefix, which is in the URI": ({"prefix": "gold"}, {}),
    "certificates": ({"verify": False}, {"allow_invalid_certificates": "true"}),
    "requester pays": ({"requester_pays": True}, {"aws_request_payer": "true"}),
    "keys of the store": ({"encryption": {"sse": "AES256"}}, {"aws_server_side_encryption": "AES256"}),
    "keys of KMS": (
        {"encryption": {"sse": "aws:kms", "kms_key": "mine", "bucket_key": True}},
        {
            "aws_server_side_encryption": "aws:kms",
            "aws_sse_kms_key_id": "mine",
            "aws_sse_bucket_key_enabled": "true",
        },
    ),
    "the checksum that such libraries know": ({"checksum": "SHA256"}, {"aws_checksum_algorithm": "sha256"}),
    "the checksum that S3 computes": ({"checksum": "CRC64NVME"}, {}),
    "connections": ({"max_connections": 8}, {"pool_max_idle_per_host": "8"}),
    "retries": (
        {"retry": {"attempts": 1, "max_backoff": 0.01, "timeout": 5}},
        {"max_retries": "0", "retry_timeout": "5.0s", "backoff_config.max_backoff": "0.1s"},
    ),
    "timeouts": ({"timeouts": {"connect": 1, "read": 2.5}}, {"connect_timeout": "1.0s", "timeout": "12.5s"}),
}


def texts(options: dict[str, Any]) -> Settings:
    return build(S3ObstoreInterface, options).object_store_settings()


@pytest.mark.parametrize(("given", "changed"), TABLE.values(), ids=TABLE.keys())
def test_s3(given: dict[str, Any], changed: dict[str, str]) -> None:
    assert texts({**S3, **given}) == {**PLAIN, **changed}


def test_nothing_is_signed_for_anyone() -> None:
    found = texts({"bucket": "lake", "region": "eu-west-1", "anonymous": True})
    assert found["aws_skip_signature"] == "true"
    assert not [name for name in found if "key" in name or "token" in name]


def test_google_and_azure() -> None:
    options = {"store_options": {"account_name": "me", "use_emulator": True}, "store_secrets": {"account_key": "a2V5"}}
    azure = {"account_name": "me", "use_emulator": "true", "account_key": "a2V5", "allow_http": "true"}
    assert texts({"url": "az://box/gold", **options}) == {**CLIENT, **azure}
    named = texts({"url": "abfss://box@me.dfs.core.windows.net/gold", "store_secrets": {"account_key": "a2V5"}})
    assert named == {**CLIENT, "account_name": "me", "account_key": "a2V5"}
    google = texts({"url": "gs://lake", "store_secrets": {"service_account_key": '{"type": "service_account"}'}})
    assert google == {**CLIENT, "service_account_key": '{"type": "service_account"}'}
    assert texts({"url": "file:///srv/lake"}) == {}


@pytest.mark.parametrize("url", ["memory://", "https://example.com/lake"])
def test_what_such_a_library_cannot_reach(url: str) -> None:
    with pytest.raises(UnsupportedError, match="can't be reached here; expected s3, gs, az or file"):
        texts({"url": url})


def test_certificates_of_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    own = str(tmp_path / "own.pem")
    with pytest.raises(UnsupportedError, match="set the environment variable SSL_CERT_FILE to the same file"):
        texts({**S3, "ca_bundle": own})
    monkeypatch.setenv("AWS_CA_BUNDLE", own)
    with pytest.raises(UnsupportedError, match="AWS_CA_BUNDLE"):
        texts(S3)
    monkeypatch.setenv("SSL_CERT_FILE", own)
    assert texts(S3) == texts({**S3, "ca_bundle": own}) == PLAIN


@pytest.mark.parametrize("name", ["AWS_SESSION_TOKEN", "AWS_TOKEN"])
def test_a_token_of_the_environment_is_not_for_keys_that_are_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "of the machine's keys")
    assert texts(S3) == {**PLAIN, "aws_session_token": ""}
    assert texts({**S3, "session_token": "TK"})["aws_session_token"] == "TK"


def test_credentials_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    place = {"bucket": "lake", "region": "eu-west-1"}
    with pytest.raises(PermissionDeniedError, match="there are no credentials"):
        texts(place)
    with pytest.raises(ConfigError, match="profile"):
        texts({**place, "profile": "nobody"})
    for turn in ("first", "second"):  # they are asked for each time
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.setenv(name, turn)
        assert texts(place)["aws_access_key_id"] == texts(place)["aws_session_token"] == turn


def test_they_are_never_shown() -> None:
    found = texts({**S3, "session_token": "a-secret-token"})
    assert isinstance(found, Settings)
    assert "a-secret-token" not in f"{found!r} {found}"
