"""Where tables are: each option of `local`, `s3` and `s3.obstore` is honoured, or refused with what would work."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from dao import ConfigError, DataAccessObject, DataStore, PluginError
from dao.options import build, check
from dao_delta import DeltaInterface
from dao_delta._options import DeltaPlace

HAS_S3 = True
try:
    import dao_s3  # noqa: F401
except ImportError:
    HAS_S3 = False

needs_s3 = pytest.mark.skipif(not HAS_S3, reason="dao-s3 is an extra; integration-tests/delta runs these")
FOLDER = {"root": "/tmp/lake"}
BUCKET = {"bucket": "lake"}

OF_S3: dict[str, Any] = {
    "prefix": "gold",
    "region": "eu-west-1",
    "endpoint": "https://minio.example.com:9000",
    "profile": "mine",
    "role": {"arn": "arn:aws:iam::123456789012:role/reader"},
    "access_key_id": "key",
    "secret_access_key": "secret",
    "session_token": "token",
    "anonymous": True,
    "path_style": False,
    "verify": False,
    "ca_bundle": "/etc/ssl/own.pem",
    "requester_pays": True,
    "encryption": {"sse": "AES256"},
    "storage_class": "STANDARD_IA",
    "acl": "private",
    "metadata": {"made-by": "tests"},
    "tags": {"team": "data"},
    "checksum": "SHA256",
    "part_size": 5 << 20,
    "max_connections": 8,
    "retry": {"attempts": 2},
    "timeouts": {"read": 5},
    "store_options": {"account_name": "me"},
    "store_secrets": {"account_key": "secret"},
}
KEYS = ("access_key_id", "secret_access_key", "session_token")


def refusal(options: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        build(DeltaInterface, options, "lake.options")
    return str(caught.value)


def test_every_option_is_looked_at_here() -> None:
    names = {one for one in DeltaPlace.__init__.__annotations__ if one != "return"}
    assert names == {"root", "create", "fsync", "bucket", "url", *OF_S3}


@pytest.mark.parametrize("name", OF_S3)
def test_what_a_folder_has_no_use_for_is_refused(name: str) -> None:
    given = {key: OF_S3[key] for key in KEYS} if name in KEYS else {name: OF_S3[name]}
    assert "found with root, expected with bucket or url alone @ lake.options" in refusal({**FOLDER, **given})


@pytest.mark.parametrize("given", [{"create": False}, {"fsync": True}])
@pytest.mark.parametrize("place", [BUCKET, {"url": "gs://lake"}])
def test_what_a_bucket_has_no_use_for_is_refused(place: dict[str, str], given: dict[str, bool]) -> None:
    assert f"{next(iter(given))}: found with {next(iter(place))}, expected with root alone" in refusal(
        {**place, **given}
    )


@pytest.mark.parametrize("places", [{}, {**FOLDER, **BUCKET}, {**BUCKET, "url": "s3://lake"}])
def test_a_store_has_one_place(places: dict[str, str]) -> None:
    told = refusal(places)
    assert "expected one of root, bucket and url" in told
    assert ("; an overlay takes away what its base has, " in told) is bool(places)


@pytest.mark.parametrize(
    "place",
    [
        {"root": "/tmp/a%41b"},
        {"bucket": "bronze", "prefix": "a/%2b"},
        {"url": "s3://lake/a%4a"},
        {"url": "gs://lake", "prefix": "%00"},
    ],
)
def test_places_that_deltalake_would_take_for_others_are_refused(place: dict[str, str]) -> None:
    assert "found '%' before two hexadecimal digits, which deltalake can't name" in refusal(place)
    assert build(DeltaInterface, {"root": "/tmp/100% of a%zz"}).root == "/tmp/100% of a%zz"


def test_locks_are_named_as_what_they_are() -> None:
    assert "no option 'lock_timeout'" in refusal({**FOLDER, "lock_timeout": 5})
    shared = {"lake": {"interface": "local", "options": {**FOLDER, "lock_timeout": 5}, "also": ["delta"]}}
    DataAccessObject(shared).catalog.store("lake")


def test_without_dao_s3_a_bucket_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "dao_s3", None)
    assert check(DeltaInterface, BUCKET) == []
    with pytest.raises(PluginError, match=r"pip install 'dao-delta\[s3\]'"):
        build(DeltaInterface, BUCKET)


@needs_s3
@pytest.mark.parametrize(
    "name", sorted(OF_S3.keys() - {"ca_bundle", "acl", "anonymous", "profile", "store_options", "store_secrets"})
)
def test_what_s3_takes_is_taken(name: str) -> None:
    given = {key: OF_S3[key] for key in KEYS} if name in KEYS else {name: OF_S3[name]}
    store = build(DeltaInterface, {**BUCKET, **given})
    reached = store.object_store
    from dao_s3 import S3ObstoreInterface

    like = build(S3ObstoreInterface, {**BUCKET, **given})
    for key in given:
        assert getattr(reached, key) == getattr(like, key) != getattr(S3ObstoreInterface(bucket="lake"), key)


@needs_s3
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"acl": "private"}, "acl: found one, expected none"),
        ({"checksum": "CRC32C"}, "checksum: found .*, expected 'CRC64NVME' or 'SHA256'"),
        ({"retry": {"mode": "adaptive"}}, "retry.mode: found .*, expected 'standard'"),
        ({"bucket": "arn:aws:s3:eu-west-1:123456789012:accesspoint/mine"}, "bucket: found an access point"),
        ({"ca_bundle": "/etc/ssl/own.pem"}, "ca_bundle: found without SSL_CERT_FILE"),
        ({"store_options": {"account_name": "me"}}, "store_options: no option 'account_name' for s3://"),
        ({"store_secrets": {"account_key": "me"}}, "store_secrets: no secret 'account_key' for s3://"),
        ({"url": "memory://"}, "url: found the scheme 'memory', expected s3, gs or az"),
        ({"url": "https://example.com/lake"}, "url: found the scheme 'https'"),
        ({"url": "file:///srv/lake"}, "url: found the scheme 'file', .*for a folder its path as root"),
        ({"url": "s4://lake"}, "url: found the scheme 's4'"),
        ({"url": "gs://lake", "region": "eu-west-1"}, "region: found for a gs:// store, expected for S3 alone"),
    ],
)
def test_what_cannot_be_honoured_is_refused(given: dict[str, Any], told: str) -> None:
    place = {} if "url" in given or "bucket" in given else BUCKET
    with pytest.raises(ConfigError, match=f"(?s){told}.* @ lake.options"):
        build(DeltaInterface, {**place, **given}, "lake.options")


@needs_s3
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"prefix": "a//b"}, "prefix: .* @ lake.options.prefix"),
        ({"part_size": 1}, "part_size: found 1, .* @ lake.options.part_size"),
        ({"part_size": "8"}, "expected int.* @ lake.options.part_size"),
        ({"retry": {"attempts": 0}}, r"attempts.* @ lake.options.retry"),
        ({"retry": {"attemps": 2}}, r"attemps.*did you mean 'attempts'.* @ lake.options.retry"),
        ({"timeouts": {"read": "long"}}, r"read.* @ lake.options.timeouts"),
        ({"encryption": {"sse": "none"}}, r"sse.* @ lake.options.encryption"),
        ({"checksum": "MD5"}, "checksum: .*CRC64NVME.* @ lake.options.checksum"),
        ({"tags": {"": "x"}}, "tags: .* @ lake.options.tags"),
        ({"region": "eu west"}, "region: .* @ lake.options.region"),
        ({"conflict_timeout": -1}, "conflict_timeout: .* @ lake.options.conflict_timeout"),
        ({"target_file_size": 1}, "target_file_size: .* @ lake.options.target_file_size"),
        ({"compression": "lzo"}, "compression: .* @ lake.options.compression"),
    ],
)
def test_wrong_options_are_found_when_the_catalog_is_loaded(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){told}"):
        DataAccessObject({"lake": {"interface": "delta", "options": {**BUCKET, **given}}})


@needs_s3
def test_a_store_travels_without_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_SECRET", "s3cr3t")
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    secret = {"access_key_id": "${env:LAKE_SECRET}", "secret_access_key": "${env:LAKE_SECRET}"}
    store = DataStore("lake", "delta", options={**BUCKET, "region": "eu-west-1", **secret})
    assert store.interface.settings()["aws_secret_access_key"] == "s3cr3t"
    copy = pickle.dumps(store)
    assert b"s3cr3t" not in copy
    again = pickle.loads(copy)
    assert again.interface.settings() == store.interface.settings()
    used = pickle.dumps(store.interface)
    assert b"s3cr3t" not in used
    assert pickle.loads(used).settings() == store.interface.settings()
    assert "s3cr3t" not in f"{store.interface!r} {store.interface.settings()!r}"
    store.close()
