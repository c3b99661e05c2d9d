"""One table of S3 options, and what each library gets for it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError

from dao import ConfigError, Secret, UnsupportedError
from dao.connections import S3Connection, S3Role

ARN = "arn:aws:iam::123456789012:role/reader"
KEYS: dict[str, Any] = {"access_key_id": Secret("AK"), "secret_access_key": Secret("SK")}
AUTO, PATH, VIRTUAL = ({"config": {"s3": {"addressing_style": style}}} for style in ("auto", "path", "virtual"))
SIGNED = {"aws_skip_signature": "false"}
RUST = {"aws_virtual_hosted_style_request": "true", **SIGNED}
ICEBERG = {"s3.force-virtual-addressing": "true"}
S3A = {"fs.s3a.path.style.access": "false"}
PROVIDER = "fs.s3a.aws.credentials.provider"
PROVIDERS = "org.apache.hadoop.fs.s3a"
ROLE = {
    PROVIDER: f"{PROVIDERS}.auth.AssumedRoleCredentialProvider",
    "fs.s3a.assumed.role.arn": ARN,
    "fs.s3a.assumed.role.session.name": "dao",
    **S3A,
}
RUST_KEYS = {"aws_access_key_id": "AK", "aws_secret_access_key": "SK"}
ICEBERG_KEYS = {"s3.access-key-id": "AK", "s3.secret-access-key": "SK"}
S3A_KEYS = {"fs.s3a.access.key": "AK", "fs.s3a.secret.key": "SK"}
MINIO, OTHER = "http://minio:9000", "https://s3.example.com"
NO = UnsupportedError

TABLE: dict[str, tuple[dict[str, Any], Any, Any, Any, Any]] = {
    # options; boto3; object_store; pyiceberg; hadoop
    "nothing": ({}, AUTO, RUST, ICEBERG, S3A),
    "region": (
        {"region": "eu-central-1"},
        {"region_name": "eu-central-1", **AUTO},
        {"aws_region": "eu-central-1", **RUST},
        {"s3.region": "eu-central-1", **ICEBERG},
        {"fs.s3a.endpoint.region": "eu-central-1", **S3A},
    ),
    "an endpoint without TLS": (
        {"endpoint": MINIO},
        {"endpoint_url": MINIO, **PATH},
        {"aws_endpoint": MINIO, "aws_virtual_hosted_style_request": "false", "allow_http": "true", **SIGNED},
        {"s3.endpoint": MINIO, "s3.force-virtual-addressing": "false"},
        {
            "fs.s3a.endpoint": MINIO,
            "fs.s3a.path.style.access": "true",
            "fs.s3a.connection.ssl.enabled": "false",
        },
    ),
    "virtual-hosted style": (
        {"path_style": False, "endpoint": OTHER},
        {"endpoint_url": OTHER, **VIRTUAL},
        {"aws_endpoint": "https://lake.s3.example.com", **RUST},
        {"s3.endpoint": OTHER, **ICEBERG},
        {"fs.s3a.endpoint": OTHER, **S3A},
    ),
    "keys": (
        KEYS,
        {**RUST_KEYS, **AUTO},
        {**RUST_KEYS, **RUST},
        {**ICEBERG_KEYS, **ICEBERG},
        {**S3A_KEYS, PROVIDER: f"{PROVIDERS}.SimpleAWSCredentialsProvider", **S3A},
    ),
    "a token": (
        {**KEYS, "session_token": Secret("TK")},
        {**RUST_KEYS, "aws_session_token": "TK", **AUTO},
        {**RUST_KEYS, "aws_session_token": "TK", **RUST},
        {**ICEBERG_KEYS, "s3.session-token": "TK", **ICEBERG},
        {
            **S3A_KEYS,
            "fs.s3a.session.token": "TK",
            PROVIDER: f"{PROVIDERS}.TemporaryAWSCredentialsProvider",
            **S3A,
        },
    ),
    "anonymous": (
        {"anonymous": True},
        NO,
        {**RUST, "aws_skip_signature": "true"},
        {"s3.anonymous": "true", **ICEBERG},
        {PROVIDER: f"{PROVIDERS}.AnonymousAWSCredentialsProvider", **S3A},
    ),
    "a role": (
        {"role": S3Role(arn=ARN, duration=1800)},
        NO,
        NO,
        {"s3.role-arn": ARN, "s3.role-session-name": "dao", **ICEBERG},
        {**ROLE, "fs.s3a.assumed.role.session.duration": "1800s"},
    ),
    "a role of others": (
        {**KEYS, "role": S3Role(arn=ARN, external_id="lake-7")},
        NO,
        NO,
        NO,
        {
            **S3A_KEYS,
            **ROLE,
            "fs.s3a.assumed.role.credentials.provider": f"{PROVIDERS}.SimpleAWSCredentialsProvider",
            "fs.s3a.assumed.role.session.duration": "3600s",
            "fs.s3a.assumed.role.external.id": "lake-7",
        },
    ),
    "a profile": ({"profile": "work"}, NO, NO, NO, NO),
    "no verification": (
        {"verify": False},
        {"verify": False, **AUTO},
        {"allow_invalid_certificates": "true", **RUST},
        NO,
        NO,
    ),
    "own certificates": ({"ca_bundle": "/etc/ca.pem"}, {"verify": "/etc/ca.pem", **AUTO}, NO, NO, NO),
}
LIBRARIES: dict[str, tuple[str, ...]] = {"boto3": (), "object_store": ("lake",), "pyiceberg": (), "hadoop": ()}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", TABLE)
def test_each_library_gets_all_of_it_or_says_no(name: str, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://not.looked.at")
    options, *expected = TABLE[name]
    translate = getattr(S3Connection(**options), library)
    wanted = expected[list(LIBRARIES).index(library)]
    if wanted is NO:
        with pytest.raises(UnsupportedError, match="has no such setting"):
            translate(*LIBRARIES[library])
    else:
        assert translate(*LIBRARIES[library]) == wanted


def test_a_bucket_with_a_dot_goes_into_the_path_of_amazons_urls() -> None:
    assert S3Connection().object_store("my.lake")["aws_virtual_hosted_style_request"] == "false"


def test_no_secret_is_shown() -> None:
    connection = S3Connection(**{name: Secret("hunter2") for name in ("access_key_id", "secret_access_key")})
    for library, arguments in LIBRARIES.items():
        settings = getattr(connection, library)(*arguments)
        assert "hunter2" not in f"{connection!r} {settings!r} {settings}"


def test_a_connection_is_a_frozen_value() -> None:
    connection = S3Connection(region="eu-central-1", role=S3Role(arn=ARN))
    with pytest.raises(FrozenInstanceError):
        connection.region = "us-east-1"
    assert pickle.loads(pickle.dumps(connection)) == copy.deepcopy(connection) == connection


def test_half_a_login_is_refused() -> None:
    with pytest.raises(ConfigError, match="access_key_id: found alone"):
        S3Connection(access_key_id=Secret("AK"))
    with pytest.raises(ConfigError, match="endpoint: found a login in the URL"):
        S3Connection(endpoint="https://me:hunter2@host")
