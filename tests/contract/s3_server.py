"""A server that speaks S3, with a bucket."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from obstore.store import S3Store

from tests.integration.service_kit import free_port, until


@contextmanager
def s3_server(bucket: str) -> Iterator[str]:
    """Its address; it is stopped at the end."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def made() -> bool:
        try:
            return httpx.put(f"{url}/{bucket}", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    try:
        until(made, 30)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def opened(endpoint: str, bucket: str) -> S3Store:
    """The bucket, for tests that write to it themselves."""
    return S3Store(bucket, endpoint=endpoint, access_key_id="a", secret_access_key="b", region="us-east-1",
                   client_options={"allow_http": True}, virtual_hosted_style_request=False)  # fmt: skip
