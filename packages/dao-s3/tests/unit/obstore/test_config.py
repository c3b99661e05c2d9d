"""URLs and options: what obstore is told, and what is refused when the interface is made.

Google Cloud was not run: here its options are mapped and taken by obstore's own store, no more.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dao import DataStore
from dao.connections import S3Role
from dao.errors import ConfigError, PermissionDeniedError
from dao.secrets import Secret
from dao_s3 import S3ObstoreInterface
from dao_s3._obstore.config import client_config, s3_config
from dao_s3._obstore.configured import configure
from dao_s3._obstore.location import Location, parse_url
from dao_s3._options import Encryption, Retry, S3Options, Timeouts


@pytest.mark.parametrize(
    ("url", "scheme", "bucket", "prefix", "uri"),
    [
        ("s3://lake", "s3", "lake", "", "s3://lake"),
        ("s3a://lake/raw/2025/", "s3", "lake", "raw/2025", "s3://lake/raw/2025"),
        ("s3://lake/a b%2e#?é", "s3", "lake", "a b%2e#?é", "s3://lake/a b%2e#?é"),
        ("gs://lake/raw", "gs", "lake", "raw", "gs://lake/raw"),
        ("az://container/raw", "az", "container", "raw", "az://container/raw"),
        ("abfs://container/raw", "az", "container", "raw", "az://container/raw"),
        ("abfss://box@me.dfs.core.windows.net/raw", "az", "box", "raw", "az://box/raw"),
        ("file:///srv/a%20lake/", "file", "", "/srv/a lake", "file:///srv/a%20lake"),
        ("memory://", "memory", "", "", "memory://"),
        ("https://host:8080/data/", "http", "", "https://host:8080/data", "https://host:8080/data"),
    ],
)
def test_urls(url: str, scheme: str, bucket: str, prefix: str, uri: str) -> None:
    found = parse_url(url)
    assert (found.scheme, found.bucket, found.prefix, found.uri) == (scheme, bucket, prefix, uri)


def test_the_account_in_a_url() -> None:
    assert parse_url("abfss://box@me.dfs.core.windows.net/raw").account == "me"


@pytest.mark.parametrize(
    "url",
    [
        "lake",
        "ftp://host",
        "s3://",
        "s3:///key",
        "s3://user:pass@lake",
        "s3://lake/a//b",
        "s3://lake/../other",
        "file://relative",
        "file://host/folder",
        "file:///a/../b",
        "memory://name",
        "https://user:hunter2@host/",
        "https://host/?query",
        7,
    ],
)
def test_urls_that_are_none(url: Any) -> None:
    with pytest.raises(ConfigError, match="url") as caught:
        parse_url(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "url: found neither"),
        ({"url": "s3://lake", "bucket": "lake"}, "url: found with 'bucket'"),
        ({"url": "memory://", "prefix": "a"}, "prefix"),
        ({"bucket": "s3://lake"}, "bucket"),
        ({"bucket": "arn:aws:s3:eu-west-1:123456789012:accesspoint/mine"}, "interface: s3 can"),
        ({"bucket": "lake", "acl": "private"}, "acl: found one, expected none.*interface: s3 can"),
        ({"bucket": "lake", "checksum": "CRC32C"}, "checksum: .*interface: s3 can"),
        ({"bucket": "lake", "retry": Retry(mode="adaptive")}, "retry.mode: .*interface: s3 can"),
        ({"url": "gs://lake", "region": "eu-west-1"}, "region: found for a gs:// store"),
        ({"url": "memory://", "anonymous": True}, "anonymous"),
        ({"url": "az://box", "endpoint": "http://host"}, "endpoint: .*store_options"),
        ({"url": "az://box", "store_options": {"acount_name": "me"}}, "did you mean 'account_name'"),
        ({"url": "az://box", "store_options": {"account_key": "x"}}, "store_secrets"),
        ({"url": "az://box", "store_secrets": {"acount_key": Secret("x")}}, "did you mean 'account_key'"),
        ({"bucket": "lake", "store_options": {"account_name": "me"}}, "no option 'account_name' for s3://"),
        ({"url": "memory://", "store_options": [1]}, "store_options: found"),
    ],
)
def test_options_that_do_not_go(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        S3ObstoreInterface(**options)


def test_a_prefix_goes_below_the_url() -> None:
    for url in ("s3://lake/a", "gs://lake/a", "file:///srv/a", "https://host/a"):
        assert S3ObstoreInterface(url=url, prefix="b").storage.uri == f"{url}/b"
    assert S3ObstoreInterface(url="s3://lake", prefix="b").storage.uri == "s3://lake/b"


def store_of(**options: Any) -> Any:
    transport: Any = S3ObstoreInterface(**options)._make_transport()
    return transport.client.store


KEYS = {"access_key_id": Secret("key"), "secret_access_key": Secret("secret")}


def test_what_s3_is_told() -> None:
    store = store_of(
        bucket="lake",
        prefix="raw",
        region="eu-west-1",
        endpoint="https://minio.example.com:9000",
        requester_pays=True,
        encryption=Encryption(sse="aws:kms", kms_key="a-key", bucket_key=True),
        checksum="SHA256",
        retry=Retry(attempts=7, max_backoff=3.0, timeout=60.0),
        timeouts=Timeouts(connect=2.0, read=4.0),
        verify=False,
        **KEYS,
        session_token=Secret("token"),
    )
    assert store.prefix == "raw"
    expected = {
        "bucket": "lake",
        "region": "eu-west-1",
        "endpoint": "https://minio.example.com:9000",
        "virtual_hosted_style_request": False,
        "checksum_algorithm": "sha256",
        "request_payer": True,
        "server_side_encryption": "aws:kms",
        "sse_kms_key_id": "a-key",
        "sse_bucket_key_enabled": True,
    }
    found = {name.removeprefix("aws_"): _plain(value) for name, value in store.config.items()}
    assert {name: found.get(name) for name in expected} == {name: _plain(value) for name, value in expected.items()}
    told = store.credential_provider()
    assert (told["access_key_id"], told["secret_access_key"], told["token"]) == ("key", "secret", "token")
    assert store.retry_config["max_retries"] == 6
    assert store.retry_config["retry_timeout"] == timedelta(seconds=60)
    assert store.client_options["allow_invalid_certificates"] in (True, "true")
    assert "allow_http" not in store.client_options


def _plain(value: object) -> str:
    return {"True": "true", "False": "false"}.get(str(value), str(value))


@pytest.mark.parametrize(
    ("options", "endpoint"),
    [
        ({}, "https://s3.eu-west-1.amazonaws.com/lake"),
        ({"path_style": True}, "https://s3.eu-west-1.amazonaws.com/lake"),
        ({"path_style": False}, "https://lake.s3.eu-west-1.amazonaws.com"),
        ({"endpoint": "https://host"}, "https://host/lake"),
        ({"endpoint": "https://host:9", "path_style": False}, "https://lake.host:9"),
    ],
)
def test_where_the_bucket_goes(options: dict[str, Any], endpoint: str) -> None:
    transport: Any = S3ObstoreInterface(bucket="lake", region="eu-west-1", **KEYS, **options)._make_transport()
    url = transport.presign("key", method="GET", expires=timedelta(minutes=1))
    if not options:
        endpoint = "https://lake.s3.eu-west-1.amazonaws.com"
    assert url.startswith(f"{endpoint}/key?")


def test_the_endpoint_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    options = S3Options(bucket="lake")
    told = s3_config(Location("s3", "lake", ""), options)
    assert (told["aws_endpoint"], told["aws_virtual_hosted_style_request"]) == ("http://127.0.0.1:9000", "false")
    assert client_config(Location("s3", "lake", ""), options, {})["allow_http"]
    assert "allow_http" not in client_config(Location("az", "lake", ""), options, {})
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example")
    assert s3_config(Location("s3", "lake", ""), options)["aws_endpoint"] == "https://s3.example"


def test_the_endpoint_and_region_of_a_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile lake]\nendpoint_url = http://127.0.0.1:9000\nregion = eu-west-3\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    found = configure(S3Options(bucket="lake", profile="lake"))
    assert (found.endpoint, found.region) == ("http://127.0.0.1:9000", "eu-west-3")
    stated = S3Options(bucket="lake", profile="lake", endpoint="https://s3.example", region="eu-west-1")
    assert configure(stated) == stated
    with pytest.raises(ConfigError, match="nobody"):
        configure(S3Options(bucket="lake", profile="nobody"))


@pytest.mark.parametrize(
    ("region", "environment", "endpoint"),
    [
        ("eu-west-1", {}, None),
        ("us-gov-west-1", {}, None),
        ("cn-north-1", {}, "https://s3.cn-north-1.amazonaws.com.cn"),
        ("eu-west-1", {"AWS_USE_FIPS_ENDPOINT": "true"}, "https://s3-fips.eu-west-1.amazonaws.com"),
        ("eu-west-1", {"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "https://s3.dualstack.eu-west-1.amazonaws.com"),
        ("eu-west-1", {"AWS_ENDPOINT_URL_S3": "https://s3.example"}, "https://s3.example"),
    ],
)
def test_endpoints_that_obstore_does_not_know(
    monkeypatch: pytest.MonkeyPatch, region: str, environment: dict[str, str], endpoint: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert configure(S3Options(bucket="lake", region=region)).endpoint == endpoint


def test_the_certificates_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/second.pem")
    stated = {"bucket": "lake", "endpoint": "https://minio.example", "region": "us-east-1"}
    assert configure(S3Options(**stated)).ca_bundle == "/second.pem"
    monkeypatch.setenv("AWS_CA_BUNDLE", "/first.pem")
    assert configure(S3Options(**stated)).ca_bundle == "/first.pem"
    assert configure(S3Options(**stated, ca_bundle="/own.pem")).ca_bundle == "/own.pem"
    assert configure(S3Options(**stated, verify=False)).ca_bundle is None


def test_a_certificate(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ca_bundle: the file can.t be read: No such file"):
        store_of(bucket="lake", ca_bundle=str(tmp_path / "none.pem"), **KEYS)


def test_what_google_is_told() -> None:
    store = store_of(url="gs://lake/raw", store_secrets={"bearer_token": Secret("token")})
    assert (type(store).__name__, store.prefix) == ("GCSStore", "raw")
    config = {name.removeprefix("google_"): value for name, value in store.config.items()}
    assert (config["bucket"], config["bearer_token"]) == ("lake", "token")


def test_what_azure_is_told() -> None:
    store = store_of(
        url="abfss://box@me.dfs.core.windows.net/raw",
        store_options={"use_emulator": False, "tenant_id": "t"},
        store_secrets={"account_key": Secret("Zm9v")},
    )
    config = {name.removeprefix("azure_storage_").removeprefix("azure_"): value for name, value in store.config.items()}
    assert (type(store).__name__, store.prefix) == ("AzureStore", "raw")
    assert (config["account_name"], config["account_key"], config["tenant_id"]) == ("me", "Zm9v", "t")


def test_secrets_are_options_that_show_nothing() -> None:
    store = DataStore(
        "box",
        "s3.obstore",
        options={
            "url": "az://box",
            "store_options": {"account_name": "me"},
            "store_secrets": {"account_key": "canary"},
        },
    )
    assert store.interface.store_secrets["account_key"].reveal() == "canary"  # type: ignore[attr-defined]
    assert "canary" not in repr(store) + repr(store.interface) + repr(store.interface.storage)  # type: ignore[attr-defined]


def test_making_one_imports_no_driver() -> None:
    code = """
