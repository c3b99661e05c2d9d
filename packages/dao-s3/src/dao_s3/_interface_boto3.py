"""S3 by boto3 and obstore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define

from dao.display import even_half_made
from dao_s3._interface import S3Interface
from dao_s3._options import S3Options

if TYPE_CHECKING:
    from dao_files.manifest import Transport

__all__ = ["S3Boto3Interface"]


@even_half_made
@define(slots=False, kw_only=True)
class S3Boto3Interface(S3Options, S3Interface):
    """Files and tables on Amazon S3, and on what speaks like it, by boto3 and obstore.

    Creating it imports no driver, opens no connection and resolves no secret; the first request does. Safe between
    threads and after a fork. A pickled store carries these options, secrets as references alone.

    Reads of whole objects are verified: by the ETag if it is the MD5 of the content, else by a checksum of the whole
    content if the store has one. It has one for everything DAO writes, except large objects with ``checksum: SHA256``.
    Parts of objects can't be verified.

    Frequent requests (reads, writes, listings, deletions) are sent by obstore, with a tenth of the CPU time; the
    others by boto3, with the same options and credentials. Access points, and
    ``retry.mode: adaptive``, are boto3's alone.

    Attributes:
        bucket: its name, or the ARN of an access point.
        prefix: keys are below it; without it the store is the whole bucket.
        region: such as ``eu-central-1``; else what the AWS tools are set to.
        endpoint: URL of a store that is not Amazon's; ``http://`` is taken too.
        profile: of ``~/.aws/config``.
        role: to be assumed: ``arn``, ``session_name``, ``external_id``, ``duration`` in seconds.
        access_key_id: of an access key; with ``secret_access_key``.
        secret_access_key: best as a reference, such as ``${env:AWS_SECRET_ACCESS_KEY}``.
        session_token: that belongs to a temporary access key.
        anonymous: send requests without credentials, as public buckets allow.
        path_style: put the bucket's name into the URL's path; by default where there is an ``endpoint``.
        requester_pays: accept charges for requests.
        encryption: of what is written: ``sse``, ``kms_key``, ``bucket_key``; else as the bucket does.
        storage_class: of what is written, such as ``STANDARD_IA``.
        acl: a canned ACL of what is written.
        metadata: of everything that is written.
        tags: of everything that is written.
        checksum: of what is written: ``CRC64NVME``, ``SHA256``, ``CRC32C`` or ``CRC32``.
        part_size: bytes of an upload's first parts; what is smaller is one request.
        max_connections: that are kept open.
        retry: ``attempts``, ``mode`` (``standard``, ``adaptive``), ``max_backoff`` and ``timeout`` in seconds.
        timeouts: ``connect`` and ``read``, in seconds.
        verify: check the endpoint's certificate.
        ca_bundle: path of a file with the certificates to trust.

    >>> S3Boto3Interface(bucket="lake", prefix="raw", region="eu-central-1").storage.uri
    's3://lake/raw'
    """

    def _make_transport(self) -> Transport:
        from dao_s3._combined import combine

        return combine(self.shared())
