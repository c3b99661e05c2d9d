"""What is to set about a store: what is taken, and what is said about the rest."""

from __future__ import annotations

import sys
from subprocess import run
from typing import Any

import pytest

from dao.errors import ConfigError
from dao.options import build
from dao_s3._options import S3Options, metadata_fault

ROLE = "arn:aws:iam::123456789012:role/team/reader"


@pytest.mark.parametrize(
    "bucket",
    [
        "lake",
        "my.lake-7",
        "Old_Bucket",
        "arn:aws:s3:eu-central-1:123456789012:accesspoint/lake",
        "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap",
        "arn:aws-cn:s3-outposts:cn-north-1:123456789012:outpost/op-1/accesspoint/lake",
    ],
)
def test_buckets(bucket: str) -> None:
    assert build(S3Options, {"bucket": bucket}).bucket == bucket


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"bucket": "s3://lake/raw"}, "bucket: found a URL, expected the bucket's name alone; .*'prefix'"),
    ({"bucket": "ab"}, "bucket: found a text of 2 characters"),
    ({"bucket": "a/b"}, "bucket: found a text of 3 characters"),
    ({"bucket": "a..b"}, "bucket: found"),
    ({"bucket": "-ab"}, "bucket: found"),
    ({"bucket": "192.168.0.1"}, "bucket: found"),
    ({"bucket": "arn:aws:s3:::lake"}, "bucket: found"),
    ({"bucket": "AKIAIOSFODNN7EXAMPLE"}, "bucket: found what looks like an access key"),
    ({"bucket": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab"}, "bucket: found what looks like an access key"),
    ({"storage_class": "GLACIER\n"}, "storage_class: found a text of 8 characters, expected a word"),
    ({"acl": "é"}, "acl: found a text of 1 characters, expected a canned ACL"),
    ({"encryption": {"sse": "aws:kms", "kms_key": "k\n"}}, "kms_key: found a text of 2 characters"),
    ({}, "'bucket' is required"),
    ({"prefix": "../x"}, "prefix: found a text of 4 characters, expected .*'..' would leave its place"),
    ({"prefix": "/raw"}, "prefix: found a text of 4 characters, .*starts with '/'"),
    ({"prefix": "a//b"}, "prefix: found a text of 4 characters, .*an empty part"),
    ({"prefix": 3}, "prefix: found 3"),
    ({"region": "EU (Frankfurt)"}, "region: found .* such as 'eu-central-1'"),
    ({"endpoint": "minio:9000"}, "endpoint: found a text of 10 characters, expected a URL"),
    ({"endpoint": "ftp://minio"}, "endpoint: found"),
    ({"endpoint": "http://minio:port"}, "endpoint: found"),
    ({"endpoint": "https://me:canary@minio"}, "endpoint: found a login"),
    ({"access_key_id": "canary"}, "access_key_id: found alone"),
    ({"secret_access_key": "canary"}, "secret_access_key: found alone"),
    ({"session_token": "canary"}, "session_token: found alone"),
    ({"access_key_id": "canary", "secret_access_key": "canary", "profile": "p"}, "expected one of the two"),
    ({"anonymous": True, "profile": "p"}, "anonymous: found with profile"),
    ({"anonymous": True, "role": {"arn": ROLE}}, "anonymous: found with role"),
    ({"role": {"arn": "reader"}}, "arn: found a text of 6 characters, expected a role's ARN"),
    ({"role": {"arn": ROLE, "duration": 60}}, "duration: found 60, expected seconds, 1,800 to 43,200"),
    ({"role": {"arn": ROLE, "session_name": "a b"}}, "session_name: found a text of 3 characters"),
    ({"retry": {"attempts": 0}}, "attempts: found 0"),
    ({"retry": {"mode": "legacy"}}, "one of 'standard', 'adaptive'"),
    ({"retry": {"timeout": -1}}, "timeout: found -1"),
    ({"timeouts": {"reed": 1}}, "no option 'reed', did you mean 'read'"),
    ({"encryption": {"sse": "aws:km"}}, "did you mean 'aws:kms'"),
    ({"encryption": {"sse": "AES256", "kms_key": "k"}}, "sse: found 'AES256' with kms_key"),
    ({"checksum": "MD5"}, "one of 'CRC64NVME'"),
    ({"part_size": 1024}, "part_size: found 1024, expected bytes, 5,242,880 to"),
    ({"max_connections": 0}, "max_connections: found 0"),
    ({"metadata": {"Upper": "x"}}, "metadata: found the name 'Upper'"),
    ({"tags": {str(n): "" for n in range(11)}}, "tags: found 11 tags"),
]


@pytest.mark.parametrize(("options", "told"), WRONG, ids=[next(iter(options), "none") for options, _ in WRONG])
def test_what_is_wrong_is_told(options: dict[str, Any], told: str) -> None:
    given = {"bucket": "lake", **options} if options else {}
    with pytest.raises(ConfigError, match=told) as caught:
        build(S3Options, given, "bronze.options")
    assert "canary" not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


def test_a_prefix_may_end_like_a_folder() -> None:
    assert S3Options(bucket="lake", prefix="raw/2025/").prefix == "raw/2025"


def test_path_style_is_for_other_stores_than_amazons() -> None:
    assert not S3Options(bucket="lake").uses_path_style
    assert S3Options(bucket="lake", endpoint="http://minio:9000").uses_path_style
    assert not S3Options(bucket="lake", endpoint="http://minio:9000", path_style=False).uses_path_style
    assert S3Options(bucket="lake", path_style=True).uses_path_style


def test_secrets_are_not_shown() -> None:
    options = build(S3Options, {"bucket": "lake", "access_key_id": "canary", "secret_access_key": "canary"})
    assert "canary" not in f"{options!r} {vars(options)!r}"


@pytest.mark.parametrize(
    "metadata", [{"a": "x" * 2047}, {"made-by": "a b"}, {"x_y.z": ""}, {"dao-write": "0123456789abcdef"}]
)
def test_metadata_that_s3_keeps(metadata: dict[str, str]) -> None:
    assert metadata_fault(metadata) is None


@pytest.mark.parametrize("metadata", [{"a": "x" * 2048}, {"ü": "x"}, {"a": " x"}, {"a": "x\r"}, {"a b": ""}, {"": "x"}])
def test_metadata_that_s3_would_change_or_refuse(metadata: dict[str, str]) -> None:
    assert metadata_fault(metadata) is not None


def test_no_driver_is_needed_to_make_an_interface() -> None:
    code = (
        "import sys; from dao_s3 import S3Boto3Interface as S3;"
        "S3(bucket='lake', prefix='raw', region='eu-central-1');"
        "print([name for name in sys.modules if name in ('boto3', 'botocore', 'obstore', 'awscrt', 'pyarrow')])"
    )
    told = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
