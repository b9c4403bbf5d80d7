"""Settings that nobody is to read."""

from __future__ import annotations

from typing import Annotated

from pydantic import PlainSerializer, SecretStr, SerializationInfo


def _as_it_is(value: SecretStr | None, info: SerializationInfo) -> str | None:
    """Stars, but for a worker of this service, which cannot do its work with stars."""
    if value is None:
        return None
    return value.get_secret_value() if (info.context or {}).get("secrets") else str(value)


Secret = Annotated[SecretStr, PlainSerializer(_as_it_is, when_used="json")]
"""A text that no `repr`, log or dump tells; `settings_for_worker` alone does."""