import sys
from dao import DataStore
for options in ({"bucket": "lake"}, {"url": "memory://"}, {"url": "gs://lake/raw"}, {"url": "file:///tmp"}):
    DataStore("s", "s3.obstore", options=options).interface
print(sorted({"obstore", "boto3", "botocore", "pyarrow"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_roles_are_assumed_and_renewed(moto: tuple[str, int]) -> None:
    from dao_s3._obstore.credentials import provider

    role = S3Role(arn="arn:aws:iam::123456789012:role/reader", external_id="some-id")
    endpoint = f"http://{moto[0]}:{moto[1]}"
    ask: Any = provider(S3Options(bucket="lake", region="us-east-1", endpoint=endpoint, role=role, **KEYS))
    first = ask()
    assert first["access_key_id"] != "key"
    assert first["token"]
    assert first["expires_at"].tzinfo is not None
    assert ask()["access_key_id"] == first["access_key_id"]
    ask._credentials._expiry_time = datetime.now(UTC) + timedelta(minutes=2)
    ask._credentials._refresh_using.__self__._cache.clear()
    assert ask()["access_key_id"] != first["access_key_id"]


def test_profiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from dao_s3._obstore.credentials import provider

    (tmp_path / "credentials").write_text("[mine]\naws_access_key_id = k\naws_secret_access_key = s\n")
    found: Any = provider(S3Options(bucket="lake", profile="mine"))()
    assert (found["access_key_id"], found["secret_access_key"]) == ("k", "s")
    with pytest.raises(ConfigError, match="other"):
        provider(S3Options(bucket="lake", profile="other"))
    with pytest.raises(PermissionDeniedError, match="no credentials"):
        provider(S3Options(bucket="lake"))


def test_a_store_with_a_profile_works(on_s3: Any, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[mine]\naws_access_key_id = k\naws_secret_access_key = s\n")
    transport = on_s3(access_key_id=None, secret_access_key=None, profile="mine")
    transport.put("key", b"hello")
    assert bytes(transport.get("key")) == b"hello"


def test_anonymous(on_s3: Any, stub: Any) -> None:
    transport = on_s3(access_key_id=None, secret_access_key=None, anonymous=True)
    transport.put("key", b"hello")
    assert {name.lower() for _, _, headers in stub.seen for name in headers} & {"authorization"} == set()


@pytest.mark.parametrize(("checksum", "header"), [("CRC64NVME", "crc64nvme"), ("SHA256", "sha256")])
def test_writes_are_sent_with_a_checksum(on_s3: Any, stub: Any, checksum: str, header: str) -> None:
    on_s3(checksum=checksum).put("key", b"hello")
    assert f"x-amz-checksum-{header}" in {name.lower() for _, _, headers in stub.seen for name in headers}
