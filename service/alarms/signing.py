"""Signatures of outgoing webhooks, by Standard Webhooks 1.0 (standardwebhooks.com): a library verifies them in any
language, and nobody can send a message on: its id and its time are signed with it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from urllib.parse import quote_plus

from geodata.errors import OptionError

_PREFIX = "whsec_"
_LEAST, _MOST = 24, 64


def new_secret() -> str:
    """A secret that signs: `whsec_` and 32 bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed_headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a signed message.

    Args:
        secret: As `new_secret` gives it.
        message_id: Its id, the same at every repetition.
        timestamp: Seconds since 1970 at which it is sent.
        body: Its bytes.

    Raises:
        OptionError: If the secret is none.
    """
    told = b".".join([message_id.encode(), str(timestamp).encode(), body])
    seal = base64.b64encode(hmac.new(_key(secret), told, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{seal}"}


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not _LEAST <= len(key) <= _MOST:
        raise OptionError("The secret of a webhook is none.", remedy="Let the service make it.")
    return key


def robot_query(secret: str, now_ms: int) -> str:
    """What a robot of the DingTalk family (钉钉, 政务钉钉) wants behind its address: the time and a seal of it.

    Args:
        secret: The robot's own secret (加签).
        now_ms: Milliseconds since 1970.
    """
    told = f"{now_ms}\n{secret}".encode()
    seal = base64.b64encode(hmac.new(secret.encode(), told, hashlib.sha256).digest()).decode()
    return f"timestamp={now_ms}&sign={quote_plus(seal)}"
