"""Secrets that are shown once: 256 random bits, of which only the SHA-256 is kept.

A hash without salt and cost is enough for them: nobody guesses 256 random bits (passwords are another matter).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

KEY_PREFIX = "kan_"
"""Before the secret of a key, so that it is recognised where it was left lying."""
_KEY = re.compile(r"kan_[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """A new secret."""
    return secrets.token_urlsafe(32)


def new_key() -> str:
    """The secret of a new key."""
    return KEY_PREFIX + new_token()


def is_key(text: str) -> bool:
    """Whether a text has the form of a key."""
    return _KEY.fullmatch(text) is not None


def digest(token: str) -> str:
    """What is kept of a secret, and what it is found by."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(session: str) -> str:
    """The word that a page of this service has to send with every change: another site cannot know it.

    Args:
        session: The secret of the session, which only the browser's cookie holds.
    """
    return hmac.new(session.encode(), b"kancha csrf 1", hashlib.sha256).hexdigest()


def csrf_holds(session: str, told: str | None) -> bool:
    """Whether a request carries the word of its session."""
    return told is not None and hmac.compare_digest(csrf_token(session).encode(), told.encode())
