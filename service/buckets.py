"""Buckets of S3-compatible object storage."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from obstore.store import S3Store

from geodata.errors import OptionError

_BUCKET = re.compile(r"s3://([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])(?:/(.*))?")


@dataclass(frozen=True)
class Bucket:
    """A bucket and how to reach it.

    Args:
        url: `s3://bucket/prefix`.
        endpoint: Address of the storage; empty: of the region.
        region: Its region.
        access_key: Access key; empty: from the machine.
        secret_key: Secret key.
        timeout_s: Time for one request, s.
        patience_s: A request that fails is tried again for so long, s; None: as the library does.
    """

    url: str
    endpoint: str = ""
    region: str = "us-east-1"
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    timeout_s: float = 300.0
    patience_s: float | None = None


def open_bucket(bucket: Bucket) -> tuple[S3Store, str]:
    """Open a bucket; nothing is asked of it yet.

    Returns:
        The bucket, and the prefix within it, without slashes at its ends.

    Raises:
        OptionError: If its address is none.
    """
    named = _BUCKET.fullmatch(bucket.url)
    if named is None:
        raise OptionError(f"{bucket.url[:80]!r} is no bucket.", remedy="Write s3://bucket or s3://bucket/prefix.")
    client = {"allow_http": True, "timeout": timedelta(seconds=bucket.timeout_s)}
    told: dict[str, Any] = {"region": bucket.region, "client_options": client}
    told |= {"endpoint": bucket.endpoint} if bucket.endpoint else {}
    if bucket.access_key:
        told |= {"access_key_id": bucket.access_key, "secret_access_key": bucket.secret_key}
    if bucket.patience_s is not None:
        told["retry_config"] = {"max_retries": 3, "retry_timeout": timedelta(seconds=bucket.patience_s)}
    return S3Store(named.group(1), virtual_hosted_style_request=False, **told), (named.group(2) or "").strip("/")


def words_of(error: Exception, *keys: str) -> str:
    """What the storage said, on one line, without the keys: it repeats the access key that it refuses."""
    said = " ".join(str(error).split())
    for key in filter(None, keys):
        said = said.replace(key, "***")
    return said[:300]
